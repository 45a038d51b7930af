"""Sending one message so that nobody gets it twice and none is lost: everything before the call.

The attempt row commits before the provider is called. A reply settles it; without a reply the outcome is
unknown, and only evidence settles that (design.md section 5). The worker calls `prepare`, then the
channel, then one of the functions of `delivery.outcomes`, each in a transaction of its own.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Insert, bindparam, insert, select
from sqlalchemy.orm import Session

from channels.base import Channel, Message
from delivery import (
    breaker,
    caps,
    clearance,
    consents,
    fallback,
    jobs,
    letters,
    message_facts,
    messages,
    outcomes,
)
from delivery.clearance import Hold, Stop
from delivery.db import execute, now, uuid7
from delivery.errors import Conflict
from delivery.jobs import Claim
from delivery.message_facts import Facts
from delivery.message_rows import Planned
from delivery.models.clients import Consent
from delivery.models.messages import Attempt, Dispatch, RecipientKind
from delivery.settings import Settings
from delivery.signing import Tokens
from delivery.states import UNSENT, AttemptState, DispatchState, move


@dataclass(frozen=True)
class Outgoing:
    """A message ready to be handed over under a committed attempt."""

    attempt_id: UUID
    dispatch_id: UUID
    message: Message
    channel: Channel


def prepare(
    session: Session, claim: Claim, channels: Mapping[str, Channel], settings: Settings, tokens: Tokens
) -> Outgoing | None:
    """Write the attempt and give the message to hand over, or None where there is nothing to send now.

    None ends the claim or gives it back for later: the message was stopped, waits, was settled before, or
    an earlier attempt's outcome is unknown (its worker died) and waits for evidence. Raises LeaseLost.
    """
    jobs.extend(session, claim, settings.lease_seconds)
    facts = message_facts.read(session, claim.subject_id)
    if facts is None or not _unsent(session, facts, settings):
        jobs.finish(session, claim)
        return None
    row, channel = facts.row, channels[facts.row.channel]
    sender = letters.sender(facts) or ""
    verdict = (
        clearance.never(facts)
        or clearance.not_now(facts, settings)
        or _paused(session, row, channel.provider, sender)
        or _attempt(session, facts, channel, sender, settings, tokens)
    )
    if isinstance(verdict, Outgoing):
        if row.state is not DispatchState.DUE:
            move(session, Dispatch, row.id, DispatchState.DUE, held_until=None, code=None, reason=None)
        return verdict
    if isinstance(verdict, Hold):
        held = {"held_until": verdict.until, "code": verdict.code, "reason": verdict.reason}
        move(session, Dispatch, row.id, DispatchState.DUE, Dispatch.state == DispatchState.HELD)
        move(session, Dispatch, row.id, DispatchState.HELD, **held)
        jobs.again(session, claim, verdict.until)
        return None
    move(session, Dispatch, row.id, DispatchState.DUE)
    move(session, Dispatch, row.id, verdict.state, code=verdict.code, reason=verdict.reason)
    if verdict.elsewhere:
        fallback.instead(session, session.get_one(Dispatch, row.id))
    jobs.finish(session, claim)
    return None


def _unsent(session: Session, facts: Facts, settings: Settings) -> bool:
    """Whether nothing of the message is on its way. A call whose worker died becomes unknown here."""
    if facts.hanging is not None:
        hanging, row = outcomes.pair(session, facts.hanging)
        outcomes.unclear(session, row, hanging, "The sending process stopped in the middle.", settings)
        return False
    return facts.row.state in UNSENT


def _attempt(
    session: Session, facts: Facts, channel: Channel, sender: str, settings: Settings, tokens: Tokens
) -> Outgoing | Stop:
    attempt_id = uuid7()
    try:
        message = letters.compose(facts, attempt_id, settings, tokens)
    except Conflict:
        return Stop(DispatchState.CANCELLED, "ended", "The link ended before this was sent.")
    if not _insert_attempt(session, facts, attempt_id, channel.provider, sender):
        return Stop(DispatchState.CANCELLED, "no-consent", "No consent to this channel is on record.")
    caps.use(session, attempt_id, facts)
    return Outgoing(attempt_id, facts.row.id, message, channel)


def _paused(session: Session, row: Planned, provider: str, sender: str) -> Hold | Stop | None:
    """Whether the provider or the sender gets nothing just now; after long, another channel is taken."""
    for name in sorted({"", sender}):  # in one order: two workers may each move one on
        pause = breaker.paused(session, provider, name)
        if pause is None:
            continue
        long = pause.since < now() - breaker.LONG
        if long and fallback.possible(session, session.get_one(Dispatch, row.id)):
            words = "The provider has not taken messages for half an hour."
            return Stop(DispatchState.FAILED, "provider", words, elsewhere=True)
        words = "The provider does not take messages just now. It goes as soon as it does."
        return Hold(pause.until + timedelta(seconds=random.uniform(0, 2)), "provider", words)  # noqa: S311
    return None


def _insert_attempt(session: Session, facts: Facts, attempt_id: UUID, provider: str, sender: str) -> bool:
    """Insert the attempt; for a client only under a consent that stands, found inside the same statement."""
    row, at = facts.row, now()
    columns = {
        "id": attempt_id,
        "created_at": at,
        "practice_id": row.practice_id,
        "dispatch_id": row.id,
        "recipient": row.recipient,
        "number": facts.attempts + 1,
        "provider": provider,
        "sender": sender,
        "state": AttemptState.ATTEMPTING,
        "started_at": at,
    }
    if row.recipient is RecipientKind.PERSON:
        return execute(session, _ATTEMPT, **columns).first() is not None
    person = {"respondent": row.respondent_id, "channel": row.channel, "point": row.contact_point_id}
    return execute(session, _AGREED_ATTEMPT, **columns, **person).first() is not None


def _agreed_attempt() -> Insert:
    """The attempt's columns as they are bound, with the newest consent that stands, if there is one."""
    names = ["id", "created_at", "practice_id", "dispatch_id", "recipient", "number"]
    names += ["provider", "sender", "state", "started_at"]
    bound = [bindparam(name, type_=Attempt.__table__.c[name].type).label(name) for name in names]
    agreed = consents.stands(bindparam("respondent"), bindparam("channel"), bindparam("point"))
    found = select(*bound, Consent.id).where(agreed).order_by(Consent.id.desc()).limit(1)
    return insert(Attempt).from_select([*names, "consent_id"], found).returning(Attempt.id)


_ATTEMPT: Final = insert(Attempt).returning(Attempt.id)
_AGREED_ATTEMPT: Final = _agreed_attempt()


def send_again(session: Session, row: Dispatch) -> None:
    """A person pressed "Send again" on a failed or unclear message. Raises Conflict saying why not."""
    stop = clearance.barred(session, row)
    if stop is not None:
        raise Conflict(stop.reason)
    stuck = Dispatch.state.in_((DispatchState.FAILED, DispatchState.UNCLEAR))
    if not move(session, Dispatch, row.id, DispatchState.DUE, stuck, code=None, reason=None, due_at=now()):
        raise Conflict("This message needs no second sending.")
    jobs.add(session, messages.WORK[row.lane], row.id, practice_id=row.practice_id, key=f"{row.id}|{uuid7()}")


def newest(session: Session, assignment_ids: list[UUID]) -> dict[UUID, Dispatch]:
    """The newest client message of each assignment."""
    rows = session.scalars(
        select(Dispatch)
        .where(Dispatch.assignment_id.in_(assignment_ids), Dispatch.recipient == RecipientKind.CLIENT)
        .order_by(Dispatch.id)
    )
    return {row.assignment_id: row for row in rows if row.assignment_id is not None}
