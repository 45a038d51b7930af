from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from delivery import assignments, clients, library, people, recency
from delivery.models.assignments import Way
from delivery.models.clients import CareRole, Client
from delivery.models.results import Submission
from delivery.recency import Recent
from delivery.service import Service
from tests import build

START = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def cast(clock: time_machine.Coordinates, service: Service) -> build.Cast:
    return build.cast(service)


def _answer(service: Service, cast: build.Cast, key: str) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, [key], Way.IN_PERSON)
    build.answer(service, row, cast.ada)


def _recent(service: Service, cast: build.Cast, *keys: str, by: UUID | None = None) -> list[Recent]:
    with service.db.read() as session:
        respondent = clients.respondents(session, cast.cy)[0]
        there = [library.shipped().get(key) for key in keys]
        return recency.recent(session, respondent.id, by or cast.ada, there)


def test_what_was_answered_within_its_interval_is_named_with_its_day_and_window(
    service: Service, cast: build.Cast, clock: time_machine.Coordinates
) -> None:
    _answer(service, cast, "pcl5")
    clock.shift(timedelta(days=27))
    [found] = _recent(service, cast, "phq9", "pcl5")
    assert found.words("America/Los_Angeles") == (
        "PCL-5 was answered on 3 March; it asks about the past month."
    )
    clock.shift(timedelta(days=1, seconds=1))
    assert _recent(service, cast, "phq9", "pcl5") == []


def test_a_measure_without_a_shortest_interval_may_be_asked_any_time(
    service: Service, cast: build.Cast
) -> None:
    _answer(service, cast, "audit_c")
    assert _recent(service, cast, "audit_c") == []


def test_an_ask_of_a_colleague_that_is_still_open_is_named(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        people.join_care_team(session, session.get_one(Client, cast.cy), cast.bo, CareRole.COLLEAGUE)
    build.ask(service, cast.caller(service, cast.bo), cast.cy, ["phq9"])
    [found] = _recent(service, cast, "phq9")
    assert found.words("America/Los_Angeles") == (
        "PHQ-9 was asked on 3 March by Dr. Lund and is still open; it asks about the last 2 weeks."
    )
    [own] = _recent(service, cast, "phq9", by=cast.bo)
    assert own.colleague is None


def test_what_was_taken_back_or_declared_void_counts_no_more(service: Service, cast: build.Cast) -> None:
    ada = cast.caller(service, cast.ada)
    row = build.ask(service, ada, cast.cy, ["phq9"])
    with service.db.write() as session:
        assignments.cancel(session, ada, row.id)
    assert _recent(service, cast, "phq9") == []
    _answer(service, cast, "phq9")
    assert len(_recent(service, cast, "phq9")) == 1
    with service.db.write() as session:
        session.scalars(select(Submission)).one().voided_at = START
    assert _recent(service, cast, "phq9") == []


def test_an_odd_window_and_another_year_are_said_as_they_are(service: Service) -> None:
    psc17 = library.shipped().get("psc17")
    old = Recent(psc17, datetime(2020, 1, 2, 20, tzinfo=UTC), True, None)
    assert old.words("UTC") == (
        "PSC-17 was answered on 2 January 2020; it looks back: the form names no time."
    )
