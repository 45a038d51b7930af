"""The turns of a schedule: when it asks, worked out from its dates or from the client's sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.calendars.recurrence import dates
from delivery.calendars.rules import parse
from delivery.calendars.wall import earlier, moment, zone
from delivery.db import now
from delivery.models.schedules import Occurrence, Outcome, Schedule, ScheduleKind
from delivery.schedules import meetings
from delivery.schedules.meetings import Meeting

#: So far ahead the next turn is looked for: first near, then as far as 29 February can be.
NEAR: Final = timedelta(days=70)
FAR: Final = timedelta(days=366 * 8)
#: Calendars and lists reach less far than rules.
FAR_SESSION: Final = timedelta(days=366 * 2)
#: Sessions this long ago still count for "every other".
PAST: Final = timedelta(days=366)
#: A session that was asked about, whatever came of it: it counts for "every other".
ASKED: Final = (Outcome.MADE, Outcome.BLOCKED, Outcome.MISSED)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Turn:
    """One turn. `key` is the local date (of the session, where it follows one), once in a schedule."""

    key: str
    due_at: datetime
    starts_at: datetime | None = None
    moved_from: datetime | None = None
    skipped: bool = False


def handled(session: Session, row: Schedule) -> dict[str, Outcome]:
    """Key → outcome of the turns that were dealt with."""
    return handled_of(session, [row])[row.id]


def handled_of(session: Session, rows: Iterable[Schedule]) -> dict[UUID, dict[str, Outcome]]:
    """As `handled`, for several schedules at once."""
    found: dict[UUID, dict[str, Outcome]] = {row.id: {} for row in rows}
    dealt = select(Occurrence.schedule_id, Occurrence.key, Occurrence.outcome)
    for schedule_id, key, outcome in session.execute(dealt.where(Occurrence.schedule_id.in_(found))):
        found[schedule_id][key] = outcome
    return found


def coming(
    session: Session,
    row: Schedule,
    zone_name: str,
    until: datetime,
    done: Mapping[str, Outcome] | None = None,
) -> list[Turn]:
    """Turns not dealt with that are due before `until`, overdue ones too, in order; with those skipped.

    `zone_name` is the client's. `row` need not be stored yet.
    """
    done = handled(session, row) if done is None else done
    if row.kind is ScheduleKind.DATES:
        found = _by_dates(row, zone_name, until, done)
    else:
        lead = timedelta(minutes=row.lead_minutes)
        since = max(row.created_at, now() - PAST)
        found = _by_sessions(
            row, done, meetings.of_client(session, row.client_id, since, until + lead + _DAY)
        )
    return [turn for turn in found if turn.due_at < until]


def next_turn(
    session: Session, row: Schedule, zone_name: str, done: Mapping[str, Outcome] | None = None
) -> Turn | None:
    """The first turn that is not skipped, overdue or ahead; None where none is in sight."""
    done = handled(session, row) if done is None else done
    far = FAR if row.kind is ScheduleKind.DATES else FAR_SESSION
    for span in (NEAR, far):
        for turn in coming(session, row, zone_name, now() + span, done):
            if not turn.skipped:
                return turn
    return None


def _by_dates(row: Schedule, zone_name: str, until: datetime, done: Mapping[str, Outcome]) -> Iterable[Turn]:
    starts_on = date.fromisoformat(row.starts_on)
    last = max(done, default="")
    since = max(starts_on, date.fromisoformat(last) + _DAY) if last else starts_on
    end = until.astimezone(zone(zone_name)).date() + 2 * _DAY
    for day in dates(parse(row.rule), starts_on, since, end):
        key = day.isoformat()
        due = moment(day, row.wall_time, zone_name)
        if due > row.created_at and (row.ends_on is None or key <= row.ends_on):
            yield Turn(key, due, skipped=key in row.skips)


def _by_sessions(row: Schedule, done: Mapping[str, Outcome], there: Iterable[Meeting]) -> Iterable[Turn]:
    """What to ask before each, or every other, session.

    A skipped session is not counted: who expects a form at every other session counts the sessions that
    happen. One that was asked about counts even if it was skipped afterwards, so that nobody is asked again
    a week later. So it is counted from the last that was asked about.
    """
    asked = max((key for key, outcome in done.items() if outcome in ASKED), default="")
    waiting = row.every if asked else 1
    for one in there:
        out_of_range = one.key < row.starts_on or (row.ends_on is not None and one.key > row.ends_on)
        if one.key <= asked or out_of_range or one.start <= one.learned_at:
            continue
        if one.key in done:
            waiting = row.every if one.key in row.skips else waiting
            continue
        skipped = one.skipped or one.key in row.skips
        if not one.skipped:
            waiting -= 1
        if waiting > (1 if one.skipped else 0):
            continue
        due = earlier(one.start, timedelta(minutes=row.lead_minutes), one.appointment.time_zone)
        # What was learned later than it was due is due when it is learned.
        due = max(due, one.learned_at, row.created_at)
        yield Turn(one.key, due, one.start, one.moved_from, skipped)
        if not one.skipped:
            waiting = row.every
