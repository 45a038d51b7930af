"""Somebody who sent a screening and is not a client yet: taken on, deleted, or taken back by themselves."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, assignments, audit
from delivery.access import Caller
from delivery.errors import Conflict
from delivery.models.clients import Client, Respondent
from delivery.screening import forgetting
from delivery.signing import Purpose, Tokens


def take_on(session: Session, caller: Caller, client_id: UUID) -> None:
    """Make them a client: the record stays, and forms may be sent. Raises NotFound, Conflict."""
    client = _prospect(session, caller, client_id)
    client.prospect_until = None
    for respondent in session.scalars(select(Respondent).where(Respondent.client_id == client.id)):
        respondent.in_person_only = False
    audit.record(session, client.practice_id, caller.actor, audit.Tag.PROSPECT_TAKEN_ON, client.id)


def delete(session: Session, caller: Caller, client_id: UUID) -> None:
    """Delete the record now. Raises NotFound, Conflict."""
    forgetting.forget(session, _prospect(session, caller, client_id), caller.actor, "member")


def _prospect(session: Session, caller: Caller, client_id: UUID) -> Client:
    client = assignments.lock(session, access.client(session, caller, client_id).id)
    if client.prospect_until is None:
        raise Conflict("This is a client already.")
    return client


def withdrawal(client_id: UUID, tokens: Tokens) -> str:
    """The token of the link by which a visitor takes back what they sent."""
    return tokens.make(Purpose.SCREENING, client_id.bytes)


def of_token(session: Session, token: str, tokens: Tokens) -> Client | None:
    """Whose link it is; None for an unknown one, and for a record that is deleted or a client's now."""
    raw = tokens.read(Purpose.SCREENING, token)
    client = session.get(Client, UUID(bytes=raw)) if raw is not None else None
    return client if client is not None and client.prospect_until is not None else None


def take_back(session: Session, token: str, tokens: Tokens) -> bool:
    """The visitor deletes what they sent; False where nothing of theirs is there to delete."""
    client = of_token(session, token, tokens)
    if client is None:
        return False
    forgetting.forget(session, client, audit.CLIENT, "visitor")
    return True
