"""Risk answers: raised with the answers themselves, told at once, red until somebody writes what was done.
A higher value than before makes it red again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, jobs, library, people
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict, Invalid
from delivery.models.assignments import Assignment
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.models.people import Person
from delivery.models.results import Alert, Submission
from delivery.states import AlertState, move
from questionnaires.conditions import Number
from questionnaires.schema import Instrument, Item
from questionnaires.scoring import score


def raise_for(
    session: Session,
    assignment: Assignment,
    instrument: Instrument,
    answers: dict[str, str | None],
    submission: Submission | None,
) -> list[Alert]:
    """Raise what the answers call for, in the transaction that stores or wipes them. One alert an item.

    Without a submission the form is unfinished and the alert says so; the submission completes it later.
    The caller holds the ask (`sittings.lock`), so that two of these cannot both find no alert.
    """
    raised = []
    # Locked, because somebody may be taking one up just now; all at once, before any audit line is written.
    there = session.scalars(
        select(Alert)
        .where(Alert.assignment_id == assignment.id)
        .order_by(Alert.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    by_item = {alert.item_id: alert for alert in there}
    for found in score(instrument, answers).alerts:
        alert = by_item.get(found.item)
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
        else:
            _note(session, assignment, alert, detail, submission)
        raised.append(alert)
    if submission is not None:
        _changed_before_sending(session, assignment, instrument, answers, submission)
    return raised


def raise_unfinished(
    session: Session, assignment: Assignment, draft: Mapping[str, dict[str, str | None]]
) -> list[Alert]:
    """Raise what a draft holds ({instrument key: answers}) of a form that was not sent."""
    raised: list[Alert] = []
    there = library.of(session, assignment.practice_id)
    for chosen in assignment.instruments:
        instrument = there.get(chosen["key"], chosen["version"])
        raised += raise_for(session, assignment, instrument, draft.get(instrument.key, {}), None)
    return raised


def _note(
    session: Session,
    assignment: Assignment,
    alert: Alert,
    detail: dict[str, Any],
    submission: Submission | None,
) -> None:
    """Note the answer's course on an alert that is already there: nothing is withdrawn or overwritten.

    A value above all earlier ones is told anew, and where somebody had taken the alert up it is open again;
    who that was and what they wrote stays with the earlier mark.
    """
    before = alert.detail or {}
    marks = list(before.get("earlier", []))
    rose = _weight(detail) > max(_weight(mark) for mark in (before, *marks))
    if before.get("code") != detail["code"]:
        marks.append({name: before.get(name) for name in ("code", "label", "value", "at")})
    if rose and alert.state is AlertState.ACKNOWLEDGED:
        assert alert.acknowledged_at is not None
        marks[-1] |= {
            "acknowledged_by": str(alert.acknowledged_by),
            "acknowledged_at": alert.acknowledged_at.isoformat(),
            "note": alert.note,
        }
        move(session, Alert, alert.id, AlertState.RAISED, acknowledged_at=None, acknowledged_by=None)
        alert.note = None
    alert.detail = {**detail, "earlier": marks}
    if submission is not None:
        alert.submission_id = submission.id
    if rose:
        alert.raised_at = now()
        _tell(session, assignment, alert)


def _weight(mark: Mapping[str, Any]) -> float:
    """The value of a mark, where a blank is below every answer."""
    value = mark.get("value")
    return -math.inf if value is None else float(value)


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
        detail = _detail(instrument, alert.item_id, answers, reason, False)
        _note(session, assignment, alert, detail, submission)


def _detail(
    instrument: Instrument, item_id: str, answers: dict[str, str | None], reason: str, unfinished: bool
) -> dict[str, Any]:
    item = instrument.item(item_id)
    code = answers.get(item_id)
    return {
        "code": code,
        "label": item.words(code),
        "value": _value(item, code),
        "number": item.number,
        "text": item.text,
        "reason": reason,
        "unfinished": unfinished,
        "earlier": [],
        "at": now().isoformat(),
    }


def _value(item: Item, code: str | None) -> Number | None:
    """How high an answer is, also where no score counts it; None for a blank."""
    return replace(item, scored=True).value(code)


def _tell(session: Session, assignment: Assignment, alert: Alert) -> None:
    """Plan the urgent neutral message to everybody on the care team. Persons have no quiet hours.

    Where nobody is left on the team the practice's owners are told. The message says nothing of the client
    or the answer, and Today shows the alert's line to the care team only: an owner learns no more than that
    somebody has to look, and can put a clinician on the team.
    """
    value = (alert.detail or {}).get("value")
    team = people.care_team(session, assignment.client_id)
    for person in team or people.owners(session, assignment.practice_id):
        dispatch = Dispatch(
            practice_id=alert.practice_id,
            purpose=Purpose.RISK,
            recipient=RecipientKind.PERSON,
            assignment_id=assignment.id,
            person_id=person.id,
            channel="email",
            # Each value of an alert is told once: only a rise is told anew.
            business_key=f"risk|{alert.id}|{person.id}|{value}",
            due_at=now(),
        )
        session.add(dispatch)
        session.flush()
        jobs.add(session, "send", dispatch.id, practice_id=alert.practice_id)
    audit.record(session, alert.practice_id, audit.WORKER, audit.Tag.ALERT_RAISED, alert.id)


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
    """To whom and when the alert was handed over since it was last raised, or None while it is on its way."""
    row = session.scalars(
        select(Dispatch)
        .where(
            Dispatch.purpose == Purpose.RISK,
            Dispatch.business_key.startswith(f"risk|{alert.id}|"),
            Dispatch.created_at >= alert.raised_at,
            Dispatch.handed_over_at.is_not(None),
        )
        .order_by(Dispatch.handed_over_at)
    ).first()
    if row is None or row.person_id is None or row.handed_over_at is None:
        return None
    return session.get_one(Person, row.person_id).known_as, row.handed_over_at
