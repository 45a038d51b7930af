"""The addresses of a practice's colour and logo, and the owner's page."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from delivery.models.people import Practice
from delivery.service import Service
from tests import build, clinician
from tests.answering import path_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
UNKNOWN = UUID(int=7)
COMPONENTS = (
    'class="panes"',
    'class="win"',
    "choices apart",
    "chips choices",
    "btn quiet",
    "note stop",
    "sec risk",
    'class="st"',
    'class="flag"',
    'class="data',
    'class="tick"',
    'class="facts',
)


def wear(service: Service, cast: build.Cast, **values: Any) -> None:
    with service.db.write() as session:
        practice = session.get_one(Practice, cast.practice)
        for name, value in values.items():
            setattr(practice, name, value)


def form(**changes: Any) -> dict[str, Any]:
    return {"sender_name": "Alder Street Office", "reads_answers": "on weekdays", **changes}


def test_a_page_of_a_practice_without_a_theme_asks_for_none(
    browser: FlaskClient, service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"])
    assert "/theme/" not in browser.get(path_of(service, row.id)).text


def test_a_client_page_wears_the_colour_and_the_logo(
    browser: FlaskClient, service: Service, cast: build.Cast
) -> None:
    wear(service, cast, colour="#1b4f72", logo=PNG, logo_type="image/png")
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"])
    page = browser.get(path_of(service, row.id)).text
    assert f'href="/theme/{cast.practice}.css?v=' in page
    assert f'src="/theme/{cast.practice}/logo?v=' in page


def test_the_style_sheet_and_the_logo_are_served_and_kept(
    browser: FlaskClient, service: Service, cast: build.Cast
) -> None:
    wear(service, cast, colour="#1b4f72", logo=PNG, logo_type="image/png")
    sheet = browser.get(f"/theme/{cast.practice}.css")
    logo = browser.get(f"/theme/{cast.practice}/logo")
    assert sheet.mimetype == "text/css" and "--accent:#1b4f72" in sheet.text
    assert logo.mimetype == "image/png" and logo.data == PNG
    for reply in (sheet, logo):
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in reply.headers["Cache-Control"]


def test_there_is_nothing_where_nothing_was_chosen(browser: FlaskClient, cast: build.Cast) -> None:
    for practice in (cast.practice, UNKNOWN):
        for address in (f"/theme/{practice}.css", f"/theme/{practice}/logo"):
            reply = browser.get(address)
            assert reply.status_code == 404 and reply.headers["Cache-Control"] == "no-store"


def test_an_owner_stores_what_clients_see(console: FlaskClient, service: Service, cast: build.Cast) -> None:
    sent = form(
        colour="#1b4f72", logo=(BytesIO(PNG), "logo.png"), **{"name-0": "Line", "phone-0": "503 555 0100"}
    )
    reply = console.post("/console/practice", data=sent, content_type="multipart/form-data")
    assert reply.status_code == 303
    page = console.get(reply.location).text
    assert "Stored." in page and 'value="#1b4f72"' in page and 'value="Line"' in page
    assert f"/theme/{cast.practice}/logo" in page
    preview = console.get("/console/practice/preview").text
    assert f"/theme/{cast.practice}.css" in preview and "503 555 0100" in preview


def test_a_refused_form_keeps_what_was_typed(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    sent = form(colour="#ffd700", phone="503 555 0111")
    reply = console.post("/console/practice", data=sent, content_type="multipart/form-data")
    assert reply.status_code == 422
    assert 'value="#ffd700"' in reply.text and 'value="503 555 0111"' in reply.text
    assert "The nearest that works is" in reply.text
    with service.db.read() as session:
        assert session.get_one(Practice, cast.practice).phone is None


def test_a_picture_that_is_too_large_is_refused_in_words(console: FlaskClient, cast: build.Cast) -> None:
    sent = form(logo=(BytesIO(PNG + bytes(200_000)), "logo.png"))
    reply = console.post("/console/practice", data=sent, content_type="multipart/form-data")
    assert reply.status_code == 422 and "200 KB" in reply.text


def test_only_an_owner_has_the_page(app: Flask, cast: build.Cast) -> None:
    bo = clinician.signed_in(app, "bo@example.org")
    assert bo.get("/console/practice").status_code == 403
    assert bo.post("/console/practice", data=form()).status_code == 403
    stranger = clinician.signed_in(app, "sam@example.org")
    assert stranger.get(f"/console/practice?practice={cast.practice}").status_code == 403


def test_the_style_page_shows_every_component(console: FlaskClient) -> None:
    page = console.get("/console/style").text
    for mark in COMPONENTS:
        assert mark in page, mark
    assert "style=" not in page and "<script" not in page
