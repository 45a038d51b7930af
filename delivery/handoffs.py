"""Bringing a report to its clinicians: at most one routine message a person and day, by default."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import jobs, people
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.clients import CareScope
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.models.people import Person, Practice
from delivery.models.results import Handoff, Report
from delivery.states import UNSENT, HandoffState, move

#: Hour of the practice's day at which a message that had to wait goes out.
MORNING: Final = 8


def bring(session: Session, report_id: UUID) -> int:
    """Put the report into every care-team member's console and plan the message they chose.

    Returns how many hand-offs are new. Safe to run twice: one hand-off per report and person, one
    routine message per person and day (or per report, for those who want each).
    """
    report = session.get(Report, report_id)
    assert report is not None
    assignment = session.get(Assignment, report.assignment_id)
    practice = session.get(Practice, report.practice_id)
    assert assignment is not None
    assert practice is not None
    fresh = 0
    for person in people.care_team(session, assignment.client_id, CareScope.RECORD):
        row = session.scalars(
            select(Handoff).where(Handoff.report_id == report.id, Handoff.person_id == person.id)
        ).one_or_none()
        if row is None:
            row = Handoff(practice_id=report.practice_id, report_id=report.id, person_id=person.id)
            session.add(row)
            session.flush()
            fresh += 1
        move(session, Handoff, row.id, HandoffState.MAKING)
        dispatch = _message(session, report, assignment, practice, person)
        move(
            session,
            Handoff,
            row.id,
            HandoffState.HANDED_OVER,
            handed_over_at=now(),
            dispatch_id=dispatch.id if dispatch else None,
        )
    return fresh


def _message(
    session: Session, report: Report, assignment: Assignment, practice: Practice, person: Person
) -> Dispatch | None:
    """The message that tells of this report: its own, today's while it is unsent, tomorrow's, or none."""
    if person.routine_mail == "none":
        return None
    if person.routine_mail == "each":
        return _plan(session, practice, person, str(report.id), now())
    here = now().astimezone(ZoneInfo(practice.time_zone))
    message = _plan(session, practice, person, here.date().isoformat(), now())
    answered = assignment.completed_at
    covered = message.handed_over_at is not None and answered and answered <= message.handed_over_at
    if message.state in UNSENT or covered:
        return message
    # Today's message went before these answers came: the next one goes tomorrow morning.
    tomorrow = (here + timedelta(days=1)).replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return _plan(session, practice, person, tomorrow.date().isoformat(), tomorrow)


def _plan(session: Session, practice: Practice, person: Person, occasion: str, due_at: datetime) -> Dispatch:
    """The routine message to a person for one occasion (a day, or a report); planned on first use."""
    key = f"result|{person.id}|{occasion}"
    found = session.scalars(
        select(Dispatch).where(Dispatch.practice_id == practice.id, Dispatch.business_key == key)
    ).one_or_none()
    if found is not None:
        return found
    row = Dispatch(
        practice_id=practice.id,
        purpose=Purpose.RESULT,
        recipient=RecipientKind.PERSON,
        person_id=person.id,
        channel="email",
        business_key=key,
        due_at=due_at,
    )
    session.add(row)
    session.flush()
    jobs.add(session, "send", row.id, practice_id=practice.id, due_at=due_at)
    return row
