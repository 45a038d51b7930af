"""What a client may say instead of answering: not for me, not now, no more e-mails."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import assignments, audit, consents, links, notices
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import ContactKind, ContactPoint, ContactState, Respondent
from delivery.models.messages import Dispatch, NoticeKind
from delivery.states import OPEN_LINK, AssignmentState, DispatchState

#: What can be said, and nothing else. "not-this-one": these questions, now; others may come. "not-now" and
#: "refused": nothing more is sent, until they have talked.
NOT_FOR_ME: Final = "wrong-person"
NOT_THIS_ONE: Final = "not-this-one"
NO_MORE: Final = ("not-now", "refused")
SAID: Final = (NOT_FOR_ME, NOT_THIS_ONE, *NO_MORE)
#: Messages that nobody has read.
NEVER_READ: Final = (DispatchState.FAILED, DispatchState.CANCELLED)


def decline(session: Session, link: Link, why: str) -> None:
    """ "This is not for me", or one of "I don't want these forms now": one press, effective at once.

    Raises Invalid for another word. Does nothing to a link that has ended.
    """
    if why not in SAID:
        raise Invalid("That is not one of the choices.")
    assignment = session.get(Assignment, link.assignment_id)
    assert assignment is not None
    if links.state(link) not in OPEN_LINK:
        return
    if not assignments.end(session, audit.CLIENT, assignment, AssignmentState.DECLINED, why):
        return
    if why in NO_MORE:
        refuse(session, assignment, why)
        return
    if why == NOT_FOR_ME:
        _block(session, assignment, why)
    _declined(session, assignment, why)


def _block(session: Session, assignment: Assignment, why: str) -> None:
    """Nothing goes there any more for this person: where the link was read, wherever else the same stands."""
    used = session.scalars(select(Dispatch).where(Dispatch.assignment_id == assignment.id)).all()
    read = [row for row in used if row.state not in NEVER_READ] or used
    indexes = select(ContactPoint.blind_index).where(
        ContactPoint.id.in_({row.contact_point_id for row in read if row.contact_point_id})
    )
    points = select(ContactPoint).where(
        ContactPoint.respondent_id == assignment.respondent_id, ContactPoint.blind_index.in_(indexes)
    )
    wrong = NoticeKind.WRONG_PERSON
    for point in session.scalars(points).all():
        point.state, point.state_reason = ContactState.BLOCKED, why
        notices.add(session, assignment.practice_id, assignment.client_id, wrong, point.id)


def refuse(session: Session, assignment: Assignment, why: str = "refused") -> None:
    """ "Not now" or "no more": works after sending too, which takes nothing back that was sent."""
    respondent = session.get(Respondent, assignment.respondent_id)
    assert respondent is not None
    if stop(session, respondent):
        _declined(session, assignment, why)


def stop(session: Session, respondent: Respondent) -> bool:
    """Nothing more is asked of this person; False where they had said so before.

    One person's no ends what that person was asked. What others answer about the same client goes on.
    """
    if respondent.refused_at is not None:
        return False
    respondent.refused_at = now()
    client_id = respondent.client_id
    assignments.stop_all(session, audit.CLIENT, client_id, "refused", respondent_id=respondent.id)
    notices.add(session, respondent.practice_id, client_id, NoticeKind.REFUSED)
    return True


def _declined(session: Session, assignment: Assignment, why: str) -> None:
    tag = audit.Tag.FORM_DECLINED
    audit.record(session, assignment.practice_id, audit.CLIENT, tag, assignment.id, {"why": why})


def withdraw_mail(session: Session, respondent_id: UUID) -> bool:
    """The client takes back the agreement to e-mail (RFC 8058); False where nobody has this id."""
    respondent = session.get(Respondent, respondent_id)
    if respondent is None:
        return False
    if consents.withdraw(session, respondent, ContactKind.EMAIL.value, audit.CLIENT):
        point = session.scalars(
            select(ContactPoint)
            .where(ContactPoint.respondent_id == respondent.id, ContactPoint.kind == ContactKind.EMAIL)
            .order_by(ContactPoint.id)
            .limit(1)
        ).first()
        client_id, kind = respondent.client_id, NoticeKind.OPTED_OUT
        notices.add(session, respondent.practice_id, client_id, kind, point.id if point else None)
    return True
