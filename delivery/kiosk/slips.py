"""Slips: the link of an ask as a square for the person's own phone, handed over in the room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import audit, links, sittings
from delivery.access import Caller
from delivery.errors import Conflict
from delivery.kiosk.arrivals import Arrival
from delivery.kiosk.walk_up import square
from delivery.models.assignments import Link
from delivery.service import Service
from delivery.states import OPEN_ASK, OPEN_LINK


@dataclass(frozen=True)
class Slip:
    """What is shown and printed: the address, its square as SVG, and until when it opens."""

    url: str
    svg: str
    until: datetime


def make(session: Session, caller: Caller, line: Arrival, service: Service) -> Slip:
    """The slip of an ask: the link it has, or its first. Raises Conflict where no link may carry it."""
    row = sittings.lock(session, line.ask.id)
    if row.state not in OPEN_ASK:
        raise Conflict("This form has been answered meanwhile, or has ended.")
    if not line.by_phone:
        raise Conflict("This form is for the tablet only.")
    if links.locked(session, [row.id]):
        raise Conflict("This link is locked. The clinician can send it again.")
    newest = session.scalars(
        select(Link).where(Link.assignment_id == row.id, Link.state.in_(OPEN_LINK)).order_by(Link.id.desc())
    ).first()
    link = newest if newest is not None and newest.token_id else links.issue(session, row)
    token = links.token(link, service.tokens)
    assert token is not None
    url = links.url(token, service.settings)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.DESK_LINK, row.id)
    return Slip(url, square(url), link.expires_at)
