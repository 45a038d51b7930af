"""The local carriers of tests/, which here also note which recipient met which fault."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.carrier import CallbackFaults, Carrier, Faults, Json
from tests.smtp_carrier import GAVE_UP, SmtpCarrier, SmtpFaults

#: Seconds until the carrier lists what it accepted, and how long a slow answer takes.
LIST_LAG, SLOW = 0.3, 1.2
ROUGH = Faults(drop_reply=0.08, server_error=0.08, too_many=0.05, slow=0.03, reset=0.04, slow_seconds=SLOW)
#: Faults that leave it open whether the message was taken.
AMBIGUOUS = ("drop_reply", "server_error", "slow", "reset", "trickle", "bad_json", "half_open")
AMBIGUOUS_SMTP = ("drop_in_message", "drop_after_dot", "slow", GAVE_UP)


class WatchedCarrier(Carrier):
    """A carrier with `met`: (fault, recipient) of every send that met one, in order."""

    def __init__(self, log: Path, *, faults: Faults = ROUGH, seed: int = 0) -> None:
        super().__init__(log, faults=faults, seed=seed, list_lag=LIST_LAG)
        self.met: list[tuple[str, str]] = []
        self._call = threading.local()

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def note_request(self, method: str, path: str, body: Json) -> None:
        """As in the base; remembers the recipient for this thread's fault."""
        super().note_request(method, path, body)
        people: list[Any] = body.get("personalizations") or [{}]
        self._call.to = body.get("To") or (people[0].get("to") or [{}])[0].get("email", "")

    def next_fault(self) -> str:
        """As in the base; noted with its recipient."""
        fault = super().next_fault()
        if fault:
            self.met.append((fault, self._call.to))
        return fault


class Carriers:
    """SendGrid, Twilio and a mail server over one record of the truth."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.web = WatchedCarrier(folder / "carrier.jsonl", faults=Faults(), seed=seed)
        self.mail = SmtpCarrier(self.web.truth, seed=seed, fates=self.web.fates)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        self._running.enter_context(self.web)
        self._running.enter_context(self.mail)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    @property
    def accepted(self) -> list[Json]:
        """Every message that any of them took, in order."""
        return list(self.web.accepted)

    @property
    def met(self) -> list[tuple[str, str]]:
        """(fault, recipient) of every send that met one; faults of mail begin with "smtp "."""
        return [*self.web.met, *((f"smtp {fault}", to) for fault, to in list(self.mail.met))]

    def rough(self, faults: Faults, mail: SmtpFaults, callbacks: CallbackFaults) -> None:
        """How they behave from now on."""
        self.web.faults, self.mail.faults, self.web.outgoing.faults = faults, mail, callbacks
