"""The member's side: setting up the public page in the console."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from delivery.service import Service
from tests import build, clinician
from tests.screening_visit import open_page

AT: dict[str, Any] = {"base_url": "http://127.0.0.1:8080", "headers": {"Sec-Fetch-Site": "same-origin"}}


def keep(console: FlaskClient, **typed: Any) -> TestResponse:
    wish = {"slug": "dr-rowan", "measure": ["phq9"], "open": "yes", "takes_contact": "yes", "origins": ""}
    return console.post("/console/screening", data={**wish, **typed}, **AT)


def test_a_member_opens_a_page_and_finds_its_address_and_the_code_for_a_website(
    console: FlaskClient, browser: FlaskClient
) -> None:
    page = console.get("/console/screening", **AT).text
    assert 'value="dr-rowan"' in page
    assert "iframe" not in page
    assert keep(console, origins="https://www.rowan.example").status_code == 303
    page = console.get("/console/screening", **AT).text
    assert "http://localhost:8080/screen/dr-rowan" in page
    assert '&lt;iframe src="http://localhost:8080/screen/dr-rowan/embed"' in page
    assert 'height="640"' in page
    assert "https://www.rowan.example" in page
    assert browser.get("/screen/dr-rowan").status_code == 200


def test_what_is_refused_stays_as_it_was_typed_and_changes_nothing(
    console: FlaskClient, browser: FlaskClient
) -> None:
    reply = keep(console, slug="Dr Rowan", measure=["gad7"], origins="http://rowan.example")
    assert reply.status_code == 422
    assert 'value="Dr Rowan"' in reply.text
    assert "http://rowan.example" in reply.text
    assert 'value="gad7" checked' in reply.text
    assert browser.get("/screen/dr-rowan").status_code == 404


def test_measures_that_may_not_be_public_are_not_on_the_list(console: FlaskClient) -> None:
    page = console.get("/console/screening", **AT).text
    assert 'value="phq9"' in page
    assert 'value="asq"' not in page
    assert keep(console, measure=["asq"]).status_code == 422


def test_numbers_below_eleven_are_not_shown(console: FlaskClient, service: Service, cast: build.Cast) -> None:
    from delivery.screening import counts

    page = open_page(service, cast)
    with service.db.write() as session:
        for _ in range(17):
            counts.add(session, page, "started")
        for _ in range(4):
            counts.add(session, page, "finished")
    text = console.get("/console/screening", **AT).text
    assert "<td>17</td><td>fewer than 11</td>" in text


def test_each_member_has_a_page_of_their_own(
    console: FlaskClient, browser: FlaskClient, app: Flask, service: Service, cast: build.Cast
) -> None:
    keep(console)
    other = clinician.signed_in(app, "bo@example.org")
    assert 'value="dr-lund"' in other.get("/console/screening", **AT).text
    assert keep(other, slug="dr-rowan").status_code == 422
    assert keep(other, slug="dr-lund", measure=["gad7"]).status_code == 303
    assert "Dr. Rowan" in browser.get("/screen/dr-rowan").text
    assert "Dr. Lund" in browser.get("/screen/dr-lund").text
