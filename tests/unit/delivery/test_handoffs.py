"""A clinician hears of each result, and not ten times a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select, update

from delivery import handoffs
from delivery.models.assignments import Assignment, Way
from delivery.models.messages import Dispatch
from delivery.models.people import Person
from delivery.models.results import Handoff, Report
from delivery.service import Service
from delivery.states import AssignmentState, DispatchState, HandoffState
from tests import build

ZONE = ZoneInfo("America/Los_Angeles")
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)


def _report(service: Service, cast: build.Cast) -> Report:
    """A report of answers that come at this moment."""
    ask = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"], Way.IN_PERSON)
    with service.db.write() as session:
        done = {"state": AssignmentState.COMPLETED, "completed_at": datetime.now(ZONE)}
        session.execute(update(Assignment).where(Assignment.id == ask.id).values(**done))
        row = Report(practice_id=cast.practice, assignment_id=ask.id)
        session.add(row)
    return row


def _bring(service: Service, report: Report) -> None:
    with service.db.write() as session:
        handoffs.bring(session, report.id)


def _messages(service: Service) -> list[Dispatch]:
    with service.db.read() as session:
        return list(session.scalars(select(Dispatch).order_by(Dispatch.id)))


def _gone(service: Service, at: datetime) -> None:
    with service.db.write() as session:
        session.execute(update(Dispatch).values(state=DispatchState.HANDED_OVER, handed_over_at=at))


def test_results_of_one_morning_share_one_message(service: Service, cast: build.Cast) -> None:
    with time_machine.travel(MORNING, tick=False):
        for _ in range(3):
            _bring(service, _report(service, cast))
    assert len(_messages(service)) == 1


def test_a_result_after_the_message_is_told_next_morning(service: Service, cast: build.Cast) -> None:
    with time_machine.travel(MORNING, tick=False):
        _bring(service, _report(service, cast))
    _gone(service, MORNING)
    with time_machine.travel(MORNING + timedelta(hours=5), tick=False):
        _bring(service, _report(service, cast))
        _bring(service, _report(service, cast))
    first, second = _messages(service)
    assert second.due_at == datetime(2026, 11, 24, 8, 0, tzinfo=ZONE)
    assert first.id != second.id


def test_answers_that_were_in_when_the_message_went_need_no_other(service: Service, cast: build.Cast) -> None:
    with time_machine.travel(MORNING, tick=False):
        early, late = _report(service, cast), _report(service, cast)
        _bring(service, early)
    _gone(service, MORNING + timedelta(seconds=2))
    with time_machine.travel(MORNING + timedelta(seconds=3), tick=False):
        _bring(service, late)
    assert len(_messages(service)) == 1


@pytest.mark.parametrize(("choice", "count"), [("each", 2), ("none", 0), ("daily", 1)])
def test_a_person_chooses_how_often(service: Service, cast: build.Cast, choice: str, count: int) -> None:
    with service.db.write() as session:
        session.execute(update(Person).values(routine_mail=choice))
    with time_machine.travel(MORNING, tick=False):
        for _ in range(2):
            _bring(service, _report(service, cast))
    assert len(_messages(service)) == count


def test_bringing_twice_is_one_hand_off(service: Service, cast: build.Cast) -> None:
    report = _report(service, cast)
    _bring(service, report)
    _bring(service, report)
    with service.db.read() as session:
        rows = session.scalars(select(Handoff)).all()
    assert [row.state for row in rows] == [HandoffState.HANDED_OVER]
    assert [row.person_id for row in rows] == [cast.ada]
