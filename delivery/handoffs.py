"""Bringing a report to its clinicians: at most one routine message a person and day, by default."""

from __future__ import annotations

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
from delivery.states import HandoffState, move


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
        dispatch = _message(session, report, practice, person)
        move(
            session,
            Handoff,
            row.id,
            HandoffState.HANDED_OVER,
            handed_over_at=now(),
            dispatch_id=dispatch.id if dispatch else None,
        )
    return fresh


def _message(session: Session, report: Report, practice: Practice, person: Person) -> Dispatch | None:
    """The message that tells of this report: today's one, or its own, or none."""
    if person.routine_mail == "none":
        return None
    today = now().astimezone(ZoneInfo(practice.time_zone)).date().isoformat()
    key = f"result|{person.id}|{report.id if person.routine_mail == 'each' else today}"
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
        due_at=now(),
    )
    session.add(row)
    session.flush()
    jobs.add(session, "send", row.id, practice_id=practice.id)
    return row
