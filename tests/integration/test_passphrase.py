"""The word agreed in person, from the console to the locked link and the next one, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from channels.local_post import LocalPost
from delivery import assignments, db, jobs, links, local_post, passphrases, throttle
from delivery.app import create_app
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.clients import Respondent
from delivery.models.ledger import AuditEvent
from delivery.models.messages import Dispatch, Purpose
from delivery.models.messages import LocalPost as Kept
from delivery.models.people import SignInThrottle
from delivery.models.results import Submission
from delivery.service import Service
from delivery.states import DispatchState, LinkState
from tests import build, clinician
from tests.answering import Page, Person, browser_of, path_of
from workers import drain
from workers.context import Context

QUESTION = "Type the word that you and Alder Street Office agreed on."


@pytest.fixture
def cast(migrated: Service) -> build.Cast:
    return build.cast(migrated)


@pytest.fixture
def app(migrated: Service, cast: build.Cast) -> Flask:
    return create_app(service=migrated)


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    return clinician.signed_in(app, "ada@example.org")


def agree(ada: FlaskClient, service: Service, cast: build.Cast, word: str, **more: str) -> int:
    with service.db.read() as session:
        who = session.scalars(select(Respondent.id).where(Respondent.client_id == cast.cy)).one()
    data = {"respondent": str(who), "passphrase": word, **more}
    return ada.post(f"/console/clients/{cast.cy}/passphrase", data=data).status_code


@pytest.fixture
def asked(migrated: Service, cast: build.Cast, ada: FlaskClient) -> Assignment:
    """An ask of Cy, who agreed on "Blue Heron" with Dr. Ada."""
    assert agree(ada, migrated, cast, "Blue Heron") == 303
    return build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["gad2"])


@pytest.fixture
def cy(app: Flask, migrated: Service, asked: Assignment) -> Person:
    return Person(browser_of(app), path_of(migrated, asked.id))


def link_of(service: Service, asked: Assignment) -> Link:
    with service.db.read() as session:
        return session.scalars(
            select(Link).where(Link.assignment_id == asked.id).order_by(Link.id.desc()).limit(1)
        ).one()


def try_word(app: Flask, path: str, word: str) -> tuple[int, Page]:
    reply = browser_of(app).post(path, data={"passphrase": word})
    return reply.status_code, Page(reply.text)


def lock(app: Flask, path: str) -> None:
    assert [try_word(app, path, f"guess {n}")[0] for n in range(5)] == [422, 422, 422, 422, 429]


def test_with_the_right_word_the_form_begins_and_is_sent(cy: Person, migrated: Service) -> None:
    assert QUESTION in cy.open().text
    assert [box["name"] for box in cy.page.boxes].count("passphrase") == 1
    cy.start(passphrase=" blue HERON ")
    cy.fill("12")
    assert cy.press("send").headings == ["Sent. Thank you."]
    with migrated.db.read() as session:
        assert session.scalars(select(Submission)).one().answers == {"gad2_1": "1", "gad2_2": "2"}
    assert link_of(migrated, _ask(migrated)).wrong_tries == 0


def _ask(service: Service) -> Assignment:
    with service.db.read() as session:
        return session.scalars(select(Assignment)).one()


def test_who_has_no_word_is_asked_for_none_and_a_typed_one_is_ignored(
    app: Flask, migrated: Service, cast: build.Cast
) -> None:
    row = build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["gad2"])
    person = Person(browser_of(app), path_of(migrated, row.id))
    assert "agreed on" not in person.open().text and "passphrase" not in person.reply.text
    person.start(passphrase="anything")
    assert person.ref and f"/f/{person.ref}" in person.reply.request.path
    assert link_of(migrated, row).wrong_tries == 0


def test_a_wrong_word_stays_on_the_page_with_the_tries_left_and_what_was_ticked(
    cy: Person, migrated: Service, asked: Assignment
) -> None:
    cy.start(passphrase="grey heron", use=["own"])
    assert cy.reply.status_code == 422 and "Set-Cookie" not in cy.reply.headers
    assert "That is not the word. You have 4 tries left." in cy.page.text
    assert QUESTION in cy.page.text and "grey heron" not in cy.reply.text
    assert [box.get("value") for box in cy.page.boxes if "checked" in box] == ["own"]
    for words in ("You have 3 tries left.", "You have 2 tries left.", "You have 1 try left."):
        assert words in cy.start(passphrase="grey heron").text
    assert cy.start(passphrase="grey heron").headings == ["Too many tries"]
    assert cy.reply.status_code == 429
    with migrated.db.read() as session:
        assert session.scalars(select(FormSession)).all() == []
    assert (link_of(migrated, asked).state, link_of(migrated, asked).wrong_tries) == (LinkState.LOCKED, 5)


def test_robots_that_press_start_without_a_word_use_up_nothing(
    app: Flask, cy: Person, migrated: Service, asked: Assignment
) -> None:
    for data in ({}, {"passphrase": ""}, {"passphrase": "  "}, {"use": "own"}):
        reply = browser_of(app).post(cy.path, data=data)
        assert reply.status_code == 422 and "Set-Cookie" not in reply.headers
        assert "Please type the word, then press Start. You have 5 tries left." in Page(reply.text).text
    assert link_of(migrated, asked).wrong_tries == 0
    cy.start(passphrase="blueheron")
    assert cy.ref and cy.reply.status_code == 200


def test_of_a_hundred_tries_at_once_five_count_and_the_rest_learn_nothing(
    app: Flask, cy: Person, migrated: Service, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 120.0)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda n: try_word(app, cy.path, f"guess {n}"), range(100)))
    codes = [code for code, _ in found]
    assert codes.count(422) == 4 and codes.count(429) == 96
    left = sorted(page.text.split("not the word. You have ")[1][0] for code, page in found if code == 422)
    assert left == ["1", "2", "3", "4"]
    assert (link_of(migrated, asked).state, link_of(migrated, asked).wrong_tries) == (LinkState.LOCKED, 5)
    with migrated.db.read() as session:
        assert len(session.scalars(select(Dispatch).where(Dispatch.purpose == Purpose.LOCKED)).all()) == 1
        tags = session.scalars(select(AuditEvent.tag)).all()
    assert tags.count("client:link:locked") == 1


def test_a_locked_link_takes_not_even_the_right_word(app: Flask, cy: Person) -> None:
    lock(app, cy.path)
    for _ in range(2):
        assert cy.open().headings == ["Too many tries"] and cy.reply.status_code == 429
        assert cy.start(passphrase="blue heron").headings == ["Too many tries"]
    assert "Call 988" in cy.page.text
    assert cy.ref == ""


def test_a_network_whose_ended_links_have_to_wait_still_counts_its_wrong_words(
    app: Flask, cy: Person, migrated: Service, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "ENDED_FROM_NETWORK", 0)
    with migrated.db.write() as session:
        throttle.ended_hits(migrated.settings.keys[-1].encode(), "127.0.0.1").count(session)
    lock(app, cy.path)
    assert (link_of(migrated, asked).state, link_of(migrated, asked).wrong_tries) == (LinkState.LOCKED, 5)


def test_the_browser_that_has_begun_goes_on_without_the_word(cy: Person) -> None:
    cy.start(passphrase="blue heron")
    cy.fill("1")
    cy.open()
    assert f"/f/{cy.ref}" in cy.reply.request.path
    begun = cy.ref
    cy.start()
    assert cy.ref == begun


def test_sending_again_makes_a_new_link_and_the_locked_one_says_so(
    app: Flask, cy: Person, migrated: Service, asked: Assignment, ada: FlaskClient
) -> None:
    with migrated.db.write() as session:
        session.execute(update(Dispatch).values(state=DispatchState.HANDED_OVER, handed_over_at=db.now()))
    lock(app, cy.path)
    page = ada.get(f"/console/assignments/{asked.id}").text
    assert "Locked after 5 wrong words; send again makes a new link" in page
    assert "Send a new link" in page and "Send the same link again" not in page
    assert "The link is locked" in ada.get("/console/").text
    assert ada.post(f"/console/assignments/{asked.id}/resend").status_code == 303
    assert cy.open().headings == ["A newer message was sent to you"]
    fresh = Person(browser_of(app), path_of(migrated, asked.id))
    assert fresh.path != cy.path
    assert link_of(migrated, asked).wrong_tries == 0
    fresh.start(passphrase="blue heron")
    fresh.fill("00")
    assert fresh.press("send").headings == ["Sent. Thank you."]
    page = ada.get(f"/console/assignments/{asked.id}").text
    assert "Locked after 5 wrong words" in page, "the history keeps what was"
    assert "The link is locked" not in page and "The link is locked" not in ada.get("/console/").text


def test_who_got_in_before_the_lock_may_finish_for_an_hour_once_a_new_link_was_sent(
    app: Flask, cy: Person, migrated: Service, asked: Assignment
) -> None:
    cy.start(passphrase="blue heron")
    cy.fill("11")
    lock(app, cy.path)
    before = cy.fields("send")
    assert cy.press("send").headings == ["Too many tries"]
    with migrated.db.write() as session:
        links.issue(session, session.get_one(Assignment, asked.id))
    with time_machine.travel(db.now() + timedelta(minutes=61)):
        reply = cy.browser.post(f"/f/{cy.ref}", data=before, follow_redirects=True)
        assert Page(reply.text).headings == ["A newer message was sent to you"]
    reply = cy.browser.post(f"/f/{cy.ref}", data=before, follow_redirects=True)
    assert Page(reply.text).headings == ["Sent. Thank you."]


def test_the_clinician_is_told_by_a_message_that_says_nothing_of_the_client(
    app: Flask, cy: Person, migrated: Service, cast: build.Cast
) -> None:
    lock(app, cy.path)
    box = local_post.Box(migrated.db)
    here = Context(migrated, {"email": LocalPost(box.keep, box.find)})
    while True:
        with migrated.db.write() as session:
            claim = jobs.claim(session, "send", 20)
        if claim is None:
            break
        drain.work(here, claim)
    with migrated.db.read() as session:
        kept = [row.message for row in session.scalars(select(Kept))]
        row = session.scalars(select(Dispatch).where(Dispatch.purpose == Purpose.LOCKED)).one()
    assert row.state is DispatchState.HANDED_OVER and row.person_id == cast.ada
    (message,) = [one for one in kept if one and one["to"] == "ada@example.org"]
    assert not any(one["to"] == "cy@example.org" for one in kept if one), "the link had ended by then"
    everything = " ".join(str(value) for value in message.values())
    assert "locked after five wrong words" in everything
    for told in ("Cyan", "Canary", "GAD", "cy@example.org", "/q/"):
        assert told not in everything


# --- the client's page


def test_the_word_is_set_changed_and_removed_on_the_clients_page(
    app: Flask, ada: FlaskClient, migrated: Service, cast: build.Cast
) -> None:
    address = f"/console/clients/{cast.cy}"
    assert "No secret word" in ada.get(address).text
    assert agree(ada, migrated, cast, "  Blue   Heron ") == 303
    page = ada.get(address).text
    assert "Links ask for the word you agreed on in person." in page
    assert "eron" not in page and "argon2" not in page
    row = build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["gad2"])
    path = path_of(migrated, row.id)
    assert agree(ada, migrated, cast, "grey goose") == 303
    assert try_word(app, path, "blue heron")[0] == 422
    assert try_word(app, path, "grey goose")[0] == 303
    assert agree(ada, migrated, cast, "", do="remove") == 303
    assert "No secret word" in ada.get(address).text
    assert try_word(app, path, "")[0] == 303
    assert link_of(migrated, row).wrong_tries == 1
    with migrated.db.read() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.tag == "console:client:changed"))
        done = [e.detail["did"] for e in events if e.detail and "did" in e.detail]
    assert done == ["set", "changed", "removed"]


@pytest.mark.parametrize("word", ["", "abc", " a b c ", "x" * 101])
def test_a_word_that_is_too_short_or_too_long_is_refused_in_words_and_changes_nothing(
    ada: FlaskClient, migrated: Service, cast: build.Cast, word: str
) -> None:
    assert agree(ada, migrated, cast, "blue heron") == 303
    assert agree(ada, migrated, cast, word) == 422
    with migrated.db.read() as session:
        row = session.scalars(select(Respondent).where(Respondent.client_id == cast.cy)).one()
    assert passphrases.compare(row.passphrase_hash, "blue heron").right


@pytest.mark.parametrize("email", ["bo@example.org", "sam@example.org"])
def test_nobody_else_sets_a_word(app: Flask, migrated: Service, cast: build.Cast, email: str) -> None:
    assert agree(clinician.signed_in(app, email), migrated, cast, "blue heron") == 404
    with migrated.db.read() as session:
        rows = session.scalars(select(Respondent)).all()
    assert [row.passphrase_hash for row in rows] == [None] * len(rows)


# --- ended links open only so often


def _ended(service: Service, cast: build.Cast) -> str:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"])
    path = path_of(service, row.id)
    with service.db.write() as session:
        assignments.cancel(session, cast.caller(service, cast.ada), row.id)
    return path


def test_ended_links_open_only_so_often_from_one_network_and_live_ones_always(
    app: Flask, migrated: Service, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "ENDED_FROM_NETWORK", 6)
    dead = _ended(migrated, cast)
    alive = path_of(migrated, build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["gad2"]).id)
    forged = alive[:-1] + ("A" if alive[-1] != "A" else "B")

    def reply(method: str, path: str, network: str = "192.0.2.7") -> TestResponse:
        return browser_of(app).open(path, method=method, environ_base={"REMOTE_ADDR": network})

    acts = [("GET", dead), ("HEAD", dead), ("POST", dead), ("POST", f"{dead}/new"), ("POST", f"{dead}/no")]
    codes = [reply(*act).status_code for act in [*acts, ("GET", dead)]]
    assert codes == [410, 410, 410, 200, 410, 410]
    limited = [reply(*act) for act in acts]
    assert {one.status_code for one in limited} == {429}
    page = Page(limited[0].text)
    assert "Please wait ten minutes." in page.text and "Call 988" in page.text
    assert 0 < int(limited[0].headers["Retry-After"]) <= 601
    assert reply("GET", dead, "192.0.2.250").status_code == 429, "the same /24"
    assert reply("GET", dead, "192.0.3.7").status_code == 410
    for _ in range(10):
        assert reply("GET", alive).status_code == 200
        assert reply("GET", forged).status_code == 404
    assert reply("POST", alive).status_code == 303
    with time_machine.travel(db.now() + throttle.ENDED_WINDOW):
        assert reply("GET", dead).status_code == 410


def test_from_everywhere_together_ended_links_open_only_so_often(
    app: Flask, migrated: Service, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "ENDED_FROM_EVERYWHERE", 4)
    dead = _ended(migrated, cast)
    alive = path_of(migrated, build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["gad2"]).id)
    networks = [f"198.51.{n}.1" for n in range(5)]
    codes = [browser_of(app).get(dead, environ_base={"REMOTE_ADDR": one}).status_code for one in networks]
    assert codes == [410] * 4 + [429]
    assert browser_of(app).get(alive).status_code == 200


def test_no_network_is_stored_in_plain(app: Flask, migrated: Service, cast: build.Cast) -> None:
    dead = _ended(migrated, cast)
    browser_of(app).get(dead, environ_base={"REMOTE_ADDR": "203.0.113.77"})
    with migrated.db.read() as session:
        rows = session.scalars(select(SignInThrottle)).all()
    mine = [row for row in rows if row.failures == 1]
    assert len(mine) >= 2 and {len(row.key_hash) for row in rows} == {32}
    assert not any(b"203.0.113" in row.key_hash for row in rows)
