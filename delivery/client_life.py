"""The course of a client's life in a practice: pausing, going on, closing, and a death."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from delivery import access, assignments, audit
from delivery.access import Caller
from delivery.db import now
from delivery.models.clients import Client, Episode
from delivery.states import ClientState, must_move


def set_state(session: Session, caller: Caller, client_id: UUID, to: ClientState) -> int:
    """Pause, resume, close, or note a death. Stops every open ask, message and link; returns how many asks.

    Raises NotFound, WrongMove.
    """
    client = access.client(session, caller, client_id)
    must_move(session, Client, client.id, to, state_at=now())
    stopped = 0
    if to is not ClientState.ACTIVE:
        reason = {"paused": "paused", "closed": "closed", "deceased": "died"}[to.value]
        stopped = assignments.stop_all(session, caller.actor, client.id, reason)
    if to in (ClientState.CLOSED, ClientState.DECEASED):
        session.execute(
            update(Episode)
            .where(Episode.client_id == client.id, Episode.closed_at.is_(None))
            .values(closed_at=now(), close_reason="died" if to is ClientState.DECEASED else "stopped")
        )
    audit.record(
        session, client.practice_id, caller.actor, audit.Tag.CLIENT_STATE, client.id, {"to": to.value}
    )
    return stopped
