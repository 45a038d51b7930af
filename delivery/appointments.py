"""A client's appointments: typed once ("Tuesdays 10:00"), from a list, or from a calendar; skipped and ended.

Whatever changes them changes what hangs on them (`schedules.following`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, assignments, audit
from delivery.access import Caller
from delivery.calendars import slots, typed
from delivery.calendars.codes import normal_code
from delivery.calendars.slots import USUAL_MINUTES, Booked, Clash
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.clients import Client
from delivery.models.people import Practice
from delivery.models.schedules import Appointment
from delivery.schedules import following, meetings
from delivery.schedules.meetings import Meeting

#: So far ahead pages show sessions.
AHEAD: Final = timedelta(weeks=8)
TYPED: Final = "typed"
#: Of a code that LightQ suggests: nothing that reads as a word or as another sign.
LETTERS: Final = "BCDFGHJKMNPQRTVWXZ"
DIGITS: Final = "2346789"
_TRIES: Final = 50


def add(session: Session, caller: Caller, client_id: UUID, text: str) -> Appointment:
    """A standing appointment as it was typed, in the practice's zone. Raises NotFound, Invalid, Conflict."""
    client = _held(session, caller, client_id)
    zone = session.get_one(Practice, client.practice_id).time_zone
    slot = typed.slot(text, now().astimezone(ZoneInfo(zone)).date(), zone)
    for other in of_client(session, client.id):
        if (other.rule, other.wall_time) == (slot.rule.text, slot.wall_time) and other.source == TYPED:
            raise Conflict("This appointment is there already.")
    row = Appointment(
        practice_id=client.practice_id,
        client_id=client.id,
        person_id=caller.person_id,
        starts_on=slot.starts_on.isoformat(),
        wall_time=slot.wall_time,
        time_zone=zone,
        rule=slot.rule.text,
        skips=[],
        source=TYPED,
        source_key="",
    )
    row.source_key = str(row.id)
    session.add(row)
    _done(session, caller, client, {"added": 1})
    return row


def skip(session: Session, caller: Caller, appointment_id: UUID, key: str, *, undo: bool = False) -> UUID:
    """Take one session out, or put it back; gives the client's id. Raises NotFound, Conflict."""
    row, client = _one(session, caller, appointment_id)
    ahead = meetings.of_rows([row], now(), now() + AHEAD + timedelta(days=7))
    if key not in {one.key for one in ahead}:
        raise Conflict("There is no such session ahead.")
    row.skips = sorted({*row.skips} - {key} if undo else {*row.skips, key})
    _done(session, caller, client, {"skip": key, "undo": undo})
    return client.id


def end(session: Session, caller: Caller, appointment_id: UUID) -> UUID:
    """The client no longer comes at this time; gives the client's id. Raises NotFound."""
    row, client = _one(session, caller, appointment_id)
    row.cancelled_at = row.cancelled_at or now()
    _done(session, caller, client, {"ended": 1})
    return client.id


def of_client(session: Session, client_id: UUID) -> list[Appointment]:
    """The appointments of a client that stand, by id."""
    rows = select(Appointment).where(Appointment.client_id == client_id, Appointment.cancelled_at.is_(None))
    return list(session.scalars(rows.order_by(Appointment.id)))


def ahead(session: Session, client_id: UUID) -> list[Meeting]:
    """The client's sessions of the next weeks, with those that were skipped."""
    return meetings.of_client(session, client_id, now(), now() + AHEAD)


def set_code(session: Session, caller: Caller, client_id: UUID, text: str) -> None:
    """The word by which the client is found in a calendar; empty takes it away. Raises NotFound, Invalid."""
    client = _held(session, caller, client_id)
    code = normal_code(text) if text.strip() else None
    if code is not None and any(code == theirs for theirs in _codes(session, client).values()):
        raise Invalid("Another client has this code.", {"code": "Another client has this code."})
    client.calendar_code = code
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_CHANGED, client.id)


