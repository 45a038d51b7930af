"""Measures, and asking for them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from delivery import access, assignments, audit, clients, history, submissions
from delivery.access import Caller
from delivery.errors import Invalid
from delivery.library import library
from delivery.models.assignments import Assignment, Battery
from delivery.models.clients import Client, RespondentRole
from delivery.web.api import answers
from delivery.web.api.routes import route
from delivery.web.api.schemas import AssignmentBody, NoFields
from delivery.web.zones import service
from questionnaires.catalogue import listing


@route("GET", "/instruments", answer=answers.Instruments)
def list_instruments(session: Session, caller: Caller) -> answers.Instruments:  # noqa: ARG001
    """The measures of this installation, in their latest version."""
    return answers.Instruments.model_validate({"instruments": listing(library())})


@route("POST", "/assignments", body=AssignmentBody, answer=answers.AssignmentMade, status=201)
def add_assignment(session: Session, caller: Caller, body: AssignmentBody) -> answers.AssignmentMade:
    """Ask a client. The message leaves at once, or at `send_at`; there is no time to undo."""
    client = access.client(session, caller, body.client_id)
    battery = _battery(session, client, body.battery)
    keys = [one["key"] for one in battery.instruments] if battery else body.instruments or []
    wanted = assignments.Ask(
        client_id=client.id,
        instruments=keys,
        channel=body.channel,
        respondent_id=_respondent(session, client, body.respondent),
        occasion=body.occasion,
        send_at=body.send_at,
        expires_in_days=body.expires_in_days,
        reminders=body.reminders,
    )
    row = assignments.ask(session, caller, wanted, service().settings, undo=False)
    row.battery_id = battery.id if battery else None
    # E-mail and in-person asks have no link for the caller: the message carries it, or nobody needs one.
    return answers.AssignmentMade(id=row.id, status=row.state, link=None)


def _battery(session: Session, client: Client, battery_id: UUID | None) -> Battery | None:
    if battery_id is None:
        return None
    found = session.get(Battery, battery_id)
    if found is None or found.practice_id != client.practice_id or found.archived_at is not None:
        raise Invalid("There is no such battery.", {"battery": "Unknown battery."})
    return found


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


@route("POST", "/assignments/<uuid:assignment_id>/resend", body=NoFields, answer=answers.AssignmentMoved)
def resend_assignment(
    session: Session,
    caller: Caller,
    assignment_id: UUID,
    body: NoFields,  # noqa: ARG001
) -> answers.AssignmentMoved:
    """Send the same link once more."""
    assignments.resend(session, caller, assignment_id)
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
