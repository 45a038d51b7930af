"""Sending one message so that nobody gets it twice and none is lost.

The attempt row commits before the provider is called. A reply settles it; without a reply the outcome is
unknown, and only evidence settles that (design.md section 5). The worker calls `prepare`, then the
channel, then one of `accepted`, `refused`, `unknown`, each in a transaction of its own.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, literal, select
from sqlalchemy.orm import Session

from channels.base import Channel, Message, Receipt, Refused
from delivery import audit, jobs, letters
from delivery.db import now, uuid7
from delivery.errors import Conflict, LeaseLost
from delivery.jobs import Claim
from delivery.models.assignments import Assignment
from delivery.models.clients import Client, Consent, ContactPoint, ContactState, Respondent, SafeFor
from delivery.models.messages import Attempt, Dispatch, Purpose, RecipientKind
from delivery.settings import Settings
from delivery.signing import Tokens
from delivery.states import (
    OPEN_ASK,
    UNSENT,
    AssignmentState,
    AttemptState,
    ClientState,
    DispatchState,
    move,
)

#: A provider that refuses for now is asked again after these waits; then the message counts as failed.
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


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
        _unknown(session, row, hanging, "died", "The sending process stopped in the middle.", settings)
        jobs.finish(session, claim)
        return None
    if row.state not in UNSENT:
        jobs.finish(session, claim)
        return None
    move(session, Dispatch, row.id, DispatchState.DUE)
    stop, attempt_id = _barred(session, row), uuid7()
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


def _barred(session: Session, row: Dispatch) -> tuple[DispatchState, str, str] | None:
    """Why this message must not go out now, or None. Asked again at the last moment, not only at planning."""
    cancelled = DispatchState.CANCELLED
    if row.recipient is RecipientKind.PERSON:
        return None
    if row.assignment_id is not None:
        assignment = session.get(Assignment, row.assignment_id)
        assert assignment is not None
        client = session.get(Client, assignment.client_id)
        if assignment.state not in OPEN_ASK:
            return cancelled, "ended", "The form was answered or taken back before this was sent."
        if client is None or client.state is not ClientState.ACTIVE:
            return cancelled, "not-active", "The client is paused or closed."
        if assignment.expires_at <= now():
            return cancelled, "expired", "The link would already have ended."
    point = session.get(ContactPoint, row.contact_point_id)
    if point is None or point.state in (ContactState.BLOCKED, ContactState.DEAD):
        return DispatchState.FAILED, "blocked", "This address or number may not be used."
    allowed = {
        Purpose.INVITATION: (SafeFor.REMINDERS, SafeFor.INVITATIONS),
        Purpose.REMINDER: (SafeFor.REMINDERS,),
        Purpose.TEST: (SafeFor.REMINDERS, SafeFor.INVITATIONS),
    }[row.purpose]
    if point.safe_for not in allowed:
        return cancelled, "not-safe", "The client did not want this kind of message here."
    respondent = session.get(Respondent, row.respondent_id)
    if respondent is None or respondent.refused_at is not None:
        return cancelled, "refused", "The client does not want these forms now."
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


def accepted(
    session: Session, out: Outgoing, claim: Claim | None, receipt: Receipt, *, evidence: str = "reply"
) -> None:
    """The provider took it. That is true and is kept even where the lease was lost meanwhile."""
    at = now()
    moved = move(
        session,
        Attempt,
        out.attempt_id,
        AttemptState.ACCEPTED,
        settled_at=at,
        reference=receipt.reference,
        evidence=evidence,
    )
    row = session.get(Dispatch, out.dispatch_id)
    assert row is not None
    if moved:
        here = receipt.provider == "local_post"
        move(
            session,
            Dispatch,
            row.id,
            DispatchState.HANDED_OVER,
            handed_over_at=at,
            code="local-post" if here else None,
            reason="It lies in the local post of this machine; no provider is set up." if here else None,
        )
        if row.assignment_id is not None and row.recipient is RecipientKind.CLIENT:
            move(
                session,
                Assignment,
                row.assignment_id,
                AssignmentState.SENT,
                Assignment.state == AssignmentState.PLANNED,
                sent_at=at,
            )
        audit.record(session, row.practice_id, audit.WORKER, audit.Tag.MESSAGE_SETTLED, row.id)
    _finish(session, claim)


def _finish(session: Session, claim: Claim | None) -> None:
    """Finish the claim if it is still held: what a provider answered stays true without a lease."""
    if claim is not None:
        with suppress(LeaseLost):
            jobs.finish(session, claim)


def refused(session: Session, out: Outgoing, claim: Claim | None, error: Refused) -> None:
    """For certain nothing was sent: plan again where that can help, or show it as failed."""
    at = now()
    if not move(
        session,
        Attempt,
        out.attempt_id,
        AttemptState.REFUSED,
        settled_at=at,
        code=error.code[:40],
        reason=error.reason[:200],
        evidence="reply",
    ):
        _finish(session, claim)
        return
    row = session.get(Dispatch, out.dispatch_id)
    assert row is not None
    number = session.scalar(select(Attempt.number).where(Attempt.id == out.attempt_id)) or 1
    if error.permanent or (number > len(WAITS) and not error.stops_provider):
        move(
            session,
            Dispatch,
            row.id,
            DispatchState.FAILED,
            code=error.code[:40],
            reason=error.reason[:200],
        )
        _finish(session, claim)
        return
    wait = WAITS[min(number, len(WAITS)) - 1]
    if error.retry_after is not None:
        wait = max(wait, timedelta(seconds=min(error.retry_after, 86400)))
    _again(session, row, claim, at + wait, error.reason[:200], error.code[:40])


def _again(
    session: Session, row: Dispatch, claim: Claim | None, due_at: datetime, reason: str, code: str
) -> None:
    # Unclear: another worker took this one for dead before its provider's answer came.
    move(session, Dispatch, row.id, DispatchState.DUE, Dispatch.state == DispatchState.UNCLEAR)
    if not move(session, Dispatch, row.id, DispatchState.HELD, held_until=due_at, reason=reason, code=code):
        _finish(session, claim)
        return
    if claim is not None and claim.kind != "settle":
        try:
            jobs.again(session, claim, due_at)
        except LeaseLost:
            pass  # that piece of work was ended by another worker: the next call is a piece of its own
        else:
            return
    number = session.scalar(select(func.count()).where(Attempt.dispatch_id == row.id))
    jobs.add(session, "send", row.id, practice_id=row.practice_id, key=f"{row.id}|{number}", due_at=due_at)
    _finish(session, claim)


def unknown(session: Session, out: Outgoing, claim: Claim, reason: str, settings: Settings) -> None:
    """It may or may not have been sent. Never sent again by itself; evidence is looked for later."""
    row, attempt = session.get(Dispatch, out.dispatch_id), session.get(Attempt, out.attempt_id)
    assert row is not None
    assert attempt is not None
    _unknown(session, row, attempt, "unknown", reason, settings)
    _finish(session, claim)


def _unknown(
    session: Session, row: Dispatch, attempt: Attempt, code: str, reason: str, settings: Settings
) -> None:
    if not move(session, Attempt, attempt.id, AttemptState.UNKNOWN, code=code[:40], reason=reason[:200]):
        return
    move(session, Dispatch, row.id, DispatchState.DUE)
    move(
        session,
        Dispatch,
        row.id,
        DispatchState.UNCLEAR,
        code="unclear",
        reason="It may have been sent; nothing proves it. It is not sent again by itself.",
    )
    if attempt.provider != "smtp":
        # The provider's own list needs time to catch up before "not there" proves anything.
        at = now() + timedelta(seconds=settings.quarantine_seconds)
        jobs.add(session, "settle", attempt.id, practice_id=row.practice_id, due_at=at)


def unsettled(session: Session, claim: Claim) -> tuple[Attempt, Dispatch, str] | None:
    """The unknown attempt of a `settle` claim with its message and recipient, or None if settled by now."""
    attempt = session.get(Attempt, claim.subject_id)
    if attempt is None or attempt.state is not AttemptState.UNKNOWN:
        return None
    row = session.get(Dispatch, attempt.dispatch_id)
    assert row is not None
    return attempt, row, letters.address(session, row)


def settle(session: Session, claim: Claim, found: Receipt | str | None) -> None:
    """Settle an unknown attempt by what the provider's list says.

    Found = accepted. "not_found" after the quarantine = it was never taken: a first invitation or a
    message to a person is planned again; a reminder is dropped (late is better than twice). None = the
    provider cannot say: it stays unclear until a person decides.
    """
    pair = unsettled(session, claim)
    if pair is None or found is None:
        jobs.finish(session, claim)
        return
    attempt, row, _ = pair
    out = Outgoing(attempt.id, row.id, Message("", "email", "", "", "", "", ""))
    if isinstance(found, Receipt):
        accepted(session, out, claim, found, evidence="look_up")
        return
    move(session, Attempt, attempt.id, AttemptState.REFUSED, settled_at=now(), evidence="look_up")
    if row.purpose is Purpose.REMINDER:
        move(session, Dispatch, row.id, DispatchState.CANCELLED, code="dropped", reason="Never sent.")
        jobs.finish(session, claim)
        return
    # Only what is still unclear: a person may have sent it again meanwhile, or taken it back.
    if not move(session, Dispatch, row.id, DispatchState.DUE, Dispatch.state == DispatchState.UNCLEAR):
        jobs.finish(session, claim)
        return
    _again(session, row, claim, now(), "Sending again: the provider never had it.", "again")


def again_by_person(session: Session, row: Dispatch) -> bool:
    """A person pressed "Send again" on a failed or unclear message; False where it is neither."""
    stuck = Dispatch.state.in_((DispatchState.FAILED, DispatchState.UNCLEAR))
    if not move(session, Dispatch, row.id, DispatchState.DUE, stuck, code=None, reason=None, due_at=now()):
        return False
    number = session.scalar(select(func.count()).where(Attempt.dispatch_id == row.id))
    jobs.add(session, "send", row.id, practice_id=row.practice_id, key=f"{row.id}|person|{number}")
    return True


def newest(session: Session, assignment_ids: list[UUID]) -> dict[UUID, Dispatch]:
    """The newest client message of each assignment."""
    rows = session.scalars(
        select(Dispatch)
        .where(Dispatch.assignment_id.in_(assignment_ids), Dispatch.recipient == RecipientKind.CLIENT)
        .order_by(Dispatch.id)
    )
    return {row.assignment_id: row for row in rows if row.assignment_id is not None}
