"""One record of a caseload becomes a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, Final

from delivery.caseload import cells, zones
from delivery.caseload.columns import EARLIEST_BIRTH, Columns
from delivery.caseload.faults import Fault
from delivery.caseload.file import Record
from delivery.caseload.measures import perhaps_raw, read_total
from delivery.caseload.reading import Reader, Reading
from delivery.caseload.row import SENT, PastTotal, Row
from delivery.models.assignments import Way

#: Takes the text of an appointment; raises Invalid where it cannot be read.
Appointment = Callable[[str], object]
#: The code of a client in a calendar as it is kept; raises Invalid where it cannot be one.
CalendarCode = Callable[[str], str]

_FIRST_CONSENT: Final = date(2000, 1, 1)
_NAMES: Final = ("given_name", "family_name")
_BEFORE_BIRTH: Final = "This day lies before the date of birth."
_LIMITS: Final[Mapping[str, dict[str, Any]]] = {
    "phone": {"may_begin": "+"},
    "tags": {"longest": 1000},
    "consent_wording": {"longest": cells.SHORT},
    "calendar_code": {"longest": cells.SHORT},
}


def readers(
    today: date, appointment: Appointment | None, calendar_code: CalendarCode | None
) -> Mapping[str, Reader]:
    """By column what makes a value of its text; a column that is not here holds text."""

    def checked(text: str) -> str:
        if appointment:
            appointment(text)
        return text

    return {
        "date_of_birth": partial(cells.day, first=EARLIEST_BIRTH, last=today),
        "language": cells.language,
        "time_zone": zones.read,
        "email": cells.email,
        "phone": cells.phone,
        "channel": cells.channel,
        "consent_on": partial(cells.day, first=_FIRST_CONSENT, last=today),
        "tags": cells.tags,
        "sex_for_scoring": cells.sex,
        "appointment": checked,
        "calendar_code": calendar_code or str,
    }


class Checking:
    """A record as a `row`, with its `faults` and, where there is none, its `remarks`."""

    def __init__(self, record: Record, found: Columns, by_column: Mapping[str, Reader]) -> None:
        self._cells = Reading(record, found)
        self._found = found
        self._remarks: list[Fault] = []
        values = {
            one.name: self._cells.at(
                one.place, one.heading, by_column.get(one.name), **_LIMITS.get(one.name, {})
            )
            for one in found.named
        }
        self._given = {name: value for name, value in values.items() if value}
        self._name()
        self._channel()
        self._consent()
        self.row = Row(line=record.line, **self._given, past=tuple(self._past()))

    @property
    def faults(self) -> list[Fault]:
        """What has to be put right before the file can come in."""
        return self._cells.faults

    @property
    def remarks(self) -> list[Fault]:
        """What a member may want to know; none for a row that has a fault."""
        return [] if self.faults else self._remarks

    def _remark(self, name: str, words: str) -> None:
        self._remarks.append(Fault(self._cells.line, self._found.heading(name), words))

    def _name(self) -> None:
        here = [name for name in _NAMES if self._found.has(name)]
        if here and self._given.keys().isdisjoint(here) and not self._cells.at_fault(*here):
            self._cells.fault(here[0], "A client needs a name; a nickname will do.")

    def _channel(self) -> None:
        """How the client is asked: as the file says, else by what there is to reach them."""
        wanted = self._given.get("channel")
        self._given["in_person_only"] = wanted is not None and wanted not in SENT
        for way, column, what in (
            (Way.EMAIL, "email", "an e-mail address"),
            (Way.SMS, "phone", "a phone number"),
        ):
            if column in self._given:
                self._given.setdefault("channel", way)
            elif wanted is way and not self._cells.at_fault(column):
                self._cells.fault("channel", f"This needs {what}, and the row has none.")
        if "channel" not in self._given:
            self._given["channel"] = Way.IN_PERSON
            self._remark(
                "channel", "There is no e-mail address and no phone. This client is asked in person."
            )

    def _consent(self) -> None:
        signed, sent = self._given.get("consent_on"), self._given["channel"] in SENT
        if signed and signed < self._given.get("date_of_birth", signed):
            self._cells.fault("consent_on", _BEFORE_BIRTH)
        elif signed and not sent:
            self._remark("consent_on", "This client is sent nothing, so no consent to messages is recorded.")
        elif sent and not signed and self._found.has("consent_on"):
            self._remark("consent_on", "No consent yet. The client comes in, and nothing is sent.")

    def _past(self) -> list[PastTotal]:
        """The totals of the columns of past results."""
        totals = []
        for one in self._found.past:
            total = self._cells.at(one.place, one.heading, partial(read_total, one.instrument))
            if total is None:
                continue
            totals.append(PastTotal(one.instrument.key, one.on, total))
            if one.on < self._given.get("date_of_birth", one.on):
                self.faults.append(Fault(self._cells.line, one.heading, _BEFORE_BIRTH))
            if remark := perhaps_raw(one.instrument, total):
                self._remarks.append(Fault(self._cells.line, one.heading, remark))
        return totals
