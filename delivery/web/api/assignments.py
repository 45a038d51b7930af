"""Measures, and asking for them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from delivery import (
    access,
    assignments,
    audit,
    batteries,
    clients,
    crypto,
    eligibility,
    history,
    library,
    resending,
    results,
    sheets,
    submissions,
)
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client, Respondent, RespondentRole
from delivery.models.people import Role
from delivery.web.api import answers
from delivery.web.api.routes import route
from delivery.web.api.schemas import AssignmentBody, NoFields, ResendBody
from delivery.web.zones import service
from questionnaires.catalogue import listing


@route("GET", "/instruments", answer=answers.Instruments)
def list_instruments(session: Session, caller: Caller) -> answers.Instruments:
    """The measures of the caller's practice, in their latest version."""
    there = library.of(session, next(iter(caller.practices(*Role)), crypto.ALLIANCE))
    entries = listing(there.instruments)
    for entry in entries:
        entry["sendable"] = there.barred(there.get(entry["key"])) is None
    return answers.Instruments.model_validate({"instruments": entries})


@route("POST", "/assignments", body=AssignmentBody, answer=answers.AssignmentMade, status=201)
def add_assignment(session: Session, caller: Caller, body: AssignmentBody) -> answers.AssignmentMade:
    """Ask a client. The message leaves at once, or at `send_at`; there is no time to undo."""
    client = access.client(session, caller, body.client_id)
    battery = batteries.find(session, client.practice_id, body.battery) if body.battery else None
    wanted = assignments.Ask(
        client_id=client.id,
        instruments=batteries.keys(battery) if battery else body.instruments or [],
        channel=body.channel,
        respondent_id=_respondent(session, client, body.respondent),
        battery_id=battery.id if battery else None,
        occasion=body.occasion,
        languages=body.language,
        even_if_recent=body.even_if_recent,
        reason=body.reason,
        send_at=body.send_at,
        expires_in_days=body.expires_in_days,
        reminders=body.reminders,
        reminder_days=body.reminder_days,
        show_result=body.show_result,
    )
    row = assignments.ask(session, caller, wanted, service().settings, undo=False)
    # Asks by message and in person have no link for the caller: the message carries it, or nobody needs one.
    return answers.AssignmentMade(
        id=row.id, status=row.state, link=None, warnings=_warnings(session, client, row)
    )


def _warnings(session: Session, client: Client, row: Assignment) -> list[str]:
    respondent = session.get_one(Respondent, row.respondent_id)
    age = results.age(client, now().date())
    return eligibility.remarks_on_ask(
        sheets.instruments(session, row), row, respondent, age, clients.zone(session, client)
    )


def _respondent(session: Session, client: Client, wanted: UUID | RespondentRole | None) -> UUID | None:
    if wanted is None:
        return None
    rows = [row for row in clients.respondents(session, client.id) if wanted in (row.id, row.role)]
    if len(rows) != 1:
        reason = "This client has several of these: name one by id." if rows else "Unknown respondent."
        raise Invalid("Who answers is not clear.", {"respondent": reason})
    return rows[0].id


@route("GET", "/assignments/<uuid:assignment_id>", answer=answers.AssignmentShown)
def show_assignment(session: Session, caller: Caller, assignment_id: UUID) -> answers.AssignmentShown:
    """What became of an ask."""
    row = access.one(session, caller, Assignment, assignment_id)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.ASSIGNMENT_READ, row.id)
    steps = (
        {name: line.get(name) for name in answers.Step.model_fields} for line in history.of_ask(session, row)
    )
    return answers.AssignmentShown(
        id=row.id,
        client_id=row.client_id,
        episode_id=row.episode_id,
        respondent_id=row.respondent_id,
        instruments=[answers.Chosen.model_validate(one) for one in row.instruments],
        occasion=row.occasion,
        channel=row.channel,
        status=row.state,
        send_at=row.send_at,
        expires_at=row.expires_at,
        submissions=[one.id for one in submissions.of_assignment(session, row.id)],
        history=[answers.Step.model_validate(step) for step in steps],
    )


@route("POST", "/assignments/<uuid:assignment_id>/resend", body=ResendBody, answer=answers.AssignmentMoved)
def resend_assignment(
    session: Session,
    caller: Caller,
    assignment_id: UUID,
    body: ResendBody,
) -> answers.AssignmentMoved:
    """Send the same link once more, through another channel where one is named.

    Another channel only a day after the first message, or once that is known not to have arrived.
    """
    resending.resend(session, caller, assignment_id, Way(body.channel) if body.channel else None)
    return _moved(session, caller, assignment_id)


@route("POST", "/assignments/<uuid:assignment_id>/cancel", body=NoFields, answer=answers.AssignmentMoved)
def cancel_assignment(
    session: Session,
    caller: Caller,
    assignment_id: UUID,
    body: NoFields,  # noqa: ARG001
) -> answers.AssignmentMoved:
    """Take an ask back: its link ends, and what was not sent is not sent."""
    assignments.cancel(session, caller, assignment_id)
    return _moved(session, caller, assignment_id)


def _moved(session: Session, caller: Caller, assignment_id: UUID) -> answers.AssignmentMoved:
    row = access.one(session, caller, Assignment, assignment_id)
    return answers.AssignmentMoved(id=row.id, status=row.state)
