"""Every status column is one of these machines; a move that is not in its table cannot happen."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Update, bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from delivery.db import execute, one_of
from delivery.errors import WrongMove


class ClientState(StrEnum):
    """A client's life in a practice."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"
    DECEASED = "deceased"


class AssignmentState(StrEnum):
    """What became of one ask."""

    PLANNED = "planned"
    SENT = "sent"
    STARTED = "started"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DECLINED = "declined"


class LinkState(StrEnum):
    """A one-time link; `used` and the ended states are final."""

    OPEN = "open"
    BEGUN = "begun"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    LOCKED = "locked"


class FormState(StrEnum):
    """One sitting at a form in one browser."""

    OPEN = "open"
    SUBMITTED = "submitted"
    ENDED = "ended"


class DispatchState(StrEnum):
    """One planned message."""

    PLANNED = "planned"
    HELD = "held"
    DUE = "due"
    HANDED_OVER = "handed_over"
    UNCLEAR = "unclear"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    """One call to a provider."""

    ATTEMPTING = "attempting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class AlertState(StrEnum):
    """A risk answer and who took it up."""

    RAISED = "raised"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"


class WorkState(StrEnum):
    """A report being made."""

    DUE = "due"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


class HandoffState(StrEnum):
    """A report being brought to a clinician."""

    DUE = "due"
    MAKING = "making"
    HANDED_OVER = "handed_over"
    FAILED = "failed"


class ItemState(StrEnum):
    """One client in a bulk send."""

    PLANNED = "planned"
    MADE = "made"
    BLOCKED = "blocked"


class OutboxState(StrEnum):
    """A piece of work in the ledger."""

    NEW = "new"
    CLAIMED = "claimed"
    DONE = "done"
    PARKED = "parked"


A, L, D = AssignmentState, LinkState, DispatchState
_ENDED_ASK = {A.EXPIRED, A.CANCELLED, A.DECLINED}
_ENDED_LINK = {L.EXPIRED, L.REVOKED, L.SUPERSEDED, L.LOCKED}

MOVES: dict[type[StrEnum], dict[Any, set[Any]]] = {
    ClientState: {
        ClientState.ACTIVE: {ClientState.PAUSED, ClientState.CLOSED, ClientState.DECEASED},
        ClientState.PAUSED: {ClientState.ACTIVE, ClientState.CLOSED, ClientState.DECEASED},
        ClientState.CLOSED: {ClientState.ACTIVE, ClientState.DECEASED},
        ClientState.DECEASED: set(),
    },
    AssignmentState: {
        A.PLANNED: {A.SENT, A.STARTED, A.COMPLETED, *_ENDED_ASK},
        A.SENT: {A.STARTED, A.COMPLETED, *_ENDED_ASK},
        A.STARTED: {A.COMPLETED, *_ENDED_ASK},
        A.COMPLETED: set(),
        # Answers begun in time are taken within their grace although the ask has ended meanwhile.
        A.EXPIRED: {A.COMPLETED},
        A.CANCELLED: set(),
        A.DECLINED: set(),
    },
    LinkState: {
        L.OPEN: {L.BEGUN, L.USED, *_ENDED_LINK},
        L.BEGUN: {L.USED, *_ENDED_LINK},
        L.USED: set(),
        L.EXPIRED: {L.USED},
        L.SUPERSEDED: {L.USED},
        L.REVOKED: set(),
        # Sent again: the page then speaks of the newer message.
        L.LOCKED: {L.SUPERSEDED},
    },
    FormState: {
        FormState.OPEN: {FormState.SUBMITTED, FormState.ENDED},
        FormState.SUBMITTED: set(),
        FormState.ENDED: set(),
    },
    DispatchState: {
        D.PLANNED: {D.HELD, D.DUE, D.CANCELLED},
        D.HELD: {D.DUE, D.CANCELLED, D.FAILED},
        D.DUE: {D.HELD, D.HANDED_OVER, D.UNCLEAR, D.FAILED, D.CANCELLED},
        D.HANDED_OVER: {D.DELIVERED, D.FAILED, D.UNCLEAR},
        D.UNCLEAR: {D.HANDED_OVER, D.DUE, D.DELIVERED, D.FAILED, D.CANCELLED},
        D.DELIVERED: {D.FAILED},
        D.FAILED: {D.DUE},
        # A call that was under way when somebody took the message back: the truth is what happened.
        D.CANCELLED: {D.HANDED_OVER, D.UNCLEAR},
    },
    AttemptState: {
        AttemptState.ATTEMPTING: {AttemptState.ACCEPTED, AttemptState.REFUSED, AttemptState.UNKNOWN},
        AttemptState.ACCEPTED: set(),
        AttemptState.REFUSED: set(),
        AttemptState.UNKNOWN: {AttemptState.ACCEPTED, AttemptState.REFUSED},
    },
    AlertState: {
        AlertState.RAISED: {AlertState.ESCALATED, AlertState.ACKNOWLEDGED},
        AlertState.ESCALATED: {AlertState.ACKNOWLEDGED},
        # The answer got worse after somebody had taken it up: it needs somebody again.
        AlertState.ACKNOWLEDGED: {AlertState.RAISED},
    },
    WorkState: {
        WorkState.DUE: {WorkState.MAKING, WorkState.FAILED},
        WorkState.MAKING: {WorkState.MAKING, WorkState.READY, WorkState.FAILED},
        WorkState.READY: {WorkState.MAKING},
        WorkState.FAILED: {WorkState.DUE, WorkState.MAKING},
    },
    HandoffState: {
        HandoffState.DUE: {HandoffState.MAKING, HandoffState.FAILED},
        HandoffState.MAKING: {HandoffState.MAKING, HandoffState.HANDED_OVER, HandoffState.FAILED},
        HandoffState.HANDED_OVER: set(),
        HandoffState.FAILED: {HandoffState.DUE, HandoffState.MAKING},
    },
    ItemState: {
        ItemState.PLANNED: {ItemState.MADE, ItemState.BLOCKED},
        ItemState.MADE: set(),
        ItemState.BLOCKED: set(),
    },
    OutboxState: {
        OutboxState.NEW: {OutboxState.CLAIMED},
        OutboxState.CLAIMED: {OutboxState.DONE, OutboxState.NEW, OutboxState.CLAIMED, OutboxState.PARKED},
        OutboxState.DONE: set(),
        OutboxState.PARKED: {OutboxState.NEW},
    },
}

