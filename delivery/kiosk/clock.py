"""The clock of a sitting on a tablet. It is the server's: what the script or the tablet does changes nothing.

A used ticket's `expires_at` is when the screen blanks to "Still there?". Half a minute later it is wiped and
the sitting is suspended; its answers wait two hours for a new code.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import sittings
from delivery.db import now
from delivery.kiosk import tickets
from delivery.kiosk.tickets import QUIET, RESUMED_WITHIN
from delivery.models.assignments import FormSession
from delivery.models.devices import KioskTicket
from delivery.states import FormState

MORE: Final = timedelta(minutes=3)
MOST: Final = 10
ANSWER_WITHIN: Final = timedelta(seconds=30)
#: Where a draft counts the presses on "I need more time". No instrument has this key.
PRESSES: Final = "?more"


class Standing(StrEnum):
    """Where a sitting on a tablet stands."""

    ACTIVE = "active"
    ASKING = "asking"
    OVER = "over"


def standing(ticket: KioskTicket, at: datetime | None = None) -> Standing:
    """Whether the screen shows the form, asks "Still there?", or has been wiped."""
    at = at or now()
    if ticket.ended_at is not None or at > ticket.expires_at + ANSWER_WITHIN:
        return Standing.OVER
    return Standing.ASKING if at > ticket.expires_at else Standing.ACTIVE


def touched(ticket: KioskTicket) -> None:
    """Somebody is there: a minute from now, or what is left of more time that was asked for."""
    ticket.expires_at = max(ticket.expires_at, now() + QUIET)


def answered(ticket: KioskTicket, form: FormSession) -> None:
    """A step was taken; presses on "I need more time" count anew."""
    touched(ticket)
    if form.draft and PRESSES in form.draft:
        form.draft = {key: kept for key, kept in form.draft.items() if key != PRESSES}


def more(ticket: KioskTicket, form: FormSession) -> bool:
    """ "I need more time": three minutes, ten times in a row; False where there are no more."""
    pressed = int((form.draft or {}).get(PRESSES, {}).get("times") or 0)
    if pressed >= MOST:
        return False
    form.draft = {**(form.draft or {}), PRESSES: {"times": str(pressed + 1)}}
    ticket.expires_at = now() + MORE
    return True


def lapse(session: Session, device_id: UUID | None = None) -> int:
    """Suspend what nobody has touched in time, on one tablet or on all; returns how many."""
    rows = select(KioskTicket).where(
        KioskTicket.ended_at.is_(None), KioskTicket.expires_at < now() - ANSWER_WITHIN
    )
    if device_id is not None:
        rows = rows.where(KioskTicket.device_id == device_id)
    late = session.scalars(rows.order_by(KioskTicket.id).limit(200)).all()
    for ticket in late:
        tickets.close(session, ticket, "time-out")
    return len(late)


def let_go(session: Session, limit: int = 200) -> int:
    """End sittings that no new code has gone on with in time: what they hold of risk answers is told first.

    For the sweep. Returns how many.
    """
    lapse(session)
    rows = session.execute(
        select(FormSession.assignment_id, FormSession.id)
        .where(FormSession.state == FormState.OPEN, FormSession.suspended_at < now() - RESUMED_WITHIN)
        .order_by(FormSession.assignment_id, FormSession.id)
        .limit(limit)
    ).all()
    for assignment_id, form_id in rows:
        sittings.end(session, sittings.lock(session, assignment_id), FormSession.id == form_id)
    return len(rows)
