"""The rules of the one-time link (R1 to R15), as far as one process can show them."""

from __future__ import annotations

import base64
import itertools
import string
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from delivery import assignments, db, forms, links, submissions
from delivery.errors import Conflict
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch
from delivery.models.results import Submission
from delivery.service import Service
from delivery.signing import Purpose, Tokens
from delivery.states import AssignmentState, LinkState, move
from tests import build
from tests.answering import Page, Person, browser_of, path_of

AGENTS = [
    f"{kind}/{n}"
    for kind in ("SafeLinks", "Slackbot", "facebookexternalhit", "Barracuda", "")
    for n in range(5)
]


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return browser_of(app)


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"])


@pytest.fixture
def path(service: Service, asked: Assignment) -> str:
    return path_of(service, asked.id)


@pytest.fixture
def cy(browser: FlaskClient, path: str) -> Person:
    return Person(browser, path)


def count(service: Service, model: type) -> int:
    with service.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def link_of(service: Service, assignment: Assignment) -> Link:
    with service.db.read() as session:
        return session.scalars(
            select(Link).where(Link.assignment_id == assignment.id).order_by(Link.id.desc())
        ).first()  # type: ignore[return-value]


# --- R1, R9, R11: looking is harmless


def test_a_storm_of_scanners_changes_nothing_but_a_counter(
    app: Flask, service: Service, asked: Assignment, path: str
) -> None:
    def scan(agent: str) -> list[TestResponse]:
        robot = browser_of(app)
        headers = {"User-Agent": agent}
        looked = [robot.open(path, method=m, headers=headers) for m in ("GET", "HEAD", "OPTIONS", "GET")]
        robot.post(path, headers=headers)  # some press every button that says nothing of a person
        return looked

    with ThreadPoolExecutor(8) as pool:
        replies = list(itertools.chain.from_iterable(pool.map(scan, AGENTS)))
    assert {reply.status_code for reply in replies} == {200}
    assert not any("Set-Cookie" in reply.headers for reply in replies)
    link = link_of(service, asked)
    assert link.state is LinkState.OPEN and link.fetches == 3 * len(AGENTS)
    assert count(service, Submission) == 0
    with service.db.read() as session:
        drafts = [form.draft for form in session.scalars(select(FormSession))]
        row = session.get(Assignment, asked.id)
    assert row is not None and row.state is AssignmentState.PLANNED
    assert all(set(draft or {}) <= {forms.WAITING_USES} for draft in drafts)


def test_begin_takes_the_token_out_of_the_address_and_sets_one_strict_cookie(
    browser: FlaskClient, path: str
) -> None:
    reply = browser.post(path)
    assert reply.status_code == 303
    assert path.rsplit("/", maxsplit=1)[-1] not in reply.location
    (cookie,) = reply.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Domain" not in cookie
    assert cookie.startswith(f"lq-f-{reply.location.rsplit('/', 1)[-1]}=")


def test_behind_https_the_cookie_is_bound_to_the_host(
    app: Flask, service: Service, asked: Assignment
) -> None:
    from delivery.app import create_app

    secure = service.settings.model_copy(
        update={"base_url": "https://console.example", "client_url": "https://forms.example"}
    )
    made = create_app(service=Service(secure, service.db, service.tokens, service.bell))
    reply = browser_of(made).post(path_of(service, asked.id), base_url="https://forms.example")
    (cookie,) = reply.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-f-") and "Secure" in cookie and "Path=/" in cookie
    assert "max-age" in reply.headers["Strict-Transport-Security"]


# --- R2 to R4: exactly one response


def test_of_many_parallel_submits_from_many_browsers_one_is_stored(
    app: Flask, service: Service, path: str
) -> None:
    people = [Person(browser_of(app), path) for _ in range(24)]
    for person in people:
        person.start()
        person.fill("12")

    def send(person: Person) -> list[TestResponse]:
        fields = person.fields("send")
        return [person.browser.post(f"/f/{person.ref}", data=fields, follow_redirects=True) for _ in range(3)]

    with ThreadPoolExecutor(12) as pool:
        replies = list(itertools.chain.from_iterable(pool.map(send, people)))
    assert {reply.status_code for reply in replies} == {200}
    titles = [Page(reply.text).headings[0] for reply in replies]
    assert titles.count("Sent. Thank you.") == 3, "the one who sent it sees success each time"
    assert titles.count("This form has been sent") == len(replies) - 3
    assert count(service, Submission) == 1
    with service.db.read() as session:
        scores = session.scalars(select(OutboxEntry).where(OutboxEntry.kind == "score")).all()
    assert len(scores) == 1


