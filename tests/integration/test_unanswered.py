"""“No answer yet” through the console: every open ask on one page, and one press that reminds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from delivery.crypto import contact_hash
from delivery.db import now
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client, ContactKind, ContactPoint, Respondent, SafeFor
from delivery.models.ledger import AuditEvent
from delivery.models.messages import Dispatch, OptOut, Purpose
from delivery.models.schedules import BulkItem, BulkSend
from delivery.service import Service
from delivery.states import ClientState, DispatchState, ItemState, move
from tests import build, bulk_acts
from tests.answering import Page
from tests.bulk_acts import client
from tests.clinician import signed_in
from tests.integration.test_bulk import text_of

EMAIL, SMS = ContactKind.EMAIL, ContactKind.SMS


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> dict[str, Assignment]:
    """Five clients were asked two days ago, each message has left; nobody has answered."""
    made = {}
    with service.db.write() as session:
        ada = cast.caller(service, cast.ada)
        who = {name: client(session, ada, name, EMAIL).id for name in ("Dot", "Eve", "Fay", "Gus")}
    for name, client_id in {"Cyan": cast.cy, **who}.items():
        made[name] = build.ask(service, ada, client_id, ["phq9"])
    bulk_acts.hand_over_all(service)
    with service.db.write() as session:
        for row in session.scalars(select(Dispatch)):
            row.handed_over_at = now() - timedelta(days=2)
        for ask in session.scalars(select(Assignment)):
            ask.send_at = now() - timedelta(days=2)
    return made


def remind(console: FlaskClient, cast: build.Cast, *asks: Assignment, **fields: Any) -> Any:
    form = Page(console.get("/console/unanswered").text).hidden["form"]
    data = {"form": form, "go": "these", "ask": [str(ask.id) for ask in asks], **fields}
    return console.post(f"/console/unanswered/{cast.practice}", data=data)


def reminders(service: Service) -> list[Dispatch]:
    with service.db.read() as session:
        return list(session.scalars(select(Dispatch).where(Dispatch.purpose == Purpose.REMINDER)))


def test_every_open_ask_stands_there_with_its_message_in_words(
    console: FlaskClient, asked: dict[str, Assignment]
) -> None:
    told = text_of(console.get("/console/unanswered"))
    assert "No answer yet: 5" in told
    assert "Cyan Canary" in told
    assert "PHQ-9 asked" in told
    assert "Last message:" in told
    assert "0 reminders so far" in told
    assert "Can be answered until" in told
    assert "Remind all: 5 clients" in told


def test_an_ask_of_the_future_and_an_answered_one_do_not_stand_there(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    ada = cast.caller(service, cast.ada)
    build.ask(service, ada, cast.cy, ["phq9"], send_at=now() + timedelta(days=3))
    answered = build.ask(service, ada, cast.cy, ["gad7"], way=Way.IN_PERSON)
    build.answer(service, answered, cast.ada)
    assert "No answer yet: 0" in text_of(console.get("/console/unanswered"))


def test_one_press_reminds_all_once_in_the_bulk_lane_however_often_it_is_pressed(
    console: FlaskClient, service: Service, cast: build.Cast, asked: dict[str, Assignment]
) -> None:
    form = Page(console.get("/console/unanswered").text).hidden["form"]
    presses = [
        console.post(f"/console/unanswered/{cast.practice}", data={"form": form, "go": "all"}) for _ in "12"
    ]
    assert {reply.status_code for reply in presses} == {303}
    assert presses[0].location == presses[1].location
    bulk_acts.run(service)
    bulk_acts.run(service)
    rows = reminders(service)
    assert sorted(str(row.assignment_id) for row in rows) == sorted(str(ask.id) for ask in asked.values())
    assert {(row.lane, row.state) for row in rows} == {("bulk", DispatchState.PLANNED)}
    assert "0 of 5 are through" in text_of(console.get(presses[0].location))


def test_only_those_ticked_are_reminded(
    console: FlaskClient, service: Service, cast: build.Cast, asked: dict[str, Assignment]
) -> None:
    assert remind(console, cast, asked["Eve"]).status_code == 303
    bulk_acts.run(service)
    assert [row.assignment_id for row in reminders(service)] == [asked["Eve"].id]
    told = text_of(console.get("/console/unanswered"))
    assert "No reminder now: A message is still on its way." in told
    assert "Remind all: 4 clients" in told


def test_nobody_ticked_is_said(
    console: FlaskClient, service: Service, cast: build.Cast, asked: dict[str, Assignment]
) -> None:
    reply = remind(console, cast)
    assert reply.status_code == 409
    assert "Nobody was chosen who can be reminded now." in text_of(reply)
    with service.db.read() as session:
        assert session.scalars(select(BulkSend.id)).all() == []


def _reminded_today(session: Any, ask: Assignment) -> None:
    row = session.scalars(select(Dispatch).where(Dispatch.assignment_id == ask.id)).one()
    row.handed_over_at = now() - timedelta(hours=23)


def _paused(session: Any, ask: Assignment) -> None:
    move(session, Client, ask.client_id, ClientState.PAUSED)


def _refused(session: Any, ask: Assignment) -> None:
    session.get_one(Respondent, ask.respondent_id).refused_at = now()


def _not_safe(session: Any, ask: Assignment) -> None:
    _point(session, ask).safe_for = SafeFor.INVITATIONS


def _opted_out(session: Any, ask: Assignment) -> None:
    contact = contact_hash("email", _point(session, ask).value or "", ask.practice_id)
    session.add(OptOut(channel="email", contact_hash=contact, how="text"))


def _failed(session: Any, ask: Assignment) -> None:
    row = session.scalars(select(Dispatch).where(Dispatch.assignment_id == ask.id)).one()
    row.state = DispatchState.FAILED


def _point(session: Any, ask: Assignment) -> ContactPoint:
    found: ContactPoint = session.scalars(
        select(ContactPoint).where(ContactPoint.respondent_id == ask.respondent_id)
    ).one()
    return found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_reminded_today, "A message went out in the last 24 hours."),
        (_paused, "Paused: nothing is sent."),
        (_refused, "Talk about it first."),
        (_not_safe, "No reminders may go to this address or number."),
        (_opted_out, "E-mail is not possible to this address."),
        (_failed, "The last message could not be sent."),
    ],
)
def test_who_is_left_out_is_listed_with_the_reason_and_no_press_reminds_them(
    console: FlaskClient,
    service: Service,
    cast: build.Cast,
    asked: dict[str, Assignment],
    change: Callable[[Any, Assignment], None],
    words: str,
) -> None:
    with service.db.write() as session:
        change(session, asked["Fay"])
    page = console.get("/console/unanswered")
    told = text_of(page)
    assert words in told
    assert "No reminder now, each with its reason: 1" in told
    ticks = {box.get("value") for box in Page(page.text).boxes if box.get("name") == "ask"}
    assert str(asked["Fay"].id) not in ticks
    remind(console, cast, *asked.values())
    bulk_acts.run(service)
    assert asked["Fay"].id not in {row.assignment_id for row in reminders(service)}
    assert len(reminders(service)) == 4


def test_what_changes_between_press_and_job_blocks_that_client_alone(
    console: FlaskClient, service: Service, cast: build.Cast, asked: dict[str, Assignment]
) -> None:
    remind(console, cast, go="all")
    with service.db.write() as session:
        _not_safe(session, asked["Fay"])
    bulk_acts.run(service)
    with service.db.read() as session:
        blocked = session.scalars(select(BulkItem).where(BulkItem.state == ItemState.BLOCKED)).all()
    assert [(row.assignment_id, row.reason) for row in blocked] == [
        (asked["Fay"].id, "No reminders may go to this address or number.")
    ]
    assert len(reminders(service)) == 4


def test_of_two_forms_of_a_client_the_one_asked_first_is_reminded_of(
    console: FlaskClient, service: Service, cast: build.Cast, asked: dict[str, Assignment]
) -> None:
    second = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    bulk_acts.hand_over_all(service)
    with service.db.write() as session:
        for row in session.scalars(select(Dispatch).where(Dispatch.assignment_id == second.id)):
            row.handed_over_at = now() - timedelta(hours=30)
    assert "One reminder at a time" in text_of(console.get("/console/unanswered"))
    remind(console, cast, asked["Cyan"], second)
    bulk_acts.run(service)
    assert [row.assignment_id for row in reminders(service)] == [asked["Cyan"].id]


def test_stopping_takes_reminders_back_and_leaves_the_forms_open(
    console: FlaskClient, service: Service, cast: build.Cast, asked: dict[str, Assignment]
) -> None:
    where = remind(console, cast, go="all").location
    bulk_acts.run(service)
    assert console.post(f"{where}/stop").status_code == 303
    assert {row.state for row in reminders(service)} == {DispatchState.CANCELLED}
    assert "No answer yet: 5" in text_of(console.get("/console/unanswered"))


def test_another_clinician_sees_and_reminds_nobody_of_mine(
    app: Flask, service: Service, cast: build.Cast, asked: dict[str, Assignment]
) -> None:
    bo = signed_in(app, "bo@example.org")
    told = text_of(bo.get("/console/unanswered"))
    assert "No answer yet: 0" in told
    assert "Cyan" not in told
    form = "01a20468-00f7-7065-9431-e3ca8b77c43f"
    data = {"form": form, "ask": [str(asked["Cyan"].id)]}
    assert bo.post(f"/console/unanswered/{cast.practice}", data=data).status_code == 409
    assert bo.post(f"/console/unanswered/{cast.other_practice}", data=data).status_code == 403
    assert reminders(service) == []


def test_reading_writes_one_audit_line(
    console: FlaskClient, service: Service, asked: dict[str, Assignment]
) -> None:
    console.get("/console/unanswered")
    with service.db.read() as session:
        tags = session.scalars(select(AuditEvent.tag).order_by(AuditEvent.number)).all()
    assert tags[-1] == "console:client:listed"
