"""Other ways through a form than one question after the other, and out of it: the whole form, another
language, a choice that stays, the result, and the ways to say no."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from delivery import instrument_files
from delivery.db import now
from delivery.models.assignments import Assignment, FormSession
from delivery.models.clients import Client, ContactPoint, ContactState, Respondent, RespondentRole
from delivery.models.messages import Notice, NoticeKind
from delivery.models.people import Practice
from delivery.models.results import Submission
from delivery.service import Service
from delivery.states import AssignmentState
from tests import build, own_measure
from tests.answering import Page, Person, browser_of, path_of


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])


@pytest.fixture
def cy(app: Flask, service: Service, asked: Assignment) -> Person:
    person = Person(browser_of(app), path_of(service, asked.id))
    person.open()
    return person


def stored(service: Service) -> list[Submission]:
    with service.db.read() as session:
        return list(session.scalars(select(Submission).order_by(Submission.id)))


def form(service: Service) -> FormSession:
    with service.db.read() as session:
        return session.scalars(select(FormSession)).one()


def change(service: Service, model: Any, **values: Any) -> None:
    with service.db.write() as session:
        session.execute(update(model).values(**values))


def whole(cy: Person, codes: str) -> dict[str, Any]:
    """Marks for the first questions of the whole form."""
    return {f"phq9:phq9_{n}": code for n, code in enumerate(codes, 1) if code != "."}


def test_the_whole_form_on_one_page_is_answered_and_sent(cy: Person, service: Service) -> None:
    cy.start()
    page = cy.press(to="whole")
    assert page.headings == ["The whole form"]
    assert page.named == [f"phq9:phq9_{n}" for n in range(1, 11)]
    assert cy.reply.text.count("<fieldset") == 10
    assert cy.press(**whole(cy, "1200000003")).headings == ["All my answers"]
    assert cy.press("send").headings == ["Sent. Thank you."]
    answers = stored(service)[0].answers or {}
    assert "".join(str(answers[f"phq9_{n}"]) for n in range(1, 11)) == "1200000003"


def test_the_whole_form_is_remembered_and_can_be_left(cy: Person) -> None:
    cy.start()
    cy.fill("2")
    cy.press(to="whole")
    assert cy.page.checked == {"phq9:phq9_1": "2"}
    assert cy.open(cy.path).headings == ["The whole form"], "also when the link is opened again"
    assert ("to", "phq9:phq9_2") in cy.page.buttons
    cy.press(to="phq9:phq9_2", **whole(cy, ".3"))
    assert cy.page.headings == ["Feeling down, depressed, or hopeless"]
    assert cy.page.checked == {"answer": "3"}


def test_on_the_whole_form_help_comes_first_and_unanswered_questions_are_named_once(cy: Person) -> None:
    cy.start()
    cy.press(to="whole")
    assert cy.press(**whole(cy, "0.0000002")).headings == ["Thank you for telling us"]
    assert cy.press("next").headings == ["All my answers"]
    assert cy.press("send").headings == ["2 questions have no answer yet"]


def test_a_mark_stays_on_the_page_when_the_language_is_changed(cy: Person, service: Service) -> None:
    cy.start()
    cy.press(lang="es", answer="2")
    assert '<html lang="es"' in cy.reply.text
    assert cy.page.headings == ["Poco interés o placer en hacer cosas"]
    assert cy.page.checked == {"answer": "2"}
    assert form(service).language == "es"
    cy.press(lang="tlh", answer="1")
    assert cy.page.headings == ["Poco interés o placer en hacer cosas"], "a language that is not there"
    assert cy.page.checked == {"answer": "1"}


def test_choices_stay_until_next_once_somebody_wants_that(cy: Person, service: Service) -> None:
    cy.start()
    assert " data-moves-on" in cy.reply.text
    cy.press("hand", answer="1")
    assert " data-moves-on" not in cy.reply.text
    assert cy.page.checked == {"answer": "1"}
    cy.press()
    assert " data-moves-on" not in cy.reply.text and form(service).by_hand
    cy.press("tap")
    assert " data-moves-on" in cy.reply.text


def test_nothing_moves_on_by_itself_at_a_critical_or_the_last_question_or_on_the_way_to_the_review(
    cy: Person,
) -> None:
    cy.start()
    for number in (9, 10):
        cy.open(f"/f/{cy.ref}?at=phq9:phq9_{number}")
        assert cy.page.title == f"Question {number} of 10"
        assert " data-moves-on" not in cy.reply.text
    cy.open(f"/f/{cy.ref}?at=phq9:phq9_2&then=review")
    assert " data-moves-on" not in cy.reply.text


def test_the_pages_own_script_is_told_where_to_go_and_a_repeat_stores_nothing_twice(
    cy: Person, service: Service
) -> None:
    cy.start()
    fields, names = cy.fields(answer="2", heard="1"), {"Accept": "application/json"}
    for _ in range(2):
        reply = cy.browser.post(f"/f/{cy.ref}", data=fields, headers=names)
        assert (reply.status_code, reply.json) == (200, {"to": f"/f/{cy.ref}"})
    assert (form(service).draft or {})["phq9"] == {"phq9_1": "2"}
    assert form(service).heard
    cy.fill("1")
    cy.open(f"/f/{cy.ref}")
    cy.fill("1000000")
    cy.press()
    cy.press("send")
    fields = cy.fields("send")
    for _ in range(2):  # the reply was lost, and the page sends again
        reply = cy.browser.post(f"/f/{cy.ref}", data=fields, headers=names)
        assert reply.json == {"to": f"/f/{cy.ref}"}
    assert len(stored(service)) == 1


# --- the result


@pytest.mark.parametrize("allowed", [True, False])
def test_a_result_is_shown_only_where_the_clinician_allowed_it(
    cy: Person, service: Service, allowed: bool
) -> None:
    change(service, Assignment, show_result=allowed)
    cy.start()
    cy.fill("2222200000")
    cy.press("send")
    assert ("What your answers show" in cy.page.text) is allowed
    assert ("Your answers are in the moderate range." in cy.page.text) is allowed
    assert ("This is not a diagnosis." in cy.page.text) is allowed
    assert ("J Gen Intern Med 2001" in cy.page.text) is allowed
    assert "10" not in cy.page.text.replace("10, 15, 20", ""), "no number"


def test_no_band_is_named_where_the_answers_give_none(cy: Person, service: Service) -> None:
    change(service, Assignment, show_result=True)
    cy.start()
    cy.fill("2____00000")
    cy.press("send")
    assert cy.page.headings == ["Sent. Thank you."]
    assert "What your answers show" not in cy.page.text


# --- saying no


def say_no(cy: Person, why: str) -> Page:
    return Page(cy.browser.post(f"{cy.path}/no", data={"why": why}).text)


def test_not_this_one_ends_this_form_alone(
    cy: Person, service: Service, cast: build.Cast, asked: Assignment
) -> None:
    other = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    assert "Other forms may come later." in say_no(cy, "not-this-one").text
    assert "Other forms may come later." in say_no(cy, "not-this-one").text, "a second press says the same"
    with service.db.read() as session:
        row = session.get_one(Assignment, asked.id)
        assert (row.state, row.end_reason) == (AssignmentState.DECLINED, "not-this-one")
        assert session.get_one(Assignment, other.id).state is AssignmentState.PLANNED
        assert session.get_one(Respondent, asked.respondent_id).refused_at is None
        states = session.scalars(select(ContactPoint.state))
        assert ContactState.BLOCKED not in states.all()


@pytest.mark.parametrize(("why", "words"), [("not-now", "for now"), ("refused", "No more of these forms")])
def test_a_pause_and_a_stop_end_everything_and_the_clinician_sees_which(
    cy: Person, service: Service, cast: build.Cast, asked: Assignment, why: str, words: str
) -> None:
    other = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    assert words in say_no(cy, why).text
    with service.db.read() as session:
        assert session.get_one(Assignment, asked.id).end_reason == why
        assert session.get_one(Assignment, other.id).state is AssignmentState.CANCELLED
        assert session.get_one(Respondent, asked.respondent_id).refused_at is not None
        assert session.scalars(select(Notice.kind)).all() == [NoticeKind.REFUSED]


def test_a_pause_can_be_asked_for_after_sending(cy: Person, service: Service) -> None:
    cy.start()
    cy.fill("0000000000")
    cy.press("send")
    offered = {value for name, value in cy.page.buttons if name == "why"}
    assert offered == {"not-now", "refused"}
    reply = cy.browser.post(f"/f/{cy.ref}/no", data={"key": cy.page.hidden["key"], "why": "not-now"})
    assert "What you have sent stays with Dr. Rowan." in Page(reply.text).text
    assert len(stored(service)) == 1


# --- who sees what, help, cookies


@pytest.mark.parametrize(
    ("role", "years", "words"),
    [
        (
            RespondentRole.SELF,
            15,
            "not to your parents. If you are in danger, Dr. Rowan has to tell a parent",
        ),
        (RespondentRole.SELF, 18, ""),
        (RespondentRole.SELF, None, ""),
        (RespondentRole.PARENT, 15, "Your child has a form of their own"),
        (RespondentRole.TEACHER, 15, "You do not see what the family or the student answers"),
    ],
)
def test_teens_parents_and_teachers_are_told_who_sees_what(
    cy: Person, service: Service, asked: Assignment, role: RespondentRole, years: int | None, words: str
) -> None:
    with service.db.write() as session:
        session.get_one(Respondent, asked.respondent_id).role = role
        client = session.get_one(Client, asked.client_id)
        client.date_of_birth = (now() - timedelta(days=years * 365.25 + 20)).date() if years else None
    text = cy.open().text
    assert words in text
    assert ("Your answers go to Dr. Rowan" in text) is bool(words)


def test_the_help_page_names_the_practices_own_lines(cy: Person, service: Service) -> None:
    lines = [{"name": "County crisis line", "phone": "503-555-0142", "hours": "day and night"}]
    change(service, Practice, help_lines=lines)
    cy.start()
    cy.fill("00000000")
    cy.mark("1")
    assert {"tel:988", "sms:988", "tel:503-555-0142", "https://988lifeline.org/chat"} <= set(cy.page.links)
    assert "County crisis line, day and night" in cy.page.text


def test_a_browser_that_keeps_no_cookies_is_told_what_to_do(app: Flask, cy: Person, service: Service) -> None:
    bare: FlaskClient = app.test_client(use_cookies=False)
    reply = bare.post(
        cy.path, base_url="http://localhost:8080", content_type="application/x-www-form-urlencoded"
    )
    shown = bare.get(reply.location, base_url="http://localhost:8080")
    assert shown.status_code == 403
    assert Page(shown.text).headings == ["This browser keeps no cookies"]
    assert cy.start().title == "Question 1 of 10", "the link still works"


# --- bad input


def test_emoji_and_a_hundred_kilobytes_in_a_text_lose_nothing(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    ada = cast.caller(service, cast.ada)
    with service.db.write() as session:
        instrument_files.add(session, cast.practice, "own.yaml", own_measure.file(), ada.actor)
    person = Person(browser_of(app), path_of(service, build.ask(service, ada, cast.cy, ["own_mood"]).id))
    person.open()
    person.start()
    person.fill("11")
    assert "<textarea" in person.reply.text
    reply = person.browser.post(f"/f/{person.ref}", data=person.fields(answer="x" * 100_000))
    assert reply.status_code == 413
    assert "Nothing was stored." in Page(reply.text).text
    person.press(answer="😀 warm tea")
    kept = (form(service).draft or {})["own_mood"]
    assert "😀 warm tea" in str(kept)


def test_a_skipped_questions_answer_is_not_sent(cy: Person, service: Service) -> None:
    cy.start()
    cy.fill("100000000")
    cy.mark("3")  # the tenth
    cy.press(to="phq9:phq9_1")
    cy.press(answer="0")
    cy.press("send")
    assert "phq9_10" not in (stored(service)[0].answers or {})


def test_back_after_sending_says_that_the_answers_sent_before_count(cy: Person, service: Service) -> None:
    cy.start()
    old = cy.fields(answer="3")
    cy.fill("0000000000")
    cy.press("send")
    reply = cy.browser.post(f"/f/{cy.ref}", data=old)
    assert reply.status_code == 409
    assert "the answers you sent before count" in Page(reply.text).text
    assert (stored(service)[0].answers or {})["phq9_1"] == "0"


def test_two_tabs_of_one_form_keep_both_answers(cy: Person, service: Service) -> None:
    cy.start()
    first = cy.fields(answer="1")
    cy.press()
    second = cy.fields(answer="2")
    cy.browser.post(f"/f/{cy.ref}", data=second)
    cy.browser.post(f"/f/{cy.ref}", data=first)
    assert (form(service).draft or {})["phq9"] == {"phq9_1": "1", "phq9_2": "2"}
