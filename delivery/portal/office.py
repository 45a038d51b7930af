"""What a clinician does about a client's own page: send a link to it, show trends there, sign them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, clients, codes, contact_changes, jobs, messages, reach, sign_in_links
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict
from delivery.models.clients import ContactPoint, Respondent
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.models.portal import PortalSession
from delivery.portal import sessions
from delivery.states import UNSENT

#: A second press within this time is the same press.
ONE_PRESS: Final = timedelta(seconds=10)


@dataclass(frozen=True)
class Way:
    """A contact point to which a link may go, or why not, and the last link that went there."""

    point: ContactPoint
    barred: str | None
    last: Dispatch | None


@dataclass(frozen=True)
class Desk:
    """One who answers: where a link may go, and the browsers in which they are signed in."""

    respondent: Respondent
    ways: list[Way]
    browsers: list[PortalSession]


def of_client(session: Session, caller: Caller, client_id: UUID) -> dict[UUID, Desk]:
    """By respondent. The caller has written the audit row. Raises NotFound."""
    access.client(session, caller, client_id)
    people = clients.respondents(session, client_id)
    browsers = sessions.living(session, [one.id for one in people])
    found = {}
    for one in people:
        points = session.scalars(
            select(ContactPoint).where(ContactPoint.respondent_id == one.id).order_by(ContactPoint.id)
        )
        ways = [Way(point, _barred(session, one, point), _last(session, point)) for point in points]
        found[one.id] = Desk(one, ways, [row for row in browsers if row.respondent_id == one.id])
    return found


def _barred(session: Session, respondent: Respondent, point: ContactPoint) -> str | None:
    if respondent.refused_at is not None:
        return "The client does not want these forms now. Talk about it first."
    return codes.barred(session, point)


def _last(session: Session, point: ContactPoint) -> Dispatch | None:
    return session.scalars(
        select(Dispatch)
        .where(
            Dispatch.contact_point_id == point.id,
            Dispatch.purpose == Purpose.INVITATION,
            Dispatch.code_id.is_not(None),
        )
        .order_by(Dispatch.id.desc())
        .limit(1)
    ).first()


def invite(session: Session, caller: Caller, point_id: UUID) -> Dispatch:
    """Send a link that signs in once, in the next three days. Raises NotFound, Conflict saying why not."""
    point, respondent, client = contact_changes.find(session, caller, point_id)
    if why := _barred(session, respondent, point):
        raise Conflict(why)
    last = _last(session, point)
    if last is not None and (last.state in UNSENT or last.created_at > now() - ONE_PRESS):
        return last
    code = sign_in_links.make(session, point, now())
    row = Dispatch(
        practice_id=point.practice_id,
        purpose=Purpose.INVITATION,
        recipient=RecipientKind.CLIENT,
        respondent_id=respondent.id,
        contact_point_id=point.id,
        code_id=code.id,
        channel=point.kind.value,
        lane="interactive",
        business_key=f"portal|{code.id}",
        due_at=now(),
    )
    session.add(row)
    session.flush()
    jobs.add(session, messages.WORK["interactive"], row.id, practice_id=row.practice_id)
    tag = audit.Tag.PORTAL_INVITED
    audit.record(session, row.practice_id, caller.actor, tag, client.id, {"point": str(point.id)})
    return row


def show_trends(session: Session, caller: Caller, respondent_id: UUID, *, show: bool) -> None:
    """Whether this person sees past results as a line. Raises NotFound."""
    respondent, client = reach.find(session, caller, respondent_id)
    respondent.portal_trends = show
    tag, detail = audit.Tag.CLIENT_CHANGED, {"fields": ["portal_trends"], "show": show}
    audit.record(session, client.practice_id, caller.actor, tag, client.id, detail)


def sign_out(session: Session, caller: Caller, respondent_id: UUID) -> None:
    """End every signed-in browser, code and sign-in link of a person. Raises NotFound."""
    respondent, _client = reach.find(session, caller, respondent_id)
    sessions.revoke_all(session, respondent, caller.actor)
