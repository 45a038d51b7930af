"""What did not go by itself: work that gave up, and messages that were not sent or may not have been."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from delivery import access, audit, dispatch, jobs
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict, NotFound
from delivery.models.assignments import Assignment, FormSession
from delivery.models.clients import Client, ContactPoint, ContactState, Respondent
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Attempt, Dispatch, Purpose, RecipientKind
from delivery.models.people import Role
from delivery.models.results import Handoff, Report, Submission
from delivery.models.schedules import BulkSend, CalendarFeed
from delivery.states import OPEN_ASK, DispatchState

#: A message to a clinician or a test that did not arrive is shown for this long.
SHOWN: Final = timedelta(days=14)
ASTRAY: Final = (DispatchState.FAILED, DispatchState.UNCLEAR)


@dataclass(frozen=True)
class Parked:
    """Work that gave up after its last try, with its ask (None: it is the caller's own: a message to them,
    their bulk send or their calendar)."""

    entry: OutboxEntry
    assignment: Assignment | None


@dataclass(frozen=True)
class Astray:
    """A failed or unclear message, with its ask where there is one, and the client whom it is about.

    A test of an address has a client and no ask; what is only about the caller has neither.
    """

    dispatch: Dispatch
    assignment: Assignment | None
    client_id: UUID | None

    @property
    def to_client(self) -> bool:
        """True for a message to the client, False for one to a clinician."""
        return self.dispatch.recipient is RecipientKind.CLIENT

    @property
    def is_test(self) -> bool:
        """Whether it was a test of an address or number."""
        return self.dispatch.purpose is Purpose.TEST


def parked(session: Session, caller: Caller) -> list[Parked]:
    """Work that gave up and concerns the caller's clients, oldest first. The caller writes the audit row."""
    entries = jobs.parked(session, caller.practices(Role.CLINICIAN))
    if not entries:
        return []
    asks, own = _subjects(session, caller, [entry.subject_id for entry in entries])
    seen = _asks(session, caller, asks.values())
    found = []
    for entry in entries:
        assignment = seen.get(asks[entry.subject_id]) if entry.subject_id in asks else None
        if assignment is not None or entry.subject_id in own:
            found.append(Parked(entry, assignment))
    return found


def _subjects(session: Session, caller: Caller, ids: list[UUID]) -> tuple[dict[UUID, UUID], set[UUID]]:
    """Subject id -> assignment id, and the subjects that are the caller's own, without an ask."""
    asks: dict[UUID, UUID] = {}
    direct: tuple[Any, ...] = (FormSession, Submission, Report)
    for model in direct:
        rows = session.execute(select(model.id, model.assignment_id).where(model.id.in_(ids)))
        asks |= {row.id: row.assignment_id for row in rows}
    through = (
        select(Handoff.id, Report.assignment_id)
        .join(Report, Report.id == Handoff.report_id)
        .where(Handoff.id.in_(ids))
    )
    asks |= {row.id: row.assignment_id for row in session.execute(through)}
    own: set[UUID] = set()
    for model, whose in ((BulkSend, BulkSend.requested_by), (CalendarFeed, CalendarFeed.person_id)):
        mine = select(model.id).where(model.id.in_(ids), whose == caller.person_id)
        own |= set(session.scalars(mine))
    plain = select(Dispatch.id, Dispatch.assignment_id, Dispatch.person_id).where(Dispatch.id.in_(ids))
    tried = (
        select(Attempt.id, Dispatch.assignment_id, Dispatch.person_id)
        .join(Dispatch, Dispatch.id == Attempt.dispatch_id)
        .where(Attempt.id.in_(ids))
    )
    for statement in (plain, tried):
        for row_id, assignment_id, person_id in session.execute(statement):
            if assignment_id is not None:
                asks[row_id] = assignment_id
            elif person_id == caller.person_id:
                own.add(row_id)
    return asks, own


def _asks(session: Session, caller: Caller, ids: Iterable[UUID | None]) -> dict[UUID, Assignment]:
    rows = session.scalars(access.of_client(caller, Assignment).where(Assignment.id.in_(set(ids))))
    return {row.id: row for row in rows}


def retry(session: Session, caller: Caller, entry_id: UUID) -> None:
    """ "Try again". Raises NotFound, or Conflict where it is under way again already."""
    row = session.get(OutboxEntry, entry_id)
    if row is None:
        raise NotFound
    asks, own = _subjects(session, caller, [row.subject_id])
    if not _asks(session, caller, asks.values()) and row.subject_id not in own:
        raise NotFound
    if not jobs.retry(session, row.kind, row.subject_id):
        raise Conflict("It is being tried again already.")
    audit.record(session, row.practice_id, caller.actor, audit.Tag.WORK_RETRIED, row.id)


def astray(session: Session, caller: Caller) -> list[Astray]:
    """Failed and unclear messages: about open asks of the caller's clients, to clinicians of late, and tests
    of addresses that are still in use."""
    mine = access.of_client(caller, Assignment).with_only_columns(Assignment.id)
    rows = session.scalars(
        select(Dispatch)
        .where(
            Dispatch.state.in_(ASTRAY),
            or_(
                and_(
                    Dispatch.recipient == RecipientKind.CLIENT,
                    Dispatch.assignment_id.in_(mine.where(Assignment.state.in_(OPEN_ASK))),
                ),
                and_(
                    Dispatch.recipient == RecipientKind.PERSON,
                    Dispatch.created_at > now() - SHOWN,
                    or_(Dispatch.assignment_id.in_(mine), Dispatch.person_id == caller.person_id),
                ),
            ),
        )
        .order_by(Dispatch.id)
    ).all()
    asks = _asks(session, caller, {row.assignment_id for row in rows})
    found = [(row, asks.get(row.assignment_id) if row.assignment_id else None) for row in rows]
    return [Astray(row, ask, ask.client_id if ask else None) for row, ask in found] + _tests(session, caller)


def _tests(session: Session, caller: Caller) -> list[Astray]:
    """The newest test of each address where it did not arrive, and nobody has said since that it works."""
    newer = aliased(Dispatch)
    later = exists().where(
        newer.contact_point_id == ContactPoint.id, newer.purpose == Purpose.TEST, newer.id > Dispatch.id
    )
    rows = session.execute(
        select(Dispatch, Respondent.client_id)
        .join(ContactPoint, ContactPoint.id == Dispatch.contact_point_id)
        .join(Respondent, Respondent.id == ContactPoint.respondent_id)
        .where(
            Dispatch.purpose == Purpose.TEST,
            Dispatch.state.in_(ASTRAY),
            Dispatch.created_at > now() - SHOWN,
            ContactPoint.state != ContactState.BLOCKED,
            or_(ContactPoint.confirmed_at.is_(None), ContactPoint.confirmed_at < Dispatch.created_at),
            Respondent.client_id.in_(access.clients(caller).with_only_columns(Client.id)),
            ~later,
        )
        .order_by(Dispatch.id)
    )
    return [Astray(row, None, client_id) for row, client_id in rows]


def send_again(session: Session, caller: Caller, dispatch_id: UUID) -> Dispatch:
    """A person decides to send a failed or unclear message once more. Raises NotFound, Conflict."""
    row = access.dispatch(session, caller, dispatch_id)
    dispatch.send_again(session, row)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.WORK_RETRIED, row.id)
    return row
