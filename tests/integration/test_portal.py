"""The portal's pages: signing in without telling who is known, what is due and done, and the choices."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from delivery import clients, results
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Client, ContactKind, ContactPoint, ContactState, PermittedUse, Respondent
from delivery.models.clients import RespondentRole as Role
from delivery.models.portal import OneTimeCode, PortalSession
from delivery.models.results import Submission
from delivery.service import Service
from delivery.states import AssignmentState
from delivery.web import portal
from tests import answering, build
from tests.answering import Page, Person
from tests.sending_acts import SIGNED

CY, PAT = "cy@example.org", "pat@example.org"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal, "EVEN", 0.001)


def digits(service: Service) -> str:
    with service.db.read() as session:
        rows = session.scalars(select(OneTimeCode).order_by(OneTimeCode.id)).all()
        return [row.code for row in rows if row.code][-1]


def ask(browser: FlaskClient, contact: str) -> Page:
    return Page(browser.post("/portal/sign-in", data={"contact": contact}).text)


def signed_in(service: Service, app: Flask, contact: str) -> FlaskClient:
    browser = answering.browser_of(app)
    key = ask(browser, contact).hidden["key"]
    reply = browser.post("/portal/code", data={"key": key, "code": digits(service)})
    assert (reply.status_code, reply.location) == (303, "/portal")
    return browser


def home(browser: FlaskClient) -> Page:
    reply = browser.get("/portal")
    assert reply.status_code == 200
    return Page(reply.text)


def press(browser: FlaskClient, path: str, **fields: str) -> TestResponse:
    return browser.post(path, data={"key": home(browser).hidden["key"], **fields})


def add_parent(service: Service, cast: build.Cast, client: UUID, contact: str = PAT) -> UUID:
    with service.db.write() as session:
        made = clients.add_respondent(
            session,
            cast.caller(service, cast.ada),
            session.get_one(Client, client),
            NewRespondent(
                role=Role.PARENT,
                name="Pat Canary",
                contacts=[NewContact(ContactKind.EMAIL, contact)],
                consents=[("email", "consent-1", SIGNED, "signed on paper")],
            ),
        )
        session.execute(update(ContactPoint).values(state=ContactState.CONFIRMED))
        return made.id


def change(service: Service, model: type, *where: object, **values: object) -> None:
    with service.db.write() as session:
        session.execute(update(model).where(*where).values(**values))  # type: ignore[arg-type]


def answered_twice(service: Service, cast: build.Cast) -> None:
    """Two forms of one measure, scored, the second one lighter."""
    for n, code in enumerate("31"):
        row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"], Way.IN_PERSON)
        (one,) = build.answer(service, row, cast.ada, code)
        at = now() - timedelta(days=40 - 20 * n)
        change(service, Submission, Submission.id == one.id, answered_at=at)
        with service.db.write() as session:
            results.store(session, one.id)


# Signing in


def test_a_known_and_an_unknown_contact_get_the_same_bytes(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    shown = []
    for contact in (CY, "nobody@example.org", "+1 503 555 0100"):
        browser = answering.browser_of(app)
        asked = browser.post("/portal/sign-in", data={"contact": contact})
        key = Page(asked.text).hidden["key"]
        replies = [asked]
        replies += [browser.post("/portal/code", data={"key": key, "code": "000000"}) for _ in range(7)]
        replies += [browser.get("/portal/code")]
        shown.append(
            [
                (one.status_code, one.text.replace(key, "KEY"), sorted(one.headers.keys()), len(one.data))
                for one in replies
            ]
        )
    assert shown[0] == shown[1] == shown[2]
    with service.db.read() as session:
        assert session.scalar(select(func.count()).select_from(OneTimeCode)) == 1


def test_asking_takes_its_time_whether_or_not_somebody_is_known(
    app: Flask, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(portal, "EVEN", 100.0)
    monkeypatch.setattr("delivery.web.portal.time.sleep", slept.append)
    for contact in (CY, "nobody@example.org"):
        browser = answering.browser_of(app)
        key = ask(browser, contact).hidden["key"]
        browser.post("/portal/code", data={"key": key, "code": "x"})
    assert len(slept) == 4
    assert all(90 < one <= 100 for one in slept)


def test_what_takes_longer_than_one_step_takes_two_whole_ones(
    app: Flask, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    clock = iter((1000.0, 1130.0))
    monkeypatch.setattr(portal, "EVEN", 100.0)
    monkeypatch.setattr(portal, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=slept.append))
    ask(answering.browser_of(app), CY)
    assert slept == [70.0]


def test_asking_again_at_once_sends_no_second_message_and_the_first_opens_in_that_browser(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    mine, other = answering.browser_of(app), answering.browser_of(app)
    first, again, theirs = (ask(one, CY) for one in (mine, mine, other))
    assert first.text == again.text == theirs.text
    with service.db.read() as session:
        assert session.scalar(select(func.count()).select_from(OneTimeCode)) == 1
    typed = {"code": digits(service)}
    assert other.post("/portal/code", data={"key": theirs.hidden["key"], **typed}).status_code == 422
    assert mine.post("/portal/code", data={"key": again.hidden["key"], **typed}).status_code == 303


def test_asks_for_many_contacts_from_one_address_wait_and_begin_anew_after_an_hour(
    app: Flask, cast: build.Cast
) -> None:
    def asked(n: int) -> int:
        browser = answering.browser_of(app)
        return browser.post("/portal/sign-in", data={"contact": f"{n}@example.org"}).status_code

    with time_machine.travel(now(), tick=False) as clock:
        assert [asked(n) for n in range(21)] == [200] * 20 + [429]
        clock.shift(timedelta(hours=1))
        assert asked(21) == 200


@pytest.mark.parametrize("typed", ["", "cy@", "12", "@" * 400, "\x00@example.org", "x" * 5000, "503 555"])
def test_what_is_no_contact_stays_on_the_page_with_a_reason(app: Flask, cast: build.Cast, typed: str) -> None:
    reply = answering.browser_of(app).post("/portal/sign-in", data={"contact": typed})
    assert reply.status_code == 422
    assert "That is not a whole" in Page(reply.text).text


def test_five_wrong_codes_end_it_and_the_right_one_then_opens_nothing(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    browser = answering.browser_of(app)
    key = ask(browser, CY).hidden["key"]
    right = digits(service)
    for _ in range(5):
        assert browser.post("/portal/code", data={"key": key, "code": "x"}).status_code == 422
    assert browser.post("/portal/code", data={"key": key, "code": right}).status_code == 422
    assert browser.get("/portal").status_code == 302


def test_a_code_opens_only_in_the_browser_that_asked(service: Service, app: Flask, cast: build.Cast) -> None:
    mine, other = answering.browser_of(app), answering.browser_of(app)
    key = ask(mine, CY).hidden["key"]
    right = digits(service)
    assert other.post("/portal/code", data={"key": key, "code": right}).status_code == 422
    theirs = ask(other, "nobody@example.org").hidden["key"]
    assert other.post("/portal/code", data={"key": theirs, "code": right}).status_code == 422
    assert mine.post("/portal/code", data={"key": key, "code": right}).status_code == 303


def test_many_asks_for_one_contact_wait(app: Flask, cast: build.Cast) -> None:
    replies = [
        answering.browser_of(app).post("/portal/sign-in", data={"contact": "nobody@example.org"})
        for _ in range(6)
    ]
    assert [one.status_code for one in replies] == [200] * 5 + [429]
    assert int(replies[-1].headers["Retry-After"]) > 0


def test_who_refuses_cookies_is_told_and_nothing_breaks(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    browser = app.test_client(use_cookies=False)
    here = {"base_url": answering.CLIENT_URL}
    key = Page(browser.post("/portal/sign-in", data={"contact": CY}, **here).text).hidden["key"]
    reply = browser.post("/portal/code", data={"key": key, "code": digits(service)}, **here)
    assert reply.status_code == 422
    assert "needs a cookie" in Page(reply.text).text


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("token", ["x", "A" * 22 + "." + "A" * 22, "%00", "..%2f", "é" * 45])
def test_a_forged_link_is_one_that_has_ended(app: Flask, cast: build.Cast, method: str, token: str) -> None:
    reply = getattr(answering.browser_of(app), method)(f"/portal/{token}")
    assert reply.status_code in (404, 410)
    assert "Set-Cookie" not in reply.headers


def test_a_link_for_a_form_is_no_link_to_the_portal(service: Service, app: Flask, cast: build.Cast) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    token = answering.path_of(service, row.id).removeprefix("/q/")
    assert answering.browser_of(app).post(f"/portal/{token}").status_code == 410


# What is due


def test_what_is_due_opens_from_the_page_and_then_stands_among_what_was_sent(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"], Way.PORTAL)
    browser = signed_in(service, app, CY)
    page = home(browser)
    assert "7 short questions, about 2 minutes" in page.text
    assert "GAD" not in page.text
    assert "Canary" not in page.text
    opened = press(browser, "/portal/open", form=str(row.id))
    assert opened.status_code == 303
    client = Person(browser, opened.location.partition("?")[0])
    client.open()
    client.start()
    client.fill("0000000")
    client.press("send")
    page = home(browser)
    assert "Nothing is due now." in page.text
    assert "on this page" in page.text
    assert "Anxiety" not in page.text
    with service.db.read() as session:
        stored = session.scalars(select(Submission)).one()
        assert stored.channel is Way.PORTAL


def test_a_link_that_was_mailed_stays_the_same_link(service: Service, app: Flask, cast: build.Cast) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    mailed = answering.path_of(service, row.id)
    browser = signed_in(service, app, CY)
    assert press(browser, "/portal/open", form=str(row.id)).location.startswith(mailed)
    with service.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Link)) == 1


def test_what_is_planned_for_later_or_answered_in_the_room_is_not_due(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    ada = cast.caller(service, cast.ada)
    later = build.ask(service, ada, cast.cy, ["gad7"], Way.PORTAL, send_at=now() + timedelta(days=2))
    room = build.ask(service, ada, cast.cy, ["gad7"], Way.IN_PERSON)
    browser = signed_in(service, app, CY)
    assert "Nothing is due now." in home(browser).text
    for row in (later, room):
        assert press(browser, "/portal/open", form=str(row.id)).status_code == 404


def test_parent_and_teen_see_and_open_only_their_own(service: Service, app: Flask, cast: build.Cast) -> None:
    parent_id = add_parent(service, cast, cast.cy)
    ada = cast.caller(service, cast.ada)
    teens = build.ask(service, ada, cast.cy, ["gad7"])
    parents = build.ask(service, ada, cast.cy, ["phq9"], respondent_id=parent_id)
    assert answering.path_of(service, teens.id) != answering.path_of(service, parents.id)
    teen, parent = signed_in(service, app, CY), signed_in(service, app, PAT)
    for browser, own, other in ((teen, teens, parents), (parent, parents, teens)):
        assert press(browser, "/portal/open", form=str(own.id)).status_code == 303
        assert press(browser, "/portal/open", form=str(other.id)).status_code == 404
        assert str(other.id) not in browser.get("/portal").text
    sitting = Person(teen, answering.path_of(service, teens.id))
    sitting.open()
    sitting.start()
    assert parent.get(f"/f/{sitting.ref}").status_code in (403, 404), "a begun form is its browser's own"


def test_on_a_shared_address_there_is_only_what_is_due_by_its_words(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    parent_id = add_parent(service, cast, cast.cy, CY)
    ada = cast.caller(service, cast.ada)
    with service.db.write() as session:
        for row in session.scalars(select(Respondent).where(Respondent.client_id == cast.cy)):
            row.recognition_word = "Rojo" if row.id == parent_id else "Azul"
            row.portal_trends = True
    answered_twice(service, cast)
    build.ask(service, ada, cast.cy, ["gad7"])
    theirs = build.ask(service, ada, cast.cy, ["gad7"], respondent_id=parent_id)
    browser = signed_in(service, app, CY)
    page = home(browser)
    for word in ("Azul", "Rojo", "only what is due"):
        assert word in page.text
    for word in ("Canary", "Pat", "Sent", "How it has been going", "Your choices", "PHQ", "Questionnaire"):
        assert word not in page.text
    for path in ("/portal/uses", "/portal/not-now"):
        assert browser.get(path).status_code == 404
    for path in ("/portal/uses", "/portal/not-now", "/portal/language"):
        assert press(browser, path, do="stop", language="es").status_code == 404
    assert press(browser, "/portal/open", form=str(theirs.id)).status_code == 303


# Choices and trends


def test_names_and_a_line_stand_there_only_where_the_clinician_shows_them(
    service: Service, app: Flask, cast: build.Cast, console: FlaskClient
) -> None:
    answered_twice(service, cast)
    browser = signed_in(service, app, CY)
    assert "Patient Health Questionnaire" not in browser.get("/portal").text
    with service.db.read() as session:
        who = str(clients.respondents(session, cast.cy)[0].id)
    here = f"/console/clients/{cast.cy}/portal"
    assert console.post(here, data={"respondent": who, "do": "show"}).status_code == 303
    text = browser.get("/portal").text
    assert "Your last form was lighter than your first." in text
    assert "Patient Health Questionnaire-9" in text
    assert len(re.findall("<circle", text)) == 2
    console.post(here, data={"respondent": who, "do": "hide"})
    assert "<circle" not in browser.get("/portal").text


def test_the_choice_of_uses_is_a_new_row_and_stands_marked(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    browser = signed_in(service, app, CY)
    assert "checked" not in browser.get("/portal/uses").text
    assert press(browser, "/portal/uses", use="alliance").status_code == 303
    assert browser.get("/portal/uses").text.count("checked") == 1
    with service.db.read() as session:
        row = session.scalars(select(PermittedUse)).one()
        assert (row.own_statistics, row.alliance_figures) == (False, True)


def test_no_forms_now_ends_what_is_due_and_the_client_alone_takes_it_back_here(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    browser = signed_in(service, app, CY)
    assert press(browser, "/portal/not-now", do="stop").status_code == 303
    page = home(browser)
    assert "You said that you don’t want these forms now." in page.text
    assert "Nothing is due now." in page.text
    with service.db.read() as session:
        assert session.get_one(Assignment, row.id).state is AssignmentState.CANCELLED
    assert press(browser, "/portal/not-now", do="again").status_code == 303
    assert "don’t want these forms now. Nothing is sent" not in home(browser).text
    with service.db.read() as session:
        assert clients.respondents(session, cast.cy)[0].refused_at is None


def test_the_language_of_messages_changes_and_no_other_word_is_taken(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    browser = signed_in(service, app, CY)
    assert press(browser, "/portal/language", language="xx").status_code == 422
    assert press(browser, "/portal/language", language="es").status_code == 303
    with service.db.read() as session:
        assert clients.respondents(session, cast.cy)[0].language == "es"


@pytest.mark.parametrize("path", ["uses", "not-now", "language", "out", "open"])
@pytest.mark.parametrize("key", ["", "x", "A" * 22])
def test_a_page_that_was_not_made_for_this_browser_changes_nothing(
    service: Service, app: Flask, cast: build.Cast, path: str, key: str
) -> None:
    browser = signed_in(service, app, CY)
    fields = {"key": key, "language": "es", "do": "stop", "form": str(uuid4())}
    assert browser.post(f"/portal/{path}", data=fields).status_code == 401
    with service.db.read() as session:
        row = clients.respondents(session, cast.cy)[0]
        assert (row.language, row.refused_at) == ("en", None)
        assert session.scalars(select(PermittedUse)).first() is None
        assert session.scalars(select(PortalSession)).one().revoked_at is None


@pytest.mark.parametrize("path", ["", "/uses", "/not-now"])
def test_without_signing_in_there_is_only_the_way_in(app: Flask, cast: build.Cast, path: str) -> None:
    reply = answering.browser_of(app).get(f"/portal{path}")
    assert (reply.status_code, reply.location) == (302, "/portal/sign-in?lang=en")


def test_after_signing_out_the_cookie_of_before_opens_nothing(
    service: Service, app: Flask, cast: build.Cast
) -> None:
    browser = signed_in(service, app, CY)
    kept = browser.get_cookie("lq-portal", domain="localhost")
    assert kept is not None
    assert "You are signed out" in press(browser, "/portal/out").text
    browser.set_cookie("lq-portal", kept.value, domain="localhost")
    assert browser.get("/portal").status_code == 302


# The clinician's side


def test_a_clinician_sends_a_link_and_a_stranger_can_not(
    service: Service, app: Flask, cast: build.Cast, console: FlaskClient
) -> None:
    from tests import clinician

    with service.db.read() as session:
        point = session.scalars(
            select(ContactPoint)
            .join(Respondent, Respondent.id == ContactPoint.respondent_id)
            .where(Respondent.client_id == cast.cy)
        ).one()
        who = str(point.respondent_id)
    here = f"/console/clients/{cast.cy}/portal"
    for name in ("sam@example.org", "bo@example.org"):
        stranger = clinician.signed_in(app, name)
        assert stranger.post(f"{here}/link", data={"point": str(point.id)}).status_code == 404
        assert stranger.post(here, data={"respondent": who, "do": "show"}).status_code == 404
    assert console.post(f"{here}/link", data={"point": str(point.id)}).status_code == 303
    assert "Last link" in console.get(f"/console/clients/{cast.cy}").text
    other = f"/console/clients/{cast.bo_client}/portal/link"
    assert console.post(other, data={"point": str(point.id)}).status_code == 404


def test_a_parent_is_added_with_a_contact_of_their_own(
    service: Service, cast: build.Cast, console: FlaskClient
) -> None:
    here = f"/console/clients/{cast.cy}/respondents/new"
    typed = {"role": "parent", "name": "Pat", "language": "es", "contact": PAT, "consent": "room"}
    for wrong in (
        {"role": "self"},
        {"role": "x"},
        {"language": "xx"},
        {"contact": "pat@"},
        {"consent": "paper"},
        {"contact": ""},
        {"name": "x" * 201},
    ):
        reply = console.post(here, data={**typed, **wrong})
        assert reply.status_code == 422, wrong
        assert 'role="alert"' in reply.text
    assert console.post(here, data=typed).status_code == 303
    with service.db.read() as session:
        _client, parent = clients.respondents(session, cast.cy)
        assert (parent.role, parent.language, parent.name) == (Role.PARENT, "es", "Pat")
    send = console.get(f"/console/send?client={cast.cy}").text
    assert "Pat (parent)" in send
    assert console.post(f"/console/clients/{cast.bo_client}/respondents/new", data=typed).status_code == 404
