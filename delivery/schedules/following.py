"""When sessions are moved, cancelled or skipped: what hangs on them is taken back, and planned anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from delivery import assignments, audit, clients
from delivery.calendars.wall import zone
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.clients import Client
from delivery.models.messages import Attempt, Dispatch, RecipientKind
from delivery.models.schedules import Occurrence, Outcome, Schedule, ScheduleKind
from delivery.schedules import asking, meetings, turning, turns
from delivery.schedules.meetings import Meeting
from delivery.schedules.turns import Turn
from delivery.states import OPEN_ASK, AssignmentState, AttemptState

#: Sessions whose asks are looked at: those that are not long over.
_SINCE: Final = timedelta(days=2)
CALLED_OFF: Final = "The session was called off before this was sent."


def changed(session: Session, client: Client) -> None:
    """The client's sessions have changed. The caller holds the client (`assignments.lock`)."""
    session.flush()
    found = of_client(session, client.id, ScheduleKind.APPOINTMENTS)
    if not found:
        return
    there = meetings.of_client(session, client.id, now() - _SINCE, now() + turns.NEAR)
    for row in found:
        for made in session.scalars(_recent(row)).all():
            _follow(session, row, made, there)
        session.flush()
        turning.replan(session, row, clients.zone(session, client))


def of_client(session: Session, client_id: UUID, kind: ScheduleKind | None = None) -> list[Schedule]:
    """The schedules of a client that were not stopped, by id."""
    rows = select(Schedule).where(Schedule.client_id == client_id, Schedule.stopped_at.is_(None))
    if kind is not None:
        rows = rows.where(Schedule.kind == kind)
    return list(session.scalars(rows.order_by(Schedule.id).execution_options(populate_existing=True)))


def _recent(row: Schedule) -> Select[Occurrence]:
    since = (now() - _SINCE).date().isoformat()
    return select(Occurrence).where(
        Occurrence.schedule_id == row.id,
        Occurrence.key >= since,
        Occurrence.outcome.in_((Outcome.MADE, Outcome.SKIPPED)),
    )


def _follow(session: Session, row: Schedule, made: Occurrence, there: list[Meeting]) -> None:
    stands = next((one for one in there if one.key == made.key and not one.skipped), None)
    if made.outcome is Outcome.SKIPPED:
        if stands is not None and made.assignment_id is None and made.key not in row.skips:
            session.delete(made)  # the session takes place after all
        return
    moved_here = stands is not None and stands.moved_from is not None and stands.learned_at > made.created_at
    if made.assignment_id is None or (stands is not None and not moved_here):
        return
    moved_to = stands if moved_here else next((one for one in there if _was_on(one, made.key)), None)
    ask = session.get_one(Assignment, made.assignment_id)
    if not unsent(session, ask):
        if moved_to is not None and moved_to.key != made.key:
            turn = Turn(moved_to.key, moved_to.start)
            asking.note(session, row, turn, Outcome.SKIPPED, "Moved by the calendar; asked before.", ask.id)
        return
    assignments.end(
        session,
        audit.WORKER,
        ask,
        AssignmentState.CANCELLED,
        "session-moved" if moved_to else "session-off",
    )
    ask.occurrence = None  # so that the new time may be asked about
    if moved_to is not None:
        session.delete(made)
    else:
        made.outcome, made.assignment_id, made.reason = Outcome.SKIPPED, None, CALLED_OFF


def _was_on(one: Meeting, key: str) -> bool:
    if one.moved_from is None or one.skipped:
        return False
    return _local_day(one.moved_from, one.appointment.time_zone) == key


def _local_day(at: datetime, zone_name: str) -> str:
    return at.astimezone(zone(zone_name)).date().isoformat()


def unsent(session: Session, ask: Assignment) -> bool:
    """Whether nothing of an open ask has reached the client or may have. Holds its messages meanwhile."""
    if ask.state not in OPEN_ASK:
        return False
    to_client = (Dispatch.assignment_id == ask.id, Dispatch.recipient == RecipientKind.CLIENT)
    session.execute(select(Dispatch.id).where(*to_client).with_for_update())
    left = (
        select(Attempt.id)
        .join(Dispatch, Dispatch.id == Attempt.dispatch_id)
        .where(*to_client, Attempt.state != AttemptState.REFUSED)
    )
    return session.scalars(left.limit(1)).first() is None
