"""The sessions of a client, out of all their appointments: typed, from a list, from a calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.calendars import slots
from delivery.calendars.rules import once, parse
from delivery.calendars.slots import Slot
from delivery.calendars.wall import moment
from delivery.models.schedules import Appointment

#: A session that its calendar moved leaves its old row behind, cancelled, under its key, this, and a number.
MOVED: Final = ">"


@dataclass(frozen=True)
class Meeting:
    """One session. `key` is its local date; `learned_at` when LightQ came to know of it.

    `moved_from` is where its calendar had it before; `skipped`: somebody took it out.
    """

    appointment: Appointment
    key: str
    start: datetime
    learned_at: datetime
    moved_from: datetime | None
    skipped: bool


def slot(row: Appointment) -> Slot:
    """The appointment as the arithmetic knows it, with nothing skipped."""
    rule = parse(row.rule) if row.rule else once()
    return Slot(rule, date.fromisoformat(row.starts_on), row.wall_time, row.time_zone)


def of_client(session: Session, client_id: UUID, since: datetime, until: datetime) -> list[Meeting]:
    """The client's sessions with since <= start < until, in order, at most one a local day."""
    rows = session.scalars(select(Appointment).where(Appointment.client_id == client_id)).all()
    found: dict[str, Meeting] = {}
    for one in of_rows(rows, since, until):
        earlier = found.get(one.key)
        if earlier is None or (earlier.skipped and not one.skipped):
            found[one.key] = one
    return sorted(found.values(), key=lambda one: one.start)


def of_rows(rows: Iterable[Appointment], since: datetime, until: datetime) -> list[Meeting]:
    """The sessions of these appointments in order. Give the cancelled rows along: they tell of moves."""
    rows = list(rows)
    before = _before(rows)
    found = []
    for row in rows:
        if row.cancelled_at is not None:
            continue
        for one in slots.occurrences(slot(row), since, until):
            moved_from = before.get((row.source, row.source_key))
            skipped = one.key in row.skips
            found.append(Meeting(row, one.key, one.start, row.created_at, moved_from, skipped))
    return sorted(found, key=lambda one: (one.start, one.appointment.id))


def start(row: Appointment) -> datetime:
    """When a single appointment begins."""
    return moment(date.fromisoformat(row.starts_on), row.wall_time, row.time_zone)


def _before(rows: Iterable[Appointment]) -> dict[tuple[str, str], datetime]:
    """Source and key of what was moved → where it was last."""
    found = {}
    for row in sorted(rows, key=lambda row: row.id):
        key, moved, _ = row.source_key.partition(MOVED)
        if moved:
            found[row.source, key] = start(row)
    return found