#: States from which an ask can still be answered.
OPEN_ASK = frozenset({A.PLANNED, A.SENT, A.STARTED})
#: States of a link that can still be begun.
OPEN_LINK = frozenset({L.OPEN, L.BEGUN})
#: States of a link that a newer one supersedes.
SUPERSEDABLE = OPEN_LINK | {L.LOCKED}
#: A message that has not left yet and can be stopped.
UNSENT = frozenset({D.PLANNED, D.HELD, D.DUE})


def sources(to: StrEnum) -> set[StrEnum]:
    """The states from which `to` may be reached."""
    return {state for state, targets in MOVES[type(to)].items() if to in targets}


def move(session: Session, model: Any, row_id: UUID, to: StrEnum, *where: Any, **also: Any) -> bool:
    """Compare-and-set the row's state to `to`, with `also` columns; False where the move is not allowed now.

    One UPDATE: of any number of callers exactly one gets True for a move that leaves its state.
    """
    statement = _moving(model, to)
    if where:
        statement = statement.where(*where)
    if execute(session, statement, row_id=row_id, state=to, **also).rowcount != 1:
        return False
    _show(session, model, row_id, {"state": to, **also})
    return True


def _show(session: Session, model: Any, row_id: UUID, changed: dict[str, Any]) -> None:
    """Let a row that the session has read already show what was written past it."""
    loaded = session.identity_map.get(identity_key(model, row_id))
    if loaded is None:
        return
    if session.in_nested_transaction():
        session.expire(loaded, list(changed))  # it may be taken back while the row lives on
        return
    for name, value in changed.items():
        set_committed_value(loaded, name, value)


@cache
def _moving(model: Any, to: StrEnum) -> Update:
    return update(model).where(model.id == bindparam("row_id"), one_of(model.state, sources(to)))


def must_move(session: Session, model: Any, row_id: UUID, to: StrEnum, *where: Any, **also: Any) -> None:
    """`move`, raising WrongMove where the row was not in a state that allows it."""
    if not move(session, model, row_id, to, *where, **also):
        raise WrongMove("This has changed meanwhile. Please load the page again.")
