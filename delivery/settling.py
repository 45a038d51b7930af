"""Settling an attempt whose outcome is unknown by what the provider itself shows later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Message, Receipt
from delivery import caps, fallback, jobs, letters, message_facts, outcomes
from delivery.db import now
from delivery.errors import Conflict
from delivery.events import PATIENCE
from delivery.jobs import Claim
from delivery.models.assignments import Assignment
from delivery.models.messages import Attempt, DeliveryEvent, Dispatch, Purpose
from delivery.settings import Settings
from delivery.signing import Tokens
from delivery.states import AttemptState, DispatchState, move

#: References of other attempts to an address are left out of a look-up for this long.
CLAIMED_FOR: Final = timedelta(days=8)
#: What is not sent again after so long: a reminder, a test to somebody who was in the room, a code.
DROPPED: Final = (Purpose.REMINDER, Purpose.TEST, Purpose.CODE)


@dataclass(frozen=True)
class Unsettled:
    """An unknown attempt, the message as it was handed over (without words where its link has ended), and
    what the provider calls the other messages to that address."""

    attempt: Attempt
    message: Message
    claimed: frozenset[str]


def unsettled(session: Session, claim: Claim, settings: Settings, tokens: Tokens) -> Unsettled | None:
    """The unknown attempt of a `settle` claim, or None where it is settled by now."""
    attempt = session.get(Attempt, claim.subject_id)
    if attempt is None or attempt.state is not AttemptState.UNKNOWN:
        return None
    facts = message_facts.read(session, attempt.dispatch_id)
    assert facts is not None
    row = facts.row
    try:
        message = letters.compose(facts, attempt.id, settings, tokens)
    except Conflict:
        message = letters.without_words(facts, attempt.id)
    there = (
        Dispatch.contact_point_id == row.contact_point_id
        if row.contact_point_id
        else Dispatch.person_id == row.person_id
    )
    others = session.scalars(
        select(Attempt.reference)
        .join(Dispatch, Dispatch.id == Attempt.dispatch_id)
        .where(
            there,
            Attempt.id != attempt.id,
            Attempt.reference.is_not(None),
            Attempt.started_at > now() - CLAIMED_FOR,
        )
    )
    return Unsettled(attempt, message, frozenset(one for one in others if one))


def settle(session: Session, claim: Claim, found: Receipt | Literal["not_found"] | None) -> None:
    """Settle an unknown attempt by what the provider's list says.

    Found = accepted. "not_found" after the quarantine = it was never taken: it is planned again, unless
    another attempt of the message was or may have been taken; a reminder is dropped (late is better than
    twice). A second "not_found" about one message proves nothing any more: a list that is late may be late
    twice. Then, as with None = the provider cannot say, it stays unclear until a person decides, or its link
    was used.
    """
    attempt, row = outcomes.pair(session, claim.subject_id)
    if attempt.state is AttemptState.ACCEPTED:
        _overdue(session, attempt, row)
    if attempt.state is not AttemptState.UNKNOWN:
        jobs.finish(session, claim)
        return
    if found is None or (found == "not_found" and _missed(session, row)):
        if _used(session, row):
            outcomes.took(session, attempt, row, Receipt(attempt.provider, ""), "answer")
        jobs.finish(session, claim)
        return
    if isinstance(found, Receipt):
        outcomes.accepted(session, attempt.id, claim, found, evidence="look_up")
        return
    move(session, Attempt, attempt.id, AttemptState.REFUSED, settled_at=now(), evidence="look_up")
    caps.release(session, attempt.id)
    others = session.scalar(
        select(func.count()).where(Attempt.dispatch_id == row.id, Attempt.state.in_(outcomes.TAKEN))
    )
    if row.purpose in DROPPED and not others:
        was_unclear = Dispatch.state == DispatchState.UNCLEAR
        dropped = {"code": "dropped", "reason": "Never sent."}
        move(session, Dispatch, row.id, DispatchState.CANCELLED, was_unclear, **dropped)
        jobs.finish(session, claim)
        return
    if row.state is not DispatchState.UNCLEAR:  # sent again or taken back by a person meanwhile
        jobs.finish(session, claim)
        return
    outcomes.again(session, row, claim, now(), "Sending again: the provider never had it.", "again")


def _missed(session: Session, row: Dispatch) -> bool:
    """Whether an earlier call of the message counted as never taken because a list did not show it."""
    missed = select(Attempt.id).where(
        Attempt.dispatch_id == row.id,
        Attempt.state == AttemptState.REFUSED,
        Attempt.evidence == "look_up",
    )
    return session.scalars(missed.limit(1)).first() is not None


def _used(session: Session, row: Dispatch) -> bool:
    """Whether somebody opened the form by the link of this message, and no other message carries it."""
    ask = session.get(Assignment, row.assignment_id) if row.assignment_id else None
    if ask is None or (ask.started_at is None and ask.completed_at is None):
        return False
    messages = select(func.count()).where(
        Dispatch.assignment_id == ask.id, Dispatch.recipient == row.recipient
    )
    return session.scalar(messages) == 1


def _overdue(session: Session, attempt: Attempt, row: Dispatch) -> None:
    """A mailbox that was full or away for three days: another way is taken where there is one."""
    deferred = select(DeliveryEvent.id).where(
        DeliveryEvent.attempt_id == attempt.id,
        DeliveryEvent.kind == "deferred",
        DeliveryEvent.created_at <= now() - PATIENCE,
    )
    handed = Dispatch.state == DispatchState.HANDED_OVER
    if session.scalars(deferred).first() is None:
        return
    words = {"code": "deferred", "reason": "The mailbox has not taken it for three days."}
    if move(session, Dispatch, row.id, DispatchState.FAILED, handed, **words):
        fallback.instead(session, row)
