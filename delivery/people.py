"""Practices, the people in them, their grants, and who is on a client's care team."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from delivery import audit, keys
from delivery.db import now
from delivery.errors import Conflict, Invalid
from delivery.models.clients import CareRole, CareScope, CareTeam, Client
from delivery.models.people import Grant, Person, Practice, Role

ALLIANCE_ROLES = frozenset({Role.OFFICER, Role.OPERATOR})


def add_practice(
    session: Session, kek: bytes, *, name: str, sender_name: str, time_zone: str = "America/Los_Angeles"
) -> Practice:
    """A new record holder with keys of its own. Raises Invalid for an unknown time zone."""
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise Invalid(f"“{time_zone}” is not a time zone such as America/Los_Angeles") from None
    practice = Practice(name=name.strip(), sender_name=sender_name.strip(), time_zone=time_zone)
    session.add(practice)
    session.flush()
    keys.make(session, kek, practice.id)
    audit.record(session, practice.id, audit.OPERATOR, audit.Tag.PRACTICE_MADE, practice.id)
    return practice


def normal_email(email: str) -> str:
    """The address as it is compared. Raises Invalid for what is not one."""
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise Invalid(
            "That is not an e-mail address.", {"email": "Write it like name@example.org."}
        ) from None


def add_person(
    session: Session,
    *,
    email: str,
    name: str,
    roles: Iterable[Role],
    practice: Practice | None,
    known_as: str = "",
    credentials: str | None = None,
) -> Person:
    """A person with any set of roles. Raises Conflict where the address is taken, Invalid for bad input."""
    address = normal_email(email)
    if not name.strip():
        raise Invalid("A person needs a name.", {"name": "Write the name."})
    roles = list(roles)
    if not roles:
        raise Invalid("A person needs at least one role.", {"role": "Choose a role."})
    if session.scalars(select(Person).where(Person.email == address)).first():
        raise Conflict("Somebody with this e-mail address is already there.")
    person = Person(
        name=name.strip(),
        known_as=known_as.strip() or name.strip(),
        credentials=credentials,
        email=address,
    )
    session.add(person)
    session.flush()
    for role in roles:
        grant(session, person, role, practice)
    return person


def grant(session: Session, person: Person, role: Role, practice: Practice | None) -> Grant:
    """Give a role from now on. Alliance roles have no practice; all others need one."""
    if role not in ALLIANCE_ROLES and practice is None:
        raise Invalid(f"The role {role.value} belongs to a practice: say which.")
    row = Grant(
        person_id=person.id,
        practice_id=None if role in ALLIANCE_ROLES or practice is None else practice.id,
        role=role,
        from_at=now(),
    )
    session.add(row)
    session.flush()
    if practice is not None:
        audit.record(session, practice.id, audit.OPERATOR, audit.Tag.GRANTED, person.id)
    return row


def join_care_team(
    session: Session, client: Client, person_id: UUID, role: CareRole, until: datetime | None = None
) -> CareTeam:
    """Let a person treat this client from now on. Cover sees open alerts only."""
    row = CareTeam(
        practice_id=client.practice_id,
        client_id=client.id,
        person_id=person_id,
        role=role,
        scope=CareScope.ALERTS if role is CareRole.COVER else CareScope.RECORD,
        from_at=now(),
        until_at=until,
    )
    session.add(row)
    return row


def care_team(session: Session, client_id: UUID, scope: CareScope | None = None) -> list[Person]:
    """People on the team now (of one scope, where given), the primary clinician first.

    Only who still works here counts: not departed, and a clinician of the client's practice now; cover may
    be a clinician of another practice.
    """
    at = now()
    wanted = [] if scope is None else [CareTeam.scope == scope]
    cover = CareTeam.role == CareRole.COVER
    rows = session.execute(
        select(Person, CareTeam.role)
        .join(CareTeam, CareTeam.person_id == Person.id)
        .where(
            CareTeam.client_id == client_id,
            *wanted,
            CareTeam.from_at <= at,
            or_(CareTeam.until_at.is_(None), CareTeam.until_at > at),
            _works(Role.CLINICIAN, or_(Grant.practice_id == CareTeam.practice_id, cover), at),
        )
    ).all()
    return [p for p, _ in sorted(rows, key=lambda row: (row[1] != CareRole.PRIMARY, str(row[0].id)))]


def owners(session: Session, practice_id: UUID) -> list[Person]:
    """Who owns the practice now: told of a risk answer where nobody is left on the client's care team."""
    works = _works(Role.OWNER, Grant.practice_id == practice_id, now())
    return list(session.scalars(select(Person).where(works).order_by(Person.id)))


def _works(role: Role, where: ColumnElement[bool], at: datetime) -> ColumnElement[bool]:
    """Condition on Person: has not left, and a grant of the role stands that meets `where`."""
    standing = select(Grant.id).where(
        Grant.person_id == Person.id,
        Grant.role == role,
        where,
        Grant.from_at <= at,
        or_(Grant.until_at.is_(None), Grant.until_at > at),
    )
    return and_(Person.left_at.is_(None), standing.exists())
