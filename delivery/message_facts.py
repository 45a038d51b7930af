"""All that a message depends on at one moment, read just before a call.

Two statements, built once and run past the ORM: they run for every message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, exists, func, literal, select, true
from sqlalchemy.orm import Session

from delivery import consents, crypto, opt_outs, quiet
from delivery.db import execute, now, one_at_a_time, one_of
from delivery.message_rows import Answerer, Asked, Code, Office, OpenLink, Patient, Planned, Point, Staff
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import Client, Consent, ContactPoint, ContactState, Respondent
from delivery.models.messages import Attempt, ContactUse, Dispatch, Purpose
from delivery.models.people import Person, Practice
from delivery.models.portal import OneTimeCode
from delivery.states import OPEN_LINK, AttemptState, ClientState, DispatchState

WEEK: Final = timedelta(days=7)
#: What caps count. Tests of an address in the room are not counted: the client holds the phone.
COUNTED: Final = (Purpose.INVITATION, Purpose.REMINDER)
USABLE: Final = (ContactState.CONFIRMED, ContactState.UNCONFIRMED)


@dataclass(frozen=True)
class Facts:
    """One message with everything around it. To a person of the practice most of it is None.

    `to` is the address or number; `sharing` how many people of the practice may be written to there.
    """

    row: Planned
    practice: Office
    person: Staff | None
    ask: Asked | None
    client: Patient | None
    respondent: Answerer | None
    point: Point | None
    link: OpenLink | None
    code: Code | None
    consent_id: UUID | None
    #: Calls made so far, and one that is under way.
    attempts: int
    hanging: UUID | None
    to: str
    sharing: int = 1
    opted_out: bool = False
    sent_today: int = 0
    #: This person's and the whole family's messages of seven days, newest first.
    week: tuple[datetime, ...] = ()
    family_week: tuple[datetime, ...] = ()

    @property
    def zone(self) -> str | None:
        """The client's own zone; None where nobody noted one."""
        return self.client.time_zone if self.client else None


#: What `read` takes from which table, in this order; the first column of each says whether there is a row.
PARTS: Final[tuple[tuple[Any, Any], ...]] = (
    (Dispatch, Planned),
    (Practice, Office),
    (Person, Staff),
    (Assignment, Asked),
    (Client, Patient),
    (Respondent, Answerer),
    (ContactPoint, Point),
    (Link, OpenLink),
    (OneTimeCode, Code),
)


def read(session: Session, dispatch_id: UUID) -> Facts | None:
    """The facts of a message, which is locked until the transaction ends; None where there is none."""
    found = execute(session, _AROUND, dispatch=dispatch_id).first()
    if found is None:
        return None
    parts = list(_parts(found))
    person, point = parts[2], parts[6]
    to = person.email if person is not None else ((point.value or "") if point is not None else "")
    facts = Facts(*[*parts, *found[-3:], to])
    return facts if point is None else _with_counts(session, facts, point)


def _parts(found: Any) -> Iterator[Any]:
    at = 0
    for _, shape in PARTS:
        values = found[at : at + len(shape._fields)]
        at += len(values)
        yield shape._make(values) if values[0] is not None else None


