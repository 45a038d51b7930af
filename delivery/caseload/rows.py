"""The rows of a caseload as checked values, with every fault of every row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from delivery.caseload import columns, sameness
from delivery.caseload.checking import Appointment, CalendarCode, Checking, readers
from delivery.caseload.columns import Columns
from delivery.caseload.faults import Fault
from delivery.caseload.file import Table
from delivery.caseload.measures import Measures
from delivery.caseload.row import Row
from questionnaires.registry import Registry


@dataclass(frozen=True)
class CaseloadFile:
    """Rows without a fault, faults and remarks, in the order of the file. Import it only without faults."""

    rows: list[Row]
    faults: list[Fault]
    remarks: list[Fault]


def read(
    table: Table,
    *,
    today: date,
    instruments: Registry,
    appointment: Appointment | None = None,
    calendar_code: CalendarCode | None = None,
) -> CaseloadFile:
    """Every row of a caseload, checked.

    `today` is the day where the member is; `instruments` are those the practice has. Appointments and
    calendar codes are kept as they stand unless functions are given that know them. Raises Invalid where
    the first row names no column.
    """
    found = columns.read(table.heading, columns.CASELOAD, Measures(instruments.list()), today)
    by_column = readers(today, appointment, calendar_code)
    checked = [Checking(record, found, by_column) for record in table.rows]
    rows = [one.row for one in checked]
    doubled, alike = sameness.same_people(rows, found)
    coded, sharing = sameness.shared(rows, found)
    faults = [*found.faults, *_no_names(table, found), *(fault for one in checked for fault in one.faults)]
    faults = in_order([*faults, *doubled, *coded], found)
    said = [
        *about_letters(table),
        *_no_consents(table, found),
        *(told for one in checked for told in one.remarks),
    ]
    faulty = {fault.line for fault in faults}
    return CaseloadFile(
        [row for row in rows if row.line not in faulty], faults, in_order([*said, *alike, *sharing], found)
    )


def in_order(faults: list[Fault], found: Columns) -> list[Fault]:
    """By row, and in a row by column."""
    places = {heading: place for place, heading in reversed(list(enumerate(found.headings)))}
    return sorted(faults, key=lambda one: (one.line, places.get(one.column, -1)))


def about_letters(table: Table) -> list[Fault]:
    """A remark where letters such as é had to be guessed."""
    words = "Check names with letters such as é and ñ: the file does not say how it stores them."
    return [Fault(table.heading.line, "", words)] if table.letters_guessed else []


def _no_names(table: Table, found: Columns) -> list[Fault]:
    if found.has("given_name") or found.has("family_name"):
        return []
    return [Fault(table.heading.line, "", "There is no column of names. Add given_name and family_name.")]


def _no_consents(table: Table, found: Columns) -> list[Fault]:
    if found.has("consent_on"):
        return []
    words = "There is no column consent_on. All clients come in, and nothing is sent to them yet."
    return [Fault(table.heading.line, "", words)]
