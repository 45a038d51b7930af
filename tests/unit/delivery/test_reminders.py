from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from delivery import assignments, client_life, reminders
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.clients import Client, ContactPoint, ContactState, Respondent, SafeFor
from delivery.models.messages import Dispatch, Notice, NoticeKind, Purpose
from delivery.models.schedules import Schedule
from delivery.service import Service
from delivery.states import AssignmentState, ClientState, DispatchState, move
from tests import build

MONDAY = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 09:00 in Portland
PORTLAND = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def cast(service: Service) -> build.Cast:
    """Everybody, there since autumn."""
    with time_machine.travel(MONDAY - timedelta(days=60), tick=False):
        return build.cast(service)


def hand_over(service: Service, ask_id: UUID, at: datetime) -> None:
    """All messages of an ask that wait have left at `at`."""
    with service.db.write() as session:
        for row in session.scalars(select(Dispatch).where(Dispatch.assignment_id == ask_id)):
            move(session, Dispatch, row.id, DispatchState.DUE)
            move(session, Dispatch, row.id, DispatchState.HANDED_OVER, handed_over_at=at)
        move(session, Assignment, ask_id, AssignmentState.SENT, sent_at=at)


def run(service: Service, at: datetime) -> list[Dispatch]:
    """One sweep at `at`; the reminders that stand in the ledger afterwards, oldest first."""
    with time_machine.travel(at, tick=False), service.db.write() as session:
        reminders.plan_due(session)
    with service.db.read() as session:
        rows = select(Dispatch).where(Dispatch.purpose == Purpose.REMINDER).order_by(Dispatch.id)
        return list(session.scalars(rows))


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Callable[..., Assignment]:
    """An ask of Monday 09:00 in Portland that has left."""

    def make(**more: Any) -> Assignment:
        with time_machine.travel(MONDAY, tick=False):
            ada = cast.caller(service, cast.ada)
            row = build.ask(service, ada, cast.cy, ["phq9"], **{"reminders": 2, **more})
        hand_over(service, row.id, MONDAY + timedelta(minutes=4))
        return row

    return make


def test_each_reminder_comes_after_its_days_at_the_wall_time_of_the_first_message(
    service: Service, asked: Callable[..., Assignment]
) -> None:
    row = asked()
    assert run(service, MONDAY + timedelta(days=3, minutes=-1)) == []
    (first,) = run(service, MONDAY + timedelta(days=3))
    assert (first.lane, first.business_key) == ("bulk", f"reminder-1|{row.id}")
    assert len(run(service, MONDAY + timedelta(days=6))) == 1, "the first one still waits to go"
    hand_over(service, row.id, MONDAY + timedelta(days=3, hours=2))
    assert len(run(service, MONDAY + timedelta(days=6, minutes=-1))) == 1
    assert len(run(service, MONDAY + timedelta(days=6))) == 2
    hand_over(service, row.id, MONDAY + timedelta(days=6))
    assert len(run(service, MONDAY + timedelta(days=12))) == 2, "no more than the member chose"


def test_a_reminder_goes_to_the_place_of_the_last_message_with_the_same_link(
    service: Service, asked: Callable[..., Assignment], cast: build.Cast
) -> None:
    row = asked()
    (first,) = run(service, MONDAY + timedelta(days=3))
    with service.db.read() as session:
        invitation = session.scalars(
            select(Dispatch).where(Dispatch.assignment_id == row.id, Dispatch.purpose == Purpose.INVITATION)
        ).one()
    assert first.contact_point_id == invitation.contact_point_id
    assert first.assignment_id == row.id


def test_running_twice_or_late_plans_each_reminder_once(
    service: Service, asked: Callable[..., Assignment]
) -> None:
    asked()
    late = MONDAY + timedelta(days=8)
    assert len(run(service, late)) == 1
    assert len(run(service, late)) == 1


def _answered(session: Any, row: Assignment, cast: build.Cast) -> None:
    move(session, Assignment, row.id, AssignmentState.STARTED)
    move(session, Assignment, row.id, AssignmentState.COMPLETED, completed_at=now())


def _refused(session: Any, row: Assignment, _cast: build.Cast) -> None:
    session.get_one(Respondent, row.respondent_id).refused_at = now()


def _ends_soon(session: Any, row: Assignment, _cast: build.Cast) -> None:
    session.get_one(Assignment, row.id).expires_at = MONDAY + timedelta(days=3, hours=11)


def _no_reminders(session: Any, _row: Assignment, _cast: build.Cast) -> None:
    session.scalars(select(ContactPoint)).first().safe_for = SafeFor.INVITATIONS


def _dead(session: Any, _row: Assignment, _cast: build.Cast) -> None:
    for point in session.scalars(select(ContactPoint)):
        point.state = ContactState.DEAD


def _in_person(session: Any, row: Assignment, _cast: build.Cast) -> None:
    session.get_one(Respondent, row.respondent_id).in_person_only = True


def _paused(session: Any, row: Assignment, _cast: build.Cast) -> None:
    move(session, Client, row.client_id, ClientState.PAUSED)


