"""A list of appointments in a file: read against the caller's clients, and kept whole or not at all."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from delivery import appointments
from delivery.access import Caller
from delivery.calendars import appointment_file
from delivery.calendars.appointment_file import AppointmentFile
from delivery.errors import Invalid
from delivery.models.people import Practice, Role

SOURCE = "file"


def read(session: Session, caller: Caller, practice_id: UUID, raw: bytes) -> AppointmentFile:
    """What is in the file, every bad row named. Raises Forbidden, and Invalid for what is no such file."""
    caller.require(Role.CLINICIAN, practice_id)
    known = appointments.clients_by_code(session, caller, practice_id)
    zone = session.get_one(Practice, practice_id).time_zone
    return appointment_file.read(raw, zone, known)


def keep(session: Session, caller: Caller, practice_id: UUID, found: AppointmentFile) -> int:
    """Keep all of its appointments; returns how many are new. Raises Invalid where a row is bad."""
    if found.faults:
        raise Invalid("Mend the rows that are named first. Nothing was kept.")
    by_code = appointments.clients_by_code(session, caller, practice_id)
    rows = [(by_code[row.code], row.key, row.start, row.zone) for row in found.rows]
    return appointments.keep(session, caller, practice_id, SOURCE, rows)
