"""Who may see what, decided here and nowhere else: the practice is the wall, the care team the door.

Every function answers NotFound for what the caller may not see, as for what does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from delivery.audit import Actor
from delivery.db import now
from delivery.errors import Forbidden, NotFound
from delivery.models.assignments import Assignment
from delivery.models.clients import CareScope, CareTeam, Client
from delivery.models.messages import Dispatch
from delivery.models.people import Grant, Person, Role
from delivery.models.results import Alert, Submission

M = TypeVar("M", Assignment, Submission, Alert)


@dataclass(frozen=True)
class Caller:
    """A signed-in person with the grants that stand now."""

    person_id: UUID
    grants: frozenset[tuple[UUID | None, Role]]

    @property
    def actor(self) -> Actor:
        """How the audit log names them."""
        return Actor("person", self.person_id)

    def practices(self, *roles: Role) -> list[UUID]:
        """Practices in which the caller holds one of the roles."""
        return sorted({p for p, role in self.grants if p is not None and role in roles}, key=str)

    def require(self, role: Role, practice_id: UUID | None = None) -> UUID | None:
        """The practice in which the caller holds the role; Forbidden where there is none."""
        if role in (Role.OFFICER, Role.OPERATOR):
            if (None, role) not in self.grants:
                raise Forbidden("Your account does not allow this.")
            return None
        mine = self.practices(role)
        if practice_id is not None:
            if practice_id not in mine:
                raise Forbidden("Your account does not allow this.")
            return practice_id
        if not mine:
            raise Forbidden("Your account does not allow this.")
        return mine[0]


def caller(session: Session, person_id: UUID, practice_id: UUID | None = None) -> Caller:
    """The person with their present grants (of one practice, for an API token). NotFound if they left."""
    person = session.get(Person, person_id)
    if person is None or person.left_at is not None:
        raise NotFound
    at = now()
    rows = session.execute(
        select(Grant.practice_id, Grant.role).where(
            Grant.person_id == person_id,
            Grant.from_at <= at,
            or_(Grant.until_at.is_(None), Grant.until_at > at),
        )
    ).all()
    return Caller(
        person_id, frozenset((p, role) for p, role in rows if practice_id is None or p == practice_id)
    )


def on_care_team(person_id: UUID) -> Any:
    """Condition on Client: the person is on its care team now, with sight of the record."""
    at = now()
    return (
        select(CareTeam.id)
        .where(
            CareTeam.practice_id == Client.practice_id,
            CareTeam.client_id == Client.id,
            CareTeam.person_id == person_id,
            CareTeam.scope == CareScope.RECORD,
            CareTeam.from_at <= at,
            or_(CareTeam.until_at.is_(None), CareTeam.until_at > at),
        )
        .exists()
    )


def clients(caller: Caller) -> Select[Client]:
    """The caseload: every client whose record the caller may read."""
    return select(Client).where(
        Client.practice_id.in_(caller.practices(Role.CLINICIAN)), on_care_team(caller.person_id)
    )


def client(session: Session, caller: Caller, client_id: UUID) -> Client:
    """One client of the caseload, or NotFound."""
    found = session.scalars(clients(caller).where(Client.id == client_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def of_client(caller: Caller, model: type[M]) -> Select[M]:
    """Rows of `model` (it has `client_id`) that belong to the caller's clients."""
    mine = clients(caller).with_only_columns(Client.id)
    return select(model).where(
        model.practice_id.in_(caller.practices(Role.CLINICIAN)), model.client_id.in_(mine)
    )


def one(session: Session, caller: Caller, model: type[M], row_id: UUID) -> M:
    """One row of a client of the caller's, or NotFound."""
    found = session.scalars(of_client(caller, model).where(model.id == row_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def dispatch(session: Session, caller: Caller, dispatch_id: UUID) -> Dispatch:
    """A message about a client of the caller's, or to the caller, or NotFound."""
    found = session.get(Dispatch, dispatch_id)
    if found is None:
        raise NotFound
    if found.assignment_id is not None:
        one(session, caller, Assignment, found.assignment_id)
    elif found.person_id != caller.person_id:
        raise NotFound
    return found
