"""Changing a schedule that runs: another in its place, stopped, one turn taken out."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, assignments, audit
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict, NotFound
from delivery.models.assignments import Assignment
from delivery.models.schedules import Occurrence, Outcome, Schedule
from delivery.schedules import asking, following, turning, turns
from delivery.schedules.making import CARRIED, Wanted, detail, save
from delivery.states import AssignmentState


def one(session: Session, caller: Caller, schedule_id: UUID) -> Schedule:
    """A schedule of a client of the caller's. Raises NotFound."""
    row = session.get(Schedule, schedule_id, populate_existing=True)
    if row is None:
        raise NotFound
    access.client(session, caller, row.client_id)
    return row


def change(session: Session, caller: Caller, schedule_id: UUID, wanted: Wanted) -> Schedule:
    """Stop a schedule and plan another in its place, in one go. What was asked today is not asked again."""
    old = one(session, caller, schedule_id)
    assignments.lock(session, old.client_id)
    if old.client_id != wanted.client_id:
        raise NotFound
    last = session.scalars(
        select(Occurrence)
        .where(Occurrence.schedule_id == old.id, Occurrence.outcome == Outcome.MADE)
        .order_by(Occurrence.key.desc())
        .limit(1)
    ).first()
    _end(session, caller, old, "changed")
    row = save(session, caller, wanted)
    if last is not None and row.starts_on <= last.key:
        turn = turns.Turn(last.key, last.due_at)
        words = "Asked before this plan was changed."
        asking.note(session, row, turn, Outcome.SKIPPED, words, last.assignment_id)
        turning.replan(session, row, row.time_zone)
    return row


def stop(session: Session, caller: Caller, schedule_id: UUID) -> Schedule:
    """Stop in one press; a message that has not left goes too. Stopping twice is once. Raises NotFound."""
    row = one(session, caller, schedule_id)
    assignments.lock(session, row.client_id)
    session.refresh(row)
    _end(session, caller, row, "stopped")
    return row


def skip(session: Session, caller: Caller, schedule_id: UUID, key: str, *, undo: bool = False) -> None:
    """Take one turn out, or put it back. Raises NotFound, Conflict where it was dealt with."""
    row = one(session, caller, schedule_id)
    assignments.lock(session, row.client_id)
    session.refresh(row)
    ahead = turns.coming(session, row, row.time_zone, now() + turns.NEAR)
    if row.stopped_at is not None or key not in {turn.key for turn in ahead}:
        raise Conflict("This one was dealt with already.")
    row.skips = sorted({*row.skips} - {key} if undo else {*row.skips, key})
    session.flush()
    turning.replan(session, row, row.time_zone)
    said = {**detail(row), "skip": key, "undo": undo}
    audit.record(session, row.practice_id, caller.actor, audit.Tag.SCHEDULE_CHANGED, row.id, said)


def _end(session: Session, caller: Caller, row: Schedule, reason: str) -> None:
    if row.stopped_at is not None:
        return
    row.stopped_at, row.stop_reason, row.next_at = now(), reason, None
    for ask in session.scalars(select(Assignment).where(Assignment.schedule_id == row.id)).all():
        if ask.channel in CARRIED and following.unsent(session, ask):
            assignments.end(session, caller.actor, ask, AssignmentState.CANCELLED, "cancelled")
    said = {**detail(row), "reason": reason}
    audit.record(session, row.practice_id, caller.actor, audit.Tag.SCHEDULE_STOPPED, row.id, said)
