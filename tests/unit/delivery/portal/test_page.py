"""What stands on a client's own page, and what an ask through it sends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from delivery import resending
from delivery.errors import Invalid
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.messages import Dispatch, Purpose
from delivery.models.portal import OneTimeCode
from delivery.portal import page
from delivery.portal.page import Due
from delivery.service import Service
from delivery.states import AssignmentState
from tests import build, sending_acts
from tests.sending_acts import NUMBER, Scene

MAIL = "tex@example.org"


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def due(scene: Scene, *respondents: object) -> list[Due]:
    with scene.service.db.read() as session:
        return page.due(session, set(respondents))  # type: ignore[arg-type]


def test_an_ask_by_the_page_is_announced_once_with_a_sign_in_link(scene: Scene) -> None:
    client = scene.person(email=MAIL, sms=NUMBER)
    message = scene.ask(client, Way.PORTAL, reminders=3)
    scene.work()
    (mail,) = scene.mails.taken
    assert (mail.subject, scene.texts.taken) == ("Your page at Alder Street Office", [])
    assert "/portal/" in mail.text
    assert "/q/" not in mail.text
    row = scene.row(message)
    assert (row.purpose, row.code_id is not None) == (Purpose.INVITATION, True)
    with scene.service.db.read() as session:
        ask = session.get_one(Assignment, row.assignment_id)
        assert (ask.channel, ask.state) == (Way.PORTAL, AssignmentState.SENT)
    scene.later(days=7)
    assert len(scene.mails.taken) == 1, "no reminders: the page itself is the reminder"


def test_without_an_e_mail_it_is_announced_by_text(scene: Scene) -> None:
    scene.ask(scene.person(sms=NUMBER), Way.PORTAL)
    scene.work()
    assert "/portal/" in scene.texts.taken[0].text


@pytest.mark.parametrize("person", [{}, {"email": MAIL, "agreed": False}])
def test_who_could_not_sign_in_is_not_asked_there(scene: Scene, person: dict[str, object]) -> None:
    client = scene.person("Tex", None, **person)
    with pytest.raises(Invalid, match="sign in"):
        build.ask(scene.service, scene.ada, client, ["gad7"], Way.PORTAL)
    assert scene.count(Assignment) == scene.count(Dispatch) == scene.count(OneTimeCode) == 0


def test_a_link_that_was_used_before_the_message_left_stops_it(scene: Scene) -> None:
    message = scene.ask(scene.person(email=MAIL), Way.PORTAL)
    with scene.service.db.write() as session:
        code = session.scalars(select(OneTimeCode)).one()
        code.used_at = code.created_at
    scene.work()
    assert (scene.row(message).code, scene.mails.taken) == ("ended", [])


def test_the_list_says_how_long_it_takes_until_when_and_for_whom(scene: Scene) -> None:
    client = scene.person(email=MAIL)
    scene.ask(client, Way.EMAIL, expires_in_days=3)
    first = scene.ask(client, Way.PORTAL, expires_in_days=1)
    with scene.service.db.write() as session:
        session.merge(scene.respondent(client)).recognition_word = "Azul"
    found = due(scene, scene.respondent(client).id)
    assert found[0].ask_id == first.assignment_id, "the soonest end comes first"
    assert (found[0].word, found[0].questions, found[0].minutes) == ("Azul", 7, 2)
    assert found[0].sender == "Alder Street Office"
    assert not found[0].begun


def test_what_is_taken_back_or_over_is_not_due(scene: Scene) -> None:
    client = scene.person(email=MAIL)
    scene.ask(client, Way.EMAIL, expires_in_days=1)
    who = scene.respondent(client).id
    assert len(due(scene, who)) == 1
    with scene.service.db.write() as session:
        session.scalars(select(Link)).one().expires_at -= timedelta(days=2)
    assert due(scene, who) == []
    assert due(scene) == []


def test_sent_once_more_it_carries_a_new_sign_in_link(scene: Scene) -> None:
    message = scene.ask(scene.person(email=MAIL), Way.PORTAL)
    scene.work()
    with scene.service.db.write() as session:
        resending.resend(session, scene.ada, message.assignment_id)  # type: ignore[arg-type]
    scene.work()
    first, second = (re.search(r"/portal/(\S+)", one.text) for one in scene.mails.taken)
    assert first
    assert second
    assert first[1] != second[1]
