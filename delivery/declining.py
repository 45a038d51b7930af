"""What a client may say instead of answering: not for me, not now, no more e-mails."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import assignments, audit, links
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Consent, ContactPoint, ContactState, Respondent
from delivery.models.messages import Dispatch
from delivery.states import OPEN_LINK, AssignmentState


def decline(session: Session, link: Link, why: str) -> None:
    """ "This is not for me" or "I don't want these forms now": one press, nothing asked, effective at once.

    Raises Invalid for another word. Does nothing to a link that has ended.
    """
    if why not in ("wrong-person", "refused"):
        raise Invalid("That is not one of the choices.")
    assignment = session.get(Assignment, link.assignment_id)
    assert assignment is not None
    if links.state(link) not in OPEN_LINK:
        return
    if not assignments.end(session, audit.CLIENT, assignment, AssignmentState.DECLINED, why):
        return
    if why == "refused":
        refuse(session, assignment)
        return
    used = select(Dispatch.contact_point_id).where(Dispatch.assignment_id == assignment.id)
    for point in session.scalars(select(ContactPoint).where(ContactPoint.id.in_(used))):
        point.state, point.state_reason = ContactState.BLOCKED, why
    _declined(session, assignment, why)


def refuse(session: Session, assignment: Assignment) -> None:
    """ "I don't want these forms now": works after sending too, which takes nothing back that was sent.

    One person's no ends what that person was asked. What others answer about the same client goes on.
    """
    respondent = session.get(Respondent, assignment.respondent_id)
    assert respondent is not None
    if respondent.refused_at is not None:
        return
    respondent.refused_at = now()
    assignments.stop_all(
        session, audit.CLIENT, assignment.client_id, "refused", respondent_id=assignment.respondent_id
    )
    _declined(session, assignment, "refused")


def _declined(session: Session, assignment: Assignment, why: str) -> None:
    tag = audit.Tag.FORM_DECLINED
    audit.record(session, assignment.practice_id, audit.CLIENT, tag, assignment.id, {"why": why})


def withdraw_mail(session: Session, respondent_id: UUID) -> bool:
    """The client takes back the agreement to e-mail (RFC 8058); False where nobody has this id."""
    respondent = session.get(Respondent, respondent_id)
    if respondent is None:
        return False
    standing = session.scalars(
        select(Consent).where(
            Consent.respondent_id == respondent_id,
            Consent.channel == Way.EMAIL.value,
            Consent.withdrawn_at.is_(None),
        )
    ).all()
    for consent in standing:
        consent.withdrawn_at = now()
    if standing:
        detail = {"consent": "email", "withdrawn": True}
        tag = audit.Tag.CLIENT_CHANGED
        audit.record(session, respondent.practice_id, audit.CLIENT, tag, respondent.client_id, detail)
    return True