def test_two_hundred_parallel_submits_store_one_response(
    service: Service, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 120.0)
    with service.db.write() as session:
        link = link_of(service, asked)
        row = session.get(Assignment, asked.id)
        assert row is not None
        pairs = []
        for _ in range(200):
            form, secret = forms.begin(session, link, row, language="en")
            form.draft = {"gad2": {"gad2_1": "1", "gad2_2": "3"}}
            pairs.append((form.ref, secret))

    def send(pair: tuple[str, str]) -> str:
        with service.db.write() as session:
            return submissions.accept(session, forms.find(session, *pair)).kind

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(send, pairs))
    assert (outcomes.count("sent"), outcomes.count("already-sent")) == (1, 199)
    assert count(service, Submission) == 1


def test_a_double_click_and_a_reload_show_success_and_store_once(cy: Person, service: Service) -> None:
    cy.start()
    cy.fill("11")
    fields = cy.fields("send")
    for _ in range(2):
        reply = cy.browser.post(f"/f/{cy.ref}", data=fields)
        assert (reply.status_code, reply.location) == (303, f"/f/{cy.ref}")
        assert Page(cy.browser.get(reply.location).text).headings == ["Sent. Thank you."]
    assert count(service, Submission) == 1


def test_a_lost_reply_and_a_retry_store_once(cy: Person, service: Service) -> None:
    cy.start()
    cy.fill("1")
    last = cy.fields("next", answer="2")
    for _ in range(2):
        cy.browser.post(f"/f/{cy.ref}", data=last)
    cy.open(f"/f/{cy.ref}")
    send = cy.fields("send")
    cy.browser.post(f"/f/{cy.ref}", data=send)
    reply = cy.browser.post(f"/f/{cy.ref}", data=last, follow_redirects=True)
    assert Page(reply.text).headings == ["Sent. Thank you."], "the same answers again are no surprise"
    assert count(service, Submission) == 1


def test_back_and_another_answer_after_sending_are_told_not_to_count(cy: Person, service: Service) -> None:
    cy.start()
    page_before = cy.fields()
    cy.fill("11")
    cy.press("send")
    reply = cy.browser.post(f"/f/{cy.ref}", data={**page_before, "answer": "3"})
    assert reply.status_code == 409
    assert "What you marked just now was not added" in Page(reply.text).text
    with service.db.read() as session:
        assert session.scalars(select(Submission)).one().answers == {"gad2_1": "1", "gad2_2": "1"}


def test_a_used_link_says_so_on_every_device_and_shows_no_answer(app: Flask, cy: Person) -> None:
    cy.start()
    cy.fill("13")
    cy.press("send")
    other = Person(browser_of(app), cy.path)
    assert other.open().headings == ["This form has been sent"]
    assert other.reply.status_code == 200
    assert other.start().headings == ["This form has been sent"]
    assert "Nearly every day" not in other.reply.text and "form method" not in other.reply.text


# --- two tabs, two links


def test_two_tabs_of_one_form_lose_nothing(cy: Person, service: Service) -> None:
    cy.start()
    first, second = cy.fields(), {**cy.fields(), "at": "gad2:gad2_2"}
    cy.browser.post(f"/f/{cy.ref}", data={**second, "answer": "3"})
    cy.browser.post(f"/f/{cy.ref}", data={**first, "answer": "2"})
    with service.db.read() as session:
        form = session.scalars(select(FormSession)).one()
        assert form.draft is not None and form.draft["gad2"] == {"gad2_1": "2", "gad2_2": "3"}


def test_two_links_in_one_browser_stay_apart(cy: Person, service: Service, cast: build.Cast) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq2"])
    other = Person(cy.browser, path_of(service, row.id))
    cy.start()
    other.start()
    cy.mark("1")
    other.mark("3")
    wrong = {**other.fields(), "key": cy.page.hidden["key"]}
    assert cy.browser.post(f"/f/{other.ref}", data=wrong).status_code == 404
    assert cy.browser.post(f"/f/{cy.ref}", data=other.fields(key=cy.page.hidden["key"])).status_code == 422
    cy.mark("1")
    other.mark("3")
    cy.press("send")
    other.press("send")
    with service.db.read() as session:
        answers = {s.instrument_key: s.answers for s in session.scalars(select(Submission))}
    assert answers == {
        "gad2": {"gad2_1": "1", "gad2_2": "1"},
        "phq2": {"phq2_1": "3", "phq2_2": "3"},
    }


# --- R5, R6: grace


