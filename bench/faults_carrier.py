"""The local carrier of tests/, which here also notes which recipient met which fault."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Self

from tests.carrier import Carrier, Faults, Json

#: Seconds until the carrier lists what it accepted, and how long a slow answer takes.
LIST_LAG, SLOW = 0.3, 1.2
ROUGH = Faults(drop_reply=0.08, server_error=0.08, too_many=0.05, slow=0.03, reset=0.04, slow_seconds=SLOW)


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
        self._call.to = (people[0].get("to") or [{}])[0].get("email", "")

    def next_fault(self) -> str:
        """As in the base; noted with its recipient."""
        fault = super().next_fault()
        if fault:
            self.met.append((fault, self._call.to))
        return fault
