"""Whom the front desk sees, and how little of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from delivery import clients
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict, NotFound
from delivery.kiosk import arrivals, desk, devices, paper, slips
from delivery.kiosk.arrivals import Arrival
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Client
from delivery.models.ledger import AuditEvent
from delivery.models.people import Grant
from delivery.service import Service
from delivery.states import ClientState
from tests import build
from tests.tablet import code_for, enrolled


@pytest.fixture
def ada(service: Service, cast: build.Cast) -> Caller:
    return cast.caller(service, cast.ada)


@pytest.fixture
def desk_person(service: Service, cast: build.Cast) -> Caller:
    return cast.caller(service, cast.desk)


def _lines(made: Service, caller: Caller) -> list[Arrival]:
    with made.db.write() as session:
        return [line for one in arrivals.today(session, caller) for line in one.lines]


def test_the_front_desk_sees_everybody_of_the_practice_and_a_clinician_who_they_treat(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    bo = cast.caller(service, cast.bo)
    build.ask(service, ada, cast.cy, ["phq9"], Way.KIOSK)
    build.ask(service, bo, cast.bo_client, ["gad7"], Way.KIOSK)
    assert [line.called for line in _lines(service, desk_person)] == ["Cyan", "Olive"]
    assert [line.called for line in _lines(service, bo)] == ["Olive"]
    assert _lines(service, cast.caller(service, cast.stranger)) == []


def test_each_look_at_the_list_is_in_the_audit_log(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    build.ask(service, ada, cast.cy, ["phq9"], Way.KIOSK)
    _lines(service, desk_person)
    with service.db.read() as session:
        [event] = session.scalars(select(AuditEvent).where(AuditEvent.tag == "desk:arrivals:read"))
        assert event.detail == {"clients": [str(cast.cy)]}
        assert event.actor == f"person:{cast.desk}"


def test_a_line_says_how_long_it_takes_and_nothing_of_what_is_asked(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    build.ask(service, ada, cast.cy, ["phq9", "gad7"], Way.KIOSK)
    [line] = _lines(service, desk_person)
    assert (line.clinician, line.state, line.here) == ("Dr. Rowan", "ready", True)
    assert line.minutes >= 3
    assert line.by_tablet
    assert line.by_phone


def test_a_form_by_mail_of_somebody_who_is_not_expected_stands_below(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    build.ask(service, ada, cast.cy, ["phq9"])
    [line] = _lines(service, desk_person)
    assert not line.here
    build.ask(service, ada, cast.cy, ["gad7"], Way.KIOSK)
    assert [line.here for line in _lines(service, desk_person)] == [True, True]


def test_two_who_are_called_alike_are_told_apart_by_a_letter(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    with service.db.write() as session:
        other = build.add_client(session, ada, "Cyan", "Zander", None)
    build.ask(service, ada, cast.cy, ["phq9"], Way.KIOSK)
    build.ask(service, ada, other.id, ["phq9"], Way.KIOSK)
    assert [line.called for line in _lines(service, desk_person)] == ["Cyan C.", "Cyan Z."]


def test_the_course_of_a_form_is_told_in_states(
    service: Service, cast: build.Cast, app: Flask, ada: Caller, desk_person: Caller
) -> None:
    tablet = enrolled(service, app, ada, [cast.practice])
    row = build.ask(service, ada, cast.cy, ["gad2"], Way.KIOSK, reason="a look")

    def state() -> str:
        [line] = _lines(service, desk_person)
        return line.state

    assert state() == "ready"
    digits = code_for(service, desk_person, row, tablet)
    assert state() == "code"
    tablet.open(digits)
    tablet.begin()
    assert state() == "tablet"
    with service.db.write() as session:
        device = devices.of_keeper(session, ada, tablet.id, *devices.KEEPERS)
        device.last_seen_at = now() - timedelta(minutes=2)
    assert state() == "silent"
    tablet.fill("1")
    tablet.step("stop", key=tablet.page.hidden["key"])
    assert "kept for two hours" in tablet.page.text
    assert state() == "stopped"
    tablet.open(code_for(service, desk_person, row, tablet))
    tablet.begin()
    tablet.fill("1")
    tablet.press("send")
    assert state() == "done"


def test_a_paused_client_is_not_on_the_list(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    build.ask(service, ada, cast.cy, ["phq9"], Way.KIOSK)
    with service.db.write() as session:
        session.get_one(Client, cast.cy).state = ClientState.PAUSED
    assert _lines(service, desk_person) == []


def test_a_slip_repeats_the_link_that_there_is_and_makes_one_where_there_is_none(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    by_mail = build.ask(service, ada, cast.cy, ["phq9"])
    for_tablet = build.ask(service, ada, cast.cy, ["gad7"], Way.KIOSK)
    for row in (by_mail, for_tablet):
        with service.db.write() as session:
            _, line = arrivals.one(session, desk_person, row.id)
            first = slips.make(session, desk_person, line, service)
        with service.db.write() as session:
            again = slips.make(session, desk_person, line, service)
            links = session.scalars(select(Link).where(Link.assignment_id == row.id)).all()
        assert first.url == again.url
        assert len(links) == 1
        assert first.svg.startswith("<svg")
        assert "style=" not in first.svg


def test_nobody_who_wants_nothing_on_a_phone_gets_a_slip(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    row = build.ask(service, ada, cast.cy, ["phq9"], Way.KIOSK)
    with service.db.write() as session:
        clients.respondents(session, cast.cy)[0].in_person_only = True
    with service.db.write() as session, pytest.raises(Conflict):
        _, line = arrivals.one(session, desk_person, row.id)
        slips.make(session, desk_person, line, service)


def test_another_practice_opens_nothing(service: Service, cast: build.Cast, ada: Caller) -> None:
    row = build.ask(service, ada, cast.cy, ["phq9"], Way.KIOSK)
    stranger = cast.caller(service, cast.stranger)
    with service.db.write() as session:
        for act in (desk.ask, arrivals.one, paper.pack):
            with pytest.raises(NotFound):
                act(session, stranger, row.id)  # type: ignore[operator]


def test_the_grant_of_the_cast_is_what_the_desk_stands_on(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    row = build.ask(service, ada, cast.cy, ["phq9"], Way.KIOSK)
    with service.db.write() as session:
        for grant in session.scalars(select(Grant).where(Grant.person_id == cast.desk)):
            grant.until_at = now() - timedelta(seconds=1)
    gone = cast.caller(service, cast.desk)
    with service.db.write() as session, pytest.raises(NotFound):
        desk.ask(session, gone, row.id)
    with service.db.read() as session:
        assert session.get_one(Assignment, row.id).ended_at is None
