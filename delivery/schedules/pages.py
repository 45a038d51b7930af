"""What the pages of schedules show: one being planned, one that runs, and all of a caseload."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, clients, library, offers, results, wordings
from delivery.access import Caller
from delivery.calendars.rules import once
from delivery.db import now
from delivery.errors import Conflict, Invalid
from delivery.models.clients import Client, Respondent
from delivery.models.people import Practice, Role
from delivery.models.schedules import Appointment, Schedule
from delivery.offers import Offer
from delivery.schedules import changing, following, making, remarks, upcoming
from delivery.schedules.making import Wanted
from delivery.schedules.remarks import Remarks
from delivery.schedules.upcoming import Outlook
from delivery.settings import Settings
from questionnaires.schema import Instrument

#: Schedules that have ended stay on the list for so long.
STOPPED_FOR: Final = timedelta(days=30)


@dataclass(frozen=True)
class Planned:
    """The page of a schedule that is being planned. `row`, `outlook` and `remarks` where it could be saved;
    `fault` says why not. `no_text`: measures without an official text in the reader's language; `screening`:
    those that were made for screening alone. `has_sessions`: appointments of the client are on record."""

    client: Client
    zone: str
    respondents: list[Respondent]
    respondent: Respondent
    offer: Offer
    no_text: list[Instrument]
    screening: list[Instrument]
    has_sessions: bool
    row: Schedule | None
    outlook: Outlook | None
    remarks: Remarks | None
    fault: Invalid | Conflict | None


@dataclass(frozen=True)
class Running:
    """The page of one schedule: what went out and what will."""

    row: Schedule
    client: Client
    respondent: Respondent
    outlook: Outlook


@dataclass(frozen=True)
class Entry:
    """A schedule on the list of all."""

    row: Schedule
    client: Client


def planned(
    session: Session,
    caller: Caller,
    client: Client,
    wanted: Wanted | None,
    settings: Settings,
    *,
    keys: list[str],
    respondent_id: UUID | None = None,
    instead: UUID | None = None,
    sought: str = "",
) -> Planned:
    """What may be planned for a client of the caller's, and what `wanted` would send. Writes the audit row.

    `instead` is the schedule that this one replaces.
    """
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_READ, client.id)
    practice = session.get_one(Practice, client.practice_id)
    people = clients.respondents(session, client.id)
    respondent = next((one for one in people if one.id == respondent_id), people[0])
    row, shown, fault = None, None, None
    if wanted is not None and keys:
        try:
            row, shown = _draft(session, caller, client, respondent, wanted, settings, instead)
        except (Invalid, Conflict) as error:
            fault = error
    there = library.of(session, client.practice_id)
    known = offers.known(there, keys)
    once_only = wanted is not None and wanted.rule == once().text
    appointment = select(Appointment.id).where(
        Appointment.client_id == client.id, Appointment.cancelled_at.is_(None)
    )
    return Planned(
        client=client,
        zone=client.time_zone or practice.time_zone,
        respondents=people,
        respondent=respondent,
        offer=offers.to(session, respondent, results.age(client, now().date()), chosen=keys, sought=sought),
        no_text=[one for one in known if not wordings.fits(one, respondent.language)],
        screening=[one for one in known if set(one.purposes) == {"screening"} and not once_only],
        has_sessions=session.scalars(appointment.limit(1)).first() is not None,
        row=row,
        outlook=shown,
        remarks=remarks.of(there, row, shown.lines) if row and shown else None,
        fault=fault,
    )


def _draft(
    session: Session,
    caller: Caller,
    client: Client,
    respondent: Respondent,
    wanted: Wanted,
    settings: Settings,
    instead: UUID | None,
) -> tuple[Schedule, Outlook]:
    row = making.draft(session, caller, client, respondent, wanted)
    others = [one for one in following.of_client(session, client.id) if one.id != instead]
    shown = upcoming.outlook(session, client, [row, *others], settings)
    if barred := shown.where[row.id].barred:
        raise Invalid(barred, {"channel": barred})
    return row, shown


def running(session: Session, caller: Caller, schedule_id: UUID, settings: Settings) -> Running:
    """One schedule of the caller's caseload. Writes the audit row first. Raises NotFound."""
    row = changing.one(session, caller, schedule_id)
    client = access.client(session, caller, row.client_id)
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_READ, client.id)
    shown = upcoming.outlook(session, client, [row], settings, past=timedelta(days=366))
    if row.stopped_at is not None:
        lines = [line for line in shown.lines if line.what not in ("ahead", "skipped") or line.reason]
        shown = Outlook(lines, shown.zone, shown.where)
    return Running(row, client, session.get_one(Respondent, row.respondent_id), shown)


def of_caseload(session: Session, caller: Caller) -> tuple[list[Entry], list[Entry]]:
    """All schedules of the caller's clients: those that run, next first, and those stopped of late.

    Writes the audit rows first.
    """
    mine = {client.id: client for client in session.scalars(access.clients(caller))}
    found = session.scalars(
        select(Schedule)
        .where(Schedule.client_id.in_(mine))
        .where(Schedule.stopped_at.is_(None) | (Schedule.stopped_at > now() - STOPPED_FOR))
        .order_by(Schedule.next_at.is_(None), Schedule.next_at, Schedule.id)
    ).all()
    for practice_id in caller.practices(Role.CLINICIAN):
        ids = sorted({str(row.client_id) for row in found if row.practice_id == practice_id})
        audit.record(session, practice_id, caller.actor, audit.Tag.CLIENT_LIST_READ, detail={"clients": ids})
    entries = [Entry(row, mine[row.client_id]) for row in found]
    return (
        [entry for entry in entries if entry.row.stopped_at is None],
        [entry for entry in entries if entry.row.stopped_at is not None],
    )


def of_client(session: Session, client: Client) -> list[Schedule]:
    """The schedules of a client that run, for the client's own page (which has written the audit row)."""
    return following.of_client(session, client.id)
