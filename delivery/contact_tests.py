"""A test message while the client is in the room, and what they say: did it arrive?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from delivery import assignments, consents, contact_changes, contacts, jobs, messages, opt_outs
from delivery.access import Caller
from delivery.clearance import ALLOWED, NOT_POSSIBLE
from delivery.db import now
from delivery.errors import Conflict
from delivery.models.clients import Client, ContactPoint, ContactState, Respondent
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.states import UNSENT, ClientState, DispatchState

HOW: Final = "test"
#: A second press within this time is the same press.
ONE_PRESS: Final = timedelta(seconds=10)
#: Nobody asks any more whether a test of that age arrived.
FRESH: Final = timedelta(hours=1)


def send(session: Session, caller: Caller, point_id: UUID) -> Dispatch:
    """Send a test to one address, now. Raises NotFound, Conflict saying why it can't be."""
    point, respondent, client = contact_changes.find(session, caller, point_id)
    client = assignments.lock(session, client.id)
    if why := barred(session, client, respondent, point):
        raise Conflict(why)
    last = newest(session, [point.id]).get(point.id)
    if last is not None and (last.state in UNSENT or last.created_at > now() - ONE_PRESS):
        return last
    number = session.scalar(
        select(func.count()).where(Dispatch.contact_point_id == point.id, Dispatch.purpose == Purpose.TEST)
    )
    row = Dispatch(
        practice_id=point.practice_id,
        purpose=Purpose.TEST,
        recipient=RecipientKind.CLIENT,
        respondent_id=respondent.id,
        contact_point_id=point.id,
        channel=point.kind.value,
        lane="interactive",
        business_key=f"test|{point.id}|{(number or 0) + 1}",
        due_at=now(),
    )
    session.add(row)
    session.flush()
    jobs.add(session, messages.WORK["interactive"], row.id, practice_id=row.practice_id)
    contact_changes.note(session, caller, respondent, "contact", point, test=str(row.id))
    return row


def barred(session: Session, client: Client, respondent: Respondent, point: ContactPoint) -> str | None:
    """Why no test can go there, in plain words."""
    if client.state is not ClientState.ACTIVE:
        return "The client is paused or closed: nothing is sent."
    if respondent.in_person_only:
        return "Nothing is sent to this client: kiosk or in the room only."
    if respondent.refused_at is not None:
        return "The client does not want these forms now. Talk about it first."
    return _unusable(session, respondent, point)


def _unusable(session: Session, respondent: Respondent, point: ContactPoint) -> str | None:
    channel = point.kind.value
    if point.state not in contacts.USABLE or point.safe_for not in ALLOWED[Purpose.TEST]:
        return "Nothing may be sent here."
    if opt_outs.stands(session, channel, point.value or "", point.practice_id):
        return NOT_POSSIBLE[channel]
    if consents.standing(session, respondent.id, channel, point.id) is None:
        return "Record the client’s consent first; without it nothing is sent."
    return None


def newest(session: Session, point_ids: Iterable[UUID]) -> dict[UUID, Dispatch]:
    """The newest test of each contact point."""
    rows = session.scalars(
        select(Dispatch)
        .where(Dispatch.contact_point_id.in_(set(point_ids)), Dispatch.purpose == Purpose.TEST)
        .order_by(Dispatch.id)
    )
    return {row.contact_point_id: row for row in rows if row.contact_point_id is not None}


def asks(row: Dispatch | None) -> bool:
    """Whether it is time to ask if this test arrived: it has left, and not long ago."""
    if row is None or row.created_at < now() - FRESH:
        return False
    return row.state in (DispatchState.HANDED_OVER, DispatchState.DELIVERED, DispatchState.UNCLEAR)


def arrived(session: Session, caller: Caller, point_id: UUID) -> None:
    """The client says that the test is there: the contact point is confirmed. Raises NotFound, Conflict."""
    point, respondent, _client = contact_changes.find(session, caller, point_id)
    if not asks(newest(session, [point.id]).get(point.id)):
        raise Conflict("Send a test first.")
    if point.state not in contacts.USABLE:
        raise Conflict("This address or number is not in use.")
    point.state, point.confirmed_at, point.confirmed_how = ContactState.CONFIRMED, now(), HOW
    contact_changes.note(session, caller, respondent, "contact", point, confirmed=HOW)
