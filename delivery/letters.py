"""The words of a message, from the approved templates. No health data, no client's name, no measure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Message
from delivery import links, rendering
from delivery.db import now
from delivery.errors import Conflict
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import Client, ContactPoint
from delivery.models.messages import Dispatch, Purpose
from delivery.models.people import Person, Practice
from delivery.settings import Settings
from delivery.signing import Purpose as TokenPurpose
from delivery.signing import Tokens
from delivery.states import OPEN_LINK

TEMPLATE: Final = {
    Purpose.INVITATION: "invitation",
    Purpose.REMINDER: "invitation",
    Purpose.RESULT: "result_ready",
    Purpose.RISK: "risk_alert",
    Purpose.LOCKED: "link_locked",
    Purpose.TEST: "test",
}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905


def write(session: Session, row: Dispatch, attempt_id: str, settings: Settings, tokens: Tokens) -> Message:
    """The finished message of a dispatch. Raises Conflict where its link has ended."""
    practice = session.get(Practice, row.practice_id)
    assert practice is not None
    values: dict[str, Any] = {
        "sender_name": practice.sender_name,
        "help_line": None,
        "link": f"{settings.base_url}/console",
        "expires_on": "",
    }
    unsubscribe = None
    if row.purpose in (Purpose.INVITATION, Purpose.REMINDER):
        values |= _invitation(session, row, practice, settings, tokens)
        assert row.respondent_id is not None
        unsubscribe = unsubscribe_url(row.respondent_id, settings, tokens)
    folder = f"email/{TEMPLATE[row.purpose]}"
    subject = rendering.render(f"{folder}/subject.txt", **values)
    return Message(
        attempt_id=attempt_id,
        kind="email",
        to=address(session, row),
        sender_name=practice.sender_name,
        sender_address=settings.sender_address,
        subject=" ".join(subject.split()),
        text=rendering.render(f"{folder}/body.txt", **values),
        html=rendering.render(f"{folder}/body.html", **values),
        unsubscribe_url=unsubscribe,
    )


def sample(practice: Practice, zone: str, settings: Settings) -> tuple[str, str]:
    """Subject and text of an invitation sent now, as the console shows them before sending."""
    values: dict[str, Any] = {
        "sender_name": practice.sender_name,
        "help_line": None,
        "link": f"{settings.client_url}/q/…",
        "expires_on": _day(now() + timedelta(days=settings.link_days), zone),
    }
    folder = f"email/{TEMPLATE[Purpose.INVITATION]}"
    subject = " ".join(rendering.render(f"{folder}/subject.txt", **values).split())
    return subject, rendering.render(f"{folder}/body.txt", **values)


def address(session: Session, row: Dispatch) -> str:
    """The address a message goes to."""
    if row.person_id is not None:
        person = session.get(Person, row.person_id)
        return person.email if person else ""
    point = session.get(ContactPoint, row.contact_point_id)
    return (point.value or "") if point else ""


def _invitation(
    session: Session, row: Dispatch, practice: Practice, settings: Settings, tokens: Tokens
) -> dict[str, str]:
    link = session.scalars(
        select(Link).where(Link.assignment_id == row.assignment_id, Link.state.in_(OPEN_LINK))
    ).first()
    token = links.token(link, tokens) if link else None
    assignment = session.get(Assignment, row.assignment_id)
    if link is None or token is None or assignment is None:
        raise Conflict("The link of this message has ended.")
    client = session.get(Client, assignment.client_id)
    zone = (client.time_zone if client else None) or practice.time_zone
    return {"link": links.url(token, settings), "expires_on": _day(link.expires_at, zone)}


def _day(at: datetime, zone: str) -> str:
    """ "Friday, December 4" in a zone."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{DAYS[local.weekday()]}, {MONTHS[local.month - 1]} {local.day}"


def unsubscribe_url(respondent_id: UUID, settings: Settings, tokens: Tokens) -> str:
    """Where a mail program's own "unsubscribe" button posts to (RFC 8058)."""
    token = tokens.make(TokenPurpose.UNSUBSCRIBE, respondent_id.bytes)
    return f"{settings.client_url}/unsubscribe/{quote(token)}"
