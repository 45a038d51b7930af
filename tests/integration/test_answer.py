"""The client's way from the link to the end page, through the real application."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from delivery import client_life, db, instrument_files
from delivery.db import now
from delivery.models.assignments import Assignment, FormSession, Link, Way
from delivery.models.clients import Consent, ContactPoint, ContactState, PermittedUse, Respondent
from delivery.models.ledger import OutboxEntry
from delivery.models.people import Practice
from delivery.models.results import Submission
from delivery.service import Service
from delivery.signing import Purpose
from delivery.states import AssignmentState, ClientState, LinkState
from tests import build, own_measure
from tests.answering import Page, Person, browser_of, path_of


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return browser_of(app)


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])


@pytest.fixture
def cy(browser: FlaskClient, service: Service, asked: Assignment) -> Person:
    return Person(browser, path_of(service, asked.id))


def stored(service: Service) -> list[Submission]:
    with service.db.read() as session:
        return list(session.scalars(select(Submission).order_by(Submission.id)))


def one(service: Service, model: type) -> object:
    with service.db.read() as session:
        return session.scalars(select(model)).one()


def test_a_client_walks_from_the_link_to_the_end_page(
    cy: Person, service: Service, asked: Assignment
) -> None:
    page = cy.open()
    assert page.headings == ["You have a form to fill in"]
    assert "Up to 10 short questions, about 3 minutes." in page.text
    assert cy.start().headings == ["Little interest or pleasure in doing things"]
    assert cy.fill("012301201").headings[0].startswith("If you checked off any problems")
    assert cy.fill("1").headings == ["All my answers"]
    assert cy.press("send").headings == ["Sent. Thank you."]
    assert "Dr. Rowan reads answers on weekdays." in cy.page.text
    (submission,) = stored(service)
    assert submission.answers == {f"phq9_{n}": c for n, c in enumerate("0123012011", 1)}
    with service.db.read() as session:
        row = session.get(Assignment, asked.id)
        assert row is not None and row.state is AssignmentState.COMPLETED
        assert session.scalars(select(Link)).one().state is LinkState.USED
        assert session.scalars(select(FormSession)).one().draft is None
        assert [e.kind for e in session.scalars(select(OutboxEntry)) if e.kind == "score"] == ["score"]


def test_the_start_page_tells_the_truth_before_the_first_question(cy: Person, service: Service) -> None:
    with service.db.write() as session:
        session.scalars(
            select(Respondent).join(Assignment, Assignment.respondent_id == Respondent.id)
        ).one().recognition_word = "Azul"
        for practice in session.scalars(select(Practice)):
            practice.reads_answers = "on Tuesdays"
    text = cy.open().text
    assert "Alder Street Office sent you this." in text
    assert (
        "even if you don’t finish. Dr. Rowan reads answers on Tuesdays; nobody watches round the clock."
        in text
    )
    assert "come back with the same link until" in text
    assert "For: Azul" in text


def test_before_the_form_has_begun_no_measure_name_or_client_name_is_shown(cy: Person) -> None:
    for word in ("PHQ", "depress", "questionnaire", "mental", "Cyan", "Canary", "cy@example.org", "og:"):
        cy.open()
        assert word.lower() not in cy.reply.text.lower()


def test_a_missed_question_is_named_once_and_may_then_be_left_blank(cy: Person, service: Service) -> None:
    cy.open()
    cy.start()
    cy.fill("11.1111111")
    assert "1 question has no answer yet" in cy.page.text
    missed = cy.press("send")
    assert missed.headings == ["1 question has no answer yet"]
    assert missed.named == ["phq9:phq9_3"]
    assert 'role="alert"' in cy.reply.text and 'href="#q3"' in cy.reply.text
    assert stored(service) == []
    assert "You left 1 question blank, and that is fine." in cy.press("send").text
    (submission,) = stored(service)
    assert submission.answers is not None and submission.answers["phq9_3"] is None


def test_a_missed_question_can_be_answered_where_it_is_named(cy: Person, service: Service) -> None:
    cy.open()
    cy.start()
    cy.fill(".111111111")
    cy.press("send")
    assert cy.press("send", **{"phq9:phq9_1": "2"}).headings == ["Sent. Thank you."]
    (submission,) = stored(service)
    assert submission.answers is not None and submission.answers["phq9_1"] == "2"


def test_a_question_that_opens_late_is_named_before_it_is_left_blank(cy: Person, service: Service) -> None:
    """Item 10 of the PHQ-9 is asked once a problem is marked; nobody has seen it until then."""
    cy.open()
    cy.start()
    cy.fill(".00000000")
    cy.press()  # the tenth, not marked
    cy.press("send")
    assert cy.page.named == ["phq9:phq9_1", "phq9:phq9_10"]
    cy.press("review", **{"phq9:phq9_1": "0"})
    cy.press("send")
    assert cy.page.headings == ["Sent. Thank you."], "with nine times 'not at all' the tenth is not asked"
    (submission,) = stored(service)
    assert submission.answers is not None and "phq9_10" not in submission.answers


def test_marks_on_the_page_of_missed_questions_survive_a_look_at_all_answers(cy: Person) -> None:
    cy.open()
    cy.start()
    cy.fill("..11111111")
    cy.press("send")
    cy.press("review", **{"phq9:phq9_1": "3"})
    assert "Nearly every day" in cy.page.text
    assert "1 question has no answer yet" in cy.page.text


def test_back_keeps_the_answer_and_shows_it_again(cy: Person) -> None:
    cy.open()
    cy.start()
    cy.mark("2")
    cy.press("back", answer="3")
    assert cy.page.checked == {"answer": "2"}
    cy.press()
    assert cy.page.checked == {"answer": "3"}


def test_an_answer_changed_from_the_review_leads_back_to_it(cy: Person, service: Service) -> None:
    cy.open()
    cy.start()
    cy.fill("0111111101")
    assert ("to", "phq9:phq9_2") in cy.page.buttons
    cy.press(to="phq9:phq9_2")
    assert cy.page.headings == ["Feeling down, depressed, or hopeless"]
    assert cy.mark("3").headings == ["All my answers"]
    cy.press("send")
    (submission,) = stored(service)
    assert submission.answers is not None and submission.answers["phq9_2"] == "3"


def test_a_battery_is_one_form_with_one_progress(
    browser: FlaskClient, service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9", "gad7"])
    person = Person(browser, path_of(service, row.id))
    assert "Up to 17 short questions, about 5 minutes." in person.open().text
    person.start()
    person.fill("1111111101")
    assert person.page.title == "Question 11 of 17"
    person.fill("2222222")
    assert person.press("send").headings == ["Sent. Thank you."]
    assert [(s.instrument_key, len(s.answers or {})) for s in stored(service)] == [("phq9", 10), ("gad7", 7)]


def test_a_risk_answer_meets_help_before_anything_else(cy: Person, service: Service) -> None:
    cy.open()
    cy.start()
    cy.fill("00000000")
    cy.mark("1")
    assert cy.page.headings == ["Thank you for telling us"]
    assert "tel:988" in cy.page.links
    assert "Dr. Rowan is told about this answer, even if you stop here." in cy.page.text
    with service.db.read() as session:
        (entry,) = session.scalars(select(OutboxEntry).where(OutboxEntry.kind == "risk_check"))
        assert timedelta(seconds=100) < entry.due_at - now() <= timedelta(minutes=2)
    cy.open(f"/f/{cy.ref}")
    assert cy.page.headings[0].startswith("If you checked off any problems")


def test_a_harmless_answer_to_a_critical_question_shows_no_help_page(cy: Person) -> None:
    cy.open()
    cy.start()
    cy.fill("10000000")
    assert cy.mark("0").headings[0].startswith("If you checked off any problems")


def test_a_risk_answer_on_the_page_of_missed_questions_meets_help_before_sending(
    cy: Person, service: Service
) -> None:
    cy.open()
    cy.start()
    cy.fill("00000000.")
    cy.press()
    cy.press("send")
    cy.press("send", **{"phq9:phq9_9": "3"})
    assert cy.page.headings == ["Thank you for telling us"]
    assert stored(service) == []
    cy.open(f"/f/{cy.ref}")
    cy.press("send")
    assert cy.page.headings == ["Sent. Thank you."], "the tenth was named, and left blank with that press"


def test_stopping_keeps_the_place_and_the_same_browser_goes_on_there(cy: Person) -> None:
    cy.open()
    cy.start()
    cy.fill("12")
    assert cy.press("stop", answer="1").headings == ["You can close this page"]
    assert "even if you don’t finish" in cy.page.text
    assert cy.open().headings == ["Trouble falling or staying asleep, or sleeping too much"]
    assert cy.page.checked == {"answer": "1"}


def test_another_browser_starts_blank_and_never_sees_what_was_typed(cy: Person, app: Flask) -> None:
    cy.open()
    cy.start()
    cy.fill("333")
    other = Person(browser_of(app), cy.path)
    assert other.open().headings == ["You have a form to fill in"]
    assert other.start().title == "Question 1 of 10"
    assert other.page.checked == {}
    assert other.open(f"/f/{cy.ref}?at=phq9:phq9_1").headings == ["This page is not here"]
    assert other.reply.status_code == 404
    assert "open the link in your message again" in other.page.text


def test_start_pressed_twice_in_one_browser_makes_one_sitting(cy: Person, service: Service) -> None:
    cy.open()
    cy.start()
    cy.fill("1")
    assert cy.start().title == "Question 2 of 10"
    with service.db.read() as session:
        assert len(session.scalars(select(FormSession)).all()) == 1


# --- permitted uses


def test_permitted_uses_are_not_ticked_and_wait_for_the_first_answer(cy: Person, service: Service) -> None:
    page = cy.open()
    assert [box["value"] for box in page.boxes] == ["own", "alliance"]
    assert not any("checked" in box for box in page.boxes)
    cy.start(use="own")
    with service.db.read() as session:
        assert session.scalars(select(PermittedUse)).all() == []
    cy.fill("1")
    row = one(service, PermittedUse)
    assert isinstance(row, PermittedUse)
    assert (row.own_statistics, row.alliance_figures, row.wording) == (True, False, "uses-1")
    cy.fill("011111011")
    cy.press("send")
    assert stored(service)[0].uses == {"own_statistics": True, "alliance_figures": False, "wording": "uses-1"}


def test_permitted_uses_are_asked_once_and_can_be_changed_later(
    cy: Person, browser: FlaskClient, service: Service, cast: build.Cast
) -> None:
    cy.open()
    cy.start(use=["own", "alliance"])
    cy.fill("000000000")
    cy.press("send")
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    later = Person(browser, path_of(service, row.id))
    assert "Change what your answers may be used for" in later.open().text
    assert not any("checked" in box for box in later.page.boxes)
    later.start(uses="again")
    later.fill("0")
    with service.db.read() as session:
        rows = session.scalars(select(PermittedUse).order_by(PermittedUse.id)).all()
    assert [(r.own_statistics, r.alliance_figures) for r in rows] == [(True, True), (False, False)]


def test_a_robot_that_presses_start_chooses_nothing_for_the_client(
    cy: Person, app: Flask, service: Service
) -> None:
    robot = browser_of(app)
    assert robot.post(cy.path, data={"use": "own"}).status_code == 303
    with service.db.read() as session:
        assert session.scalars(select(PermittedUse)).all() == []
    assert len(cy.open().boxes) == 2


# --- saying no


def test_not_for_me_closes_the_link_and_blocks_the_contact(cy: Person, service: Service) -> None:
    cy.open()
    reply = cy.browser.post(f"{cy.path}/no", data={"why": "wrong-person"})
    assert Page(reply.text).headings == ["Thank you for telling us"]
    row = one(service, Assignment)
    assert isinstance(row, Assignment)
    assert (row.state, row.end_reason) == (AssignmentState.DECLINED, "wrong-person")
    with service.db.read() as session:
        points = session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == row.respondent_id))
        assert [p.state for p in points] == [ContactState.BLOCKED]
    assert cy.open().headings == ["This link has ended"]
    assert cy.reply.status_code == 410
    again = cy.browser.post(f"{cy.path}/no", data={"why": "wrong-person"})
    assert Page(again.text).headings == ["Thank you for telling us"]


def test_no_more_forms_ends_everything_open_and_deletes_what_was_marked(
    cy: Person, service: Service, cast: build.Cast
) -> None:
    other = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    cy.open()
    cy.start()
    cy.fill("12")
    cy.press("stop")
    key = cy.page.hidden["key"]
    reply = cy.browser.post(f"/f/{cy.ref}/no", data={"key": key, "why": "refused"})
    assert "No more of these forms will be sent to you" in Page(reply.text).text
    with service.db.read() as session:
        assert session.get(Assignment, other.id).state is AssignmentState.CANCELLED  # type: ignore[union-attr]
        assert [f.draft for f in session.scalars(select(FormSession))] == [None]
    assert cy.open(f"/f/{cy.ref}").headings == ["This link has ended"]


def test_no_more_forms_works_after_sending_and_takes_nothing_back(cy: Person, service: Service) -> None:
    cy.open()
    cy.start()
    cy.fill("000000000")
    cy.press("send")
    key = cy.page.hidden["key"]
    reply = cy.browser.post(f"/f/{cy.ref}/no", data={"key": key, "why": "refused"})
    assert "What you have sent stays with Dr. Rowan." in Page(reply.text).text
    assert len(stored(service)) == 1
    row = one(service, Assignment)
    assert isinstance(row, Assignment) and row.state is AssignmentState.COMPLETED
    with service.db.read() as session:
        respondent = session.get(Respondent, row.respondent_id)
        assert respondent is not None and respondent.refused_at is not None


@pytest.mark.parametrize("why", ["", "because", "wrong-person "])
def test_another_reason_than_the_two_is_refused_and_changes_nothing(
    cy: Person, service: Service, why: str
) -> None:
    assert cy.browser.post(f"{cy.path}/no", data={"why": why}).status_code == 422
    row = one(service, Assignment)
    assert isinstance(row, Assignment) and row.state is AssignmentState.PLANNED


def test_unsubscribing_needs_one_press_and_withdraws_consent(
    browser: FlaskClient, service: Service, asked: Assignment
) -> None:
    address = f"/unsubscribe/{service.tokens.make(Purpose.UNSUBSCRIBE, asked.respondent_id.bytes)}"

    def standing() -> int:
        with service.db.read() as session:
            query = select(Consent).where(
                Consent.respondent_id == asked.respondent_id, Consent.withdrawn_at.is_(None)
            )
            return len(session.scalars(query).all())

    assert Page(browser.get(address).text).headings == ["Stop e-mails from us?"]
    assert standing() == 1, "looking changes nothing"
    reply = browser.post(address, data={"List-Unsubscribe": "One-Click"}, content_type="multipart/form-data")
    assert reply.status_code == 200
    assert standing() == 0
    assert browser.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200


# --- bad input


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answer": "9"}, "an answer that this question does not have"),
        ({"answer": "0' OR 1=1"}, "an answer that this question does not have"),
        ({"answer": ["1", "1"]}, "two answers to one question"),
        ({"phq9:phq9_3": "1"}, "something that does not belong to it"),
        ({"at": "phq9:nothing"}, "something that does not belong to it"),
        ({"at": ""}, "something that does not belong to it"),
        ({"go": "everywhere"}, "something that does not belong to it"),
        ({"then": "elsewhere"}, "something that does not belong to it"),
        ({"at": "missed", "named": ["gad7:gad7_1"]}, "something that does not belong to it"),
        ({"at": "missed", "named": ["phq9:phq9_1", "phq9:phq9_1"]}, "something that does not belong to it"),
    ],
)
def test_fields_that_do_not_belong_are_refused_in_words_and_nothing_is_lost(
    cy: Person, service: Service, changes: dict[str, object], words: str
) -> None:
    cy.open()
    cy.start()
    cy.fill("32")
    reply = cy.browser.post(f"/f/{cy.ref}", data=cy.fields(**changes))
    assert reply.status_code == 422
    page = Page(reply.text)
    assert words in page.text and 'role="alert"' in reply.text
    form = one(service, FormSession)
    assert isinstance(form, FormSession)
    assert (form.draft or {})["phq9"] == {"phq9_1": "3", "phq9_2": "2"}


@pytest.mark.parametrize("typed", ["many", "25", "-1", "3.5"])
def test_a_number_that_does_not_fit_is_asked_for_again_in_words(
    browser: FlaskClient, service: Service, cast: build.Cast, typed: str
) -> None:
    ada = cast.caller(service, cast.ada)
    with service.db.write() as session:
        instrument_files.add(session, cast.practice, "own.yaml", own_measure.file(), ada.actor)
    person = Person(browser, path_of(service, build.ask(service, ada, cast.cy, ["own_mood"]).id))
    person.open()
    person.start()
    person.fill("0.")
    reply = browser.post(f"/f/{person.ref}", data=person.fields(answer=typed))
    assert reply.status_code == 422
    assert "Please type a whole number from 0 to 24." in reply.text
    assert "does not belong" not in reply.text
    assert f'value="{typed}"' in reply.text
    person.press(answer="7")
    assert person.press("send").headings == ["1 question has no answer yet"]
    wrong: dict[str, Any] = {"own_mood:own_mood_3": "x" * 201}
    again = browser.post(f"/f/{person.ref}", data=person.fields("send", **wrong))
    assert "Please use at most 200 characters." in again.text
    assert stored(service) == []


def test_a_refused_page_still_shows_what_was_marked_on_it(cy: Person) -> None:
    cy.open()
    cy.start()
    reply = cy.browser.post(f"/f/{cy.ref}", data=cy.fields(answer="2", more="x"))
    assert Page(reply.text).checked == {"answer": "2"}


def test_a_database_that_cannot_store_is_told_truthfully_and_keeps_the_marks(
    cy: Person, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    cy.open()
    cy.start()
    cy.fill("1")
    fields = cy.fields(answer="3")
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.05)
    blocker = sqlite3.connect(service.settings.data_dir / "lightq.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    reply = cy.browser.post(f"/f/{cy.ref}", data=fields)
    assert reply.status_code == 503
    page = Page(reply.text)
    assert "This could not be stored just now, so nothing was changed." in page.text
    assert page.checked == {"answer": "3"}
    assert Page(cy.browser.get(cy.path, headers={"Cookie": ""}).text).headings, "looking still works"
    blocker.execute("ROLLBACK")
    blocker.close()
    assert (
        Page(cy.browser.post(f"/f/{cy.ref}", data=fields, follow_redirects=True).text).title
        == "Question 3 of 10"
    )


@pytest.mark.parametrize("tail", ["", "/no", "/new"])
def test_another_content_type_is_refused_without_effect(cy: Person, service: Service, tail: str) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        reply = cy.browser.post(cy.path + tail, data=b'{"why":"refused"}', content_type=kind)
        assert reply.status_code == 415, kind
        assert Page(reply.text).headings == ["That was not taken"]
    with service.db.read() as session:
        assert session.scalars(select(FormSession)).all() == []


def test_ten_megabytes_are_refused_and_nothing_is_lost(cy: Person, service: Service) -> None:
    cy.open()
    cy.start()
    cy.fill("1")
    for address in (cy.path, f"/f/{cy.ref}", f"{cy.path}/no"):
        reply = cy.browser.post(address, data={"key": "x", "answer": "a" * 10_000_000})
        assert reply.status_code == 413
        assert "Nothing was stored." in Page(reply.text).text
    form = one(service, FormSession)
    assert isinstance(form, FormSession) and (form.draft or {})["phq9"] == {"phq9_1": "1"}


def test_without_the_forms_own_key_nothing_is_taken(cy: Person, service: Service) -> None:
    cy.open()
    cy.start()
    for key in ("", "x" * 22, cy.page.hidden["key"][:-1]):
        assert cy.browser.post(f"/f/{cy.ref}", data=cy.fields(key=key, answer="1")).status_code == 404
        reply = cy.browser.post(f"/f/{cy.ref}/no", data={"key": key, "why": "refused"})
        assert reply.status_code == 404
    form = one(service, FormSession)
    assert isinstance(form, FormSession) and form.first_answer_at is None


def test_a_paused_client_meets_the_neutral_page(cy: Person, service: Service, cast: build.Cast) -> None:
    cy.open()
    with service.db.write() as session:
        client_life.set_state(session, cast.caller(service, cast.ada), cast.cy, ClientState.PAUSED)
    assert cy.open().headings == ["This link has ended"]


# --- language, headers, accessibility in the markup


def test_the_chosen_language_stays_with_the_form(cy: Person, service: Service) -> None:
    cy.open(f"{cy.path}?lang=es")
    assert '<html lang="es" dir="ltr">' in cy.reply.text
    reply = cy.browser.post(f"{cy.path}?lang=es")
    cy.ref = reply.location.rsplit("/", 1)[-1]
    cy.open(f"/f/{cy.ref}")
    assert ("lang", "en") in cy.page.buttons
    cy.fill("1")
    form = one(service, FormSession)
    assert isinstance(form, FormSession) and form.language == "es"
    cy.browser.post(f"/f/{cy.ref}?lang=en", data=cy.fields(answer="1"))
    cy.open(f"/f/{cy.ref}?lang=en")
    cy.fill("1111111")
    cy.browser.post(f"/f/{cy.ref}?lang=en", data=cy.fields("send"))
    form = one(service, FormSession)
    assert isinstance(form, FormSession) and form.language == "en"


def test_a_submission_names_the_language_that_the_questions_were_read_in(
    cy: Person, service: Service
) -> None:
    cy.browser.post(f"{cy.path}?lang=es")
    cy.start()
    assert "Poco interés o placer en hacer cosas" in cy.page.text
    cy.fill("000000000")
    cy.press("send")
    assert stored(service)[0].language == "es"


def test_a_language_that_does_not_exist_is_ignored(cy: Person) -> None:
    assert cy.open(f"{cy.path}?lang=tlh").headings == ["You have a form to fill in"]


def test_every_page_carries_the_strict_headers_and_the_crisis_line(cy: Person) -> None:
    replies = [cy.browser.get("/"), cy.browser.get("/q/nothing"), cy.browser.get("/f/nothing")]
    cy.open()
    replies.append(cy.reply)
    cy.start()
    replies.append(cy.reply)
    cy.fill("000000001")
    replies += [cy.browser.get(f"/f/{cy.ref}?at={at}") for at in ("review", "missed", "stop", "phq9:phq9_2")]
    replies.append(cy.browser.get(f"/f/{cy.ref}/help?at=phq9:phq9_9"))
    cy.open(f"/f/{cy.ref}?at=review")
    cy.press("send")
    cy.press("send")
    replies += [cy.reply, cy.browser.get(cy.path)]
    for reply in replies:
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "nonce" not in policy
        page = Page(reply.text)
        assert {"tel:988", "sms:988"} <= set(page.links)
        assert len(page.headings) == 1 and page.headings[0]
        assert "<script" not in reply.text.replace('<script src="/static/', "")
        assert "style=" not in reply.text and "onclick" not in reply.text
        foreign = {link for link in page.links if "://" in link}
        assert foreign <= {"https://988lifeline.org/chat"}, "a link to help, and no request to another host"
        assert "http://" not in reply.text.replace("http://www.w3.org/2000/svg", "")
        assert "og:" not in reply.text


def test_the_wrong_zone_redirects_a_look_and_refuses_the_rest(app: Flask, cy: Person) -> None:
    stranger = browser_of(app)
    reply = stranger.get(cy.path, base_url="http://127.0.0.1:8080")
    assert (reply.status_code, reply.location) == (302, f"http://localhost:8080{cy.path}")
    assert stranger.post(cy.path, base_url="http://127.0.0.1:8080").status_code == 404


def test_an_ask_in_person_has_no_link(service: Service, cast: build.Cast) -> None:
    build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"], Way.IN_PERSON)
    with service.db.read() as session:
        assert session.scalars(select(Link)).all() == []


def test_the_link_lives_until_the_moment_the_page_names(cy: Person, asked: Assignment) -> None:
    with time_machine.travel(asked.expires_at - timedelta(minutes=1), tick=False):
        assert cy.open().headings == ["You have a form to fill in"]
    with time_machine.travel(asked.expires_at + timedelta(minutes=1), tick=False):
        assert cy.open().headings == ["This link has ended"]


def test_a_form_page_is_read_in_one_transaction_and_writes_nothing(cy: Person, service: Service) -> None:
    cy.start()
    cy.fill("12")
    begun: list[str] = []
    said: list[str] = []
    event.listen(service.db.engine, "begin", lambda connection: begun.append("begin"))
    event.listen(
        service.db.engine, "before_cursor_execute", lambda c, cursor, statement, *more: said.append(statement)
    )
    for at in ("", "review", "stop", "missed"):
        begun.clear()
        said.clear()
        cy.open(f"/f/{cy.ref}?at={at}")
        assert len(begun) == 1
        assert len(said) <= 8
        assert not [statement for statement in said if statement.startswith(("INSERT", "UPDATE", "DELETE"))]
