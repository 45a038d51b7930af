"""What a tablet could have shown of late: for the page that takes a lost one out of use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import audit
from delivery.access import Caller
from delivery.db import now
from delivery.kiosk import desk, devices
from delivery.models.assignments import Assignment
from delivery.models.clients import Client
from delivery.models.devices import KioskTicket
from delivery.models.people import Person

#: So far back it is told.
LOOK_BACK: Final = timedelta(hours=12)


@dataclass(frozen=True)
class Shown:
    """One form that was opened there: whose, from when, and until when it stood on the screen at most."""

    practice_id: UUID
    called: str
    clinician: str
    since: datetime
    until: datetime
    open: bool


def of_device(session: Session, caller: Caller, device_id: UUID) -> list[Shown]:
    """Forms of the caller's list that were opened on a tablet within `LOOK_BACK`, the latest first.

    Writes the audit rows. Raises NotFound.
    """
    devices.of_keeper(session, caller, device_id, *devices.KEEPERS)
    rows = session.execute(
        select(KioskTicket, Client, Person.known_as)
        .join(Assignment, Assignment.id == KioskTicket.assignment_id)
        .join(Client, Client.id == Assignment.client_id)
        .join(Person, Person.id == Assignment.requested_by)
        .where(KioskTicket.device_id == device_id, KioskTicket.used_at > now() - LOOK_BACK, desk.sees(caller))
        .order_by(KioskTicket.used_at.desc())
    ).all()
    found = []
    for ticket, client, clinician in rows:
        audit.record(session, client.practice_id, caller.actor, audit.Tag.DESK_READ, client.id)
        assert ticket.used_at is not None
        name = client.called_by or client.given_name or client.family_name or "?"
        ends = ticket.ended_at or ticket.expires_at
        found.append(
            Shown(client.practice_id, name, clinician, ticket.used_at, ends, ticket.ended_at is None)
        )
    return found
