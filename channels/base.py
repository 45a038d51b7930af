"""The one shape of every channel: what goes in, what comes out, the two ways a send can go wrong, and what a
provider tells us afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Kind = Literal["email", "sms"]
Evidence = Literal["sent", "not_sent"]
"""What a provider's own word (a look-up, later a callback) proves about one attempt."""
EvidenceSource = Literal["none", "look_up", "events"]
"""Where that word comes from; `none`: an unknown outcome stays unknown until a person decides."""
Contact = Literal["", "dead", "opted_out", "away"]
"""What we learned of the number or mailbox itself; dead: never works again, away: perhaps later."""
EventKind = Literal[
    "accepted",
    "sent",
    "delivered",
    "failed",
    "bounced",
    "dropped",
    "deferred",
    "refused_by_person",
    "spam",
]

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""A phone number as providers take it (ITU-T E.164)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One finished message to one recipient. It holds no health data, whatever the channel.

    `attempt_id` is the opaque id of the attempt row (letters, digits, `-` and `_`): the only thing of
    ours that a provider may keep. `unsubscribe_url` takes a POST (RFC 8058); None for messages to staff.
    `callback_url` takes the provider's events of this one message. `sender` is a practice's own number or
    messaging service; None: the configured one.
    """

    attempt_id: str
    kind: Kind
    to: str
    sender_name: str
    sender_address: str
    subject: str
    text: str
    html: str | None = None
    unsubscribe_url: str | None = None
    callback_url: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took the message. `reference` is what the provider calls it."""

    provider: str
    reference: str


class Refused(Exception):
    """The provider said no, or was never reached: for certain nothing was sent.

    `code` is stable and short (`smtp_550`), `reason` is plain words for a screen, without any address.
    `permanent`: the same message to the same recipient will be refused again.
    `stops_provider`: our account or settings are at fault, not the message: stop, and mark nothing failed.
    `retry_after`: seconds the provider asked us to wait. `contact`: what this says about the recipient's
    number or mailbox.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        permanent: bool,
        *,
        stops_provider: bool = False,
        retry_after: int | None = None,
        contact: Contact = "",
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.permanent = permanent
        self.stops_provider = stops_provider
        self.retry_after = retry_after
        self.contact = contact


class OutcomeUnknown(Exception):
    """The message may or may not have been sent. Never sent again by a channel; only evidence settles it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Event:
    """What a provider reported about one attempt after it had answered our call.

    `reason` is plain words without any address; `code`, `contact`, `permanent` and `stops_provider` mean what
    they mean in `Refused`. `reference` is the provider's name for the message. `dedupe` is the same each
    time the provider repeats the event. `at` is when it happened, in UTC, where the provider says so.
    """

    attempt_id: str
    kind: EventKind
    code: str
    reason: str
    contact: Contact
    reference: str
    dedupe: str
    at: datetime | None
    permanent: bool
    stops_provider: bool


class Channel(Protocol):
    """One way to reach a person through one provider. Not for sharing between threads at once."""

    @property
    def provider(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def evidence(self) -> EvidenceSource: ...

    def send(self, message: Message) -> Receipt:
        """Hand one message over, once. Raises `Refused` or `OutcomeUnknown`."""
        ...

    def look_up(
        self, message: Message, since: datetime, claimed: frozenset[str] = frozenset()
    ) -> Receipt | Literal["not_found"] | None:
        """Ask the provider whether it has this attempt; None: it can't say (or can't say now).

        `since` is when the attempt was made, with a zone. `claimed` are the references of other attempts, for
        providers that know a message only by its words. "not_found" is only proof once the provider's list
        has caught up; how long to wait is the caller's decision.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the channel may be used again afterwards."""
        ...
