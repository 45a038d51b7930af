"""How far a bulk send has come, and stopping what has not left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, bulk, dispatch
from delivery import today as overview
from delivery.access import Caller
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.clients import Client
from delivery.models.messages import Dispatch
from delivery.models.schedules import BulkItem, BulkSend
from delivery.states import OPEN_ASK, AssignmentState, DispatchState, ItemState

#: A message that waits longer than this is not worth looking at every few seconds.
SOON: Final = timedelta(minutes=10)


class Step(StrEnum):
    """Where one client of a bulk send is."""

    PLANNED = "planned"
    BLOCKED = "blocked"
    WAITING = "waiting"
    HELD = "held"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    UNCLEAR = "unclear"
    FAILED = "failed"
    STOPPED = "stopped"
    ANSWERED = "answered"
    ENDED = "ended"


#: What has yet to leave.
TO_COME: Final = (Step.PLANNED, Step.WAITING, Step.HELD)
_OF_MESSAGE: Final = {
    DispatchState.PLANNED: Step.WAITING,
    DispatchState.DUE: Step.WAITING,
    DispatchState.HELD: Step.HELD,
    DispatchState.HANDED_OVER: Step.HANDED_OVER,
    DispatchState.DELIVERED: Step.DELIVERED,
    DispatchState.UNCLEAR: Step.UNCLEAR,
    DispatchState.FAILED: Step.FAILED,
    DispatchState.CANCELLED: Step.STOPPED,
}


@dataclass(frozen=True)
class Line:
    """One client of a bulk send; `client` is None where they are no longer on the caseload."""

    item: BulkItem
    client: Client | None
    ask: Assignment | None
    message: Dispatch | None
    step: Step


@dataclass(frozen=True)
class Progress:
    """A bulk send with its clients in the order of the list."""

    bulk: BulkSend
    lines: list[Line]
    counts: Counter[Step]

    @property
    def left(self) -> int:
        """How many are through: gone out, or known not to go."""
        return len(self.lines) - sum(self.counts[step] for step in TO_COME)

    @property
    def made(self) -> int:
        """How many were asked, or have a reminder planned."""
        return sum(line.item.state is ItemState.MADE for line in self.lines)

    @property
    def moving(self) -> bool:
        """Whether something is about to change by itself."""
        soon = now() + SOON
        waits = (line.message for line in self.lines if line.step in (Step.WAITING, Step.HELD))
        return bool(self.counts[Step.PLANNED]) or any(
            row is not None and (row.held_until or row.due_at) < soon for row in waits
        )


def read(session: Session, caller: Caller, bulk_id: UUID) -> Progress:
    """How far it has come. Writes the audit row first. Raises NotFound."""
    row = bulk.one(session, caller, bulk_id)
    items = bulk.items(session, row.id)
    clients = overview.named_clients(session, caller, {item.client_id for item in items})
    mine = access.of_client(caller, Assignment).where(
        Assignment.id.in_({item.assignment_id for item in items if item.assignment_id})
    )
    asks = {ask.id: ask for ask in session.scalars(mine)}
    newest = messages(session, row, list(asks))
    lines = []
    for item in items:
        ask = asks.get(item.assignment_id) if item.assignment_id else None
        message = newest.get(ask.id) if ask else None
        step = _step(item, ask, message)
        lines.append(Line(item, clients.get(item.client_id), ask, message, step))
    return Progress(row, lines, Counter(line.step for line in lines))


def messages(session: Session, row: BulkSend, asks: Sequence[UUID]) -> dict[UUID, Dispatch]:
    """By ask: its newest message, or the reminder of this bulk send."""
    if row.what == "ask":
        return dispatch.newest(session, list(asks))
    keys = [f"{bulk.reminder_key(row.id)}|{ask_id}" for ask_id in asks]
    own = select(Dispatch).where(Dispatch.practice_id == row.practice_id, Dispatch.business_key.in_(keys))
    return {one.assignment_id: one for one in session.scalars(own) if one.assignment_id}


def _step(item: BulkItem, ask: Assignment | None, message: Dispatch | None) -> Step:
    if item.state is not ItemState.MADE:
        return Step(item.state.value)
    if ask is None:
        return Step.ENDED
    if ask.state is AssignmentState.COMPLETED:
        return Step.ANSWERED
    if ask.state not in OPEN_ASK:
        return Step.ENDED
    return _OF_MESSAGE[message.state] if message is not None else Step.WAITING
