"""An unfinished sitting: its risk answers are told before its draft is wiped. Nothing else wipes a draft
that was not sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, case, or_, select, update
from sqlalchemy.orm import Session

from delivery import alerts, links
from delivery.db import now
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.results import Alert
from delivery.states import OPEN_ASK, OPEN_LINK, FormState, LinkState

#: From the press on Start to the first question, at the slowest.
MOMENTS: Final = timedelta(minutes=2)


def lock(session: Session, assignment_id: UUID) -> Assignment:
    """The ask as it stands now, held until the transaction ends.

    Whoever keeps, sends or ends its answers holds it first: so they come one by one, and nobody waits for
    somebody who waits for them. Rows that only point at the ask may be stored meanwhile.
    """
    return session.get_one(
        Assignment, assignment_id, with_for_update={"key_share": True}, populate_existing=True
    )


def just_begun(session: Session, ref: str) -> bool:
    """Whether this sitting began moments ago: a browser that comes without its cookie then keeps none."""
    at = session.scalars(select(FormSession.created_at).where(FormSession.ref == ref)).one_or_none()
    return at is not None and at > now() - MOMENTS


def check_unfinished(session: Session, form_id: UUID) -> list[Alert]:
    """Two minutes after a critical mark: raise what still stands in a sitting that was not sent.

    A sitting that has ended was told when it ended.
    """
    form = session.get(FormSession, form_id)
    if form is None:
        return []
    assignment = lock(session, form.assignment_id)
    session.refresh(form)
    if form.state is not FormState.OPEN or assignment.completed_at is not None:
        return []
    return alerts.raise_unfinished(session, assignment, form.draft or {})


def end(session: Session, assignment: Assignment, *which: Any) -> int:
    """End the ask's open sittings (those that meet the conditions `which`) and wipe their drafts.

    What a draft holds of risk answers is raised in this same transaction, whoever ends it and however soon
    after the mark: there is no draft left for a later look. The caller holds the ask. Returns how many.
    """
    chosen = (FormSession.assignment_id == assignment.id, FormSession.state == FormState.OPEN, *which)
    begun = session.scalars(
        select(FormSession)
        .where(*chosen, FormSession.first_answer_at.is_not(None))
        .order_by(FormSession.id)
        .execution_options(populate_existing=True)
    ).all()
    for form in begun:
        alerts.raise_unfinished(session, assignment, form.draft or {})
    result = session.execute(
        update(FormSession)
        .where(*chosen)
        .values(state=FormState.ENDED, draft_sealed=None, resume_hash_sealed=None)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def over(at: datetime) -> ColumnElement[bool]:
    """Condition on FormSession and its Assignment: open, though its link or ask takes no answers any more.

    The opposite of `forms.writable`, for many rows at once.
    """
    takes = select(Link.id).where(Link.id == FormSession.link_id, _takes_answers(at)).exists()
    in_the_room = and_(FormSession.link_id.is_(None), Assignment.state.in_(OPEN_ASK))
    return and_(FormSession.state == FormState.OPEN, ~takes, ~in_the_room)


def _takes_answers(at: datetime) -> ColumnElement[bool]:
    """Condition on Link and FormSession: `links.takes_answers`, for many rows at once."""
    ran_out = case((Link.ended_at < Link.expires_at, Link.ended_at), else_=Link.expires_at)
    graces = [
        (Link.state.in_((*OPEN_LINK, LinkState.EXPIRED)), ran_out, links.GRACE[LinkState.EXPIRED]),
        (Link.state == LinkState.SUPERSEDED, Link.ended_at, links.GRACE[LinkState.SUPERSEDED]),
    ]
    return or_(
        and_(Link.state.in_(OPEN_LINK), Link.expires_at > at),
        *(and_(is_it, FormSession.created_at <= end, end >= at - grace) for is_it, end, grace in graces),
    )
