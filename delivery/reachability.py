"""What providers tell us about numbers and mailboxes, kept on the contact points that have them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Contact
from delivery import notices, opt_outs
from delivery.db import now
from delivery.models.clients import ContactPoint, ContactState, Respondent
from delivery.models.messages import Attempt, DeliveryEvent, Dispatch, NoticeKind

#: A phone that could not be reached this often in this time counts as dead (trust.md 2.5).
AWAY_TIMES: Final = 3
AWAY_DAYS: Final = timedelta(days=30)
AWAY_CODES: Final = ("twilio_30003", "twilio_30008")


def learned(session: Session, row: Dispatch, contact: Contact, reason: str) -> bool:
    """Keep what an answer said about the recipient's number or mailbox; True where it can't be used now."""
    point = session.get(ContactPoint, row.contact_point_id) if row.contact_point_id else None
    if point is None or contact == "":
        return False
    if contact == "opted_out":
        opt_outs.stop(session, row.channel, point.value or "", "provider", _scope(session, row))
        return True
    if contact == "away" and _away(session, point) < AWAY_TIMES:
        return False
    dead(session, point, reason)
    return True


def _scope(session: Session, row: Dispatch) -> UUID | None:
    """A practice with a number of its own is refused for itself; on the common one, everybody is."""
    sender = select(Attempt.sender).where(Attempt.dispatch_id == row.id).order_by(Attempt.number.desc())
    return row.practice_id if session.scalars(sender.limit(1)).first() else None


def dead(session: Session, point: ContactPoint, reason: str) -> None:
    """It does not work: for everybody of the practice who is reached there, who are told by a line."""
    same = (ContactPoint.practice_id == point.practice_id, ContactPoint.blind_index == point.blind_index)
    usable = (ContactState.CONFIRMED, ContactState.UNCONFIRMED)
    points = select(ContactPoint).where(*same, ContactPoint.state.in_(usable)).order_by(ContactPoint.id)
    for one in session.scalars(points).all():
        one.state, one.state_reason = ContactState.DEAD, reason[:60]
        respondent = session.get_one(Respondent, one.respondent_id)
        notices.add(session, one.practice_id, respondent.client_id, NoticeKind.DEAD_CONTACT, one.id)


def _away(session: Session, point: ContactPoint) -> int:
    """How many attempts in the last days found the phone off or unknown."""
    return (
        session.scalar(
            select(func.count(Attempt.id.distinct()))
            .join(DeliveryEvent, DeliveryEvent.attempt_id == Attempt.id)
            .join(Dispatch, Dispatch.id == Attempt.dispatch_id)
            .where(
                Dispatch.contact_point_id == point.id,
                DeliveryEvent.code.in_(AWAY_CODES),
                DeliveryEvent.at > now() - AWAY_DAYS,
            )
        )
        or 0
    )
