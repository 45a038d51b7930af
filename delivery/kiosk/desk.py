"""Whom the front desk may see, and how little: a name to be called by, a clinician, that forms are ready.

The front desk sees everybody who comes to the practice; a clinician sees who they treat. Owning a practice
adds nothing to that: another clinician's clients are not the owner's to know.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from delivery import access
from delivery.access import Caller
from delivery.errors import NotFound
from delivery.models.assignments import Assignment
from delivery.models.clients import Client
from delivery.models.people import Role


def sees(caller: Caller) -> Any:
    """Condition on Client: the caller may send this person to a tablet or hand them a slip."""
    return or_(
        Client.practice_id.in_(caller.practices(Role.FRONT_DESK)),
        and_(Client.practice_id.in_(caller.practices(Role.CLINICIAN)), access.on_care_team(caller.person_id)),
    )


def practices(caller: Caller) -> list[UUID]:
    """The practices whose arrivals the caller's list may hold."""
    return caller.practices(Role.FRONT_DESK, Role.CLINICIAN)


def ask(session: Session, caller: Caller, assignment_id: UUID) -> Assignment:
    """An ask of somebody on the caller's list, or NotFound."""
    found = session.scalars(
        select(Assignment)
        .join(Client, Client.id == Assignment.client_id)
        .where(Assignment.id == assignment_id, Client.practice_id == Assignment.practice_id, sees(caller))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found
