"""Signing in to the console: throttled, neutral, revocable, and nothing typed is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from delivery import accounts, throttle
from delivery.db import now
from delivery.models.clients import Client
from delivery.models.ledger import AuditEvent
from delivery.models.people import ConsoleSession, Person
from delivery.service import Service
from tests import build
from tests.clinician import browser_of, signed_in

RIGHT = {"email": "ada@example.org", "password": build.PASSWORD}
WRONG = {"email": "ada@example.org", "password": "quite another password"}


@pytest.fixture
def somebody(app: Flask, cast: build.Cast) -> FlaskClient:
    """A browser in which nobody has signed in."""
    return browser_of(app)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=True) as traveller:
        yield traveller


def _fields(html: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html)
    return {unescape(name): unescape(value) for name, value in found}


def test_a_right_pair_leads_to_today_with_a_cookie_that_scripts_cannot_read(somebody: FlaskClient) -> None:
    reply = somebody.post("/console/sign-in", data=RIGHT)
    assert (reply.status_code, reply.location) == (303, "/console/")
    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("lq-console=")
    assert "HttpOnly" in cookie
    assert somebody.get("/console/").status_code == 200


def test_wrong_password_and_unknown_address_get_the_same_page(somebody: FlaskClient) -> None:
    known = somebody.post("/console/sign-in", data=WRONG)
    unknown = somebody.post("/console/sign-in", data={**WRONG, "email": "eva@example.org"})
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace("ada@", "eva@") == unknown.text
    assert "Set-Cookie" not in known.headers


def test_many_wrong_tries_have_to_wait_and_a_right_one_waits_too(
    somebody: FlaskClient, clock: time_machine.Traveller
) -> None:
    for _ in range(throttle.FREE):
        assert somebody.post("/console/sign-in", data=WRONG).status_code == 401
    waiting = somebody.post("/console/sign-in", data=RIGHT)
    assert waiting.status_code == 429
    assert int(waiting.headers["Retry-After"]) > 0
    clock.shift(timedelta(minutes=2))
    assert somebody.post("/console/sign-in", data=RIGHT).status_code == 303


def test_a_session_that_nobody_used_for_a_while_ends(app: Flask, cast: build.Cast) -> None:
    with time_machine.travel(now(), tick=True) as clock:
        ada = signed_in(app, "ada@example.org")
        clock.shift(timedelta(minutes=14))
        assert ada.get("/console/").status_code == 200
        clock.shift(timedelta(minutes=14))
        assert ada.get("/console/").status_code == 200, "reading moves the limit on"
        clock.shift(timedelta(minutes=16))
        ended = ada.get("/console/clients")
        assert (ended.status_code, ended.location) == (303, "/console/sign-in?next=/console/clients")


def test_what_was_typed_when_a_session_ended_is_stored_after_signing_in(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    typed = {"given_name": "Ottilie", "family_name": "“Quote” & <b>", "email": "ott@example.org"}
    with time_machine.travel(now(), tick=True) as clock:
        ada = signed_in(app, "ada@example.org")
        clock.shift(timedelta(hours=1))
        page = ada.post("/console/clients/new", data=typed)
        assert page.status_code == 401
        assert "not lost" in page.text
        go_on = ada.post("/console/sign-in", data={**_fields(page.text), **RIGHT})
        assert go_on.status_code == 200
        assert _fields(go_on.text) == typed
        target = re.findall(r'<form method="post" action="([^"]+)"', go_on.text)[-1]
        assert target == "/console/clients/new"
        assert ada.post(target, data=_fields(go_on.text)).status_code == 303
    with service.db.read() as session:
        names = {(c.given_name, c.family_name) for c in session.scalars(select(Client))}
    assert (typed["given_name"], typed["family_name"]) in names


def test_a_wrong_password_in_between_keeps_what_was_typed(app: Flask, cast: build.Cast) -> None:
    somebody = browser_of(app)
    page = somebody.post("/console/clients/new", data={"given_name": "Ottilie"})
    again = somebody.post("/console/sign-in", data={**_fields(page.text), **WRONG})
    assert _fields(again.text)["kept:given_name"] == "Ottilie"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/console/",
        "/\\evil.example",
        "/console/\\evil.example",
        "javascript:alert(1)",
        "/console/\r\nX: y",
        "/outbox",
        "/console/sign-out",
        "",
    ],
)
def test_signing_in_never_leads_elsewhere(somebody: FlaskClient, target: str) -> None:
    reply = somebody.post("/console/sign-in", data={**RIGHT, "next": target})
    assert (reply.status_code, reply.location) == (303, "/console/")


def test_signing_in_leads_to_the_page_that_was_asked_for(somebody: FlaskClient) -> None:
    reply = somebody.post("/console/sign-in", data={**RIGHT, "next": "/console/work"})
    assert reply.location == "/console/work"


def test_signing_out_ends_the_session_on_the_server_too(app: Flask, cast: build.Cast) -> None:
    ada = signed_in(app, "ada@example.org")
    cookie = ada.get_cookie("lq-console", "127.0.0.1")
    assert cookie is not None
    assert ada.post("/console/sign-out").status_code == 303
    thief = browser_of(app)
    thief.set_cookie("lq-console", cookie.value, domain="127.0.0.1")
    assert thief.get("/console/").status_code == 303


def test_a_revoked_session_ends_at_once(app: Flask, service: Service, cast: build.Cast) -> None:
    ada = signed_in(app, "ada@example.org")
    with service.db.write() as session:
        assert accounts.revoke_all(session, cast.ada) == 1
    assert ada.get("/console/").status_code == 303


def test_somebody_who_left_is_signed_out(app: Flask, service: Service, cast: build.Cast) -> None:
    ada = signed_in(app, "ada@example.org")
    with service.db.write() as session:
        person = session.get(Person, cast.ada)
        assert person is not None
        person.left_at = now()
    assert ada.get("/console/").status_code == 303
    assert browser_of(app).post("/console/sign-in", data=RIGHT).status_code == 401


def test_the_page_shows_demo_sign_ins_only_in_a_demo(somebody: FlaskClient, service: Service) -> None:
    assert "demo" not in somebody.get("/console/sign-in").text
    path = service.settings.data_dir / "demo.json"
    entry = {"name": "Dr. Demo", "email": "demo@example.org", "password": "shown to everybody"}
    path.write_text(json.dumps({"sign_ins": [entry]}), encoding="utf-8")
    assert "shown to everybody" in somebody.get("/console/sign-in").text
    path.write_text("{broken", encoding="utf-8")
    assert somebody.get("/console/sign-in").status_code == 200


def test_the_password_stands_nowhere(somebody: FlaskClient, service: Service) -> None:
    page = somebody.post("/console/sign-in", data={**WRONG, "next": "/console/work"})
    assert WRONG["password"] not in page.text
    somebody.post("/console/sign-in", data=RIGHT)
    with service.db.read() as session:
        row = session.scalars(select(ConsoleSession)).one()
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.tag == "console:session:signed-in")
        ).all()
    secret = somebody.get_cookie("lq-console", "127.0.0.1")
    assert secret is not None
    assert secret.value.encode() not in row.secret_hash
    assert len(events) == 1
