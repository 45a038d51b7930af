"""What became of a call to a provider, as its reply says, or as nothing says yet.

What a provider answered stays true where the worker lost its lease meanwhile, so it is kept then too.
"""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from channels.base import Receipt, Refused
from delivery import audit, breaker, caps, fallback, jobs, messages, reachability
from delivery.db import execute, now, uuid7
from delivery.errors import LeaseLost
from delivery.jobs import Claim
from delivery.message_rows import Planned
from delivery.models.assignments import Assignment
from delivery.models.messages import Attempt, Dispatch, RecipientKind
from delivery.settings import Settings
from delivery.states import AssignmentState, AttemptState, DispatchState, move

#: Calls that a provider refuses for now before the message counts as failed, and the waits between them:
#: at random below a bound that doubles from the first to the longest, so that no crowd comes back at once.
MOST_CALLS: Final = 8
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
#: Attempts that may have been taken, and with them those that were.
MAYBE: Final = (AttemptState.ATTEMPTING, AttemptState.UNKNOWN)
TAKEN: Final = (*MAYBE, AttemptState.ACCEPTED)
UNCLEAR: Final = {
    "code": "unclear",
    "reason": "It may have been sent; nothing proves it. It is not sent again by itself.",
}


def pair(session: Session, attempt_id: UUID) -> tuple[Attempt, Dispatch]:
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


def finish(session: Session, claim: Claim) -> None:
    with suppress(LeaseLost):
        jobs.finish(session, claim)


def accepted(
    session: Session, attempt_id: UUID, claim: Claim, receipt: Receipt, *, evidence: str = "reply"
) -> None:
    """The provider took it."""
    found = execute(session, _CALL, attempt=attempt_id).one()
    attempt, row = Call._make(found[: len(Call._fields)]), Planned._make(found[len(Call._fields) :])
    for name in sorted({"", attempt.sender}):
        breaker.good(session, attempt.provider, name)
    took(session, attempt, row, receipt, evidence)
    finish(session, claim)


class Call(NamedTuple):
    """One call: columns of Attempt."""

    id: UUID
    provider: str
    sender: str


#: What `pair` reads and locks, as plain columns.
_CALL: Final = (
    select(
        *(getattr(Attempt, name) for name in Call._fields),
        *(getattr(Dispatch, name) for name in Planned._fields),
    )
    .join(Dispatch, Dispatch.id == Attempt.dispatch_id)
    .where(Attempt.id == bindparam("attempt"))
    .with_for_update(of=Dispatch)
)


def took(
    session: Session, attempt: Attempt | Call, row: Dispatch | Planned, receipt: Receipt, evidence: str
) -> None:
    """Write down that an attempt was taken, with what that means for the message and the ask."""
    at = now()
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
        if row.state is DispatchState.HELD:  # a person had it sent again, and that waits for the day
            move(session, Dispatch, row.id, DispatchState.DUE, held_until=None)
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
            move(session, Assignment, row.assignment_id, AssignmentState.SENT, sent_at=at)
        audit.record(session, row.practice_id, audit.WORKER, audit.Tag.MESSAGE_SETTLED, row.id)


def refused(session: Session, attempt_id: UUID, claim: Claim, error: Refused) -> None:
    """For certain nothing was sent: plan again where that can help, or show it as failed."""
    at, code, reason = now(), error.code[:40], error.reason[:200]
    attempt, row = pair(session, attempt_id)
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
        finish(session, claim)
        return
    caps.release(session, attempt.id)
    if error.stops_provider or error.retry_after is not None:
        breaker.bad(
            session,
            attempt.provider,
            attempt.sender,
            code=code,
            reason=reason,
            account=error.stops_provider,
            retry_after=error.retry_after,
        )
    elif not error.permanent and not error.contact:
        breaker.bad(session, attempt.provider, "", code=code, reason=reason)
    unusable = reachability.learned(session, row, error.contact, reason)
    if unusable or error.permanent or (attempt.number >= MOST_CALLS and not error.stops_provider):
        failed = _only_one(session, row) and move(
            session, Dispatch, row.id, DispatchState.FAILED, code=code, reason=reason
        )
        if failed and unusable:
            fallback.instead(session, row)
        finish(session, claim)
        return
    wait = max(_jittered(attempt.number), timedelta(seconds=min(error.retry_after or 0, 86400)))
    again(session, row, claim, at + wait, reason, code)


def _jittered(number: int) -> timedelta:
    bound = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (number - 1))
    return bound * random.uniform(0.2, 1)  # noqa: S311 - jitter, not a secret


def _only_one(session: Session, row: Dispatch) -> bool:
    """Whether no other call of the message was taken or may have been. Where one may, it is unclear again."""
    # Due again although a call was taken: that one was reported as not delivered.
    others = MAYBE if row.state is DispatchState.DUE else TAKEN
    calls = select(Attempt.id).where(Attempt.dispatch_id == row.id, Attempt.state.in_(others))
    if session.scalars(calls.limit(1)).first() is None:
        return True
    move(session, Dispatch, row.id, DispatchState.UNCLEAR, Dispatch.state == DispatchState.DUE, **UNCLEAR)
    return False


def again(session: Session, row: Dispatch, claim: Claim, due_at: datetime, reason: str, code: str) -> None:
    """Hold the message until `due_at`, unless another attempt of it was taken or may have been."""
    if _only_one(session, row):
        # Unclear: another worker took this attempt for dead before its provider's answer came.
        move(session, Dispatch, row.id, DispatchState.DUE, Dispatch.state == DispatchState.UNCLEAR)
        held = move(
            session, Dispatch, row.id, DispatchState.HELD, held_until=due_at, reason=reason, code=code
        )
        if held:
            _plan(session, row, claim, due_at)
    finish(session, claim)


def _plan(session: Session, row: Dispatch, claim: Claim, due_at: datetime) -> None:
    """The next call: this piece of work again, or, where that was ended by another worker, a new one."""
    if claim.kind != "settle":
        with suppress(LeaseLost):
            jobs.again(session, claim, due_at)
            return
    key = f"{row.id}|{uuid7()}"
    jobs.add(session, messages.WORK[row.lane], row.id, practice_id=row.practice_id, key=key, due_at=due_at)


def unknown(session: Session, attempt_id: UUID, claim: Claim, reason: str, settings: Settings) -> None:
    """It may or may not have been sent. Never sent again by itself; evidence is looked for later."""
    attempt, row = pair(session, attempt_id)
    breaker.bad(session, attempt.provider, "", code="unknown", reason=reason)
    unclear(session, row, attempt, reason, settings)
    finish(session, claim)


def unclear(session: Session, row: Dispatch, attempt: Attempt, reason: str, settings: Settings) -> None:
    """Mark an attempt's outcome unknown and plan the look-up, where the provider has one."""
    if not move(session, Attempt, attempt.id, AttemptState.UNKNOWN, code="unknown", reason=reason[:200]):
        return
    move(session, Dispatch, row.id, DispatchState.DUE)
    move(session, Dispatch, row.id, DispatchState.UNCLEAR, **UNCLEAR)
    if attempt.provider != "smtp":
        # The provider's own list needs time to catch up before "not there" proves anything.
        text = row.channel == "sms"
        seconds = settings.sms_quarantine_seconds if text else settings.quarantine_seconds
        at = now() + timedelta(seconds=seconds)
        jobs.add(session, "settle", attempt.id, practice_id=row.practice_id, due_at=at)
