from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from delivery import access, client_life
from delivery.calendars.rules import once
from delivery.db import now
from delivery.models.clients import CareTeam, Consent, ContactPoint, SafeFor
from delivery.models.messages import Dispatch, Notice, NoticeKind
from delivery.models.schedules import Occurrence, Schedule
from delivery.schedules import turning
from delivery.schedules.turns import Turn
from delivery.service import Service
from delivery.states import AssignmentState, ClientState, LinkState
from tests import build, planning
from tests.planning import MONDAY

NINE = datetime(2027, 1, 5, 17, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@pytest.fixture
def plan(service: Service, cast: build.Cast) -> Schedule:
    with planning.at(MONDAY):
        return planning.plan(service, cast, planning.wanted(cast))


def test_a_turn_is_asked_at_its_wall_time_once(service: Service, cast: build.Cast, plan: Schedule) -> None:
    assert plan.next_at == NINE
    planning.turn(service, NINE - timedelta(seconds=1))
    assert planning.occurrences(service) == []
    for _ in range(3):
        planning.turn(service, NINE + timedelta(seconds=5))
    assert planning.occurrences(service) == [("2027-01-05", "made")]
    (ask,) = planning.asks(service)
    assert ask.schedule_id == plan.id
    assert ask.occurrence == "2027-01-05"
    assert planning.fresh(service, plan).next_at == NINE + WEEK


def test_the_message_goes_on_the_bulk_lane_without_time_to_undo(service: Service, plan: Schedule) -> None:
    planning.turn(service, NINE)
    with service.db.read() as session:
        (message,) = session.scalars(select(Dispatch)).all()
    assert message.lane == "bulk"
    assert message.due_at == NINE


def test_a_newer_turn_takes_the_place_of_an_ask_without_an_answer(service: Service, plan: Schedule) -> None:
    from delivery.models.assignments import Link

    planning.turn(service, NINE)
    planning.turn(service, NINE + WEEK)
    old, new = planning.asks(service)
    assert (old.state, old.end_reason) == (AssignmentState.EXPIRED, "newer")
    assert new.state is AssignmentState.PLANNED
    with service.db.read() as session:
        links = {row.assignment_id: row for row in session.scalars(select(Link))}
    assert links[old.id].state is LinkState.SUPERSEDED
    assert links[new.id].state is LinkState.OPEN


def test_after_an_outage_only_the_newest_turn_is_asked(service: Service, plan: Schedule) -> None:
    planning.turn(service, NINE + 3 * WEEK + timedelta(days=1))
    assert planning.occurrences(service) == [
        ("2027-01-05", "missed"),
        ("2027-01-12", "missed"),
        ("2027-01-19", "missed"),
        ("2027-01-26", "made"),
    ]
    assert len(planning.asks(service)) == 1


def test_after_an_outage_a_client_with_two_schedules_is_asked_once(
    service: Service, cast: build.Cast, plan: Schedule
) -> None:
    with planning.at(MONDAY):
        other = planning.plan(
            service, cast, planning.wanted(cast, instruments=["phq9"], rule="FREQ=DAILY", wall_time="10:00")
        )
    planning.turn(service, NINE + timedelta(days=2, hours=2))
    assert planning.occurrences(service, plan) == [("2027-01-05", "missed")]
    assert planning.occurrences(service, other) == [
        ("2027-01-05", "missed"),
        ("2027-01-06", "missed"),
        ("2027-01-07", "made"),
    ]


def test_a_short_interruption_loses_nothing(service: Service, cast: build.Cast, plan: Schedule) -> None:
    with planning.at(MONDAY):
        planning.plan(service, cast, planning.wanted(cast, instruments=["phq9"], wall_time="10:00"))
    planning.turn(service, NINE + timedelta(hours=5))
    assert [outcome for _, outcome in planning.occurrences(service)] == ["made", "made"]


@pytest.mark.parametrize(
    ("ages", "begun", "wanted"),
    [
        ([1], [], {0}),
        ([1, 2], [], {0, 1}),
        ([7, 1], [], {1}),
        ([30, 7], [], {1}),
        ([1], [0], set()),
        ([3, 1], [0], {1}),
    ],
)
def test_what_is_asked_of_several_due_turns(ages: list[int], begun: list[int], wanted: set[int]) -> None:
    at = now()
    due = [
        (uuid4(), Turn(f"k{n}", at - timedelta(hours=age), at - timedelta(minutes=1) if n in begun else None))
        for n, age in enumerate(ages)
    ]
    assert turning.chosen(due, at) == {(due[n][0], f"k{n}") for n in wanted}


def test_what_may_not_be_asked_is_kept_with_its_reason_and_told_and_the_schedule_goes_on(
    service: Service, cast: build.Cast, plan: Schedule
) -> None:
    with service.db.write() as session:
        for consent in session.scalars(select(Consent)):
            consent.withdrawn_at = now()
    planning.turn(service, NINE)
    assert planning.occurrences(service) == [("2027-01-05", "blocked")]
    assert planning.asks(service) == []
    with service.db.read() as session:
        (row,) = session.scalars(select(Occurrence)).all()
        (told,) = session.scalars(select(Notice)).all()
    assert row.reason == "No consent to this channel is on record."
    assert (told.kind, told.client_id) == (NoticeKind.NOT_PLANNED, cast.cy)
    assert planning.fresh(service, plan).next_at == NINE + WEEK


def test_a_blocked_turn_leaves_the_last_ask_open(service: Service, plan: Schedule) -> None:
    planning.turn(service, NINE)
    with service.db.write() as session:
        for point in session.scalars(select(ContactPoint)):
            point.safe_for = SafeFor.NOTHING
    planning.turn(service, NINE + WEEK)
    (ask,) = planning.asks(service)
    assert ask.state is AssignmentState.PLANNED


def test_whoever_left_the_care_team_asks_nothing_more(
    service: Service, cast: build.Cast, plan: Schedule
) -> None:
    with service.db.write() as session:
        for row in session.scalars(select(CareTeam).where(CareTeam.client_id == cast.cy)):
            row.until_at = NINE - timedelta(hours=1)
    planning.turn(service, NINE)
    assert planning.occurrences(service) == [("2027-01-05", "blocked")]
    with service.db.read() as session:
        assert "care team" in (session.scalars(select(Occurrence.reason)).one() or "")


def test_a_fault_in_one_turn_stops_no_other_client(
    service: Service, cast: build.Cast, plan: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    from delivery import assignments

    with planning.at(MONDAY), service.db.write() as session:
        ada = access.caller(session, cast.ada)
        second = build.add_client(session, ada, "Dee", "Dove", "dove@example.org").id
    with planning.at(MONDAY):
        planning.plan(service, cast, planning.wanted(cast, client_id=second))
    real = assignments.ask

    def broken(session, caller, what, *rest, **more):  # type: ignore[no-untyped-def]
        if what.client_id == cast.cy:
            raise RuntimeError
        return real(session, caller, what, *rest, **more)

    monkeypatch.setattr(assignments, "ask", broken)
    planning.turn(service, NINE)
    assert sorted(outcome for _, outcome in planning.occurrences(service)) == ["blocked", "made"]
    (ask,) = planning.asks(service)
    assert ask.client_id == second


@pytest.mark.parametrize(
    ("to", "reason"),
    [(ClientState.PAUSED, "paused"), (ClientState.CLOSED, "closed"), (ClientState.DECEASED, "died")],
)
def test_a_client_who_is_not_active_is_not_asked_and_going_on_starts_nothing(
    service: Service, cast: build.Cast, plan: Schedule, to: ClientState, reason: str
) -> None:
    with planning.at(MONDAY), service.db.write() as session:
        client_life.set_state(session, cast.caller(service, cast.ada), cast.cy, to)
    if to is not ClientState.DECEASED:
        with planning.at(MONDAY), service.db.write() as session:
            client_life.set_state(session, cast.caller(service, cast.ada), cast.cy, ClientState.ACTIVE)
    planning.turn(service, NINE)
    assert planning.occurrences(service) == []
    assert planning.fresh(service, plan).stop_reason == reason


def test_a_schedule_that_has_come_to_its_end_has_stopped(service: Service, cast: build.Cast) -> None:
    with planning.at(MONDAY):
        row = planning.plan(service, cast, planning.wanted(cast, rule=once().text))
    planning.turn(service, NINE)
    assert planning.fresh(service, row).stop_reason == "ended"
    assert planning.fresh(service, row).next_at is None


def test_the_last_day_is_the_last(service: Service, cast: build.Cast) -> None:
    with planning.at(MONDAY):
        planning.plan(service, cast, planning.wanted(cast, ends_on=date(2027, 1, 18)))
    planning.turn_daily(service, NINE, 30)
    assert [key for key, _ in planning.occurrences(service)] == ["2027-01-05", "2027-01-12"]


def test_a_client_who_moves_is_asked_at_the_wall_time_of_the_new_place(
    service: Service, cast: build.Cast, plan: Schedule
) -> None:
    planning.turn(service, NINE)
    planning.set_zone(service, cast, "America/New_York")
    planning.turn(service, NINE + timedelta(hours=1))
    assert planning.fresh(service, plan).next_at == NINE + WEEK - timedelta(hours=3)
    planning.turn(service, NINE + WEEK - timedelta(hours=3))
    assert [key for key, _ in planning.occurrences(service)] == ["2027-01-05", "2027-01-12"]


def test_moving_west_on_the_day_itself_asks_nothing_twice(service: Service, cast: build.Cast) -> None:
    planning.set_zone(service, cast, "America/New_York")
    with planning.at(MONDAY):
        planning.plan(service, cast, planning.wanted(cast))
    planning.turn(service, NINE - timedelta(hours=3))
    planning.set_zone(service, cast, "Pacific/Honolulu")
    for hours in range(0, 24, 2):
        planning.turn(service, NINE + timedelta(hours=hours))
    assert planning.occurrences(service) == [("2027-01-05", "made")]


def test_a_skipped_turn_is_not_asked_and_stands_in_the_list(
    service: Service, cast: build.Cast, plan: Schedule
) -> None:
    from delivery.schedules import changing

    with planning.at(MONDAY), service.db.write() as session:
        changing.skip(session, cast.caller(service, cast.ada), plan.id, "2027-01-05")
    assert planning.fresh(service, plan).next_at == NINE + WEEK
    planning.turn(service, NINE + WEEK)
    assert planning.occurrences(service) == [("2027-01-05", "skipped"), ("2027-01-12", "made")]
