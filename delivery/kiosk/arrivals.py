"""The front desk's one list: who has forms ready, where they are being answered, and who is done today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from delivery import audit, eligibility, library
from delivery.access import Caller
from delivery.db import now
from delivery.kiosk import clock, desk, devices, tickets
from delivery.kiosk.clock import Standing
from delivery.models.assignments import Assignment, FormSession, Way
from delivery.models.clients import Client, Respondent, RespondentRole
from delivery.models.devices import KioskDevice, KioskTicket
from delivery.models.people import Person, Practice
from delivery.models.schedules import Appointment
from delivery.schedules import meetings
from delivery.sheets import instruments
from delivery.states import OPEN_ASK, ClientState, FormState

#: So many open forms the list holds at most.
MOST: Final = 400

#: "ready"; "code": a code waits; "tablet": being answered; "silent": being answered, and the tablet has not
#: been heard of; "stopped": off the screen, unfinished; "done" today.
State = Literal["ready", "code", "tablet", "silent", "stopped", "done"]


@dataclass(frozen=True)
class Arrival:
    """One line: nothing of what is asked, answered or found.

    `minutes` is about how long it takes; `by_tablet` and `by_phone` whether it may be answered there;
    `until` when a code dies or a stopped form can no longer be gone on with; `session_at` is the time of
    today's appointment; `here` whether the person comes or came today, as far as anybody knows.
    """

    ask: Assignment
    called: str
    who: RespondentRole
    clinician: str
    minutes: int
    by_tablet: bool
    by_phone: bool
    state: State
    tablet: str | None
    until: datetime | None
    session_at: datetime | None
    here: bool


@dataclass(frozen=True)
class Desk:
    """The list of one practice."""

    practice: Practice
    lines: list[Arrival]
    tablets: list[KioskDevice]


def today(session: Session, caller: Caller) -> list[Desk]:
    """The list, by practice. Writes one audit row for each practice with somebody on it."""
    found = []
    for practice_id in desk.practices(caller):
        practice = session.get_one(Practice, practice_id)
        rows = _asks(session, caller, practice)
        lines = _lines(session, practice, rows)
        if lines:
            seen = sorted({str(line.ask.client_id) for line in lines})
            audit.record(session, practice_id, caller.actor, audit.Tag.DESK_READ, detail={"clients": seen})
        found.append(Desk(practice, lines, devices.in_use(session, practice_id)))
    return sorted(found, key=lambda one: one.practice.name)


def one(session: Session, caller: Caller, assignment_id: UUID) -> tuple[Practice, Arrival]:
    """The line of one ask. Writes the audit row. Raises NotFound."""
    row = desk.ask(session, caller, assignment_id)
    practice = session.get_one(Practice, row.practice_id)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.DESK_READ, row.client_id)
    return practice, _lines(session, practice, [row])[0]


def _asks(session: Session, caller: Caller, practice: Practice) -> list[Assignment]:
    at = now()
    midnight, _ = _day(practice)
    return list(
        session.scalars(
            select(Assignment)
            .join(Client, Client.id == Assignment.client_id)
            .where(
                Assignment.practice_id == practice.id,
                desk.sees(caller),
                Client.state == ClientState.ACTIVE,
                Assignment.channel != Way.IN_PERSON,
                Assignment.channel != Way.PUBLIC,
                or_(
                    (Assignment.state.in_(OPEN_ASK))
                    & (Assignment.send_at <= at)
                    & (Assignment.expires_at > at),
                    Assignment.completed_at >= midnight,
                ),
            )
            .order_by(Assignment.id)
            .limit(MOST)
        )
    )


def _day(practice: Practice) -> tuple[datetime, datetime]:
    """Midnight and midnight of the practice's day."""
    zone = ZoneInfo(practice.time_zone)
    date = now().astimezone(zone).date()
    return (
        datetime.combine(date, time(), zone),
        datetime.combine(date + timedelta(days=1), time(), zone),
    )


