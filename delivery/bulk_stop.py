"""Stopping a bulk send: what has not left stays here."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from delivery import access, assignments, bulk, bulk_progress
from delivery.access import Caller
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.messages import Attempt, Dispatch
from delivery.models.schedules import BulkItem
from delivery.states import UNSENT, AssignmentState, AttemptState, DispatchState, ItemState, move


def stop(session: Session, caller: Caller, bulk_id: UUID) -> None:
    """Take back what has not left: clients not asked yet, and messages that still wait. Raises NotFound."""
    row = bulk.one(session, caller, bulk_id, lock=True)
    row.stopped_at = row.stopped_at or now()
    session.execute(
        update(BulkItem)
        .where(BulkItem.bulk_send_id == row.id, BulkItem.state == ItemState.PLANNED)
        .values(state=ItemState.BLOCKED, reason=bulk.STOPPED)
    )
    made = [item.assignment_id for item in bulk.items(session, row.id) if item.assignment_id]
    asks = access.of_client(caller, Assignment).where(Assignment.id.in_(made))
    found = {ask.id: ask for ask in session.scalars(asks)}
    assignments.hold_messages(session, list(found))  # before the audit log, as workers do
    for ask_id, message in bulk_progress.messages(session, row, list(found)).items():
        if row.what == "remind":
            _cancel(session, message)
        elif found[ask_id].state is AssignmentState.PLANNED and _waits(session, message):
            assignments.end(session, caller.actor, found[ask_id], AssignmentState.CANCELLED, "cancelled")


def _waits(session: Session, message: Dispatch) -> bool:
    """Whether a message has not left, held against a worker who would take it up now."""
    row = session.get_one(Dispatch, message.id, with_for_update=True, populate_existing=True)
    under_way = select(Attempt.id).where(
        Attempt.dispatch_id == row.id, Attempt.state == AttemptState.ATTEMPTING
    )
    return row.state in UNSENT and session.scalars(under_way).first() is None


def _cancel(session: Session, message: Dispatch) -> None:
    if _waits(session, message):
        move(session, Dispatch, message.id, DispatchState.CANCELLED, code="cancelled")
