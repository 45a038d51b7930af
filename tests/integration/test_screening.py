"""A visitor on a public page: questions, help, result, and what is left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from delivery.db import now
from delivery.models.people import Grant, Person, SignInThrottle
from delivery.models.screening import ScreeningPage, ScreeningRun
from delivery.screening import counts, runs
from delivery.service import Service
from delivery.web.screen import stepping
from tests import answering, build
from tests.screening_visit import Visitor, open_page

START = "How are you, these days?"
AFTER_A_WHILE = timedelta(seconds=5)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 22, 21, 0, tzinfo=UTC), tick=True) as moved:
        yield moved


@pytest.fixture
def visitor(clock: time_machine.Traveller, app: Flask, service: Service, cast: build.Cast) -> Visitor:
    open_page(service, cast)
    return Visitor(answering.browser_of(app))


def test_a_visitor_starts_in_one_tap_and_sees_the_result_at_once(visitor: Visitor) -> None:
    visitor.open()
    assert visitor.page.headings == [START]
    assert "No name, no account. Nothing is stored unless you send it." in visitor.page.text
    visitor.start()
    assert visitor.page.headings == ["Little interest or pleasure in doing things"]
    visitor.fill("1111111100")
    assert visitor.page.headings == ["Your answers are in the mild range"]
    assert "8 of 27 points" in visitor.page.text
    assert "5–9 mild" in visitor.page.text
    assert "J Gen Intern Med 2001;16:606-613" in visitor.page.text
    assert "This is not a diagnosis" in visitor.page.text
    assert "Developed by Drs. Robert L. Spitzer" in visitor.page.text


def test_a_risk_answer_shows_help_before_anything_else_even_if_it_is_the_first(visitor: Visitor) -> None:
    visitor.start()
    visitor.press(to="phq9:phq9_9")
    visitor.press(go="next", answer="1")
    assert visitor.page.headings == ["You don’t have to carry this alone"]
    assert "tel:988" in visitor.page.links
    assert "This page tells nobody what you marked, and nobody watches it." in visitor.page.text
    visitor.press(to="phq9:phq9_9")
    assert visitor.page.checked == {"answer": "1"}


def test_help_stands_first_on_the_result_and_sending_is_not_offered_as_help(visitor: Visitor) -> None:
    visitor.start()
    visitor.fill("0000000010")
    text = visitor.page.text
    assert text.index("Call or text 988 now") < text.index("Your answers are in the none or minimal range")
    assert "This is not a way to get help now" in text
    assert "Your clinician is told" not in text


def test_blanks_and_missing_answers_give_a_span_and_no_total(visitor: Visitor) -> None:
    visitor.start()
    visitor.fill("1_1.111100")
    assert visitor.page.headings == ["There is no total for these answers"]
    assert "1 question has no answer. You can still answer." in visitor.page.text
    assert "it could be 6–12 of 27 points" in visitor.page.text
    visitor.press(to="whole")
    assert len(visitor.page.radios) == 10
    assert visitor.page.checked["phq9:phq9_1"] == "1"


def test_the_language_changes_at_any_step_and_keeps_what_is_marked(visitor: Visitor) -> None:
    visitor.start()
    visitor.press(lang="es", answer="2")
    assert visitor.reply.text.count('lang="es"')
    assert visitor.page.checked == {"answer": "2"}
    visitor.press(lang="xx", answer="1")
    visitor.press(go="back")
    assert visitor.page.checked == {"answer": "1"}


def test_back_reload_and_a_second_tab_show_the_empty_start_page(
    visitor: Visitor, clock: time_machine.Traveller
) -> None:
    visitor.start()
    visitor.press(go="next", answer="3")
    old = {**visitor.page.hidden, "go": "next", "answer": "2"}
    visitor.press(go="next", answer="2")
    clock.shift(AFTER_A_WHILE)
    visitor.press(**old)
    assert visitor.page.headings == [START]
    assert visitor.page.checked == {}
    visitor.open()
    assert visitor.page.headings == [START]


def test_a_double_click_is_one_press(visitor: Visitor) -> None:
    visitor.start()
    twice = {**visitor.page.hidden, "go": "next", "answer": "3"}
    visitor.press(**twice)
    visitor.press(**twice)
    assert visitor.page.headings == ["Feeling down, depressed, or hopeless"]
    visitor.press(go="back")
    assert visitor.page.checked == {"answer": "3"}


def test_clearing_ends_the_walk_for_every_page_of_it(visitor: Visitor, clock: time_machine.Traveller) -> None:
    visitor.start()
    visitor.fill("1111111100")
    held = dict(visitor.page.hidden)
    visitor.press(go="clear")
    assert visitor.page.headings == [START]
    visitor.press(**held, to="whole")
    assert visitor.page.headings == [START]


def test_a_token_ends_after_an_hour_and_opens_on_no_other_page(
    visitor: Visitor, service: Service, cast: build.Cast, app: Flask, clock: time_machine.Traveller
) -> None:
    visitor.start()
    held = dict(visitor.page.hidden)
    with service.db.write() as session:
        session.add(
            ScreeningPage(
                practice_id=cast.practice, person_id=cast.bo, slug="dr-lund", open=True, instruments=["phq9"]
            )
        )
    other = Visitor(answering.browser_of(app), "/screen/dr-lund")
    other.open()
    other.press(**held, go="next", answer="1")
    assert other.page.headings == [START]
    clock.shift(timedelta(minutes=61))
    visitor.press(go="next", answer="1")
    assert visitor.page.headings == [START]
    with service.db.write() as session:
        runs.forget_old(session)
        assert session.scalars(select(ScreeningRun)).all() == []


@pytest.mark.parametrize("token", ["", "é", "AAAA", "A" * 400, "=" * 20, "A" * 61_000])
def test_what_is_no_token_shows_the_start_page(visitor: Visitor, token: str) -> None:
    visitor.open()
    visitor.press(token=token, at="phq9:phq9_1", go="next", answer="1")
    assert visitor.page.headings == [START]


def test_what_does_not_belong_to_a_page_is_refused_and_keeps_the_answers(visitor: Visitor) -> None:
    visitor.start()
    visitor.press(go="next", answer="3")
    visitor.press(go="next", answer="99")
    assert visitor.reply.status_code == 422
    visitor.press(go="next", answer="1", surprise="1")
    assert visitor.reply.status_code == 422
    visitor.press(go="back")
    assert visitor.page.checked == {"answer": "3"}


def test_ages_see_only_measures_that_are_made_for_them(visitor: Visitor) -> None:
    visitor.open()
    assert (
        "The questions on this page are made for adults, so they would tell you little." in visitor.page.text
    )
    assert "A child’s doctor can help" in visitor.page.text
    visitor.start("teen:phq9")
    assert visitor.page.headings == [START]
    visitor.start("adult:asq")
    assert visitor.page.headings == [START]


@pytest.mark.parametrize("slug", ["dr-nobody", "DR-ROWAN", "x" * 200, "%00", "é"])
def test_an_unknown_page_is_a_neutral_404(visitor: Visitor, slug: str) -> None:
    reply = visitor.browser.get(f"/screen/{slug}")
    assert reply.status_code == 404
    assert "There is nothing here." in reply.text


def test_the_page_of_a_member_who_left_or_closed_it_is_the_same_404(
    visitor: Visitor, service: Service, cast: build.Cast
) -> None:
    unknown = visitor.browser.get("/screen/dr-nobody").text
    with service.db.write() as session:
        session.execute(update(ScreeningPage).values(open=False))
    assert visitor.browser.get(visitor.path).text == unknown
    with service.db.write() as session:
        session.execute(update(ScreeningPage).values(open=True))
        session.get_one(Person, cast.ada).left_at = now()
    assert visitor.browser.get(visitor.path).text == unknown
    with service.db.write() as session:
        session.get_one(Person, cast.ada).left_at = None
        session.execute(update(Grant).where(Grant.person_id == cast.ada).values(until_at=now()))
    assert visitor.browser.get(visitor.path).text == unknown
    assert visitor.browser.post(f"{visitor.path}/step", data={"start": "adult:phq9"}).status_code == 404


def test_no_page_sets_a_cookie_and_only_the_embedded_ones_may_be_framed(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    open_page(service, cast, origins="https://Rowan.example/about\nhttp://localhost:9000")
    for path, framed in (("/screen/dr-rowan", False), ("/screen/dr-rowan/embed", True)):
        visitor = Visitor(answering.browser_of(app), path)
        replies = []
        visitor.open()
        replies.append(visitor.reply)
        visitor.start()
        replies.append(visitor.reply)
        assert visitor.page.actions == [f"{path}/step"]
        visitor.fill("1111111100")
        replies.append(visitor.reply)
        visitor.press(go="contact")
        replies.append(visitor.reply)
        for reply in replies:
            assert "Set-Cookie" not in reply.headers
            assert reply.headers["Cache-Control"] == "no-store"
            policy = reply.headers["Content-Security-Policy"]
            sites = "https://rowan.example http://localhost:9000" if framed else "'none'"
            assert re.search(rf"frame-ancestors {re.escape(sites)}(;|$)", policy)


def test_many_starts_are_slowed_and_a_person_on_the_same_network_starts_all_the_same(
    visitor: Visitor, app: Flask, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 22, 21, 30, tzinfo=UTC), tick=False)
    codes = []
    for _ in range(40):
        visitor.start()
        codes.append(visitor.reply.status_code)
    assert codes == [200] * 30 + [429] * 10
    assert visitor.reply.headers["Retry-After"] == "3"
    assert visitor.page.headings == ["One moment"]
    person = Visitor(answering.browser_of(app))
    person.start()
    assert person.reply.status_code == 429
    person.press(start="adult:phq9")
    assert person.reply.status_code == 429
    clock.shift(3)
    person.press(start="adult:phq9")
    assert person.reply.status_code == 200
    assert person.page.headings == ["Little interest or pleasure in doing things"]
    elsewhere = Visitor(answering.browser_of(app))
    elsewhere.start(environ_overrides={"REMOTE_ADDR": "198.51.100.7"})
    assert elsewhere.reply.status_code == 200
    person.fill("1111111100")
    assert person.page.headings == ["Your answers are in the mild range"]


def test_a_ticket_starts_once(visitor: Visitor, clock: time_machine.Traveller) -> None:
    clock.move_to(datetime(2026, 11, 22, 21, 30, tzinfo=UTC), tick=False)
    for _ in range(31):
        visitor.start()
    held = {**visitor.page.hidden, "start": "adult:phq9"}
    clock.shift(3)
    visitor.press(**held)
    assert visitor.page.headings != [START]
    visitor.press(**held)
    assert visitor.page.headings == [START]


def test_starts_with_a_ticket_are_counted_too(
    visitor: Visitor, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "STARTS", 2)
    monkeypatch.setattr(stepping, "HELD_STARTS", 3)
    clock.move_to(datetime(2026, 11, 22, 21, 30, tzinfo=UTC), tick=False)
    tickets = []
    for _ in range(6):
        visitor.start()
        tickets.append({**visitor.page.hidden, "start": "adult:phq9"})
    clock.shift(3)
    statuses = []
    for ticket in tickets[2:]:
        visitor.press(**ticket)
        statuses.append(visitor.reply.status_code)
    assert statuses == [200, 200, 200, 429]
    assert visitor.page.headings == ["One moment"]
    clock.shift(60)
    visitor.press(start="adult:phq9")
    assert visitor.page.headings == ["Little interest or pleasure in doing things"]


def test_counts_are_kept_for_each_month_and_small_ones_are_withheld(
    visitor: Visitor, service: Service, cast: build.Cast
) -> None:
    page = open_page(service, cast)
    visitor.start()
    visitor.fill("1111111100")
    visitor.press(to="whole")
    with service.db.read() as session:
        (month,) = counts.months(session, page)
        assert (month.name, month.started, month.finished) == ("2026-11", None, None)
    with service.db.write() as session:
        for _ in range(30):
            counts.add(session, page, "started")
        for _ in range(24):
            counts.add(session, page, "finished")
    with service.db.read() as session:
        (month,) = counts.months(session, page)
        assert (month.started, month.finished, month.contacted) == (31, None, None)


def test_networks_are_kept_only_as_keyed_hashes_of_the_day(
    visitor: Visitor, service: Service, clock: time_machine.Traveller
) -> None:
    visitor.start()
    clock.shift(timedelta(days=1))
    visitor.start()
    with service.db.read() as session:
        assert len(session.scalars(select(SignInThrottle.key_hash)).all()) == 2


def test_a_page_that_cannot_be_saved_keeps_what_was_marked(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from delivery.errors import NotSaved

    def full(*_: object) -> bool:
        raise NotSaved("full")

    visitor.start()
    with monkeypatch.context() as patch:
        patch.setattr(runs, "take", full)
        visitor.press(go="next", answer="2")
    assert visitor.reply.status_code == 503
    assert visitor.page.checked == {"answer": "2"}
    visitor.press(go="next")
    assert visitor.page.headings == ["Feeling down, depressed, or hopeless"]


def test_other_content_than_a_form_is_refused(visitor: Visitor) -> None:
    reply = visitor.browser.post(
        f"{visitor.path}/step", data=b'{"start": "adult:phq9"}', content_type="application/json"
    )
    assert reply.status_code == 415


def test_the_address_of_a_press_leads_to_the_start(visitor: Visitor, browser: FlaskClient) -> None:
    assert browser.get(f"{visitor.path}/step").location == visitor.path
