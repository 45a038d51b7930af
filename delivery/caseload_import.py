"""Bringing a checked caseload in: everything of a file in one transaction, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, appointments, audit, caseload_look, clients, consents, past_totals, reach
from delivery.access import Caller
from delivery.calendars import typed
from delivery.caseload.row import Row
from delivery.caseload_look import Given, Look
from delivery.clients import NewConsent, NewRespondent
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.clients import Client
from delivery.models.ledger import AuditEvent
from delivery.models.people import Practice, Role
from delivery.models.schedules import Appointment

ATTESTED: Final = "signed on paper, on file, dated as the file says"


@dataclass(frozen=True)
class Imported:
    """What an import brought in: its clients (for a file of totals: those who got some), and how much."""

    practice_id: UUID
    clients: list[UUID]
    added: int
    consents: int
    totals: int
    appointments: int


def bring_in(
    session: Session,
    caller: Caller,
    import_id: UUID,
    practice: Practice,
    given: Given,
    left_out: frozenset[int],
    *,
    attested: bool,
) -> Imported:
    """Store what a file holds, once for an `import_id` however often it is asked for.

    `attested`: the member has the signed consents on paper. Raises Forbidden, Invalid by field, Conflict
    where faults or clients who are there already stand in the way.
    """
    # Two presses come one after the other; the second finds what the first has done.
    locked = select(Practice.id).where(Practice.id == practice.id).with_for_update(key_share=True)
    session.execute(locked)
    if (done := _done(session, caller, import_id)) is not None:
        return done
    look = caseload_look.compare(session, caller, practice.id, given, left_out)
    if not look.ready:
        raise Conflict("This file can’t come in as it is. Nothing was stored.")
    if look.consents and not attested:
        raise Invalid("One thing is open.", {"attested": "Confirm the consents to go on."})
    ids = [_add(session, caller, practice, row).id for row in look.new]
    for one, totals in look.more:
        assert one.respondent is not None
        past_totals.add(session, one.respondent, totals, caller.person_id)
        ids.append(one.client_id)
    detail = _detail(look, ids)
    audit.record(session, practice.id, caller.actor, audit.Tag.CASELOAD_IMPORTED, import_id, detail)
    return _imported(practice.id, detail)


def find(session: Session, caller: Caller, import_id: UUID) -> Imported:
    """What an import of the caller's brought in. Raises NotFound."""
    found = _done(session, caller, import_id)
    if found is None:
        raise NotFound
    return found


def named(session: Session, caller: Caller, done: Imported) -> list[Client]:
    """The clients of an import whom the caller still treats, in its order. Writes the audit row first."""
    detail = {"clients": [str(one) for one in done.clients]}
    audit.record(session, done.practice_id, caller.actor, audit.Tag.CLIENT_LIST_READ, detail=detail)
    rows = {row.id: row for row in session.scalars(access.clients(caller).where(Client.id.in_(done.clients)))}
    return [rows[one] for one in done.clients if one in rows]


def _add(session: Session, caller: Caller, practice: Practice, row: Row) -> Client:
    contact = {point.kind.value: point.value for point in row.contacts}
    given = []
    if row.consents:
        assert row.consent_on is not None
        at, channel = reach.signed(row.consent_on, practice.time_zone), row.channel.value
        given = [NewConsent(channel, row.consent_wording, at, consents.ON_PAPER, contact[channel])]
    client = clients.add(
        session,
        caller,
        practice_id=practice.id,
        given_name=row.given_name,
        family_name=row.family_name,
        called_by=row.called_by,
        date_of_birth=row.date_of_birth,
        language=row.language,
        time_zone=row.time_zone,
        tags=list(row.tags) or None,
        county=row.county,
        emergency_contact=row.emergency_contact,
        sex_for_scoring=row.sex_for_scoring,
        report_label=row.report_label,
        calendar_code=row.calendar_code,
        respondents=[NewRespondent(language=row.language, contacts=row.contacts, consents=given)],
    )
    if row.in_person_only or row.past:
        (respondent,) = clients.respondents(session, client.id)
        respondent.in_person_only = row.in_person_only
        past_totals.add(session, respondent, row.past, caller.person_id)
    if row.appointment:
        session.add(_appointment(client, caller, row.appointment, practice.time_zone))
    return client


def _appointment(client: Client, caller: Caller, text: str, zone: str) -> Appointment:
    """As `appointments.add` makes it; nothing hangs yet on those of a new client."""
    slot = typed.slot(text, now().astimezone(ZoneInfo(zone)).date(), zone)
    row = Appointment(
        practice_id=client.practice_id,
        client_id=client.id,
        person_id=caller.person_id,
        starts_on=slot.starts_on.isoformat(),
        wall_time=slot.wall_time,
        time_zone=zone,
        rule=slot.rule.text,
        skips=[],
        source=appointments.TYPED,
        source_key="",
    )
    row.source_key = str(row.id)
    return row


def _detail(look: Look, ids: list[UUID]) -> dict[str, Any]:
    return {
        "clients": [str(one) for one in ids],
        "added": len(look.new),
        "consents": look.consents,
        "attested": ATTESTED if look.consents else None,
        "totals": look.totals,
        "appointments": look.appointments,
        "left_out": len(look.left_out),
    }


def _done(session: Session, caller: Caller, import_id: UUID) -> Imported | None:
    """What an earlier press has brought in. Ids rise with time: the line stands behind the form's own id."""
    event = session.scalars(
        select(AuditEvent).where(
            AuditEvent.id > import_id,
            AuditEvent.practice_id.in_(caller.practices(Role.CLINICIAN)),
            AuditEvent.tag == audit.Tag.CASELOAD_IMPORTED.value,
            AuditEvent.subject_id == import_id,
            AuditEvent.actor == str(caller.actor),
        )
    ).first()
    return _imported(event.practice_id, event.detail or {}) if event is not None else None


def _imported(practice_id: UUID, detail: dict[str, Any]) -> Imported:
    return Imported(
        practice_id=practice_id,
        clients=[UUID(one) for one in detail["clients"]],
        added=detail["added"],
        consents=detail["consents"],
        totals=detail["totals"],
        appointments=detail["appointments"],
    )
