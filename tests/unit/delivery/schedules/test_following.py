from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from delivery import appointments, feeds
from delivery.calendars import feed as calendar
from delivery.calendars.feed import Feed
from delivery.db import now, uuid7
from delivery.models.clients import Client
from delivery.models.messages import Attempt, Dispatch, RecipientKind
from delivery.models.schedules import Appointment, CalendarFeed, Occurrence
from delivery.schedules import meetings
from delivery.service import Service
from delivery.states import AssignmentState, AttemptState, DispatchState
from tests import build, planning
from tests.planning import MONDAY

#: Tuesday 12 January 2027, 10:00 in Los Angeles; the day before is when the client is asked.
SESSION = datetime(2027, 1, 12, 18, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


@pytest.fixture
def feed(service: Service, cast: build.Cast) -> UUID:
    """Dr. Ada's calendar, and Cy's code in it."""
    with planning.at(MONDAY), service.db.write() as session:
        session.get_one(Client, cast.cy).calendar_code = "k7m2"
        ada = cast.caller(service, cast.ada)
        return feeds.add(session, ada, cast.practice, "https://calendar.example/x", service.settings).id


def read(service: Service, feed: UUID, at: datetime, **starts: datetime) -> feeds.Change:
    """The calendar as it stands at a moment: name of a session → its start."""
    with planning.at(at), service.db.write() as session:
        wanted = feeds.reading(session, feed)
        assert wanted is not None
        found = [
            calendar.Session(f"{name}|", "k7m2", start, start + timedelta(minutes=50), False)
            for name, start in starts.items()
        ]
        next_at, change = feeds.take(session, feed, wanted, Feed(tuple(found), 0))
        assert next_at == at + timedelta(hours=1)
        return change


def hand_over(service: Service) -> None:
    """What was planned has gone out."""
    with service.db.write() as session:
        for row in session.scalars(select(Dispatch).where(Dispatch.state == DispatchState.PLANNED)):
            row.state, row.handed_over_at = DispatchState.HANDED_OVER, now()
            session.add(
                Attempt(
                    id=uuid7(),
                    practice_id=row.practice_id,
                    dispatch_id=row.id,
                    recipient=RecipientKind.CLIENT,
                    consent_id=_consent(session, row),
                    number=1,
                    provider="test",
                    state=AttemptState.ACCEPTED,
                    started_at=now(),
                )
            )


def _consent(session, row):  # type: ignore[no-untyped-def]
    from delivery.models.clients import Consent

    return session.scalars(select(Consent.id).where(Consent.respondent_id == row.respondent_id)).one()


def test_a_client_is_asked_a_day_before_each_session(service: Service, cast: build.Cast) -> None:
    with planning.at(MONDAY):
        planning.appointment(service, cast, "Tuesdays 10:00")
        row = planning.plan(service, cast, planning.before_sessions(cast))
    planning.turn(service, MONDAY)  # the session tomorrow was learned too late to ask a day before
    planning.turn(service, SESSION - DAY - timedelta(seconds=1))
    assert planning.occurrences(service) == [("2027-01-05", "made")]
    planning.turn(service, SESSION - DAY)
    assert planning.occurrences(service) == [("2027-01-05", "made"), ("2027-01-12", "made")]
    assert planning.fresh(service, row).next_at == SESSION - DAY + WEEK


def test_every_other_session_counts_those_that_take_place(service: Service, cast: build.Cast) -> None:
    with planning.at(MONDAY):
        typed = planning.appointment(service, cast, "Tuesdays 10:00")
        planning.plan(service, cast, planning.before_sessions(cast, every=2))
        ada = cast.caller(service, cast.ada)
        for key in ("2027-01-12", "2027-02-09"):
            with service.db.write() as session:
                appointments.skip(session, ada, typed.id, key)
    planning.turn_daily(service, MONDAY, 50)
    assert planning.occurrences(service) == [
        ("2027-01-05", "made"),
        ("2027-01-26", "made"),
        ("2027-02-09", "skipped"),
        ("2027-02-16", "made"),
    ]


def test_a_skipped_week_is_not_asked_about_and_undoing_it_asks_after_all(
    service: Service, cast: build.Cast
) -> None:
    with planning.at(MONDAY):
        typed = planning.appointment(service, cast, "Tuesdays 10:00")
        row = planning.plan(service, cast, planning.before_sessions(cast))
        planning.turn(service)
        ada = cast.caller(service, cast.ada)
        with service.db.write() as session:
            appointments.skip(session, ada, typed.id, "2027-01-12")
    assert planning.fresh(service, row).next_at == SESSION - DAY + WEEK
    with planning.at(SESSION - DAY + timedelta(hours=1)):
        with service.db.write() as session:
            appointments.skip(session, ada, typed.id, "2027-01-12", undo=True)
        planning.turn(service)
    assert ("2027-01-12", "made") in planning.occurrences(service)


def test_skipping_a_session_takes_back_a_message_that_has_not_left(
    service: Service, cast: build.Cast
) -> None:
    with planning.at(MONDAY):
        typed = planning.appointment(service, cast, "Tuesdays 10:00")
        planning.plan(service, cast, planning.before_sessions(cast))
    planning.turn(service, SESSION - DAY)
    ada = cast.caller(service, cast.ada)
    with planning.at(SESSION - DAY), service.db.write() as session:
        appointments.skip(session, ada, typed.id, "2027-01-12")
    ask = planning.asks(service)[-1]
    assert (ask.state, ask.end_reason) == (AssignmentState.CANCELLED, "session-off")
    assert ("2027-01-12", "skipped") in planning.occurrences(service)
    with service.db.read() as session:
        (message,) = session.scalars(select(Dispatch).where(Dispatch.assignment_id == ask.id)).all()
    assert message.state is DispatchState.CANCELLED
    with planning.at(SESSION - DAY + timedelta(minutes=5)), service.db.write() as session:
        appointments.skip(session, ada, typed.id, "2027-01-12", undo=True)
    planning.turn(service, SESSION - DAY + timedelta(minutes=6))
    assert ("2027-01-12", "made") in planning.occurrences(service)


def test_sessions_of_a_calendar_are_planned_moved_and_called_off(
    service: Service, cast: build.Cast, feed: UUID
) -> None:
    with planning.at(MONDAY):
        row = planning.plan(service, cast, planning.before_sessions(cast))
    assert row.next_at is None
    assert read(service, feed, MONDAY, a=SESSION, b=SESSION + WEEK) == feeds.Change(2, 0, 0)
    assert planning.fresh(service, row).next_at == SESSION - DAY
    assert read(service, feed, MONDAY, a=SESSION, b=SESSION + WEEK) == feeds.Change(0, 0, 0)
    later = SESSION + timedelta(days=1, hours=4)
    assert read(service, feed, MONDAY, a=later, b=SESSION + WEEK) == feeds.Change(0, 1, 0)
    assert planning.fresh(service, row).next_at == later - DAY
    assert read(service, feed, MONDAY, b=SESSION + WEEK) == feeds.Change(0, 0, 1)
    assert planning.fresh(service, row).next_at == SESSION - DAY + WEEK
    assert read(service, feed, MONDAY, a=SESSION, b=SESSION + WEEK) == feeds.Change(1, 0, 0)
    assert planning.fresh(service, row).next_at == SESSION - DAY


def test_a_move_is_remembered_with_where_the_session_was(
    service: Service, cast: build.Cast, feed: UUID
) -> None:
    read(service, feed, MONDAY, a=SESSION)
    for hours in (28, 52):
        read(service, feed, MONDAY, a=SESSION + timedelta(hours=hours))
    with planning.at(MONDAY), service.db.read() as session:
        (one,) = meetings.of_client(session, cast.cy, MONDAY, MONDAY + 4 * WEEK)
    assert one.start == SESSION + timedelta(hours=52)
    assert one.moved_from == SESSION + timedelta(hours=28)


@pytest.mark.parametrize(
    "later", [timedelta(hours=4), timedelta(days=1, hours=4), timedelta(days=-1, hours=23)]
)
def test_moving_a_session_takes_an_unsent_message_back_and_asks_anew(
    service: Service, cast: build.Cast, feed: UUID, later: timedelta
) -> None:
    read(service, feed, MONDAY, a=SESSION)
    with planning.at(MONDAY):
        planning.plan(service, cast, planning.before_sessions(cast))
    planning.turn(service, SESSION - DAY)
    read(service, feed, SESSION - DAY + timedelta(minutes=1), a=SESSION + later)
    old = planning.asks(service)[0]
    assert (old.state, old.end_reason) == (AssignmentState.CANCELLED, "session-moved")
    for minutes in (2, 3):
        planning.turn(service, max(SESSION + later - DAY, SESSION - DAY) + timedelta(minutes=minutes))
    assert len(planning.asks(service)) == 2
    assert [outcome for _, outcome in planning.occurrences(service)] == ["made"]


def test_moving_a_session_whose_message_has_left_asks_nothing_twice(
    service: Service, cast: build.Cast, feed: UUID
) -> None:
    read(service, feed, MONDAY, a=SESSION)
    with planning.at(MONDAY):
        planning.plan(service, cast, planning.before_sessions(cast))
    planning.turn(service, SESSION - DAY)
    hand_over(service)
    read(service, feed, SESSION - DAY + timedelta(minutes=1), a=SESSION + 2 * DAY)
    planning.turn_daily(service, SESSION - DAY + timedelta(minutes=2), 5)
    assert len(planning.asks(service)) == 1
    assert planning.occurrences(service) == [("2027-01-12", "made"), ("2027-01-14", "skipped")]
    with service.db.read() as session:
        reasons = session.scalars(select(Occurrence.reason).order_by(Occurrence.key)).all()
    assert reasons == [None, "Moved by the calendar; asked before."]


def test_a_session_that_began_during_an_outage_is_not_asked_about(service: Service, cast: build.Cast) -> None:
    with planning.at(MONDAY - 3 * DAY):
        planning.appointment(service, cast, "Tuesdays 10:00")
        planning.plan(service, cast, planning.before_sessions(cast, lead_minutes=120))
    planning.turn(service, SESSION - WEEK + timedelta(minutes=30))
    assert planning.occurrences(service) == [("2027-01-05", "missed")]
    assert planning.asks(service) == []


def test_a_calendar_that_cannot_be_read_says_why_and_changes_nothing(
    service: Service, cast: build.Cast, feed: UUID
) -> None:
    read(service, feed, MONDAY, a=SESSION)
    with planning.at(MONDAY + DAY), service.db.write() as session:
        wanted = feeds.reading(session, feed)
        assert wanted is not None
        feeds.take(session, feed, wanted, "There is no whole calendar at this address.")
    with planning.at(MONDAY + DAY), service.db.read() as session:
        row = session.get_one(CalendarFeed, feed)
        assert row.error == "There is no whole calendar at this address."
        assert not feeds.is_silent(row)
        assert session.scalars(select(Appointment.cancelled_at)).all() == [None]
    with planning.at(MONDAY + 4 * DAY), service.db.read() as session:
        assert [one.id for one in feeds.silent(session, cast.caller(service, cast.ada))] == [feed]


def test_the_calendar_of_somebody_who_left_is_not_read(
    service: Service, cast: build.Cast, feed: UUID
) -> None:
    from delivery.models.people import Person

    with service.db.write() as session:
        session.get_one(Person, cast.ada).left_at = now()
    with service.db.read() as session:
        assert feeds.reading(session, feed) is None


def test_a_code_names_clients_of_the_own_caseload_alone(
    service: Service, cast: build.Cast, feed: UUID
) -> None:
    with service.db.write() as session:
        session.get_one(Client, cast.bo_client).calendar_code = "b4b4"
    with service.db.read() as session:
        wanted = feeds.reading(session, feed)
    assert wanted is not None
    assert wanted.codes == {"k7m2"}
