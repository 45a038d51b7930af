"""A fresh link for an ask whose link ran out."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import assignments, eligibility, links, messages
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import Respondent
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.settings import Settings
from delivery.states import ClientState

#: New links that one ask may lead to when its client asks for them.
MOST_RENEWALS: Final = 3


def renew(session: Session, row: Assignment, link: Link, respondent: Respondent, settings: Settings) -> bool:
    """A fresh link for an ask whose link ran out, because its client asked for one. False where barred."""
    client = assignments.lock(session, row.client_id)
    session.refresh(link)
    if client.state is not ClientState.ACTIVE or link.renewals >= MOST_RENEWALS:
        return False
    try:
        point = eligibility.reachable(session, respondent, row.channel)
    except Invalid:
        return False
    at = now()
    day = session.scalars(
        select(Dispatch.id).where(
            Dispatch.assignment_id == row.id,
            Dispatch.recipient == RecipientKind.CLIENT,
            Dispatch.created_at > at - timedelta(hours=24),
        )
    ).first()
    if day is not None:
        return False
    fresh = Assignment(
        practice_id=row.practice_id,
        client_id=row.client_id,
        episode_id=row.episode_id,
        respondent_id=row.respondent_id,
        battery_id=row.battery_id,
        instruments=row.instruments,
        occasion=row.occasion,
        channel=row.channel,
        requested_by=row.requested_by,
        send_at=at,
        expires_at=at + timedelta(days=settings.link_days),
        reminders=row.reminders,
        reminder_days=row.reminder_days,
    )
    session.add(fresh)
    session.flush()
    issued = links.issue(session, fresh)
    issued.renewals = link.renewals + 1
    link.renewals = MOST_RENEWALS  # this page has had its turn; the next is asked for from the new link
    messages.plan(session, fresh, point, Purpose.INVITATION, "renewed", at)
    return True
