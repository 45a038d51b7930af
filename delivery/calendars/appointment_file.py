"""A list of appointments in a CSV file: code, date, time, and where wanted minutes and time zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from delivery.calendars.codes import normal_code
from delivery.calendars.slots import USUAL_MINUTES, Booked, overlaps
from delivery.calendars.typed import clock
from delivery.calendars.wall import moment, zone
from delivery.caseload import file, zones
from delivery.caseload.faults import Fault
from delivery.errors import Invalid

MOST_ROWS: Final = 2000
LONGEST_MINUTES: Final = 480
YEARS: Final = range(2000, 2100)

_COLUMNS: Final = {
    "code": ("code", "clientcode", "calendarcode", "client"),
    "date": ("date", "day", "startdate", "appointmentdate"),
    "time": ("time", "start", "starttime", "appointmenttime"),
    "minutes": ("minutes", "min", "duration", "length"),
    "zone": ("zone", "timezone"),
}
_T = TypeVar("_T")
_COLUMN_OF: Final = {name: column for column, names in _COLUMNS.items() for name in names}
_NEEDED: Final = ("code", "date", "time")
_FORMULA: Final = ("=", "+", "-", "@")
_ISO: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})")
_US: Final = re.compile(r"(?P<month>[0-9]{1,2})[/-](?P<day>[0-9]{1,2})[/-](?P<year>[0-9]{4})")
_SHORT_YEAR: Final = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}")
_WRITE_DATE: Final = "Write the date like 11/24/2026 or 2026-11-24, with the month first or the year first."
_WRITE_TIME: Final = "Write the time like 10:00, 3:30 pm or 15:30."
_WRITE_MINUTES: Final = f"Write how many minutes it takes, from 5 to {LONGEST_MINUTES}, or leave it empty."


@dataclass(frozen=True)
class Row:
    """One appointment. `line` is its row in a spreadsheet, `key` its local date, `start` in UTC."""

    line: int
    code: str
    key: str
    start: datetime
    minutes: int
    zone: str


@dataclass(frozen=True)
class AppointmentFile:
    """The rows that could be read; what is to be mended before any is taken; what is only to be known."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    remarks: tuple[Fault, ...]


def read(raw: bytes, zone_name: str, known: Collection[str] | None = None) -> AppointmentFile:
    """The appointments of a CSV file; rows without a zone are in `zone_name`.

    With `known` (normal codes), a row with any other code is a fault. Raises Invalid only where the file as a
    whole cannot be read: not CSV, above 1 MB or 2,000 rows, a column missing or there twice.
    """
    zone(zone_name)
    table = file.read(raw, MOST_ROWS)
    at, remarks = _columns(table.heading)
    rows: list[Row] = []
    faults: list[Fault] = []
    for record in table.rows:
        row, wrong = _row(record, at, zone_name, known)
        faults += wrong
        rows += [row] if row else []
    faults += _repeated(rows)
    remarks += _overlapping(rows)
    by_line = sorted(faults, key=lambda fault: fault.line)
    return AppointmentFile(tuple(rows), tuple(by_line), tuple(sorted(remarks, key=lambda fault: fault.line)))


def _columns(heading: file.Record) -> tuple[dict[str, int], list[Fault]]:
    at: dict[str, int] = {}
    remarks = []
    for place, cell in enumerate(heading.cells):
        column = _COLUMN_OF.get("".join(char for char in cell.casefold() if char.isalpha()))
        if column is None:
            if cell.strip():
                remarks.append(
                    Fault(heading.line, cell.strip()[:40], "This column is not needed and not kept.")
                )
        elif column in at:
            raise Invalid(f"The column “{column}” is there twice. Keep one of them.")
        else:
            at[column] = place
    missing = [column for column in _NEEDED if column not in at]
    if missing:
        raise Invalid(
            f"The first row names the columns: code, date, time, and if you like minutes and time zone. "
            f"Not found: {', '.join(missing)}."
        )
    return at, remarks


def _row(
    record: file.Record, at: dict[str, int], zone_name: str, known: Collection[str] | None
) -> tuple[Row | None, list[Fault]]:
    cells = {column: record.cells[n].strip() if n < len(record.cells) else "" for column, n in at.items()}
    faults: list[Fault] = []

    def read_as(column: str, reader: Callable[[str], _T]) -> _T | None:
        try:
            return reader(cells.get(column, ""))
        except Invalid as wrong:
            faults.append(Fault(record.line, column, str(wrong)))
            return None

    code = read_as("code", lambda cell: _code(cell, known))
    day = read_as("date", _day)
    time = read_as("time", _time)
    minutes = read_as("minutes", _minutes)
    place = read_as("zone", lambda cell: zones.read(cell) if cell else zone_name)
    if code is None or day is None or time is None or minutes is None or place is None:
        return None, faults
    return Row(record.line, code, day.isoformat(), moment(day, time, place), minutes, place), faults


def _code(cell: str, known: Collection[str] | None) -> str:
    if cell.startswith(_FORMULA):
        raise Invalid("This cell begins like a formula. Write the code alone, like K73.")
    code = normal_code(cell)
    if known is not None and code not in known:
        raise Invalid("No client has this code. Check it, or give it to a client first.")
    return code


def _day(cell: str) -> date:
    found = _ISO.fullmatch(cell) or _US.fullmatch(cell)
    if found is None:
        short = "Write the year with four digits. " if _SHORT_YEAR.fullmatch(cell) else ""
        raise Invalid(short + _WRITE_DATE)
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        raise Invalid(f"There is no such day. {_WRITE_DATE}") from None
    if day.year not in YEARS:
        raise Invalid(f"Check the year. {_WRITE_DATE}")
    return day


def _time(cell: str) -> str:
    try:
        return clock(cell)
    except Invalid as wrong:
        raise Invalid(str(wrong) if cell.startswith(tuple("123456")) else _WRITE_TIME) from None


def _minutes(cell: str) -> int:
    if not cell:
        return USUAL_MINUTES
    if not re.fullmatch(r"[0-9]{1,3}", cell) or not 5 <= int(cell) <= LONGEST_MINUTES:
        raise Invalid(_WRITE_MINUTES)
    return int(cell)


def _repeated(rows: list[Row]) -> list[Fault]:
    """Two rows of one client on one day: an appointment is known by its day, so one of them has to go."""
    faults = []
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        earlier = first.setdefault((row.code, row.key), row)
        if earlier.start == row.start and earlier is not row:
            words = f"This is the same appointment as row {earlier.line}. Keep one of them."
            faults.append(Fault(row.line, "", words))
        elif earlier is not row:
            words = (
                f"This client has another appointment on that day, in row {earlier.line}. Keep one of them."
            )
            faults.append(Fault(row.line, "", words))
    return faults


def _overlapping(rows: list[Row]) -> list[Fault]:
    booked = {
        Booked(f"Row {row.line}", row.start, row.start + timedelta(minutes=row.minutes), row.code): row.line
        for row in rows
    }
    return [
        Fault(booked[clash.second], "", f"{clash.words} Check the times, unless it is a group.")
        for clash in overlaps(booked)
        if clash.first.code != clash.second.code
    ]