def _around() -> Any:
    """One row: the message, what hangs on it, the consent that stands, its calls so far."""
    attempts = select(func.count()).where(Attempt.dispatch_id == Dispatch.id).scalar_subquery()
    hanging = (
        select(Attempt.id)
        .where(Attempt.dispatch_id == Dispatch.id, Attempt.state == AttemptState.ATTEMPTING)
        .limit(1)
        .scalar_subquery()
    )
    agreed = (
        select(Consent.id)
        .where(consents.stands(Dispatch.respondent_id, Dispatch.channel, Dispatch.contact_point_id))
        .order_by(Consent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    columns = [getattr(model, name) for model, shape in PARTS for name in shape._fields]
    return (
        select(*columns, agreed, attempts, hanging)
        .join_from(Dispatch, Practice, Practice.id == Dispatch.practice_id)
        .outerjoin(Person, Person.id == Dispatch.person_id)
        .outerjoin(Assignment, Assignment.id == Dispatch.assignment_id)
        .outerjoin(Respondent, Respondent.id == Dispatch.respondent_id)
        .outerjoin(Client, Client.id == Respondent.client_id)
        .outerjoin(ContactPoint, ContactPoint.id == Dispatch.contact_point_id)
        .outerjoin(Link, and_(Link.assignment_id == Assignment.id, one_of(Link.state, OPEN_LINK)))
        .outerjoin(OneTimeCode, OneTimeCode.id == Dispatch.code_id)
        .where(Dispatch.id == bindparam("dispatch"))
        .limit(1)
        .with_for_update(of=Dispatch)
    )


def _with_counts(session: Session, facts: Facts, point: Point) -> Facts:
    """The same with opt-outs, and how much went to this person and this number of late."""
    row, at = facts.row, now()
    today = at.astimezone(ZoneInfo(facts.zone or quiet.ANYWHERE_ZONE))
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    everywhere = crypto.contact_hash(row.channel, facts.to)
    if row.purpose in COUNTED:
        one_at_a_time(session, everywhere)  # two workers, of two practices even, would both find room
    found = execute(
        session,
        _COUNTS,
        dispatch=row.id,
        practice=row.practice_id,
        respondent=row.respondent_id,
        channel=row.channel,
        blind=point.blind_index,
        everywhere=everywhere,
        here=crypto.contact_hash(row.channel, facts.to, row.practice_id),
        midnight=midnight,
        week=at - WEEK,
    ).all()
    sent = [(one.started_at, one.own) for one in found if one.started_at is not None]
    return replace(
        facts,
        sharing=found[0].sharing,
        opted_out=found[0].opted_out,
        sent_today=found[0].today,
        week=tuple(started for started, own in sent if own),
        family_week=tuple(started for started, _ in sent),
    )


def _counts() -> Any:
    """Numbers, and beside them the last week's messages to anybody reached there, newest first; or none."""
    contact = bindparam("everywhere", type_=ContactUse.contact_hash.type)
    channel: Any = bindparam("channel")
    same = ContactPoint.blind_index == bindparam("blind")
    there = and_(ContactPoint.practice_id == bindparam("practice"), same)
    agreed = exists().where(consents.stands(ContactPoint.respondent_id, channel, ContactPoint.id))
    sharing = (
        select(func.count(ContactPoint.respondent_id.distinct()))
        .join(Respondent, Respondent.id == ContactPoint.respondent_id)
        .join(Client, Client.id == Respondent.client_id)
        .where(there, agreed, one_of(ContactPoint.state, USABLE))
        .where(Client.state == ClientState.ACTIVE, Respondent.refused_at.is_(None))
    )
    today = select(func.count()).where(
        ContactUse.contact_hash == contact,
        ContactUse.at >= bindparam("midnight"),
        ContactUse.id.not_in(select(Attempt.id).where(Attempt.dispatch_id == bindparam("dispatch"))),
    )
    # By way of the asks: those are found by person, messages are not.
    sent = (
        select(Attempt.started_at, (Assignment.respondent_id == bindparam("respondent")).label("own"))
        .join_from(Assignment, Dispatch, Dispatch.assignment_id == Assignment.id)
        .join(Attempt, Attempt.dispatch_id == Dispatch.id)
        .join(ContactUse, ContactUse.id == Attempt.id)  # one that reached nobody has none
        .where(
            Assignment.respondent_id.in_(select(ContactPoint.respondent_id).where(there)),
            Dispatch.id != bindparam("dispatch"),
            Dispatch.channel == channel,
            Dispatch.state != DispatchState.FAILED,
            Dispatch.state != DispatchState.CANCELLED,
            Attempt.started_at > bindparam("week"),
        )
        .subquery()
    )
    opted_out = exists().where(opt_outs.standing(channel, contact, bindparam("here")))
    numbers = (opted_out.label("opted_out"), sharing.label("sharing"), today.label("today"))
    alone = select(literal(1)).subquery()
    found = select(*numbers, sent.c.started_at, sent.c.own).select_from(alone.outerjoin(sent, true()))
    return found.order_by(sent.c.started_at.desc())


_AROUND: Final = _around()
_COUNTS: Final = _counts()
