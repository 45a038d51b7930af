"""One more who answers about a client: a parent, a teacher, a partner, each with a contact of their own."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from delivery import access, audit, clients
from delivery.access import Caller
from delivery.clients import LONGEST, NewRespondent
from delivery.errors import Invalid
from delivery.models.clients import Respondent, RespondentRole


def add(session: Session, caller: Caller, client_id: UUID, new: NewRespondent) -> Respondent:
    """Add somebody to a client of the caller's. The client answers for themselves once. Raises NotFound,
    Invalid."""
    client = access.client(session, caller, client_id)
    if len(new.name) > LONGEST:
        raise Invalid("That is too long.", {"name": f"At most {LONGEST} characters."})
    there = clients.respondents(session, client.id)
    if new.role is RespondentRole.SELF and any(one.role is RespondentRole.SELF for one in there):
        raise Invalid("The client is there already.", {"role": "Choose another part."})
    row = clients.add_respondent(session, caller, client, new)
    detail = {"fields": ["respondent"], "respondent": str(row.id), "role": row.role.value}
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_CHANGED, client.id, detail)
    return row