def suggest_code(session: Session, client: Client) -> str:
    """A code that nobody of the practice has: "K7M2"."""
    taken = set(_codes(session, client).values())
    for _ in range(_TRIES):
        code = "".join(secrets.choice(signs) for signs in (LETTERS, DIGITS, LETTERS, DIGITS))
        if code.casefold() not in taken:
            return code
    raise Conflict("No free code was found. Write one yourself.")


def clients_by_code(session: Session, caller: Caller, practice_id: UUID) -> dict[str, Client]:
    """Code → client, of the caller's caseload in one practice."""
    rows = access.clients(caller).where(
        Client.practice_id == practice_id,
        Client.calendar_code_sealed.is_not(None),  # type: ignore[attr-defined]
    )
    return {client.calendar_code: client for client in session.scalars(rows) if client.calendar_code}


def clashes(session: Session, caller: Caller, names: Mapping[UUID, str]) -> list[Clash]:
    """Sessions of the caller's that overlap within eight weeks, by the `names` of their clients."""
    rows: dict[UUID, list[Appointment]] = defaultdict(list)
    mine = select(Appointment).where(
        Appointment.person_id == caller.person_id, Appointment.client_id.in_(list(names))
    )
    for row in session.scalars(mine):
        rows[row.client_id].append(row)
    booked: list[Booked] = []
    for client_id, theirs in rows.items():
        starts = {one.start for one in meetings.of_rows(theirs, now(), now() + AHEAD) if not one.skipped}
        length = timedelta(minutes=USUAL_MINUTES)
        booked += [Booked(names[client_id], at, at + length, str(client_id)) for at in starts]
    return [clash for clash in slots.overlaps(booked) if clash.first.code != clash.second.code]


def keep(
    session: Session,
    caller: Caller,
    practice_id: UUID,
    source: str,
    found: Sequence[tuple[Client, str, datetime, str]],
) -> int:
    """Keep single appointments (client, local date, start, zone); one a client and day. Returns how many new.

    The same list a second time changes nothing; another time on the same day moves the session.
    """
    for client_id in sorted({client.id for client, *_ in found}):
        assignments.lock(session, client_id)
    there = {
        row.source_key: row
        for row in session.scalars(
            select(Appointment).where(Appointment.practice_id == practice_id, Appointment.source == source)
        )
    }
    new = 0
    for client, day, start, zone in found:
        key = hashlib.sha256(f"{client.id}|{day}".encode()).hexdigest()[:40]
        clock = f"{start.astimezone(ZoneInfo(zone)):%H:%M}"
        row = there.get(key)
        if row is None:
            new += 1
            row = Appointment(
                practice_id=practice_id,
                client_id=client.id,
                person_id=caller.person_id,
                source=source,
                source_key=key,
                starts_on=day,
                rule="",
                skips=[],
                wall_time=clock,
                time_zone=zone,
            )
            session.add(row)
        row.wall_time, row.time_zone, row.cancelled_at = clock, zone, None
    for client in {client.id: client for client, *_ in found}.values():
        following.changed(session, client)
    detail = {"clients": sorted({str(client.id) for client, *_ in found}), "added": new}
    audit.record(session, practice_id, caller.actor, audit.Tag.APPOINTMENTS_CHANGED, detail=detail)
    return new


def _codes(session: Session, client: Client) -> dict[UUID, str]:
    rows = select(Client).where(Client.practice_id == client.practice_id, Client.id != client.id)
    return {row.id: row.calendar_code for row in session.scalars(rows) if row.calendar_code}


def _held(session: Session, caller: Caller, client_id: UUID) -> Client:
    return assignments.lock(session, access.client(session, caller, client_id).id)


def _one(session: Session, caller: Caller, appointment_id: UUID) -> tuple[Appointment, Client]:
    row = session.get(Appointment, appointment_id)
    if row is None:
        raise NotFound
    client = _held(session, caller, row.client_id)
    session.refresh(row)
    return row, client


def _done(session: Session, caller: Caller, client: Client, detail: Mapping[str, object]) -> None:
    following.changed(session, client)
    said = {"client": str(client.id), **detail}
    audit.record(session, client.practice_id, caller.actor, audit.Tag.APPOINTMENTS_CHANGED, client.id, said)
