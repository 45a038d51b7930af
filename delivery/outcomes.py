"""What became of a call to a provider, settled once and by evidence: its reply, or its own list later.

What a provider answered stays true where the worker lost its lease meanwhile, so it is kept then too.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Receipt, Refused
from delivery import audit, jobs, letters
from delivery.db import now, uuid7
from delivery.errors import LeaseLost
from delivery.jobs import Claim
from delivery.models.assignments import Assignment
from delivery.models.messages import Attempt, Dispatch, Purpose, RecipientKind
from delivery.settings import Settings
from delivery.states import AssignmentState, AttemptState, DispatchState, move

#: A provider that refuses for now is asked again after these waits; then the message counts as failed.
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
#: Attempts that were taken, or may have been.
TAKEN = (AttemptState.ATTEMPTING, AttemptState.UNKNOWN, AttemptState.ACCEPTED)


def _pair(session: Session, attempt_id: UUID) -> tuple[Attempt, Dispatch]:
    """The attempt and its message, locked: outcomes of one message are written one after the other."""
    dispatch_id = select(Attempt.dispatch_id).where(Attempt.id == attempt_id).scalar_subquery()
    row = session.scalars(
        select(Dispatch)
        .where(Dispatch.id == dispatch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    attempt = session.get_one(Attempt, attempt_id, populate_existing=True)
    return attempt, row


def _finish(session: Session, claim: Claim) -> None:
    with suppress(LeaseLost):
        jobs.finish(session, claim)


def accepted(
    session: Session, attempt_id: UUID, claim: Claim, receipt: Receipt, *, evidence: str = "reply"
) -> None:
    """The provider took it."""
    at = now()
    attempt, row = _pair(session, attempt_id)
    if move(
        session,
        Attempt,
        attempt.id,
        AttemptState.ACCEPTED,
        settled_at=at,
        reference=receipt.reference,
        evidence=evidence,
    ):
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
            planned = Assignment.state == AssignmentState.PLANNED
            move(session, Assignment, row.assignment_id, AssignmentState.SENT, planned, sent_at=at)
        audit.record(session, row.practice_id, audit.WORKER, audit.Tag.MESSAGE_SETTLED, row.id)
    _finish(session, claim)


def refused(session: Session, attempt_id: UUID, claim: Claim, error: Refused) -> None:
    """For certain nothing was sent: plan again where that can help, or show it as failed."""
    at, code, reason = now(), error.code[:40], error.reason[:200]
    attempt, row = _pair(session, attempt_id)
    if not move(
        session,
        Attempt,
        attempt.id,
        AttemptState.REFUSED,
        settled_at=at,
        code=code,
        reason=reason,
        evidence="reply",
    ):
        _finish(session, claim)
        return
    if error.permanent or (attempt.number > len(WAITS) and not error.stops_provider):
        move(session, Dispatch, row.id, DispatchState.FAILED, code=code, reason=reason)
        _finish(session, claim)
        return
    wait = WAITS[min(attempt.number, len(WAITS)) - 1]
    if error.retry_after is not None:
        wait = max(wait, timedelta(seconds=min(error.retry_after, 86400)))
    _again(session, row, claim, at + wait, reason, code)


def _again(session: Session, row: Dispatch, claim: Claim, due_at: datetime, reason: str, code: str) -> None:
    """Hold the message until `due_at`, unless another attempt of it was taken or may have been."""
    taken = session.scalars(
        select(Attempt.id).where(Attempt.dispatch_id == row.id, Attempt.state.in_(TAKEN))
    ).first()
    if taken is None:
        # Unclear: another worker took this attempt for dead before its provider's answer came.
        move(session, Dispatch, row.id, DispatchState.DUE, Dispatch.state == DispatchState.UNCLEAR)
        held = move(
            session, Dispatch, row.id, DispatchState.HELD, held_until=due_at, reason=reason, code=code
        )
        if held:
            _plan(session, row, claim, due_at)
    _finish(session, claim)


def _plan(session: Session, row: Dispatch, claim: Claim, due_at: datetime) -> None:
    """The next call: this piece of work again, or, where that was ended by another worker, a new one."""
    if claim.kind != "settle":
        with suppress(LeaseLost):
            jobs.again(session, claim, due_at)
            return
    key = f"{row.id}|{uuid7()}"
    jobs.add(session, "send", row.id, practice_id=row.practice_id, key=key, due_at=due_at)


def unknown(session: Session, attempt_id: UUID, claim: Claim, reason: str, settings: Settings) -> None:
    """It may or may not have been sent. Never sent again by itself; evidence is looked for later."""
    attempt, row = _pair(session, attempt_id)
    unclear(session, row, attempt, reason, settings)
    _finish(session, claim)


def unclear(session: Session, row: Dispatch, attempt: Attempt, reason: str, settings: Settings) -> None:
    """Mark an attempt's outcome unknown and plan the look-up, where the provider has one."""
    if not move(session, Attempt, attempt.id, AttemptState.UNKNOWN, code="unknown", reason=reason[:200]):
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
    row = session.get_one(Dispatch, attempt.dispatch_id)
    return attempt, row, letters.address(session, row)


def settle(session: Session, claim: Claim, found: Receipt | str | None) -> None:
    """Settle an unknown attempt by what the provider's list says.

    Found = accepted. "not_found" after the quarantine = it was never taken: it is planned again, unless
    another attempt of the message was or may have been taken; a reminder is dropped (late is better than
    twice). None = the provider cannot say: it stays unclear until a person decides.
    """
    if found is None or unsettled(session, claim) is None:
        jobs.finish(session, claim)
        return
    if isinstance(found, Receipt):
        accepted(session, claim.subject_id, claim, found, evidence="look_up")
        return
    attempt, row = _pair(session, claim.subject_id)
    move(session, Attempt, attempt.id, AttemptState.REFUSED, settled_at=now(), evidence="look_up")
    others = session.scalar(
        select(func.count()).where(Attempt.dispatch_id == row.id, Attempt.state.in_(TAKEN))
    )
    if row.purpose is Purpose.REMINDER and not others:
        was_unclear = Dispatch.state == DispatchState.UNCLEAR
        move(
            session,
            Dispatch,
            row.id,
            DispatchState.CANCELLED,
            was_unclear,
            code="dropped",
            reason="Never sent.",
        )
        jobs.finish(session, claim)
        return
    if row.state is not DispatchState.UNCLEAR:  # sent again or taken back by a person meanwhile
        jobs.finish(session, claim)
        return
    _again(session, row, claim, now(), "Sending again: the provider never had it.", "again")
