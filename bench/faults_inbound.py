"""People who text STOP in the middle of a run, through the carrier and the real web."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from bench.faults_crowd import Person
from bench.faults_machine import NUMBER
from bench.faults_site import Site

#: Seconds until a STOP that nobody took is sent once more, as Twilio's own fallback would.
AGAIN = 0.5


class Stops:
    """Sends each STOP once its message is planned, again while the web is down; it counts from its answer."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._begun: set[str] = set()
        self._active = 0
        self._lock = threading.Lock()

    @property
    def busy(self) -> int:
        """How many are not taken yet."""
        return self._active

    def send(self, people: Sequence[Person]) -> None:
        """Begin with those who have not texted yet."""
        for person in people:
            if person.kind == "stop" and person.phone not in self._begun:
                self._begun.add(person.phone)
                with self._lock:
                    self._active += 1
                threading.Thread(target=self._text, args=[person], daemon=True).start()

    def _text(self, person: Person) -> None:
        carrier = self._site.carriers.web
        until, sid = time.monotonic() + 60, f"SM{person.phone[1:]:0>32}"
        while time.monotonic() < until:
            carrier.inbound(person.phone, NUMBER, "STOP", sid=sid)
            tries = [one for one in carrier.callbacks if one["url"] == carrier.twilio_inbound]
            taken = [one for one in tries if one["body"]["From"] == person.phone and one["status"] == 200]
            if taken:
                person.barred_at = taken[0]["at"]
                break
            time.sleep(AGAIN)
        with self._lock:
            self._active -= 1
