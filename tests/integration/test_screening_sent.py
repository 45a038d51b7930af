"""A visitor sends a screening to the clinician: the code, the record, and how it goes away again."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from channels.base import Message, OutcomeUnknown, Receipt, Refused
from channels.registry import ChannelConfigError
from delivery import audit, local_post, opt_outs
from delivery.db import now, uuid7
from delivery.models import Base
from delivery.models.assignments import Assignment, FormSession, Way
from delivery.models.clients import Client, Consent, ContactPoint, ContactState, Respondent, RespondentRole
from delivery.models.ledger import AuditEvent, OutboxEntry
from delivery.models.results import Alert, Submission
from delivery.models.screening import ScreeningCount
from delivery.screening import codes, forgetting, storing
from delivery.screening.walks import Walk, Wanted
from delivery.service import Service
from delivery.web.screen import stepping
from tests import answering, build, clinician
from tests.screening_visit import Visitor, open_page

#: Found nowhere else: an answer that is typed in would be one too, but PHQ-9 has none.
CANARY = "canary.visitor@example.org"
ADDRESS = "203.0.113.77"
BROWSER = "CanaryBrowser/9.9 (Telltale OS)"


@pytest.fixture(autouse=True)
def empty_post(monkeypatch: pytest.MonkeyPatch) -> Iterator[local_post.Passing]:
    """A local post of this test alone."""
    post = local_post.Passing()
    monkeypatch.setattr(local_post, "passing", post)
    yield post


@pytest.fixture
def visitor(app: Flask, service: Service, cast: build.Cast) -> Visitor:
    open_page(service, cast)
    return Visitor(answering.browser_of(app))


def letters(service: Service) -> list[local_post.Letter]:
    with service.db.write() as session:
        return local_post.passing.letters(session)


def digits_of(service: Service) -> str:
    """The digits in the newest message."""
    words = letters(service)[0].text.replace(".", " ").split()
    return next(word for word in words if word.isdigit() and len(word) == 6)


def at_contact(visitor: Visitor, answers: str = "1111111100") -> None:
    visitor.start()
    visitor.fill(answers)
    visitor.press(go="contact")


def sent(visitor: Visitor, service: Service, contact: str = "503 555 0118", **more: Any) -> None:
    at_contact(visitor, **more)
    visitor.press(go="code", contact=contact, called_by="Pat")
    visitor.press(go="check", code=digits_of(service))
    assert visitor.page.headings == ["Sent. Thank you."]


def rows(service: Service) -> dict[str, list[dict[str, Any]]]:
    """The whole database, as it lies in the file."""
    found: dict[str, list[dict[str, Any]]] = {}
    with closing(sqlite3.connect(service.settings.data_dir / "lightq.db")) as raw:
        raw.row_factory = sqlite3.Row
        for table in Base.metadata.sorted_tables:
            found[table.name] = [dict(row) for row in raw.execute(f"SELECT * FROM {table.name}")]
    return found


def test_after_an_anonymous_run_nothing_of_the_visitor_is_stored_or_logged(
    visitor: Visitor, service: Service, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    before, rung = rows(service), []
    service.db._ring = rung.append  # all that ever goes to Valkey
    caplog.set_level(logging.DEBUG)
    visitor.browser.environ_base["REMOTE_ADDR"] = ADDRESS
    visitor.browser.environ_base["HTTP_USER_AGENT"] = BROWSER
    visitor.open()
    visitor.start()
    visitor.fill("2222222230")
    visitor.press(go="contact")
    visitor.press(go="code", contact=CANARY, called_by="Canary")
    visitor.press(go="result")
    after = rows(service)
    assert rung == []
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"screening_run", "screening_count", "sign_in_throttle"}
    (run,), (count,) = after["screening_run"], after["screening_count"]
    assert set(run) == {"id", "created_at", "page_id", "step", "last_at", "finished_at"}
    assert (count["started"], count["finished"], count["contacted"]) == (1, 1, 0)
    for row in after["sign_in_throttle"]:
        assert set(row) == {"key_hash", "failures", "last_at", "blocked_until"}
        assert len(row["key_hash"]) == 32
    everything = json.dumps(after, default=repr) + caplog.text + "".join(capfd.readouterr())
    raw = (service.settings.data_dir / "lightq.db").read_bytes()
    wal = service.settings.data_dir / "lightq.db-wal"
    raw += wal.read_bytes() if wal.exists() else b""
    for telltale in (CANARY, "canary", "203.0.113", "CanaryBrowser", "Telltale"):
        assert telltale not in everything
        assert telltale.encode() not in raw


def test_a_right_code_makes_a_record_that_goes_the_way_of_all_answers(
    visitor: Visitor, service: Service, cast: build.Cast
) -> None:
    at_contact(visitor, "1111111110")
    text = visitor.page.text
    assert "No care has begun" in text
    assert "This is not a way to get help now." in text
    visitor.press(go="code", contact="(503) 555-0118", called_by="  Pat  ")
    assert "+15035550118" in visitor.page.text
    (letter,) = letters(service)
    assert (letter.kind, letter.to) == ("sms", "+15035550118")
    visitor.press(go="check", code=digits_of(service))
    assert visitor.page.headings == ["Sent. Thank you."]
    with service.db.read() as session:
        client = session.scalars(select(Client).where(Client.prospect_until.is_not(None))).one()
        assert client.given_name == client.called_by == "Pat"
        assert client.prospect_until is not None
        assert timedelta(days=59) < client.prospect_until - now() <= timedelta(days=60)
        respondent = session.scalars(select(Respondent).where(Respondent.client_id == client.id)).one()
        assert respondent.in_person_only
        point = session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == respondent.id)).one()
        assert (point.value, point.state) == ("+15035550118", ContactState.CONFIRMED)
        consent = session.scalars(select(Consent).where(Consent.contact_point_id == point.id)).one()
        assert (consent.channel, consent.wording) == ("sms", "screening-contact-1")
        row = session.scalars(select(Assignment).where(Assignment.client_id == client.id)).one()
        assert (row.channel, row.state.value) == (Way.PUBLIC, "completed")
        stored = session.scalars(select(Submission).where(Submission.client_id == client.id)).one()
        assert stored.answers is not None
        assert stored.answers["phq9_9"] == "1"
        assert (stored.channel, stored.identity, stored.uses["alliance_figures"]) == (
            Way.PUBLIC,
            "uncertain",
            False,
        )
        form = session.scalars(select(FormSession).where(FormSession.assignment_id == row.id)).one()
        assert form.draft is None
        alert = session.scalars(select(Alert).where(Alert.client_id == client.id)).one()
        assert alert.item_id == "phq9_9"
        kinds = set(session.scalars(select(OutboxEntry.kind)))
        assert {"score", "send"} <= kinds
        assert session.scalars(select(ScreeningCount.contacted)).one() == 1
        tags = list(session.scalars(select(AuditEvent.tag).where(AuditEvent.subject_id == client.id)))
        assert tags == [audit.Tag.SCREENING_SENT]


def test_a_parent_who_asks_for_a_child_answers_as_a_parent(
    app: Flask, service: Service, cast: build.Cast
) -> None:

    page = open_page(service, cast)
    walk = Walk(page.id, uuid7(), "phq9", 1, "child", "en", now().timestamp(), draft={"phq9": {}})
    wanted = Wanted("email", CANARY, "", "", 0)
    with service.db.write() as session:
        client = storing.store(session, page, replace(walk, wanted=wanted))
        role = session.scalars(select(Respondent.role).where(Respondent.client_id == client.id)).one()
        assert role is RespondentRole.PARENT
        assert client.given_name == storing.NAMELESS


def test_the_member_sees_it_marked_and_makes_them_a_client(
    visitor: Visitor, service: Service, console: FlaskClient
) -> None:
    sent(visitor, service)
    with service.db.read() as session:
        client = session.scalars(select(Client).where(Client.prospect_until.is_not(None))).one()
    at = {"base_url": "http://127.0.0.1:8080", "headers": {"Sec-Fetch-Site": "same-origin"}}
    assert "screening, not yet a client" in console.post("/console/clients", **at).text
    page = console.get(f"/console/clients/{client.id}", **at).text
    assert "Screening, not yet a client." in page
    assert "on your public page" in page
    assert "Send a form" not in page
    assert "screening, not yet a client" in console.get("/console/", **at).text
    reply = console.post(f"/console/clients/{client.id}/prospect", data={"do": "keep"}, **at)
    assert reply.status_code == 303
    page = console.get(f"/console/clients/{client.id}", **at).text
    assert "not yet a client" not in page
    assert "Send a form" in page
    again = console.post(f"/console/clients/{client.id}/prospect", data={"do": "delete"}, **at)
    assert again.status_code == 409
    with service.db.read() as session:
        assert session.get(Client, client.id) is not None


def test_deleting_takes_every_row_of_theirs_and_nobody_elses(
    visitor: Visitor, service: Service, cast: build.Cast, console: FlaskClient
) -> None:
    before = rows(service)
    sent(visitor, service)
    with service.db.read() as session:
        client = session.scalars(select(Client).where(Client.prospect_until.is_not(None))).one()
    at = {"base_url": "http://127.0.0.1:8080", "headers": {"Sec-Fetch-Site": "same-origin"}}
    assert (
        console.post(f"/console/clients/{client.id}/prospect", data={"do": "delete"}, **at).status_code == 303
    )
    after = rows(service)
    kept = {"screening_run", "screening_count", "sign_in_throttle", "audit_event", "audit_head"}
    assert {name for name in after if after[name] != before[name]} <= kept | {"console_session"}
    assert console.get(f"/console/clients/{client.id}", **at).status_code == 404
    with service.db.read() as session:
        assert list(audit.verify(session, cast.practice)) == []


def test_a_stranger_and_a_colleague_can_do_nothing_with_it(
    visitor: Visitor, service: Service, app: Flask, cast: build.Cast
) -> None:
    sent(visitor, service)
    with service.db.read() as session:
        client = session.scalars(select(Client).where(Client.prospect_until.is_not(None))).one()
    at = {"base_url": "http://127.0.0.1:8080", "headers": {"Sec-Fetch-Site": "same-origin"}}
    for email in ("sam@example.org", "bo@example.org"):
        other = clinician.signed_in(app, email)
        for do in ("keep", "delete"):
            reply = other.post(f"/console/clients/{client.id}/prospect", data={"do": do}, **at)
            assert reply.status_code == 404


def test_the_visitor_takes_it_back_with_the_link_on_the_last_page(visitor: Visitor, service: Service) -> None:
    sent(visitor, service)
    path = next(link for link in visitor.page.links if "/screen/withdraw/" in link).split("?")[0]
    for _ in range(3):  # mail programs and previews look too
        page = visitor.browser.get(path)
        assert "Take back what you sent?" in page.text
    assert "It is deleted" in visitor.browser.post(path).text
    with service.db.read() as session:
        assert session.scalars(select(Client).where(Client.prospect_until.is_not(None))).all() == []
        assert session.scalars(select(ContactPoint).where(ContactPoint.confirmed_how == "code")).all() == []
    assert visitor.browser.get(path).status_code == 404
    assert visitor.browser.get("/screen/withdraw/" + "A" * 45).status_code == 404


def test_a_record_is_deleted_after_sixty_days_unless_it_is_a_clients(
    visitor: Visitor, service: Service, cast: build.Cast
) -> None:
    sent(visitor, service)
    with service.db.write() as session:
        assert forgetting.forget_due(session) == 0
    with time_machine.travel(now() + timedelta(days=60, minutes=1)), service.db.write() as session:
        assert forgetting.forget_due(session) == 1
        assert session.get(Client, cast.cy) is not None
    with service.db.read() as session:
        assert session.scalars(select(Client).where(Client.prospect_until.is_not(None))).all() == []
        line = session.scalars(select(AuditEvent).where(AuditEvent.tag == audit.Tag.PROSPECT_FORGOTTEN)).one()
        assert line.actor == "worker"
        assert line.detail["how"] == "time"


def test_five_wrong_codes_end_it_and_old_pages_give_no_further_tries(
    visitor: Visitor, service: Service
) -> None:
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    assert letters(service)[0].to == CANARY
    right = digits_of(service)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    first = dict(visitor.page.hidden)
    for left in (4, 3, 2, 1):
        visitor.press(go="check", code=wrong)
        assert f"You have {left} {'try' if left == 1 else 'tries'} left." in visitor.page.text
    visitor.press(go="check", code=wrong)
    assert "That code has ended." in visitor.page.text
    visitor.press(**first, go="check", code=right)
    assert visitor.page.headings == ["How are you, these days?"]
    with service.db.read() as session:
        assert session.scalars(select(Client).where(Client.prospect_until.is_not(None))).all() == []


def test_a_code_ends_after_ten_minutes(visitor: Visitor, service: Service) -> None:
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    right = digits_of(service)
    with time_machine.travel(now() + codes.LIFE + timedelta(seconds=1)):
        visitor.press(go="check", code=right)
    assert "That code has ended." in visitor.page.text


def test_a_double_click_on_the_last_button_makes_one_record_and_shows_the_end(
    visitor: Visitor, service: Service
) -> None:
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    twice = {**visitor.page.hidden, "go": "check", "code": digits_of(service)}
    visitor.press(**twice)
    visitor.press(**twice)
    assert visitor.page.headings == ["Sent. Thank you."]
    with service.db.read() as session:
        assert len(session.scalars(select(Client).where(Client.prospect_until.is_not(None))).all()) == 1
        assert session.scalars(select(ScreeningCount.contacted)).one() == 1


def stored(service: Service) -> int:
    with service.db.read() as session:
        return len(session.scalars(select(Client).where(Client.prospect_until.is_not(None))).all())


@pytest.fixture
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 22, 21, 0, tzinfo=UTC), tick=False) as clock:
        yield clock


def test_one_code_page_pressed_ten_times_is_one_try(
    stopped_clock: time_machine.Traveller, visitor: Visitor, service: Service
) -> None:
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    held, right = {**visitor.page.hidden, "go": "check"}, digits_of(service)
    for n in range(1, 10):
        visitor.press(**held, code=f"{(int(right) + n) % 1_000_000:06}")
        assert "You have 4 tries left." in visitor.page.text
        stopped_clock.shift(timedelta(milliseconds=200))
    visitor.press(**held, code=right)
    assert stored(service) == 0
    assert "You have 4 tries left." in visitor.page.text
    stopped_clock.shift(timedelta(milliseconds=200))
    visitor.press(**held, code=right)
    assert visitor.page.headings == ["How are you, these days?"]
    assert stored(service) == 0


def test_a_replay_does_not_keep_its_own_window_open(
    stopped_clock: time_machine.Traveller, visitor: Visitor
) -> None:
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    held = {**visitor.page.hidden, "lang": "es"}
    headings = []
    for _ in range(4):
        visitor.press(**held)
        headings.append(visitor.page.headings[0])
        stopped_clock.shift(timedelta(seconds=1))
    assert headings[:2] == ["Escriba la clave"] * 2
    assert "Escriba la clave" not in headings[2:]


def test_tries_are_counted_here_whatever_a_token_says(
    visitor: Visitor, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(one: Any, **changes: Any) -> Any:
        return replace(one, **{name: value for name, value in changes.items() if name != "tries"})

    monkeypatch.setattr(stepping, "replace", forgetful)
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    right = digits_of(service)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for _ in range(5):
        visitor.press(go="check", code=wrong)
        assert "You have 4 tries left." in visitor.page.text
    visitor.press(go="check", code=right)
    assert "That code has ended." in visitor.page.text
    assert stored(service) == 0


def test_a_second_press_with_other_digits_does_not_show_the_end(visitor: Visitor, service: Service) -> None:
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    held, right = {**visitor.page.hidden, "go": "check"}, digits_of(service)
    visitor.press(**held, code=right)
    visitor.press(**held, code=f"{(int(right) + 1) % 1_000_000:06}")
    assert visitor.page.headings == ["Type the code"]
    assert stored(service) == 1


def test_plus_names_are_one_mailbox_to_the_limit_and_each_its_own_to_the_post(
    visitor: Visitor, service: Service
) -> None:
    at_contact(visitor)
    for n in range(3):
        visitor.press(go="code", contact=f"wren+{n}@example.org")
        assert visitor.reply.status_code == 200
        visitor.press(go="contact")
    visitor.press(go="code", contact="wren@example.org")
    assert visitor.reply.status_code == 429
    assert {one.to for one in letters(service)} == {f"wren+{n}@example.org" for n in range(3)}


def test_texts_have_one_limit_for_the_whole_installation(
    visitor: Visitor, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "TEXTS", 2)
    at_contact(visitor)
    statuses = []
    for n in range(3):
        visitor.browser.environ_base["REMOTE_ADDR"] = f"192.0.2.{n}"
        visitor.press(go="code", contact=f"503 555 010{n}")
        statuses.append(visitor.reply.status_code)
        if n < 2:
            visitor.press(go="contact")
    assert statuses == [200, 200, 429]
    visitor.press(go="code", contact=CANARY)
    assert visitor.reply.status_code == 200


def test_nobody_can_mail_strangers_through_the_page(visitor: Visitor, service: Service) -> None:
    """Three a day to one contact, ten an hour from one network."""
    at_contact(visitor)
    for n in range(3):
        visitor.press(go="code", contact=CANARY)
        assert visitor.reply.status_code == 200, n
        visitor.press(go="contact")
    visitor.press(go="code", contact=CANARY.upper())
    assert visitor.reply.status_code == 429
    assert "Many codes were asked for." in visitor.page.text
    assert "Retry-After" in visitor.reply.headers
    for n in range(7):
        visitor.press(go="code", contact=f"one{n}@example.org")
        assert visitor.reply.status_code == 200, n
        visitor.press(go="contact")
    visitor.press(go="code", contact="more@example.org")
    assert visitor.reply.status_code == 429
    assert len(letters(service)) == 10


@pytest.mark.parametrize("typed", ["", "x", "12", "a@b", "503", "é" * 400, "\x00@example.org"])
def test_a_contact_that_is_none_is_said_in_plain_words_and_keeps_the_name(
    visitor: Visitor, typed: str
) -> None:
    at_contact(visitor)
    visitor.press(go="code", contact=typed, called_by="Pat")
    assert visitor.reply.status_code == 422
    assert "Please check it." in visitor.page.text
    assert any(box.get("name") == "called_by" and box.get("value") == "Pat" for box in visitor.page.boxes)


def test_a_contact_that_wants_no_messages_gets_none_and_the_page_is_everybodys(
    visitor: Visitor, service: Service
) -> None:
    other = "c" + CANARY
    with service.db.write() as session:
        opt_outs.stop(session, "email", CANARY, "word")
    at_contact(visitor)
    visitor.press(go="code", contact=other)
    everybodys = (visitor.reply.status_code, visitor.page.text.replace(other, CANARY))
    visitor.press(go="contact")
    for _ in range(codes.A_DAY):
        visitor.press(go="code", contact=CANARY)
        assert (visitor.reply.status_code, visitor.page.text) == everybodys
        assert "You may have asked us not to write to you" in visitor.page.text
        visitor.press(go="contact")
    visitor.press(go="code", contact=CANARY)
    assert visitor.reply.status_code == 429
    assert [one.to for one in letters(service)] == [other]


def test_a_channel_that_takes_nothing_is_said_to_everybody(
    visitor: Visitor, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unset(*_: object) -> None:
        raise ChannelConfigError("not set")

    monkeypatch.setattr(codes, "build", unset)
    with service.db.write() as session:
        opt_outs.stop(session, "email", CANARY, "word")
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    assert visitor.reply.status_code == 503
    assert "The code could not be sent just now." in visitor.page.text


class Provider:
    """A channel that does what a test tells it to."""

    provider, kind, evidence = "test", "email", "none"

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.closed = False

    def send(self, message: Message) -> Receipt:
        if self.error:
            raise self.error
        return Receipt(self.provider, "1")

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Refused("smtp_550", "no such mailbox", True), 200, "We sent six digits to"),
        (Refused("smtp_450", "busy", False), 503, "The code could not be sent just now."),
        (Refused("auth", "bad key", True, stops_provider=True), 503, "The code could not be sent just now."),
        (OutcomeUnknown("timeout"), 200, "We sent six digits to"),
    ],
)
def test_what_the_provider_says_is_said_in_plain_words(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    provider = Provider(error)
    monkeypatch.setattr(codes, "build", lambda *_: {"email": provider, "sms": provider})
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    assert visitor.reply.status_code == status
    assert words in visitor.page.text
    assert provider.closed


def test_a_page_that_takes_no_contact_offers_none_and_takes_none(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    open_page(service, cast, takes_contact=False)
    visitor = Visitor(answering.browser_of(app))
    visitor.start()
    visitor.fill("1111111100")
    assert "Send this to" not in visitor.page.text
    visitor.press(go="contact")
    assert visitor.page.headings == ["Your answers are in the mild range"]
    visitor.press(go="code", contact=CANARY)
    assert visitor.page.headings == ["Your answers are in the mild range"]
    assert letters(service) == []


def test_a_visitor_who_goes_back_to_the_result_finds_it(visitor: Visitor) -> None:
    at_contact(visitor)
    visitor.press(go="result")
    assert visitor.page.headings == ["Your answers are in the mild range"]
    visitor.press(go="contact")
    visitor.press(go="code", contact=CANARY)
    visitor.press(lang="es")
    assert CANARY in visitor.page.text
    visitor.press(go="result")
    assert CANARY not in visitor.page.text


def test_the_code_stands_on_the_local_post_page(visitor: Visitor, app: Flask) -> None:
    at_contact(visitor)
    visitor.press(go="code", contact=CANARY)
    http = app.test_client()
    shown = http.get("/outbox.json", base_url="http://127.0.0.1:8080").get_json()
    assert [one["to"] for one in shown] == [CANARY]
    assert CANARY in http.get("/outbox", base_url="http://127.0.0.1:8080").text