def test_answers_begun_in_time_are_taken_for_two_hours_after_the_end_and_marked_late(
    cy: Person, service: Service, asked: Assignment
) -> None:
    with time_machine.travel(asked.expires_at - timedelta(minutes=5), tick=False):
        cy.start()
        cy.fill("1")
    with time_machine.travel(asked.expires_at + timedelta(minutes=115), tick=False):
        cy.fill("1")
        assert cy.press("send").headings == ["Sent. Thank you."]
    with service.db.read() as session:
        assert session.scalars(select(Submission)).one().late is True


@pytest.mark.parametrize("swept", [True, False])
def test_after_the_grace_nothing_is_taken(
    cy: Person, service: Service, asked: Assignment, swept: bool
) -> None:
    with time_machine.travel(asked.expires_at - timedelta(minutes=5), tick=False):
        cy.start()
        cy.fill("11")
    if swept:
        swept_at = asked.expires_at + timedelta(minutes=1)
        with time_machine.travel(swept_at, tick=False), service.db.write() as session:
            assert assignments.expire_due(session) == 1
    with time_machine.travel(asked.expires_at + timedelta(minutes=121), tick=False):
        assert cy.press("send").headings == ["This link has ended"]
        assert cy.reply.status_code == 410
    assert count(service, Submission) == 0


def test_a_link_that_ran_out_cannot_be_begun(cy: Person, service: Service, asked: Assignment) -> None:
    with time_machine.travel(asked.expires_at + timedelta(minutes=1), tick=False):
        assert cy.start().headings == ["This link has ended"]
        assert cy.reply.status_code == 410
    assert count(service, FormSession) == 0


def reissue(service: Service, asked: Assignment) -> str:
    with service.db.write() as session:
        row = session.get(Assignment, asked.id)
        assert row is not None
        links.issue(session, row)
    return path_of(service, asked.id)


def test_a_newer_link_ends_the_older_but_a_begun_form_may_still_finish(
    app: Flask, cy: Person, service: Service, asked: Assignment
) -> None:
    cy.start()
    cy.fill("1")
    newer = Person(browser_of(app), reissue(service, asked))
    stranger = Person(browser_of(app), cy.path)
    assert stranger.open().headings == ["A newer message was sent to you"]
    assert stranger.reply.status_code == 410
    newer.start()
    newer.fill("33")
    with time_machine.travel(db.now() + timedelta(minutes=55)):
        cy.fill("2")
        assert cy.press("send").headings == ["Sent. Thank you."]
    assert newer.press("send").headings == ["This form has been sent"], "the first valid submit wins"
    with service.db.read() as session:
        stored = session.scalars(select(Submission)).one()
        assert stored.late is True and stored.answers == {"gad2_1": "1", "gad2_2": "2"}
        assert {link.state for link in session.scalars(select(Link))} == {LinkState.USED}


def test_an_hour_after_a_newer_link_the_older_form_is_closed(
    cy: Person, service: Service, asked: Assignment
) -> None:
    cy.start()
    cy.fill("11")
    reissue(service, asked)
    with time_machine.travel(db.now() + timedelta(minutes=61)):
        assert cy.press("send").headings == ["A newer message was sent to you"]
    assert count(service, Submission) == 0


# --- ask for a new link


def test_asking_for_a_new_link_always_says_the_same_and_sends_once_a_day(
    cy: Person, service: Service, asked: Assignment
) -> None:
    with time_machine.travel(asked.expires_at + timedelta(hours=1), tick=False):
        with service.db.write() as session:
            assignments.expire_due(session)
        assert f"{cy.path}/new?lang=en" in cy.open().actions
        replies = [cy.browser.post(f"{cy.path}/new").get_data() for _ in range(3)]
    assert len(set(replies)) == 1
    assert count(service, Assignment) == 2
    assert count(service, Dispatch) == 2


@pytest.mark.parametrize("reason", ["closed", "died", "refused", "wrong-person"])
def test_a_link_that_ended_for_good_never_invites_again_but_looks_the_same(
    cy: Person, service: Service, asked: Assignment, reason: str
) -> None:
    with service.db.write() as session:
        links.end_all(session, asked.id, LinkState.REVOKED, reason)
    assert cy.open().headings == ["This link has ended"]
    assert cy.reply.status_code == 410
    assert "If a new link can be sent" in Page(cy.browser.post(f"{cy.path}/new").text).text
    assert count(service, Assignment) == 1 and count(service, Dispatch) == 1


def test_a_cancelled_and_an_expired_link_show_the_same_page(
    cy: Person, service: Service, asked: Assignment, cast: build.Cast
) -> None:
    with service.db.write() as session:
        assignments.cancel(session, cast.caller(service, cast.ada), asked.id)
    cancelled = cy.browser.get(cy.path)
    with service.db.write() as session:
        session.get(Link, link_of(service, asked).id).state = LinkState.EXPIRED  # type: ignore[union-attr]
    expired = cy.browser.get(cy.path)
    assert (cancelled.status_code, cancelled.data) == (expired.status_code, expired.data)


