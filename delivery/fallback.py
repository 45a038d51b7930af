"""Another way to the same person, where the first one is proven not to work.

Only to an address that the client allowed for this, agreed to, and finds safe; never beside the first
message, only in its place.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import consents, messages, opt_outs
from delivery.clearance import ALLOWED
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.clients import ContactPoint, ContactState, Respondent
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.states import OPEN_ASK, DispatchState

KEY: Final = "instead"
ONE_DAY: Final = timedelta(hours=24)


def possible(session: Session, row: Dispatch) -> ContactPoint | None:
    """Where this message could go instead, or None."""
    if row.recipient is not RecipientKind.CLIENT or row.purpose is Purpose.TEST or row.assignment_id is None:
        return None
    if row.business_key.startswith(f"{KEY}|"):
        return None  # it has had its turn: no message wanders on from address to address
    respondent = session.get(Respondent, row.respondent_id)
    ask = session.get(Assignment, row.assignment_id)
    if respondent is None or ask is None or ask.state not in OPEN_ASK or ask.expires_at <= now():
        return None
    if respondent.refused_at is not None or respondent.in_person_only or _gone_there(session, row):
        return None
    points = session.scalars(
        select(ContactPoint)
        .where(
            ContactPoint.respondent_id == respondent.id,
            ContactPoint.kind != row.channel,
            ContactPoint.fallback.is_(True),
            ContactPoint.state.in_((ContactState.CONFIRMED, ContactState.UNCONFIRMED)),
            ContactPoint.safe_for.in_(ALLOWED[row.purpose]),
        )
        .order_by(ContactPoint.state != ContactState.CONFIRMED, ContactPoint.id)
    )
    return next((point for point in points if _agreed(session, point)), None)


def _gone_there(session: Session, row: Dispatch) -> bool:
    """Whether a person has sent it the other way already, so that it would come twice in a day."""
    other = select(Dispatch.id).where(
        Dispatch.assignment_id == row.assignment_id,
        Dispatch.recipient == RecipientKind.CLIENT,
        Dispatch.channel != row.channel,
        Dispatch.state.not_in((DispatchState.FAILED, DispatchState.CANCELLED)),
        Dispatch.due_at > now() - ONE_DAY,
    )
    return session.scalars(other.limit(1)).first() is not None


def _agreed(session: Session, point: ContactPoint) -> bool:
    channel = point.kind.value
    return consents.standing(
        session, point.respondent_id, channel, point.id
    ) is not None and not opt_outs.stands(session, channel, point.value or "", point.practice_id)


def instead(session: Session, row: Dispatch) -> Dispatch | None:
    """Plan the message at the other address, once; None where there is none."""
    point = possible(session, row)
    if point is None or row.assignment_id is None:
        return None
    ask = session.get_one(Assignment, row.assignment_id)
    planned = session.scalars(
        select(Dispatch.id).where(
            Dispatch.practice_id == row.practice_id, Dispatch.business_key == f"{KEY}|{row.id}|{ask.id}"
        )
    ).first()
    if planned is not None:
        return None
    lane: messages.Lane = "bulk" if row.lane == "bulk" else "interactive"
    return messages.plan(session, ask, point, row.purpose, f"{KEY}|{row.id}", now(), lane=lane)
