"""Sending one message so that nobody gets it twice and none is lost: everything before the call.

The attempt row commits before the provider is called. A reply settles it; without a reply the outcome is
unknown, and only evidence settles that (design.md section 5). The worker calls `prepare`, then the
channel, then one of the functions of `delivery.outcomes`, each in a transaction of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, insert, literal, select
from sqlalchemy.orm import Session

from channels.base import Channel, Message
from delivery import jobs, letters, outcomes
from delivery.db import now, uuid7
from delivery.errors import Conflict
from delivery.jobs import Claim
from delivery.models.assignments import Assignment
from delivery.models.clients import Client, Consent, ContactPoint, ContactState, Respondent, SafeFor
from delivery.models.messages import Attempt, Dispatch, Purpose, RecipientKind
from delivery.settings import Settings
from delivery.signing import Tokens
from delivery.states import OPEN_ASK, UNSENT, AttemptState, ClientState, DispatchState, move

#: What a contact point must be safe for.
ALLOWED: Final = {
    Purpose.INVITATION: (SafeFor.REMINDERS, SafeFor.INVITATIONS),
    Purpose.REMINDER: (SafeFor.REMINDERS,),
    Purpose.TEST: (SafeFor.REMINDERS, SafeFor.INVITATIONS),
}


@dataclass(frozen=True)
class Outgoing:
    """A message ready to be handed over under a committed attempt."""

    attempt_id: UUID
    dispatch_id: UUID
    message: Message


def prepare(
    session: Session, claim: Claim, channel: Channel, settings: Settings, tokens: Tokens
) -> Outgoing | None:
    """Write the attempt and give the message to hand over, or None where there is nothing to send now.

    None finishes the claim: the message was stopped, was settled before, or an earlier attempt's outcome
    is unknown (its worker died) and waits for evidence.
    """
    row = session.get(Dispatch, claim.subject_id, with_for_update=True)
    if row is None:
        jobs.finish(session, claim)
        return None
    hanging = session.scalars(
        select(Attempt).where(Attempt.dispatch_id == row.id, Attempt.state == AttemptState.ATTEMPTING)
    ).first()
    if hanging is not None:
        outcomes.unclear(session, row, hanging, "The sending process stopped in the middle.", settings)
        jobs.finish(session, claim)
        return None
    if row.state not in UNSENT:
        jobs.finish(session, claim)
        return None
    move(session, Dispatch, row.id, DispatchState.DUE)
    stop, attempt_id = barred(session, row), uuid7()
    if stop is None:
        try:
            message = letters.write(session, row, str(attempt_id), settings, tokens)
        except Conflict:
            stop = (DispatchState.CANCELLED, "ended", "The link ended before this was sent.")
    if stop is None and not _insert_attempt(session, row, attempt_id, channel.provider):
        stop = (DispatchState.CANCELLED, "no-consent", "No consent to this channel is on record.")
    if stop is not None:
        move(session, Dispatch, row.id, stop[0], code=stop[1], reason=stop[2])
        jobs.finish(session, claim)
        return None
    return Outgoing(attempt_id, row.id, message)


#: Where a message must not go out: the state it gets, a machine word, and a sentence for the console.
Stop = tuple[DispatchState, str, str]


def barred(session: Session, row: Dispatch) -> Stop | None:
    """Why this message must not go out now, or None. Asked again at the last moment, not only at planning."""
    if row.recipient is RecipientKind.PERSON:
        return None
    return _by_ask(session, row) or _by_contact(session, row)


def _by_ask(session: Session, row: Dispatch) -> Stop | None:
    if row.assignment_id is None:
        return None
    assignment = session.get_one(Assignment, row.assignment_id)
    client = session.get_one(Client, assignment.client_id)
    cancelled = DispatchState.CANCELLED
    if assignment.state not in OPEN_ASK:
        return cancelled, "ended", "The form was answered or taken back before this was sent."
    if client.state is not ClientState.ACTIVE:
        return cancelled, "not-active", "The client is paused or closed."
    if assignment.expires_at <= now():
        return cancelled, "expired", "The link would already have ended."
    return None


def _by_contact(session: Session, row: Dispatch) -> Stop | None:
    point = session.get(ContactPoint, row.contact_point_id)
    respondent = session.get(Respondent, row.respondent_id)
    if point is None or point.state in (ContactState.BLOCKED, ContactState.DEAD):
        return DispatchState.FAILED, "blocked", "This address or number may not be used."
    if point.safe_for not in ALLOWED[row.purpose]:
        words = "The client did not want this kind of message here."
        return DispatchState.CANCELLED, "not-safe", words
    if respondent is None or respondent.refused_at is not None:
        return DispatchState.CANCELLED, "refused", "The client does not want these forms now."
    return None


def _insert_attempt(session: Session, row: Dispatch, attempt_id: UUID, provider: str) -> bool:
    """Insert the attempt; for a client only where a consent stands, checked inside the same statement."""
    number = 1 + (session.scalar(select(func.max(Attempt.number)).where(Attempt.dispatch_id == row.id)) or 0)
    at = now()
    columns = {
        "id": attempt_id,
        "created_at": at,
        "practice_id": row.practice_id,
        "dispatch_id": row.id,
        "number": number,
        "provider": provider,
        "state": AttemptState.ATTEMPTING,
        "started_at": at,
    }
    values = select(
        *(literal(value, Attempt.__table__.c[name].type).label(name) for name, value in columns.items())
    )
    if row.recipient is RecipientKind.CLIENT:
        values = values.where(
            select(Consent.id)
            .where(
                Consent.respondent_id == row.respondent_id,
                Consent.channel == row.channel,
                Consent.withdrawn_at.is_(None),
            )
            .exists()
        )
    made = insert(Attempt).from_select(list(columns), values).returning(Attempt.id)
    return session.scalars(made).one_or_none() is not None


def send_again(session: Session, row: Dispatch) -> None:
    """A person pressed "Send again" on a failed or unclear message. Raises Conflict saying why not."""
    stop = barred(session, row)
    if stop is not None:
        raise Conflict(stop[2])
    stuck = Dispatch.state.in_((DispatchState.FAILED, DispatchState.UNCLEAR))
    if not move(session, Dispatch, row.id, DispatchState.DUE, stuck, code=None, reason=None, due_at=now()):
        raise Conflict("This message needs no second sending.")
    jobs.add(session, "send", row.id, practice_id=row.practice_id, key=f"{row.id}|{uuid7()}")


def newest(session: Session, assignment_ids: list[UUID]) -> dict[UUID, Dispatch]:
    """The newest client message of each assignment."""
    rows = session.scalars(
        select(Dispatch)
        .where(Dispatch.assignment_id.in_(assignment_ids), Dispatch.recipient == RecipientKind.CLIENT)
        .order_by(Dispatch.id)
    )
    return {row.assignment_id: row for row in rows if row.assignment_id is not None}
