"""A client's own page on a phone: a code by e-mail, what is due, and what was sent."""

from __future__ import annotations

import re
from typing import Any

import pytest

from delivery import clients
from delivery.models.assignments import Way
from delivery.service import Service
from tests import build
from tests.journeys.phone import CHROMIUM, Phone, Site
from tests.sending_acts import Provider
from workers import drain
from workers.context import Context

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)"),
]


def mailed(service: Service, patch: pytest.MonkeyPatch) -> str:
    """Let the worker send what waits; the last e-mail."""
    mails = Provider("email", "sendgrid", "events")
    patch.setattr(drain, "context", lambda: Context(service, {"email": mails, "sms": mails}))
    drain.drain("send")
    return mails.taken[-1].text


def test_a_client_signs_in_with_a_code_answers_what_is_due_and_signs_out(
    site: Site, chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, cast = site.service, site.cast
    with service.db.write() as session:
        clients.respondents(session, cast.cy)[0].recognition_word = "Azul"
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"], Way.PORTAL)
    invitation = mailed(service, monkeypatch)
    found = re.search(r"https?://\S+/portal/\S+", invitation)
    assert found, invitation
    assert "For: Azul" in invitation

    phone = Phone(chromium, 390, service.settings.client_host)
    phone.page.goto(service.settings.client_url + "/portal")
    phone.look()
    phone.page.get_by_label("E-mail address or phone number").fill("CY@example.org")
    phone.tap("Send me a code")
    code = re.search(r"\b\d{6}\b", mailed(service, monkeypatch))
    assert code
    phone.page.get_by_label("Code of six digits").fill(code[0])
    phone.tap("Sign in")
    assert phone.heading() == "Hello, Azul"
    with phone.page.expect_navigation():
        phone.page.get_by_role("button", name="Open the form").tap()
    phone.look()
    assert phone.page.url.startswith(f"{service.settings.client_url}/q/")
    phone.tap("Start")
    phone.choose("Several days")
    phone.choose("Not at all")
    phone.tap("Send my answers")
    (stored,) = site.stored(row)
    assert (stored.channel, stored.answers) == (Way.PORTAL, {"gad2_1": "1", "gad2_2": "0"})

    phone.page.goto(service.settings.client_url + "/portal")
    phone.look()
    text = phone.page.locator("main").inner_text()
    assert "Nothing is due now." in text
    assert "on this page" in text
    assert "GAD" not in text
    with phone.page.expect_navigation():
        phone.page.get_by_role("link", name="Español").tap()
    assert phone.page.locator("html").get_attribute("lang") == "es"
    phone.tap("English", role="link")
    phone.tap("Sign out")
    assert phone.heading() == "You are signed out"
    phone.page.go_back()
    phone.page.goto(service.settings.client_url + "/portal")
    assert phone.heading() == "Sign in to your page"

    # The link of the message still signs in, on another phone, once.
    other = Phone(chromium, 320, service.settings.client_host, color_scheme="dark")
    for _ in range(2):
        other.page.goto(found[0])
        other.look()
    other.tap("Open my page")
    assert other.heading() == "Hello, Azul"
    other.context.close()
    phone.context.close()