def test_a_locked_link_says_whom_to_ask(cy: Person, service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        assert move(session, Link, link_of(service, asked).id, LinkState.LOCKED)
    assert cy.open().headings == ["Too many tries"]
    assert cy.reply.status_code == 429


# --- R14: forged links


def forgeries(path: str, service: Service) -> list[str]:
    token = path.rsplit("/", 1)[-1]
    unknown = service.tokens.make(Purpose.LINK, bytes(range(16)))
    foreign = service.tokens.make(Purpose.UNSUBSCRIBE, bytes(range(16)))
    return [
        unknown,
        foreign,
        token[:-1],
        token + "A",
        token + "=",
        token.swapcase(),
        token.replace(".", ""),
        token.replace(".", "/"),
        f"%20{token}",
        "x",
        "é" * 45,
        "a" * 2000,
        "../../etc/passwd",
    ]


def test_forged_malformed_unknown_and_respelled_links_meet_the_same_bytes(
    browser: FlaskClient, service: Service, path: str
) -> None:
    replies = [browser.get(f"/q/{token}") for token in forgeries(path, service)]
    assert {reply.status_code for reply in replies} == {404}
    assert len({reply.data for reply in replies}) == 1
    page = Page(replies[0].text)
    assert "This link is not valid. Check that you copied all of it" in page.text
    assert page.actions == [], "a forged link offers nothing"
    for token in forgeries(path, service)[:6]:
        for tail in ("", "/no", "/new"):
            assert browser.post(f"/q/{token}{tail}", data={"why": "refused"}).status_code == 404
    assert count(service, FormSession) == 0


def test_no_change_of_one_character_opens_a_link(path: str, service: Service) -> None:
    token = path.rsplit("/", 1)[-1]
    alphabet = string.ascii_letters + string.digits + "-_.=%"
    changed = {token[:i] + c + token[i + 1 :] for i in range(len(token)) for c in alphabet} - {token}
    with service.db.read() as session:
        opened = [one for one in changed if links.look(session, one, service.tokens)]
        assert opened == []
        assert links.look(session, token, service.tokens) is not None


def test_a_token_of_one_purpose_opens_no_other_door() -> None:
    tokens = Tokens([build.KEY])
    raw = UUID(int=7).bytes
    for made, read in itertools.product(Purpose, Purpose):
        assert (tokens.read(read, tokens.make(made, raw)) == raw) is (made is read), (made, read)


def test_a_link_made_after_rotation_does_not_open_under_the_old_key_alone() -> None:
    newer = "an0ther-k3y-for-tests-only-8e7d6c5b4a-abc"
    both, old, new = Tokens([build.KEY, newer]), Tokens([build.KEY]), Tokens([newer])
    before, after = old.make(Purpose.LINK, bytes(16)), both.make(Purpose.LINK, bytes(16))
    assert old.read(Purpose.LINK, after) is None
    assert new.read(Purpose.LINK, after) == both.read(Purpose.LINK, before) == bytes(16)
    assert new.read(Purpose.LINK, before) is None, "dropping a key ends its links"


def test_the_database_holds_no_usable_token(service: Service, path: str) -> None:
    token = path.rsplit("/", 1)[-1]
    raw = base64.urlsafe_b64decode(token[:22] + "==")
    stored = (service.settings.data_dir / "lightq.db").read_bytes()
    wal = service.settings.data_dir / "lightq.db-wal"
    stored += wal.read_bytes() if wal.exists() else b""
    assert raw not in stored and token.encode() not in stored and token[:22].encode() not in stored


def test_beginning_an_ended_ask_is_a_conflict(service: Service, asked: Assignment, cast: build.Cast) -> None:
    with service.db.write() as session:
        assignments.cancel(session, cast.caller(service, cast.ada), asked.id)
    with service.db.write() as session, pytest.raises(Conflict):
        forms.begin(session, link_of(service, asked), session.get(Assignment, asked.id), language="en")  # type: ignore[arg-type]


# --- R13: nothing of a person in the logs


def test_tokens_references_and_answers_stay_out_of_the_logs(
    cy: Person, service: Service, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    cy.start()
    cy.fill("13")
    cy.browser.post(f"/f/{cy.ref}", data=cy.fields(answer="never-an-option"))
    cy.press("send")
    cy.browser.get(cy.path[:-2])
    captured = capsys.readouterr()
    everything = captured.out + captured.err + caplog.text
    token = cy.path.rsplit("/", 1)[-1]
    for secret in (token[:12], token[-12:], cy.ref, "never-an-option", "cy@example.org"):
        assert secret not in everything
