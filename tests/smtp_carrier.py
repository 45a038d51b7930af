"""A mail carrier: an SMTP server that writes what it takes into the same record as the HTTP carrier.

Two faults leave the sender in doubt: `drop_after_dot` (accepted), and `drop_in_message` (not accepted), where
a short message with its dot was on the wire before the break was seen.
"""

# ruff: noqa: N802  (aiosmtpd calls its hooks by these names)

from __future__ import annotations

import asyncio
import random
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.carrier_truth import Truth
from tests.smtp_mailbox import Connection, SmtpThread

SMTP_FAULTS = (
    *("busy", "unknown_user", "try_later"),
    *("drop_before_dot", "drop_in_message", "drop_after_dot", "slow"),
)
#: No fault of ours: the sender closed the line before its message was taken (a machine under heavy load).
GAVE_UP = "gave_up"
_BUSY = "421 4.3.2 Too busy, closing"
#: Answers to RCPT, by fate or fault.
_RCPT = {
    "bounce": "550 5.1.1 No such user here",
    "unknown_user": "550 5.1.1 No such user here",
    "try_later": "450 4.2.1 Try again later",
}


@dataclass(frozen=True)
class SmtpFaults:
    """How likely each fault is (0 to 1), for one message; `busy` also for one new connection."""

    busy: float = 0.0  # 421, and the connection closes
    unknown_user: float = 0.0  # 550 5.1.1 to RCPT, for good
    try_later: float = 0.0  # 450 to RCPT
    drop_before_dot: float = 0.0  # the connection breaks at DATA: not accepted
    drop_in_message: float = 0.0  # it breaks within the message: not accepted, but see above
    drop_after_dot: float = 0.0  # accepted, and the connection breaks without an answer
    slow: float = 0.0  # accepted, answered only after `slow_seconds`
    slow_seconds: float = 15.0

    def pick(self, chance: random.Random) -> str:
        """One fault's name, or "" for none."""
        point = chance.random()
        for name in SMTP_FAULTS:
            point -= getattr(self, name)
            if point < 0:
                return name
        return ""


class SmtpCarrier(SmtpThread):
    """`with SmtpCarrier(truth) as post:` takes mail at `post.url` (no TLS, no sign-in: for this machine).

    `script("drop_after_dot", "", …)` names the faults of the next messages before chance decides. `fates`:
    recipient to "bounce" or to a reply code for RCPT. `met`: (fault, recipient) of every message that met
    one; the recipient is "" where it was not yet named.
    """

    def __init__(
        self,
        truth: Truth,
        *,
        port: int = 0,
        faults: SmtpFaults | None = None,
        seed: int = 0,
        fates: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(port=port)
        self.truth = truth
        self.faults = faults or SmtpFaults()
        self.fates: Mapping[str, str] = {} if fates is None else fates
        self.met: list[tuple[str, str]] = []
        self._chance = random.Random(seed)
        self._scripted: deque[str] = deque()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def script(self, *faults: str) -> None:
        with self._lock:
            self._scripted.extend(faults)

    def protocol(self) -> SMTP:
        return _Talk(self)

    def busy_from_the_start(self) -> bool:
        """Whether a new connection is turned away; takes only `busy` from what was scripted."""
        with self._lock:
            if self._scripted:
                busy = self._scripted[0] == "busy"
                if busy:
                    self._scripted.popleft()
            else:
                busy = self._chance.random() < self.faults.busy
            if busy:
                self.met.append(("busy", ""))
            return busy

    def next_fault(self) -> str:
        with self._lock:
            return self._scripted.popleft() if self._scripted else self.faults.pick(self._chance)


class _Talk(Connection):
    def __init__(self, post: SmtpCarrier) -> None:
        super().__init__(post, _Steps(post), hostname="carrier.example.org")
        self.post = post
        self.fault = ""
        self._taking = False

    async def _handle_client(self) -> None:
        if self.post.busy_from_the_start():
            await self.push(_BUSY)
            self.hang_up()
            return
        await super()._handle_client()

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()

    async def smtp_DATA(self, arg: str) -> None:
        if self.fault == "drop_before_dot":
            self.drop()
        elif self.fault == "drop_in_message":
            await self.lose_data()
        else:
            self._taking = True
            await super().smtp_DATA(arg)
            self._taking = False

    def connection_lost(self, error: Exception | None) -> None:
        """Without a fault of ours the other side gave up: it waited longer than it wants to."""
        if self._taking and not self.fault:
            self.post.met.append((GAVE_UP, ""))
        super().connection_lost(error)


class _Steps:
    """The answers at each step; aiosmtpd calls these by name."""

    def __init__(self, post: SmtpCarrier) -> None:
        self._post = post

    async def handle_MAIL(
        self, server: _Talk, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        server.fault = self._post.next_fault()
        if server.fault == "busy":
            self._post.met.append(("busy", ""))
            await server.push(_BUSY)
            server.hang_up()
            return _BUSY  # which nobody gets any more
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: _Talk, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if server.fault:
            self._post.met.append((server.fault, address))
        fate = self._post.fates.get(address, "")
        if fate.isdigit() and len(fate) == 3:
            return f"{fate} No"
        if refusal := _RCPT.get(fate) or _RCPT.get(server.fault):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Talk, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content)
        reference = str(message.get("Message-ID", "")).strip()
        for address in envelope.rcpt_tos:
            self._post.truth.accept(
                "smtp",
                reference,
                kind="email",
                attempt=reference.strip("<>").partition("@")[0],
                to=address,
                text=_text(message),
                from_email=envelope.mail_from,
                subject=str(message.get("Subject", "")),
            )
        if server.fault == "drop_after_dot":
            server.drop()
        elif server.fault == "slow":
            await asyncio.sleep(self._post.faults.slow_seconds)
        return "250 OK"


def _text(message: Message) -> str:
    """The plain part of a message, where there is one, else its first part."""
    parts = [part for part in message.walk() if not part.is_multipart()]
    plain = next((part for part in parts if part.get_content_type() == "text/plain"), parts[0])
    payload = plain.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
