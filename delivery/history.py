"""What became of an ask, line by line: every message on its way up, and what the client did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import fallback, links
from delivery.models.assignments import Assignment, Link
from delivery.models.messages import Attempt, DeliveryEvent, Dispatch, RecipientKind
from delivery.states import AttemptState, DispatchState

#: A message that is due later than this after it was planned was meant for then.
LATER: Final = timedelta(minutes=1)
WAITS: Final = (DispatchState.PLANNED, DispatchState.DUE)
NOT_DELIVERED: Final = ("failed", "bounced", "dropped")


def of_ask(session: Session, row: Assignment) -> list[dict[str, Any]]:
    """What became of an ask, oldest first: [{"at": datetime, "what": word, "code": …, "reason": …}].

    Lines of a message also have "dispatch_id", "channel", "purpose", "instead" (it took the place of one that
    could not arrive), and "until" where it waits.
    """
    lines: list[dict[str, Any]] = [{"at": row.created_at, "what": "asked"}]
    messages = session.scalars(
        select(Dispatch)
        .where(Dispatch.assignment_id == row.id, Dispatch.recipient == RecipientKind.CLIENT)
        .order_by(Dispatch.id)
    )
    for message in messages:
        lines += of_message(session, message, row.ended_at)
    closed = select(Link.ended_at).where(
        Link.assignment_id == row.id, Link.end_reason == links.WRONG_WORDS, Link.ended_at.is_not(None)
    )
    lines += [{"at": at, "what": "locked"} for at in session.scalars(closed) if at is not None]
    if row.started_at:
        lines.append({"at": row.started_at, "what": "started"})
    if row.completed_at:
        lines.append({"at": row.completed_at, "what": "completed"})
    if row.ended_at:
        lines.append({"at": row.ended_at, "what": row.state.value, "code": row.end_reason})
    return sorted(lines, key=lambda line: line["at"])


def of_message(session: Session, row: Dispatch, stopped_at: datetime | None = None) -> list[dict[str, Any]]:
    """The ladder of one message, in the order of its steps. `stopped_at`: when its ask ended, if it has."""
    told = {
        "dispatch_id": row.id,
        "channel": row.channel,
        "purpose": row.purpose.value,
        "instead": row.business_key.startswith(f"{fallback.KEY}|"),
    }
    attempts = session.scalars(
        select(Attempt).where(Attempt.dispatch_id == row.id).order_by(Attempt.number)
    ).all()
    reports = session.scalars(
        select(DeliveryEvent)
        .where(DeliveryEvent.attempt_id.in_([one.id for one in attempts]))
        .order_by(DeliveryEvent.at, DeliveryEvent.id)
    ).all()
    last = max([row.created_at, *(one.settled_at or one.started_at for one in attempts)])
    ended = {"code": row.code, "reason": row.reason}
    steps = [*_tried(row, attempts), *_reported(row, reports)]
    if row.due_at > row.created_at + LATER and not attempts and row.state is not DispatchState.CANCELLED:
        steps.insert(0, {"at": row.created_at, "what": "planned", "until": row.due_at})
    elif row.state in WAITS:
        steps.append({"at": last, "what": row.state.value, "until": row.due_at, **ended})
    if row.state is DispatchState.HELD:
        at = last if attempts else max(row.created_at, min(row.due_at, row.held_until or row.due_at))
        steps.append({"at": at, "what": "held", "until": row.held_until, **ended})
    elif row.state is DispatchState.UNCLEAR:
        steps.append({"at": last, "what": "unclear", **ended})
    elif row.state is DispatchState.FAILED:
        at = max([last, *(one.at for one in reports if one.kind in NOT_DELIVERED)])
        steps.append({"at": at, "what": "failed", **ended})
    elif row.state is DispatchState.CANCELLED:
        steps.append({"at": stopped_at or last, "what": "cancelled", **ended})
    return [{**told, **step} for step in steps]


def _tried(row: Dispatch, attempts: Any) -> Iterator[dict[str, Any]]:
    """Handed over, and every try before that which was refused; the last refusal stands with the failure."""
    over = row.handed_over_at
    if over is None:
        over = next((one.settled_at for one in attempts if one.state is AttemptState.ACCEPTED), None)
    for number, one in enumerate(attempts, start=1):
        final = row.state is DispatchState.FAILED and number == len(attempts)
        if one.state is AttemptState.REFUSED and not final:
            at = one.settled_at or one.started_at
            code = "never-had" if one.evidence == "look_up" else one.code
            yield {"at": at, "what": "refused", "code": code, "reason": one.reason}
    if over is not None:
        here = row.code == "local-post" or any(one.provider == "local_post" for one in attempts)
        reason = row.reason if row.code == "local-post" else None
        yield {
            "at": over,
            "what": "handed_over",
            "code": "local-post" if here else None,
            "reason": reason,
        }


def _reported(row: Dispatch, reports: Any) -> Iterator[dict[str, Any]]:
    """What the provider said about it on the way, and that it arrived."""
    for one in reports:
        if one.kind == "deferred":
            yield {"at": one.at, "what": "deferred", "code": "deferred"}
    if row.delivered_at is not None:
        yield {"at": row.delivered_at, "what": "delivered"}