@pytest.mark.parametrize(
    "change", [_answered, _refused, _ends_soon, _no_reminders, _dead, _in_person, _paused]
)
def test_nothing_is_planned_where_it_must_not_be(
    service: Service, cast: build.Cast, asked: Callable[..., Assignment], change: Callable[..., None]
) -> None:
    row = asked()
    with service.db.write() as session:
        change(session, row, cast)
    assert run(service, MONDAY + timedelta(days=3)) == []


def test_pausing_or_declining_also_takes_a_planned_reminder_back(
    service: Service, cast: build.Cast, asked: Callable[..., Assignment]
) -> None:
    asked()
    assert len(run(service, MONDAY + timedelta(days=3))) == 1
    with service.db.write() as session:
        client_life.set_state(session, cast.caller(service, cast.ada), cast.cy, ClientState.PAUSED)
    (row,) = run(service, MONDAY + timedelta(days=3))
    assert row.state is DispatchState.CANCELLED


def _rounds(service: Service, cast: build.Cast, states: list[AssignmentState]) -> Assignment:
    """Rounds of one schedule, the last of them sent on Monday; those before ended as told."""
    with service.db.write() as session:
        ada = cast.caller(service, cast.ada)
        client = session.get_one(Client, cast.cy)
        who = session.scalars(select(Respondent).where(Respondent.client_id == cast.cy)).one()
        plan = Schedule(
            practice_id=cast.practice,
            client_id=cast.cy,
            episode_id=assignments.open_episode(session, client, cast.ada).id,
            respondent_id=who.id,
            instruments=["phq9"],
            channel="email",
            rule="FREQ=WEEKLY",
            starts_on="2026-11-02",
            time_zone="America/Los_Angeles",
            requested_by=cast.ada,
        )
        session.add(plan)
        session.flush()
        plan_id = plan.id
    for number, state in enumerate(states):
        with time_machine.travel(MONDAY - timedelta(days=7 * (len(states) - number)), tick=False):
            row = build.ask(service, ada, cast.cy, ["phq9"], reminders=1)
        with service.db.write() as session:
            fresh = session.get_one(Assignment, row.id)
            fresh.schedule_id, fresh.occurrence, fresh.state = plan_id, f"r{number}", state
            fresh.ended_at = now()
    with time_machine.travel(MONDAY, tick=False):
        row = build.ask(service, ada, cast.cy, ["phq9"], reminders=1)
    with service.db.write() as session:
        session.get_one(Assignment, row.id).schedule_id = plan_id
    hand_over(service, row.id, MONDAY)
    return row


EXPIRED, DONE = AssignmentState.EXPIRED, AssignmentState.COMPLETED


@pytest.mark.parametrize(
    ("before", "planned"),
    [([EXPIRED, EXPIRED], 0), ([DONE, EXPIRED], 1), ([EXPIRED, DONE], 1), ([EXPIRED], 1)],
)
def test_two_rounds_without_an_answer_end_reminders_and_tell_the_clinician_once(
    service: Service, cast: build.Cast, before: list[AssignmentState], planned: int
) -> None:
    _rounds(service, cast, before)
    assert len(run(service, MONDAY + timedelta(days=3))) == planned
    run(service, MONDAY + timedelta(days=3, minutes=1))
    with service.db.read() as session:
        told = session.scalars(select(Notice.kind)).all()
    assert told == ([] if planned else [NoticeKind.UNANSWERED])


def test_a_notice_that_was_seen_to_does_not_come_back_for_the_same_round(
    service: Service, cast: build.Cast
) -> None:
    _rounds(service, cast, [EXPIRED, EXPIRED])
    run(service, MONDAY + timedelta(days=3))
    with service.db.write() as session:
        session.scalars(select(Notice)).one().done_at = MONDAY + timedelta(days=3)
    run(service, MONDAY + timedelta(days=4))
    with service.db.read() as session:
        assert len(session.scalars(select(Notice.id)).all()) == 1


def test_a_reminder_keeps_its_wall_time_over_the_change_of_clocks() -> None:
    first = datetime(2026, 10, 30, 16, 0, tzinfo=UTC)  # Friday 09:00, summer time
    due = reminders.next_at(first, first, 3, "America/Los_Angeles")
    assert due.astimezone(PORTLAND).isoformat() == "2026-11-02T09:00:00-08:00"


ZONES = ("America/Los_Angeles", "America/Phoenix", "Pacific/Honolulu", "America/Adak", "America/New_York")


@settings(max_examples=200, deadline=None)
@given(
    hours=st.integers(0, 400 * 24),
    minutes=st.integers(0, 59),
    later=st.timedeltas(timedelta(0), timedelta(days=20)),
    days=st.integers(1, 30),
    zone=st.sampled_from(ZONES),
)
def test_a_reminder_never_lies_half_a_day_off_its_days(
    hours: int, minutes: int, later: timedelta, days: int, zone: str
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours, minutes=minutes)
    last = start + later
    due = reminders.next_at(start, last, days, zone)
    assert abs(due - last - timedelta(days=days)) <= timedelta(hours=13)
    place = ZoneInfo(zone)
    wanted, got = start.astimezone(place), due.astimezone(place)
    same = (got.hour, got.minute) == (wanted.hour, wanted.minute)
    after_a_gap = (got.month, got.hour, got.minute) == (3, 3, 0)
    assert same or after_a_gap
