"""Somebody at a tablet asks to have their clinician fetched. The desk learns whom to fetch, not why."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import audit
from delivery.access import Caller
from delivery.db import now
from delivery.errors import NotFound
from delivery.kiosk import desk
from delivery.models.assignments import Assignment
from delivery.models.clients import Client
from delivery.models.devices import DeskCall, KioskDevice
from delivery.models.people import Person


@dataclass(frozen=True)
class Call:
    """ "Please fetch Dr. R." and where."""

    row: DeskCall
    clinician: str
    tablet: str


def make(session: Session, row: Assignment, device_id: UUID) -> None:
    """Ask the desk; a second press while the first one stands changes nothing. The caller holds the ask."""
    if stands(session, row.id):
        return
    call = DeskCall(
        practice_id=row.practice_id,
        client_id=row.client_id,
        assignment_id=row.id,
        device_id=device_id,
        at=now(),
    )
    session.add(call)
    audit.record(session, row.practice_id, audit.Actor("device", device_id), audit.Tag.DESK_CALLED, row.id)


def stands(session: Session, assignment_id: UUID) -> bool:
    """Whether the desk has been asked and nobody has gone yet."""
    waits = select(DeskCall.id).where(DeskCall.assignment_id == assignment_id, DeskCall.done_at.is_(None))
    return session.scalars(waits).first() is not None


def waiting(session: Session, caller: Caller) -> list[Call]:
    """What the caller's desk is asked for, the longest wait first."""
    rows = session.execute(
        select(DeskCall, Person.known_as, KioskDevice.name)
        .join(Assignment, Assignment.id == DeskCall.assignment_id)
        .join(Client, Client.id == DeskCall.client_id)
        .join(Person, Person.id == Assignment.requested_by)
        .join(KioskDevice, KioskDevice.id == DeskCall.device_id)
        .where(DeskCall.done_at.is_(None), desk.sees(caller))
        .order_by(DeskCall.at)
    )
    return [Call(row, clinician, tablet) for row, clinician, tablet in rows]


def done(session: Session, caller: Caller, call_id: UUID) -> None:
    """Somebody has gone to fetch them. Raises NotFound."""
    found = next((one.row for one in waiting(session, caller) if one.row.id == call_id), None)
    if found is None:
        raise NotFound
    found.done_at, found.done_by = now(), caller.person_id
    audit.record(session, found.practice_id, caller.actor, audit.Tag.DESK_CALL_DONE, found.assignment_id)
