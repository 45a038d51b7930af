"""The sitting that a step belongs to, found anew each time: nothing of it lives on the tablet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from delivery import forms
from delivery.db import now
from delivery.errors import NotFound
from delivery.kiosk import clock, devices, tickets
from delivery.kiosk.clock import Standing
from delivery.models.devices import KioskDevice, KioskTicket
from delivery.models.people import Practice
from delivery.sheets import Sheet
from delivery.states import FormState
from delivery.web.kiosk.door import Step

#: What a tablet may bring late because it had no connection: nothing that only keeps a page open.
MADE_BEFORE: Final = ("answer", "begin", "wiped")


@dataclass(frozen=True)
class Tablet:
    """The tablet of a step and the practices that it serves now."""

    device: KioskDevice
    practices: list[Practice]

    @property
    def granted(self) -> list[UUID]:
        """Their ids."""
        return [one.id for one in self.practices]


@dataclass(frozen=True)
class Sitting:
    """A form on this tablet, its ticket, and the secret of the page that holds it."""

    sheet: Sheet
    ticket: KioskTicket
    secret: str

    @property
    def sent(self) -> bool:
        """Whether its answers were sent from here."""
        return self.sheet.form.state is FormState.SUBMITTED


def tablet(session: Session, device_id: UUID) -> Tablet:
    """The tablet with what it serves."""
    ids = devices.granted(session, device_id)
    practices = session.scalars(select(Practice).where(Practice.id.in_(ids)).order_by(Practice.id)).all()
    return Tablet(session.get_one(KioskDevice, device_id), list(practices))


def find(session: Session, here: Tablet, pressed: Step, *, lock: bool = True) -> Sitting | None:
    """The step's sitting, where this page may go on with it; None sends the tablet to its start page.

    With `lock` the ask is held, and a sitting that nobody has touched in time is taken off the screen.
    """
    try:
        sheet = forms.find(session, pressed.ref, pressed.secret, lock=lock)
    except NotFound:
        return None
    ticket = session.scalars(
        select(KioskTicket)
        .where(KioskTicket.form_id == sheet.form.id)
        .order_by(KioskTicket.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()
    if ticket is None or ticket.device_id != here.device.id or ticket.practice_id not in here.granted:
        return None
    found = Sitting(sheet, ticket, pressed.secret)
    if found.sent:
        return found if ticket.end_reason == "sent" else None
    if clock.standing(ticket) is not Standing.OVER:
        return found
    if pressed.do in MADE_BEFORE and _held(session, ticket, pressed.held):
        if lock:
            ticket.ended_at = ticket.end_reason = sheet.form.suspended_at = None
        return found
    if lock:
        tickets.close(session, ticket, "time-out")
    return None


def _held(session: Session, ticket: KioskTicket, seconds: float) -> bool:
    """Whether the step was made in time and has only waited for the connection; it is then taken."""
    made = now() - timedelta(seconds=seconds)
    if (
        not seconds
        or made > ticket.expires_at + clock.ANSWER_WITHIN
        or ticket.end_reason not in (None, "time-out")
    ):
        return False
    newer = select(KioskTicket.id).where(
        or_(
            KioskTicket.assignment_id == ticket.assignment_id,
            and_(KioskTicket.device_id == ticket.device_id, KioskTicket.used_at.is_not(None)),
        ),
        KioskTicket.id > ticket.id,
    )
    return session.scalars(newer).first() is None
