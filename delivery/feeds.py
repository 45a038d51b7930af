"""Calendar addresses: read every hour, matched by the clients' codes, and what changed is followed.

The piece of work that reads a calendar is one row of the ledger for the life of the address; it is given back
for an hour later, so that no reading is doubled and none is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels import calendar_feed
from channels.calendar_feed import Unread
from delivery import access, appointments, assignments, audit, jobs
from delivery.access import Caller
from delivery.calendars import feed as calendar
from delivery.calendars.wall import moment
from delivery.db import now
from delivery.errors import Invalid, NotFound
from delivery.models.clients import Client
from delivery.models.people import Practice, Role
from delivery.models.schedules import Appointment, CalendarFeed
from delivery.schedules import following, meetings
from delivery.schedules.meetings import MOVED
from delivery.settings import Settings

KIND: Final = "calendar"
SOURCE: Final = "feed"
EVERY: Final = timedelta(hours=1)
AHEAD: Final = timedelta(weeks=10)
#: After so long without a good reading the member is told.
SILENT: Final = timedelta(days=3)
_LONGEST: Final = 200


@dataclass(frozen=True)
class Reading:
    """What is needed to read one address: with it in hand no transaction is open."""

    url: str
    zone: str
    codes: frozenset[str]
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Change:
    """What a reading changed."""

    added: int
    moved: int
    cancelled: int


def add(session: Session, caller: Caller, practice_id: UUID, url: str, settings: Settings) -> CalendarFeed:
    """Read this address from now on, in place of the caller's other one. Raises Forbidden, Invalid."""
    caller.require(Role.CLINICIAN, practice_id)
    try:
        kept = calendar_feed.check(url, on_loopback=settings.on_loopback)
    except Unread as error:
        raise Invalid(str(error), {"url": str(error)}) from None
    for other in of_person(session, caller):
        if other.practice_id == practice_id:
            if other.url == kept:
                return other
            other.stopped_at = now()
    row = CalendarFeed(
        practice_id=practice_id,
        person_id=caller.person_id,
        time_zone=session.get_one(Practice, practice_id).time_zone,
        next_at=now(),
    )
    row.url = kept
    session.add(row)
    session.flush()
    jobs.add(session, KIND, row.id, practice_id=practice_id)
    audit.record(
        session, practice_id, caller.actor, audit.Tag.APPOINTMENTS_CHANGED, row.id, {"feed": "added"}
    )
    return row


def stop(session: Session, caller: Caller, feed_id: UUID) -> None:
    """Read it no more; its sessions stay as they were last seen. Raises NotFound."""
    row = next((one for one in of_person(session, caller) if one.id == feed_id), None)
    if row is None:
        raise NotFound
    row.stopped_at = now()
    detail = {"feed": "stopped"}
    audit.record(session, row.practice_id, caller.actor, audit.Tag.APPOINTMENTS_CHANGED, row.id, detail)


def of_person(session: Session, caller: Caller) -> list[CalendarFeed]:
    """The addresses of the caller's that are read."""
    rows = select(CalendarFeed).where(
        CalendarFeed.person_id == caller.person_id,
        CalendarFeed.practice_id.in_(caller.practices(Role.CLINICIAN)),
        CalendarFeed.stopped_at.is_(None),
    )
    return list(session.scalars(rows.order_by(CalendarFeed.id)))


def silent(session: Session, caller: Caller) -> list[CalendarFeed]:
    """Those of the caller's that could not be read for three days: for a line on the first page."""
    return [one for one in of_person(session, caller) if is_silent(one)]


def is_silent(row: CalendarFeed) -> bool:
    """Whether an address could not be read for three days."""
    return (row.read_at or row.created_at) < now() - SILENT


def reading(session: Session, feed_id: UUID) -> Reading | None:
    """What to read; None where nobody wants it any more (stopped, or its person has left)."""
    row = session.get(CalendarFeed, feed_id)
    if row is None or row.stopped_at is not None or row.url is None:
        return None
    try:
        caller = access.caller(session, row.person_id, row.practice_id)
    except NotFound:
        return None
    codes = appointments.clients_by_code(session, caller, row.practice_id)
    at = now()
    return Reading(row.url, row.time_zone, frozenset(codes), at, at + AHEAD)


