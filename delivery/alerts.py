"""Risk answers: raised with the answers themselves, told at once, red until somebody writes what was done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, jobs, people
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict, Invalid
from delivery.library import library
from delivery.models.assignments import Assignment, FormSession
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.models.results import Alert, Submission
from delivery.states import AlertState, FormState, move
from questionnaires.schema import Instrument
from questionnaires.scoring import score


def raise_for(
    session: Session,
    assignment: Assignment,
    instrument: Instrument,
    answers: dict[str, str | None],
    submission: Submission | None,
) -> list[Alert]:
    """Raise what the answers call for, in the transaction that stores them. An alert is raised once an item.

    Without a submission the form is unfinished and the alert says so; the submission completes it later.
    """
    raised = []
    for found in score(instrument, answers).alerts:
        alert = session.scalars(
            select(Alert).where(Alert.assignment_id == assignment.id, Alert.item_id == found.item)
        ).one_or_none()
        detail = _detail(instrument, found.item, answers, found.reason, submission is None)
        if alert is None:
            alert = Alert(
                practice_id=assignment.practice_id,
                assignment_id=assignment.id,
                client_id=assignment.client_id,
                submission_id=submission.id if submission else None,
                instrument_key=instrument.key,
                item_id=found.item,
                raised_at=now(),
            )
            alert.detail = detail
            session.add(alert)
            session.flush()
            _tell(session, assignment, alert)
            audit.record(session, alert.practice_id, audit.WORKER, audit.Tag.ALERT_RAISED, alert.id)
        else:
            _complete(alert, detail, submission)
        raised.append(alert)
    if submission is not None:
        _changed_before_sending(session, assignment, instrument, answers, submission)
    return raised


def _complete(alert: Alert, detail: dict[str, Any], submission: Submission | None) -> None:
    """Note the answer's course on an alert that is already there: nothing is withdrawn or overwritten."""
    before = alert.detail or {}
    marks = list(before.get("earlier", []))
    if before.get("code") != detail["code"]:
        marks.append({"code": before.get("code"), "label": before.get("label"), "at": before.get("at")})
    alert.detail = {**detail, "earlier": marks}
    if submission is not None:
        alert.submission_id = submission.id


def _changed_before_sending(
    session: Session,
    assignment: Assignment,
    instrument: Instrument,
    answers: dict[str, str | None],
    submission: Submission,
) -> None:
    """An unfinished alert whose answer was changed to a harmless one before sending keeps both values."""
    rows = session.scalars(
        select(Alert).where(
            Alert.assignment_id == assignment.id,
            Alert.instrument_key == instrument.key,
            Alert.submission_id.is_(None),
        )
    )
    for alert in rows:
        reason = (alert.detail or {}).get("reason", "")
        _complete(alert, _detail(instrument, alert.item_id, answers, reason, False), submission)


def _detail(
    instrument: Instrument, item_id: str, answers: dict[str, str | None], reason: str, unfinished: bool
) -> dict[str, Any]:
    item = instrument.item(item_id)
    code = answers.get(item_id)
    option = next((o for o in item.options if o.code == code), None)
    return {
        "code": code,
        "label": option.label if option else None,
        "value": option.value if option else None,
        "number": item.number,
        "text": item.text,
        "reason": reason,
        "unfinished": unfinished,
        "earlier": [],
        "at": now().isoformat(),
    }


def _tell(session: Session, assignment: Assignment, alert: Alert) -> None:
    """Plan the urgent neutral message to everybody on the care team. Persons have no quiet hours."""
    for person in people.care_team(session, assignment.client_id):
        dispatch = Dispatch(
            practice_id=alert.practice_id,
            purpose=Purpose.RISK,
            recipient=RecipientKind.PERSON,
            assignment_id=assignment.id,
            person_id=person.id,
            channel="email",
            business_key=f"risk|{alert.id}|{person.id}",
            due_at=now(),
        )
        session.add(dispatch)
        session.flush()
        jobs.add(session, "send", dispatch.id, practice_id=alert.practice_id)


def check_unfinished(session: Session, form_id: UUID) -> list[Alert]:
    """Two minutes after a critical mark: raise what still stands in a form that was not sent."""
    form = session.get(FormSession, form_id)
    if form is None or form.state is not FormState.OPEN:
        return []
    assignment = session.get(Assignment, form.assignment_id)
    if assignment is None or assignment.completed_at is not None:
        return []
    raised: list[Alert] = []
    draft = form.draft or {}
    for chosen in assignment.instruments:
        instrument = library().get(chosen["key"], chosen["version"])
        raised += raise_for(session, assignment, instrument, draft.get(instrument.key, {}), None)
    return raised


def open_alerts(session: Session, caller: Caller) -> list[Alert]:
    """The caller's open alerts, newest first. Writes the audit row of the read first."""
    rows = list(
        session.scalars(
            access.of_client(caller, Alert)
            .where(Alert.state != AlertState.ACKNOWLEDGED)
            .order_by(Alert.raised_at.desc(), Alert.id)
        )
    )
    for practice_id in {row.practice_id for row in rows}:
        ids = [str(r.id) for r in rows if r.practice_id == practice_id]
        audit.record(session, practice_id, caller.actor, audit.Tag.ALERT_READ, detail={"alerts": ids})
    return rows


def acknowledge(session: Session, caller: Caller, alert_id: UUID, note: str) -> Alert:
    """Take an alert up in words. Raises Invalid for an empty note, Conflict where somebody already did."""
    alert = access.one(session, caller, Alert, alert_id)
    if not note.strip():
        raise Invalid("Write what was done.", {"note": "A few words are enough: “I am calling”."})
    moved = move(
        session,
        Alert,
        alert.id,
        AlertState.ACKNOWLEDGED,
        acknowledged_at=now(),
        acknowledged_by=caller.person_id,
    )
    if not moved:
        raise Conflict("Somebody has already taken this up.")
    alert.note = note.strip()[:2000]
    audit.record(session, alert.practice_id, caller.actor, audit.Tag.ALERT_TAKEN, alert.id)
    return alert


def told(session: Session, alert: Alert) -> tuple[str, datetime] | None:
    """To whom and when the alert was handed over, or None while it is on its way."""
    row = session.scalars(
        select(Dispatch)
        .where(
            Dispatch.purpose == Purpose.RISK,
            Dispatch.business_key.startswith(f"risk|{alert.id}|"),
            Dispatch.handed_over_at.is_not(None),
        )
        .order_by(Dispatch.handed_over_at)
    ).first()
    if row is None or row.person_id is None or row.handed_over_at is None:
        return None
    person = next((p for p in people.care_team(session, alert.client_id) if p.id == row.person_id), None)
    return (person.known_as if person else "", row.handed_over_at)
