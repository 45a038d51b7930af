"""Schedules and appointments for tests: planned, and worked off as the scheduler does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import time_machine
from sqlalchemy import select

from delivery import appointments
from delivery.calendars.rules import every_weeks
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client
from delivery.models.schedules import Appointment, Occurrence, Schedule, ScheduleKind
from delivery.schedules import making, turning
from delivery.schedules.making import Wanted
from delivery.service import Service
from tests import build

TUESDAY = 1
#: Monday 4 January 2027, 12:00 in Los Angeles.
MONDAY = datetime(2027, 1, 4, 20, tzinfo=UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """The clock stands at this moment."""
    with time_machine.travel(moment, tick=False):
        yield


def wanted(cast: build.Cast, **changes: Any) -> Wanted:
    """GAD-7 by e-mail every Tuesday at 9:00, from 5 January 2027 on."""
    values: dict[str, Any] = {
        "client_id": cast.cy,
        "instruments": ["gad7"],
        "channel": Way.EMAIL,
        "starts_on": date(2027, 1, 5),
        "rule": every_weeks(1, {TUESDAY}).text,
        **changes,
    }
    return Wanted(**values)


def before_sessions(cast: build.Cast, **changes: Any) -> Wanted:
    """GAD-7 by e-mail one day before each session."""
    return wanted(cast, **{"kind": ScheduleKind.APPOINTMENTS, "rule": "", **changes})


def plan(service: Service, cast: build.Cast, what: Wanted) -> Schedule:
    """A schedule of Dr. Ada's, stored."""
    with service.db.write() as session:
        return making.save(session, cast.caller(service, cast.ada), what)


def appointment(service: Service, cast: build.Cast, text: str) -> Appointment:
    """An appointment of Cy's, as Dr. Ada typed it."""
    with service.db.write() as session:
        return appointments.add(session, cast.caller(service, cast.ada), cast.cy, text)


def turn(service: Service, moment: datetime | None = None) -> None:
    """What the scheduler does in one sweep, at that moment."""
    if moment is not None:
        with at(moment):
            turn(service)
        return
    for batch in (turning.realign, turning.take):
        more = True
        while more:
            with service.db.write() as session:
                more = batch(session, service.settings)


def turn_daily(service: Service, start: datetime, days: int) -> None:
    """One sweep a day."""
    for number in range(days):
        turn(service, start + timedelta(days=number))


def occurrences(service: Service, schedule: Schedule | None = None) -> list[tuple[str, str]]:
    """(key, outcome) in order of key."""
    with service.db.read() as session:
        rows = select(Occurrence).order_by(Occurrence.key)
        if schedule is not None:
            rows = rows.where(Occurrence.schedule_id == schedule.id)
        return [(row.key, row.outcome.value) for row in session.scalars(rows)]


def fresh(service: Service, schedule: Schedule) -> Schedule:
    """The schedule as it is stored now."""
    with service.db.read() as session:
        return session.get_one(Schedule, schedule.id)


def asks(service: Service) -> list[Assignment]:
    """All asks, oldest first."""
    with service.db.read() as session:
        return list(session.scalars(select(Assignment).order_by(Assignment.id)))


def set_zone(service: Service, cast: build.Cast, zone: str | None) -> None:
    """Cy lives somewhere else now."""
    with service.db.write() as session:
        session.get_one(Client, cast.cy).time_zone = zone
