from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from channels import calendar_feed
from channels.calendar_feed import Unread
from delivery import feeds, jobs
from delivery.db import now
from delivery.models.clients import Client
from delivery.models.ledger import OutboxEntry
from delivery.models.schedules import Appointment, CalendarFeed
from delivery.service import Service
from delivery.states import OutboxState
from tests import build
from workers.context import Context
from workers.feeds import run


@pytest.fixture
def feed(service: Service, cast: build.Cast) -> CalendarFeed:
    with service.db.write() as session:
        session.get_one(Client, cast.cy).calendar_code = "k7m2"
        ada = cast.caller(service, cast.ada)
        return feeds.add(session, ada, cast.practice, "https://calendar.example/x", service.settings)


def work(service: Service) -> OutboxEntry:
    with service.db.write() as session:
        claim = jobs.claim(session, "bulk", 20)
    assert claim is not None
    run(Context(service, {}), claim)
    with service.db.read() as session:
        return session.scalars(select(OutboxEntry).where(OutboxEntry.kind == "calendar")).one()


def test_a_calendar_is_read_and_due_again_in_an_hour(
    service: Service, feed: CalendarFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = now() + timedelta(days=3)
    raw = (
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:K7M2\r\nDTSTART:{start:%Y%m%dT%H%M00Z}\r\n"
        "DURATION:PT50M\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    monkeypatch.setattr(calendar_feed, "fetch", lambda *a, **k: raw.encode())
    entry = work(service)
    assert entry.state is OutboxState.NEW
    assert timedelta(minutes=59) < entry.due_at - now() < timedelta(minutes=61)
    with service.db.read() as session:
        assert len(session.scalars(select(Appointment)).all()) == 1
        assert session.get_one(CalendarFeed, feed.id).error is None


def test_a_calendar_that_does_not_answer_is_due_again_too(
    service: Service, feed: CalendarFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> bytes:
        raise Unread("The calendar’s host did not answer in time.")

    monkeypatch.setattr(calendar_feed, "fetch", silent)
    assert work(service).state is OutboxState.NEW
    with service.db.read() as session:
        assert session.get_one(CalendarFeed, feed.id).error == "The calendar’s host did not answer in time."


def test_a_calendar_that_was_stopped_is_read_no_more(
    service: Service, cast: build.Cast, feed: CalendarFeed
) -> None:
    with service.db.write() as session:
        feeds.stop(session, cast.caller(service, cast.ada), feed.id)
    assert work(service).state is OutboxState.DONE
