"""Sending the link of an ask once more, by the same way or by another."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, assignments, eligibility, links, messages, sign_in_links
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict, Invalid
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Respondent
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.states import OPEN_ASK, UNSENT, DispatchState, LinkState


def resend(session: Session, caller: Caller, assignment_id: UUID, channel: Way | None = None) -> Dispatch:
    """Send the same link once more, because a person asked; on another channel where one is named.

    Another channel only where the first message is proven not to have arrived, or is a day old. What waits on
    the client's own page is announced with a new sign-in link.
    Raises NotFound, Invalid, Conflict.
    """
    row = access.one(session, caller, Assignment, assignment_id)
    assignments.lock(session, row.client_id)
    if row.state not in OPEN_ASK or row.channel not in (Way.EMAIL, Way.SMS, Way.PORTAL):
        raise Conflict("This form is no longer open, so there is nothing to send again.")
    waiting = session.scalars(
        select(Dispatch.id).where(
            Dispatch.assignment_id == row.id,
            Dispatch.state.in_(UNSENT),
            Dispatch.recipient == RecipientKind.CLIENT,
        )
    ).first()
    if waiting:
        raise Conflict("A message for this form is already on its way.")
    if channel is not None and channel is not row.channel:
        _may_change(session, row, channel)
        row.channel = channel
    respondent = session.get_one(Respondent, row.respondent_id)
    point = eligibility.reachable(session, respondent, row.channel)
    number = len(session.scalars(select(Dispatch.id).where(Dispatch.assignment_id == row.id)).all())
    if row.expires_at <= now() or not _open_link(session, row.id):
        row.expires_at = max(row.expires_at, now() + timedelta(days=7))
        links.issue(session, row)
    page = sign_in_links.make(session, point, now()).id if row.channel is Way.PORTAL else None
    return messages.plan(session, row, point, Purpose.INVITATION, f"again-{number}", now(), code_id=page)


def _may_change(session: Session, row: Assignment, channel: Way) -> None:
    if channel not in (Way.EMAIL, Way.SMS):
        raise Invalid("A link goes by e-mail or by text.", {"channel": "Choose e-mail or text."})
    may_have_arrived = select(Dispatch.id).where(
        Dispatch.assignment_id == row.id,
        Dispatch.recipient == RecipientKind.CLIENT,
        Dispatch.channel != channel.value,
        Dispatch.state.in_((DispatchState.HANDED_OVER, DispatchState.DELIVERED, DispatchState.UNCLEAR)),
        Dispatch.due_at > now() - timedelta(hours=24),
    )
    if session.scalars(may_have_arrived.limit(1)).first() is not None:
        raise Conflict(
            "The first message may have arrived. Another way is open a day after it, or once it is known "
            "not to work."
        )


def _open_link(session: Session, assignment_id: UUID) -> Link | None:
    rows = session.scalars(select(Link).where(Link.assignment_id == assignment_id)).all()
    return next((link for link in rows if links.state(link) in (LinkState.OPEN, LinkState.BEGUN)), None)
