"""Agreement to a channel: who gave it, when, how, to which wording, and for which address."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from delivery import audit
from delivery.audit import Actor
from delivery.db import now
from delivery.models.clients import Consent, ContactPoint, Respondent

WORDING: Final = "consent-1"
ON_PAPER: Final = "signed on paper"


def give(
    session: Session,
    respondent: Respondent,
    channel: str,
    *,
    given_at: datetime,
    how: str,
    wording: str = WORDING,
    recorded_by: UUID | None = None,
    point: ContactPoint | None = None,
) -> Consent:
    """Record an agreement; for one address, or without `point` for any of this person's on the channel."""
    row = Consent(
        practice_id=respondent.practice_id,
        respondent_id=respondent.id,
        contact_point_id=point.id if point else None,
        channel=channel,
        wording=wording,
        given_at=given_at,
        how=how,
        recorded_by=recorded_by,
    )
    session.add(row)
    return row


def stands(respondent_id: Any, channel: Any, point_id: Any) -> Any:
    """The condition on Consent: it stands for this person, channel and address (values or columns)."""
    return (
        (Consent.respondent_id == respondent_id)
        & (Consent.channel == channel)
        & Consent.withdrawn_at.is_(None)
        & or_(Consent.contact_point_id.is_(None), Consent.contact_point_id == point_id)
    )


def standing(session: Session, respondent_id: UUID, channel: str, point_id: UUID | None) -> Consent | None:
    """The newest agreement that stands for an address, or None. Without a point: for any address at all."""
    return session.scalars(
        select(Consent).where(stands(respondent_id, channel, point_id)).order_by(Consent.id.desc()).limit(1)
    ).first()


def withdraw(session: Session, respondent: Respondent, channel: str, actor: Actor) -> bool:
    """Take back every agreement to a channel; False where none stood. What was sent stays sent."""
    rows = session.scalars(
        select(Consent).where(
            Consent.respondent_id == respondent.id,
            Consent.channel == channel,
            Consent.withdrawn_at.is_(None),
        )
    ).all()
    for row in rows:
        row.withdrawn_at = now()
    if rows:
        detail = {"consent": channel, "withdrawn": True}
        tag = audit.Tag.CLIENT_CHANGED
        audit.record(session, respondent.practice_id, actor, tag, respondent.client_id, detail)
    return bool(rows)