def _lines(session: Session, practice: Practice, rows: Sequence[Assignment]) -> list[Arrival]:
    there = library.of(session, practice.id)
    clients = _by_id(session, Client, {row.client_id for row in rows})
    respondents = _by_id(session, Respondent, {row.respondent_id for row in rows})
    people = _by_id(session, Person, {row.requested_by for row in rows})
    sessions = _sessions(session, practice, clients)
    names = _called(clients.values())
    forms = {
        form.assignment_id: form
        for form in session.scalars(
            select(FormSession)
            .where(
                FormSession.assignment_id.in_([row.id for row in rows]),
                FormSession.device_id.is_not(None),
                FormSession.state == FormState.OPEN,
            )
            .order_by(FormSession.last_at)
        )
    }
    codes = {
        ticket.assignment_id: ticket
        for ticket in session.scalars(
            select(KioskTicket)
            .where(KioskTicket.assignment_id.in_([row.id for row in rows]), KioskTicket.ended_at.is_(None))
            .order_by(KioskTicket.id)
        )
    }
    tablets = _by_id(session, KioskDevice, {ticket.device_id for ticket in codes.values()})
    lines = []
    for row in rows:
        client, respondent = clients[row.client_id], respondents[row.respondent_id]
        asked = instruments(session, row)
        ticket = codes.get(row.id)
        state, until = _state(row, forms.get(row.id), ticket, tablets)
        lines.append(
            Arrival(
                ask=row,
                called=names[client.id],
                who=respondent.role,
                clinician=people[row.requested_by].known_as,
                minutes=max(1, round(sum(one.minutes for one in asked))),
                by_tablet=all(eligibility.refused(there, one, Way.KIOSK) is None for one in asked),
                by_phone=not respondent.in_person_only
                and all(eligibility.refused(there, one, Way.EMAIL) is None for one in asked),
                state=state,
                tablet=tablets[ticket.device_id].name if ticket and state != "ready" else None,
                until=until,
                session_at=sessions.get(client.id),
                here=False,
            )
        )
    come = {line.ask.client_id for line in lines if _comes(line)}
    return sorted((replace(line, here=line.ask.client_id in come) for line in lines), key=_order)


def _comes(line: Arrival) -> bool:
    return line.session_at is not None or line.ask.channel is Way.KIOSK or line.state != "ready"


def _order(line: Arrival) -> tuple[bool, bool, datetime, str]:
    far = line.session_at or datetime.max.replace(tzinfo=now().tzinfo)
    return line.state == "done", not line.here, far, line.called.casefold()


def _state(
    row: Assignment,
    form: FormSession | None,
    ticket: KioskTicket | None,
    tablets: Mapping[UUID, KioskDevice],
) -> tuple[State, datetime | None]:
    if row.completed_at is not None:
        return "done", row.completed_at
    if ticket is not None and ticket.used_at is None and ticket.expires_at > now():
        return "code", ticket.expires_at
    if ticket is not None and ticket.used_at is not None and clock.standing(ticket) is not Standing.OVER:
        return ("tablet" if devices.there(tablets[ticket.device_id]) else "silent"), None
    if form is not None and form.first_answer_at is not None:
        until = (form.suspended_at or form.last_at) + tickets.RESUMED_WITHIN
        if until > now():
            return "stopped", until
    return "ready", None


def _by_id(session: Session, model: Any, ids: Iterable[UUID]) -> dict[UUID, Any]:
    wanted = list(ids)
    rows: Iterable[Any] = session.scalars(select(model).where(model.id.in_(wanted))) if wanted else []
    return {row.id: row for row in rows}


def _called(clients: Iterable[Client]) -> dict[UUID, str]:
    """What each is called by; where two are called alike, with the first letter of the family name."""
    found = {one.id: (one, one.called_by or one.given_name or one.family_name or "?") for one in clients}
    alike = Counter(name.casefold() for _, name in found.values())
    return {
        key: f"{name} {one.family_name[0]}."
        if alike[name.casefold()] > 1 and one.family_name and name != one.family_name
        else name
        for key, (one, name) in found.items()
    }


def _sessions(session: Session, practice: Practice, clients: Mapping[UUID, Client]) -> dict[UUID, datetime]:
    """When each has an appointment today."""
    since, until = _day(practice)
    rows = session.scalars(select(Appointment).where(Appointment.client_id.in_(list(clients)))).all()
    found: dict[UUID, datetime] = {}
    for one in meetings.of_rows(rows, since, until):
        if not one.skipped:
            found.setdefault(one.appointment.client_id, one.start)
    return found
