from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from channels.base import Event
from delivery import inbox
from delivery.db import now, uuid7
from delivery.models.ledger import InboxEntry
from delivery.service import Service
from delivery.signing import Purpose, Tokens
from tests import build


def event(dedupe: str = "SM1|sent|", attempt: str = "a") -> Event:
    return Event(
        attempt_id=attempt,
        kind="sent",
        code="twilio_sent",
        reason="",
        contact="",
        reference="SM1",
        dedupe=dedupe,
        at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        permanent=False,
        stops_provider=False,
    )


def _count(service: Service) -> int:
    with service.db.read() as session:
        return session.scalar(select(func.count()).select_from(InboxEntry)) or 0


def test_an_event_comes_back_as_it_was_and_lies_sealed(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        assert inbox.keep_events(session, "twilio", [event()]) == 1
        assert session.info["rings"] == {inbox.QUEUE}
    with service.db.write() as session:
        row = inbox.take(session)
        assert row is not None
        assert inbox.event(row) == event()
        assert b"twilio_sent" not in row.body_sealed  # type: ignore[attr-defined]


def test_repeats_are_kept_once_also_within_one_batch(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        assert inbox.keep_events(session, "sendgrid", [event("a"), event("b"), event("a")]) == 2
    with service.db.write() as session:
        assert inbox.keep_events(session, "sendgrid", [event("b"), event("a")]) == 0
        assert "rings" not in session.info
        assert inbox.keep_events(session, "twilio", [event("a")]) == 1
        assert inbox.keep_events(session, "twilio", []) == 0
    assert _count(service) == 3


def test_ids_of_any_length_have_room(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        assert inbox.keep_events(session, "sendgrid", [event("x" * 200), event("x" * 199)]) == 2


def test_a_text_that_leaves_nothing_to_do_is_only_remembered(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        assert inbox.keep_text(session, "SM1", None)
        assert not inbox.keep_text(session, "SM1", {"number": "x"})
        assert "rings" not in session.info
        assert inbox.take(session) is None


def test_entries_are_taken_oldest_first_and_wiped_when_done(service: Service, cast: build.Cast) -> None:
    start = now()
    for minutes in (2, 1, 3):
        with time_machine.travel(start - timedelta(minutes=minutes)), service.db.write() as session:
            inbox.keep_events(session, "twilio", [event(str(minutes))])
    taken = []
    for _ in range(3):
        with service.db.write() as session:
            row = inbox.take(session)
            assert row is not None
            taken.append(inbox.event(row).dedupe)
            inbox.finish(row)
    assert taken == ["3", "2", "1"]
    with service.db.read() as session:
        assert inbox.take(session) is None
        assert [row.body for row in session.scalars(select(InboxEntry))] == [None, None, None]


def test_an_error_lets_an_entry_rest_longer_each_time_and_then_leaves_it_for_a_person(
    service: Service, cast: build.Cast
) -> None:
    start = now()
    with time_machine.travel(start, tick=False), service.db.write() as session:
        inbox.keep_events(session, "twilio", [event()])
    ages, age = [], timedelta()
    for _ in range(8):
        while age < timedelta(days=3):
            with time_machine.travel(start + age, tick=False), service.db.write() as session:
                if row := inbox.take(session):
                    assert inbox.take(session, [row.id]) is None
                    inbox.fail(session, row.id, "ValueError x.py:1")
                    break
            age += timedelta(seconds=10)
        ages.append(age.total_seconds())
    assert ages == [0, 10, 60, 300, 1800, 7200, 21600, 86400]
    with time_machine.travel(start + timedelta(days=9)), service.db.write() as session:
        assert inbox.take(session) is None
        assert inbox.worn_out(session) == 1
        inbox.wake(session)
        assert "rings" not in session.info
        inbox.forget_old(session)
        assert session.scalars(select(InboxEntry.error)).all() == ["ValueError x.py:1"]


def test_the_sweep_rings_for_what_waits(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        inbox.wake(session)
        assert "rings" not in session.info
        inbox.keep_events(session, "twilio", [event()])
        del session.info["rings"]
    with service.db.write() as session:
        inbox.wake(session)
        assert session.info["rings"] == {inbox.QUEUE}


def test_what_is_done_is_forgotten_after_thirty_days(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        inbox.keep_events(session, "twilio", [event("open")])
        inbox.keep_text(session, "SM1", None)
    for days, left in ((29, 2), (31, 1)):
        with time_machine.travel(now() + timedelta(days=days)), service.db.write() as session:
            inbox.forget_old(session)
        assert _count(service) == left


def test_callbacks_about_attempts_that_nobody_made_are_counted_for_an_hour(
    service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        inbox.keep_events(session, "twilio", [event(str(n)) for n in range(4)])
        for row in session.scalars(select(InboxEntry).limit(3)):
            inbox.finish(row, inbox.UNKNOWN)
    with service.db.read() as session:
        assert inbox.unknown_last_hour(session) == 3
    with time_machine.travel(now() + timedelta(minutes=61)), service.db.read() as session:
        assert inbox.unknown_last_hour(session) == 0


def test_the_address_of_a_callback_names_its_attempt_and_fits_no_other(service: Service) -> None:
    one, other = uuid7(), uuid7()
    url = inbox.callback_url(service.settings, service.tokens, one)
    assert url.startswith("http://127.0.0.1:8080/hooks/twilio/status?a=")
    token = url.split("=", 1)[1]
    assert inbox.attempt_of(service.tokens, token) == one
    foreign = inbox.callback_url(service.settings, service.tokens, other).split("=", 1)[1]
    mixed = foreign.split(".")[0] + "." + token.split(".")[1]
    assert inbox.attempt_of(service.tokens, mixed) is None


@given(st.text(string.printable, max_size=60))
def test_no_other_token_names_an_attempt(token: str) -> None:
    tokens = Tokens([build.KEY])
    link = tokens.make(Purpose.LINK, uuid4().bytes)
    assert inbox.attempt_of(tokens, token) is None
    assert inbox.attempt_of(tokens, link) is None


@pytest.mark.parametrize("at", [None, datetime(2026, 11, 22, 12, 0, 1, tzinfo=UTC)])
def test_an_event_with_or_without_its_time_is_kept(
    service: Service, cast: build.Cast, at: datetime | None
) -> None:
    with service.db.write() as session:
        inbox.keep_events(session, "twilio", [replace(event(), at=at)])
        row = inbox.take(session)
        assert row is not None
        assert inbox.event(row).at == at
