"""A file of past totals: one row for each client, measure and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

from delivery.caseload import cells, columns
from delivery.caseload.columns import Columns
from delivery.caseload.faults import Fault
from delivery.caseload.file import Record, Table
from delivery.caseload.measures import Measures, perhaps_raw, read_total
from delivery.caseload.reading import Reading
from delivery.caseload.row import PastTotal, Row
from delivery.caseload.rows import about_letters, in_order
from delivery.caseload.sameness import named
from delivery.errors import Invalid
from questionnaires.registry import Registry

#: Rows of a file of past totals: about ten for each of 500 clients.
MOST_ROWS: Final = 5000
_NEEDED: Final = ("measure", "date", "total")


@dataclass(frozen=True)
class PastRow:
    """A total and whose it is: by name, and by birth date where names are not enough."""

    line: int
    given_name: str
    family_name: str
    date_of_birth: date | None
    past: PastTotal


@dataclass(frozen=True)
class PastFile:
    """Rows without a fault, faults and remarks, in the order of the file. Import it only without faults."""

    rows: list[PastRow]
    faults: list[Fault]
    remarks: list[Fault]


@dataclass(frozen=True)
class Attached:
    """Clients with their past totals, the totals of clients who are not in this caseload, and faults."""

    rows: list[Row]
    others: list[PastRow]
    faults: list[Fault]


def is_past(table: Table) -> bool:
    """Whether this is a file of past totals rather than a caseload."""
    spelt = {cells.key_of(word): name for name in _NEEDED for word in (name, *columns.PAST[name])}
    return {spelt.get(cells.key_of(text[:100])) for text in table.heading.cells}.issuperset(_NEEDED)


def read(table: Table, *, today: date, instruments: Registry) -> PastFile:
    """Every past total, checked. Raises Invalid where the first row does not name the columns."""
    found = columns.read(table.heading, columns.PAST, None, today)
    missing = [name for name in _NEEDED if not found.has(name)]
    if missing or not (found.has("given_name") or found.has("family_name")):
        names = ", ".join(["given_name", "family_name", *_NEEDED])
        raise Invalid(f"A file of past totals needs the columns {names}.")
    checking = _Checking(found, Measures(instruments.list()), today)
    for record in table.rows:
        checking.take(record)
    faults = [*found.faults, *checking.faults]
    return PastFile(
        checking.rows, in_order(faults, found), in_order([*about_letters(table), *checking.remarks], found)
    )


def attach(rows: Iterable[Row], past: Iterable[PastRow]) -> Attached:
    """Past totals to the clients of a caseload file. Lines of the faults are those of the file of totals."""
    clients = list(rows)
    by_name = defaultdict(list)
    for row in clients:
        by_name[named(row.given_name, row.family_name)].append(row)
    totals: dict[int, list[PastTotal]] = {row.line: list(row.past) for row in clients}
    others, faults = [], []
    for one in past:
        whose = [row for row in by_name[named(one.given_name, one.family_name)] if _may_be(row, one)]
        if not whose:
            others.append(one)
        elif len(whose) > 1:
            words = "More than one client has this name. Add a column date_of_birth."
            faults.append(Fault(one.line, "", words))
        elif why := _unfit(whose[0], totals[whose[0].line], one.past):
            faults.append(Fault(one.line, "", why))
        else:
            totals[whose[0].line].append(one.past)
    return Attached([replace(row, past=tuple(totals[row.line])) for row in clients], others, faults)


def _may_be(row: Row, one: PastRow) -> bool:
    return None in (one.date_of_birth, row.date_of_birth) or one.date_of_birth == row.date_of_birth


def _unfit(row: Row, there: list[PastTotal], new: PastTotal) -> str | None:
    if row.date_of_birth and new.on < row.date_of_birth:
        return "This day lies before the date of birth."
    if any((one.instrument, one.on) == (new.instrument, new.on) for one in there):
        return "The caseload has a total of this measure and day already."
    return None


class _Checking:
    """The rows of a file of past totals while they are checked."""

    def __init__(self, found: Columns, measures: Measures, today: date) -> None:
        self.rows: list[PastRow] = []
        self.faults: list[Fault] = []
        self.remarks: list[Fault] = []
        self._seen: dict[tuple[object, ...], int] = {}
        self._found = found
        self._measures = measures
        self._birth = partial(cells.day, first=columns.EARLIEST_BIRTH, last=today)
        self._day = partial(cells.day, first=columns.EARLIEST_TOTAL, last=today)

    def take(self, record: Record) -> None:
        """Check a record: it becomes a row, or faults."""
        of = Reading(record, self._found)
        given, family = of.value("given_name") or "", of.value("family_name") or ""
        born = of.value("date_of_birth", self._birth)
        measure = of.value("measure", self._measures.find, needed=True)
        on = of.value("date", self._day, needed=True)
        total = of.value("total", partial(read_total, measure) if measure else None, needed=True)
        if not (given or family or of.at_fault("given_name", "family_name")):
            of.faults.append(Fault(of.line, "", "There is no name in this row."))
        if born and on and on < born:
            of.fault("date", "This day lies before the date of birth.")
        if not of.faults:
            first = self._seen.setdefault((*named(given, family), born, measure.key, on), of.line)
            if first != of.line:
                words = f"Rows {first} and {of.line} are the same measure on the same day. Keep one of them."
                of.fault("measure", words)
        self.faults += of.faults
        if of.faults:
            return
        self.rows.append(PastRow(of.line, given, family, born, PastTotal(measure.key, on, total)))
        if remark := perhaps_raw(measure, total):
            self.remarks.append(Fault(of.line, self._found.heading("total"), remark))
