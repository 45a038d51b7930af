"""The first page: what it says of things that are nobody's message."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from delivery import clients, contacts, feeds
from delivery.db import now
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.models.schedules import BulkSend, CalendarFeed
from delivery.service import Service
from delivery.states import DispatchState, OutboxState
from tests import build

SILENT = "Not read for more than three days."


def test_a_calendar_that_has_gone_silent_is_said_on_the_first_page(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    url = "https://calendar.example/x"
    with service.db.write() as session:
        ada = cast.caller(service, cast.ada)
        feed_id = feeds.add(session, ada, cast.practice, url, service.settings).id
    assert SILENT not in console.get("/console/").text
    with service.db.write() as session:
        row = session.get_one(CalendarFeed, feed_id)
        row.read_at, row.error = now() - feeds.SILENT - timedelta(minutes=1), "The calendar did not answer."
    page = console.get("/console/").text
    assert SILENT in page
    assert "The calendar did not answer." in page
    assert "/console/appointments" in page
    with service.db.write() as session:
        session.get_one(CalendarFeed, feed_id).stopped_at = now()
    assert SILENT not in console.get("/console/").text


def test_a_bulk_send_that_gave_up_leads_to_its_own_page(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        row = BulkSend(practice_id=cast.practice, requested_by=cast.ada, what="remind", instruments=[])
        row.choices = {}
        session.add(row)
        session.flush()
        entry = OutboxEntry(
            practice_id=cast.practice,
            queue="bulk",
            kind="plan_bulk",
            subject_id=row.id,
            business_key="one",
            state=OutboxState.PARKED,
            due_at=now(),
            tries=8,
        )
        session.add(entry)
    for page in ("/console/", "/console/work"):
        text = console.get(page).text
        assert "Planning the messages of a bulk send" in text
        assert f"/console/bulk/{row.id}" in text
    assert console.post(f"/console/work/{entry.id}/retry").status_code == 303
    with service.db.read() as session:
        assert session.scalars(select(OutboxEntry.state)).all() == [OutboxState.NEW]


def test_a_test_that_did_not_arrive_leads_to_the_clients_page_and_is_not_sent_again_from_here(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        (who,) = clients.respondents(session, cast.cy)
        point = contacts.of_respondent(session, who.id)[0]
        row = Dispatch(
            practice_id=cast.practice,
            purpose=Purpose.TEST,
            recipient=RecipientKind.CLIENT,
            respondent_id=who.id,
            contact_point_id=point.id,
            channel=point.kind.value,
            business_key="test",
            due_at=now(),
            state=DispatchState.FAILED,
            reason="The mailbox is not known there.",
        )
        session.add(row)
    for page in ("/console/", "/console/work"):
        text = console.get(page).text
        assert "The mailbox is not known there" in text
        assert f"/console/clients/{cast.cy}" in text
        assert f"/console/messages/{row.id}/again" not in text
