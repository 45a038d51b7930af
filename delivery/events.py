"""What a provider reports about an attempt after its answer: taken, delivered, not delivered, refused.

Reports come late, twice, in any order and may be lost. Each is kept once; a state only moves upwards, and
only the newest attempt of a message speaks for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Event, Receipt
from delivery import (
    audit,
    breaker,
    caps,
    clearance,
    fallback,
    jobs,
    messages,
    notices,
    opt_outs,
    outcomes,
    reachability,
)
from delivery.db import insert, now, uuid7
from delivery.models.clients import ContactPoint, Respondent
from delivery.models.messages import Attempt, DeliveryEvent, Dispatch, NoticeKind, RecipientKind
from delivery.states import AttemptState, DispatchState, move

#: A phone that was off is tried once more after this; a mailbox that waits counts as failed after that.
SECOND_TRY: Final = timedelta(hours=4)
PATIENCE: Final = timedelta(hours=72)
NOT_DELIVERED: Final = ("failed", "bounced", "dropped")
NO_MORE: Final = ("spam", "refused_by_person")
#: The provider kept a message back because the person had said so before.
NEVER_LEFT: Final = "sendgrid_dropped"


class UnknownAttempt(Exception):
    """A report about an attempt that is not ours."""


def reported(session: Session, event: Event) -> None:
    """Apply one report, once. Raises UnknownAttempt."""
    try:
        found = session.get(Attempt, UUID(event.attempt_id))
    except ValueError:
        found = None
    if found is None:
        raise UnknownAttempt
    attempt, row = outcomes.pair(session, found.id)
    if not _kept(session, attempt, event):
        return
    # Whatever it says, the provider has it.
    if attempt.state in (AttemptState.ATTEMPTING, AttemptState.UNKNOWN):
        outcomes.took(session, attempt, row, Receipt(attempt.provider, event.reference), "event")
        session.refresh(row)
    if event.stops_provider:
        breaker.bad(
            session,
            attempt.provider,
            attempt.sender,
            code=event.code,
            reason=event.reason,
            account=True,
            reported=True,
        )
    _not_twice(session, attempt, row, event)
    if event.kind == "delivered":
        for name in sorted({"", attempt.sender}):
            breaker.delivered(session, attempt.provider, name, attempt.started_at)
        if _newest(session, attempt):
            move(session, Dispatch, row.id, DispatchState.DELIVERED, delivered_at=event.at or now())
            audit.record(session, row.practice_id, audit.PROVIDER, audit.Tag.MESSAGE_SETTLED, row.id)
    elif event.kind in NOT_DELIVERED:
        _not_delivered(session, attempt, row, event)
    elif event.kind in NO_MORE:
        _no_more(session, attempt, row, event)
    elif event.kind == "deferred":
        due = now() + PATIENCE
        key = f"{attempt.id}|deferred"
        jobs.add(session, "settle", attempt.id, practice_id=row.practice_id, key=key, due_at=due)


def _kept(session: Session, attempt: Attempt, event: Event) -> bool:
    """Store the report; False where it was there."""
    values = {
        "id": uuid7(),
        "created_at": now(),
        "practice_id": attempt.practice_id,
        "attempt_id": attempt.id,
        "kind": event.kind,
        "code": event.code[:40] or None,
        "at": _sane(event.at),
        "dedupe_key": f"{attempt.provider}|{event.dedupe}"[:128],
    }
    fresh = insert(session, DeliveryEvent).values(**values).on_conflict_do_nothing()
    return session.scalars(fresh.returning(DeliveryEvent.id)).one_or_none() is not None


def _sane(at: datetime | None) -> datetime:
    """When it happened, as far as the provider's clock can be right."""
    return min(at, now()) if at is not None else now()


def _newest(session: Session, attempt: Attempt) -> bool:
    last = select(func.max(Attempt.number)).where(Attempt.dispatch_id == attempt.dispatch_id)
    return session.scalar(last) == attempt.number


def _not_twice(session: Session, attempt: Attempt, row: Dispatch, event: Event) -> None:
    """The call that counted as lost, or its phone as off, went well: the message waits for no other one."""
    lost = attempt.state is AttemptState.REFUSED and event.kind in ("accepted", "sent")
    if not (lost or event.kind == "delivered") or not _newest(session, attempt):
        return
    move(session, Dispatch, row.id, DispatchState.DUE, Dispatch.state == DispatchState.HELD, held_until=None)
    stopped = Dispatch.state.in_((DispatchState.DUE, DispatchState.CANCELLED))
    at = _sane(event.at)
    move(
        session,
        Dispatch,
        row.id,
        DispatchState.HANDED_OVER,
        stopped,
        code=None,
        reason=None,
        handed_over_at=at,
    )


def _not_delivered(session: Session, attempt: Attempt, row: Dispatch, event: Event) -> None:
    unusable = reachability.learned(session, row, event.contact, event.reason)
    if not _newest(session, attempt):
        return
    where = () if event.kind != "failed" else (Dispatch.state != DispatchState.DELIVERED,)
    words = {"code": event.code[:40] or event.kind, "reason": event.reason[:200]}
    if not move(session, Dispatch, row.id, DispatchState.FAILED, *where, **words):
        return
    caps.release(session, attempt.id)
    audit.record(session, row.practice_id, audit.PROVIDER, audit.Tag.MESSAGE_SETTLED, row.id)
    if row.recipient is not RecipientKind.CLIENT:
        return
    if event.contact == "away" and not unusable and not _tried_before(session, attempt):
        _once_more(session, row)
    elif unusable or event.contact == "away":
        fallback.instead(session, row)


def _tried_before(session: Session, attempt: Attempt) -> bool:
    """Whether an earlier call for the same message was taken too."""
    earlier = select(Attempt.id).where(
        Attempt.dispatch_id == attempt.dispatch_id,
        Attempt.number < attempt.number,
        Attempt.state == AttemptState.ACCEPTED,
    )
    return session.scalars(earlier.limit(1)).first() is not None


def _once_more(session: Session, row: Dispatch) -> None:
    """The phone was off: the same text again in four hours, by day (`clearance` sees to that)."""
    due = now() + SECOND_TRY
    if clearance.barred(session, row) is not None:
        return
    move(session, Dispatch, row.id, DispatchState.DUE)
    words = {"code": "away", "reason": "The phone could not be reached. It is tried once more."}
    move(session, Dispatch, row.id, DispatchState.HELD, held_until=due, **words)
    key = f"{row.id}|{uuid7()}"
    jobs.add(session, messages.WORK[row.lane], row.id, practice_id=row.practice_id, key=key, due_at=due)


def _no_more(session: Session, attempt: Attempt, row: Dispatch, event: Event) -> None:
    """The person wants nothing more here. Never a reason to write elsewhere."""
    if event.code == NEVER_LEFT and _newest(session, attempt):
        words = {"code": event.code, "reason": event.reason[:200]}
        if move(session, Dispatch, row.id, DispatchState.FAILED, **words):
            caps.release(session, attempt.id)
    point = session.get(ContactPoint, row.contact_point_id) if row.contact_point_id else None
    if point is None:
        return
    opt_outs.stop(session, row.channel, point.value or "", event.kind[:24], row.practice_id)
    respondent = session.get_one(Respondent, point.respondent_id)
    notices.add(session, point.practice_id, respondent.client_id, NoticeKind.OPTED_OUT, point.id)
