"""A caseload file held against the clients who are there: what would come in, and what stands in the way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from delivery import caseload_known
from delivery.access import Caller
from delivery.calendars import codes, typed
from delivery.caseload import file, past, rows
from delivery.caseload.faults import Fault
from delivery.caseload.past import PastRow
from delivery.caseload.row import PastTotal, Row
from delivery.caseload_known import Known
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.people import Practice
from questionnaires.registry import Registry

NOBODY: Final = "No client of yours who answers forms has this name and date of birth."
THERE: Final = "This is a client of yours already."


@dataclass(frozen=True)
class Given:
    """A file as it was read: clients, or (`totals`) past totals of clients who are there."""

    rows: Sequence[Row]
    totals: Sequence[PastRow] | None
    faults: Sequence[Fault]
    remarks: Sequence[Fault]


@dataclass(frozen=True)
class Snag:
    """A row that can't come in beside what is there, and can be left out. `client` is whom it meets."""

    line: int
    name: str
    words: str
    client: UUID | None = None


@dataclass(frozen=True)
class Look:
    """What a file would bring in. It can come in where there are no faults and no snags."""

    new: Sequence[Row] = ()
    #: Clients who are there, and the totals that are added to them.
    more: Sequence[tuple[Known, Sequence[PastTotal]]] = ()
    faults: Sequence[Fault] = ()
    remarks: Sequence[Fault] = ()
    snags: Sequence[Snag] = ()
    left_out: Collection[int] = field(default_factory=frozenset)

    @property
    def ready(self) -> bool:
        """Whether it can come in, and there is something to come in."""
        return bool(self.new or self.more) and not self.faults and not self.snags

    @property
    def consents(self) -> int:
        """How many consents on paper it holds."""
        return sum(row.consents for row in self.new)

    @property
    def totals(self) -> int:
        """How many past totals it holds."""
        return sum(len(row.past) for row in self.new) + sum(len(totals) for _, totals in self.more)

    @property
    def appointments(self) -> int:
        """How many standing appointments it holds."""
        return sum(bool(row.appointment) for row in self.new)


def read(raw: bytes, practice: Practice, instruments: Registry) -> Given:
    """Every row of a file, checked by itself. Raises Invalid where nothing of it can be read."""
    today, table = now().astimezone(ZoneInfo(practice.time_zone)).date(), _table(raw)
    if past.is_past(table):
        totals = past.read(table, today=today, instruments=instruments)
        return Given((), totals.rows, totals.faults, totals.remarks)
    found = rows.read(
        table,
        today=today,
        instruments=instruments,
        appointment=lambda text: typed.slot(text, today, practice.time_zone),
        calendar_code=codes.normal_code,
    )
    return Given(found.rows, None, found.faults, found.remarks)


def _table(raw: bytes) -> file.Table:
    try:
        return file.read(raw)
    except Invalid as error:
        # Past totals may have more rows; anything else is said as for a caseload.
        try:
            table = file.read(raw, past.MOST_ROWS)
        except Invalid:
            raise error from None
        if not past.is_past(table):
            raise
        return table


def compare(
    session: Session, caller: Caller, practice_id: UUID, given: Given, left_out: Collection[int] = ()
) -> Look:
    """The file beside the caller's clients. Writes the audit row of the read first. Raises Forbidden."""
    there = caseload_known.read(session, caller, practice_id)
    look = _totals(there, given, left_out) if given.totals is not None else _clients(there, given, left_out)
    remarks = [*given.remarks, *look.remarks]
    return Look(
        new=look.new,
        more=look.more,
        faults=sorted([*given.faults, *look.faults], key=lambda one: one.line),
        remarks=sorted((one for one in remarks if one.line not in left_out), key=lambda one: one.line),
        snags=look.snags,
        left_out=frozenset(left_out),
    )


def _clients(there: caseload_known.Caseload, given: Given, left_out: Collection[int]) -> Look:
    new, faults, remarks, snags = [], [], [], []
    for row in given.rows:
        if row.line in left_out:
            continue
        if (same := there.same(row)) is not None:
            snags.append(Snag(row.line, same.name, THERE, same.client_id))
            continue
        faults += there.faults(row)
        remarks += there.remarks(row)
        new.append(row)
    return Look(new, (), faults, remarks, snags)


def _totals(there: caseload_known.Caseload, given: Given, left_out: Collection[int]) -> Look:
    wanted = {one.line: one for one in given.totals or () if one.line not in left_out}
    mine = [one for one in there.clients if one.respondent is not None]
    found = past.attach([one.row(place) for place, one in enumerate(mine)], wanted.values())
    meant = [(line, NOBODY) for line in (one.line for one in found.others)]
    meant += [(fault.line, fault.words) for fault in found.faults]
    snags = [Snag(line, _named(wanted[line]), words) for line, words in sorted(meant)]
    more = [(one, row.past[len(one.past) :]) for one, row in zip(mine, found.rows, strict=True)]
    return Look((), [(one, totals) for one, totals in more if totals], (), (), snags)


def _named(one: PastRow) -> str:
    return " ".join(filter(None, [one.given_name, one.family_name]))