def fetched(wanted: Reading, settings: Settings) -> calendar.Feed | str:
    """The sessions that stand in the calendar, or in plain words why it could not be read."""
    try:
        raw = calendar_feed.fetch(wanted.url, on_loopback=settings.on_loopback)
        return calendar.read(raw, wanted.since, wanted.until, wanted.zone, wanted.codes)
    except (Unread, Invalid) as error:
        return str(error)


def take(
    session: Session, feed_id: UUID, wanted: Reading, found: calendar.Feed | str
) -> tuple[datetime, Change]:
    """Keep what was read: plan, move and call off sessions. Gives when to read next, and what changed."""
    row = session.get_one(CalendarFeed, feed_id, with_for_update=True)
    row.next_at = now() + EVERY
    if isinstance(found, str):
        row.error = found[:_LONGEST]
        return row.next_at, Change(0, 0, 0)
    row.read_at, row.error = now(), _unread(found)
    caller = access.caller(session, row.person_id, row.practice_id)
    by_code = appointments.clients_by_code(session, caller, row.practice_id)
    sessions = [
        replace(one, start=_as_kept(one.start, row.time_zone))
        for one in found.sessions
        if one.code in by_code
    ]
    changed = _follow(session, row, wanted, sessions, by_code)
    if changed != Change(0, 0, 0):
        detail = {"added": changed.added, "moved": changed.moved, "cancelled": changed.cancelled}
        audit.record(session, row.practice_id, audit.WORKER, audit.Tag.CALENDAR_READ, row.id, detail)
    return row.next_at, changed


def _unread(found: calendar.Feed) -> str | None:
    if not found.unread:
        return None
    return f"{found.unread} events with a code could not be read for certain. Type these sessions here."


def _as_kept(start: datetime, zone: str) -> datetime:
    """The start to the minute, as a wall time of the feed's zone can say it."""
    local = start.astimezone(ZoneInfo(zone))
    return moment(local.date(), f"{local:%H:%M}", zone)


def _follow(
    session: Session,
    row: CalendarFeed,
    wanted: Reading,
    sessions: Sequence[calendar.Session],
    by_code: Mapping[str, Client],
) -> Change:
    for client_id in sorted({client.id for client in by_code.values()}):
        assignments.lock(session, client_id)
    there = {
        one.source_key: one
        for one in session.scalars(select(Appointment).where(Appointment.calendar_feed_id == row.id))
    }
    known = {key: meetings.start(one) for key, one in there.items() if one.cancelled_at is None}
    found = calendar.differences(known, sessions, wanted.since, wanted.until)
    touched: set[UUID] = set()
    for key in found.cancelled:
        there[key].cancelled_at = now()
        touched.add(there[key].client_id)
    for one in found.moved:
        old = there[one.key]
        old.cancelled_at = now()
        old.source_key = _moved_key(one.key, there)
        touched.add(old.client_id)
    session.flush()
    for one in (*found.moved, *found.added):
        client, gone = by_code[one.code], there.get(one.key)
        if gone is None or one in found.moved:
            session.add(_appointment(row, client, one))
        else:  # it was called off and takes place after all
            gone.starts_on, gone.wall_time = _wall(one.start, row.time_zone)
            gone.time_zone, gone.cancelled_at, gone.created_at = row.time_zone, None, now()
        touched.add(client.id)
    for client_id in sorted(touched):
        following.changed(session, session.get_one(Client, client_id))
    return Change(len(found.added), len(found.moved), len(found.cancelled))


def _moved_key(key: str, there: Mapping[str, Appointment]) -> str:
    return f"{key}{MOVED}{1 + sum(one.startswith(key + MOVED) for one in there)}"


def _wall(start: datetime, zone: str) -> tuple[str, str]:
    local = start.astimezone(ZoneInfo(zone))
    return local.date().isoformat(), f"{local:%H:%M}"


def _appointment(row: CalendarFeed, client: Client, one: calendar.Session) -> Appointment:
    starts_on, wall_time = _wall(one.start, row.time_zone)
    return Appointment(
        practice_id=row.practice_id,
        client_id=client.id,
        person_id=row.person_id,
        calendar_feed_id=row.id,
        starts_on=starts_on,
        wall_time=wall_time,
        time_zone=row.time_zone,
        rule="",
        skips=[],
        source=SOURCE,
        source_key=one.key,
    )
