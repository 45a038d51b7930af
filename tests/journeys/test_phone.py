"""A client with a phone: a real server process, a real browser, from the link to the end page."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from delivery import clients
from delivery.models.assignments import Assignment
from delivery.models.results import Submission
from delivery.service import Service
from delivery.settings import ROOT
from delivery.submissions import of_assignment
from tests import build
from tests.answering import path_of

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)"),
]

#: Everything pressable that is lower than 44 px; the radio inside a row is the row's own affair.
SMALL = """() => [...document.querySelectorAll('a, button, label, summary')]
  .filter(e => !e.classList.contains('skip') && e.getClientRects().length)
  .filter(e => e.getBoundingClientRect().height < 43.9).map(e => e.outerHTML.slice(0, 120))"""
WIDE = "() => document.documentElement.scrollWidth > window.innerWidth"


@dataclass
class Site:
    """A running server and the people in its database."""

    service: Service
    cast: build.Cast

    def ask(self, *instruments: str, language: str = "en") -> tuple[Assignment, str]:
        """An ask of a client who has never been asked before, and its link."""
        ada = self.cast.caller(self.service, self.cast.ada)
        with self.service.db.write() as session:
            client = build.add_client(session, ada, "Wren", "Winter", "wren@example.org")
            clients.respondents(session, client.id)[0].language = language
        row = build.ask(self.service, ada, client.id, list(instruments))
        return row, self.service.settings.client_url + path_of(self.service, row.id)

    def stored(self, row: Assignment) -> list[Submission]:
        with self.service.db.read() as session:
            return of_assignment(session, row.id)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("phone")
    made = build.service(folder, base_url=f"http://127.0.0.1:{port}", client_url=f"http://localhost:{port}")
    people = build.cast(made)
    settings = made.settings
    env = {
        **os.environ,
        "LIGHTQ_DATA_DIR": str(settings.data_dir),
        "LIGHTQ_KEK_FILE": str(settings.kek_path),
        "LIGHTQ_SECRET_KEYS": settings.secret_keys,
        "LIGHTQ_BASE_URL": settings.base_url,
        "LIGHTQ_CLIENT_URL": settings.client_url,
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--blocking-threads", "4", "wsgi:app"]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(f"{settings.client_url}/", server)
            yield Site(made, people)
        finally:
            server.terminate()
            server.wait(20)
            made.db.close()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                assert reply.status == 200
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer within a minute")


#: Quiet, and without the sandbox that root cannot have.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Phone:
    """A phone that complains about whatever a client could not use."""

    def __init__(self, chromium: Any, width: int, host: str, **more: Any) -> None:
        self.context = chromium.new_context(viewport={"width": width, "height": 640}, has_touch=True, **more)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "request", lambda r: None if host in r.url else self.complaints.append(f"foreign request {r.url}")
        )

    def look(self) -> None:
        """Check the page that is shown."""
        url = self.page.url.split("/")[3]
        assert self.page.locator("h1").count() == 1, url
        assert self.page.get_by_role("link", name="Call 988").count() >= 1, url
        assert self.page.evaluate(SMALL) == [], url
        assert self.page.evaluate(WIDE) is False, url
        assert self.complaints == []

    def tap(self, name: str, role: str = "button") -> None:
        """Tap a button or a link and wait for the next page."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name, exact=True).tap()
        self.look()

    def choose(self, label: str, button: str = "Next") -> None:
        """Tap an answer and the button."""
        self.page.get_by_text(label, exact=True).tap()
        self.tap(button)

    def heading(self) -> str:
        return str(self.page.locator("h1").inner_text())


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (320, "dark")])
def test_a_client_answers_on_a_phone_closes_it_half_way_and_goes_on(
    site: Site, chromium: Any, width: int, scheme: str
) -> None:
    row, url = site.ask("phq9", "gad7")
    phone = Phone(chromium, width, site.service.settings.client_host, color_scheme=scheme)
    phone.page.goto(url)
    phone.look()
    phone.tap("Start")
    assert url.rsplit("/", 1)[-1] not in phone.page.url
    for _ in range(3):
        phone.choose("Several days")
    phone.tap("Leave this one blank")
    assert "Question 5 of 17" in phone.page.title()
    phone.page.close()

    phone.page = phone.context.new_page()
    phone.page.goto(url)
    assert "Question 5 of 17" in phone.page.title(), "the same link goes on at the same question"
    for _ in range(4):
        phone.choose("Not at all")
    phone.choose("Nearly every day")
    assert phone.heading() == "Thank you for telling us"
    phone.tap("Go on with the form", "link")
    phone.choose("Somewhat difficult")
    phone.tap("Next")
    for _ in range(6):
        phone.choose("Not at all")
    assert phone.heading() == "All my answers"
    phone.tap("Send my answers")
    assert phone.heading() == "1 question has no answer yet"
    assert phone.page.evaluate("document.activeElement.id") == "sum", "the focus is on what was missed"
    phone.page.get_by_role("link", name="11. Feeling nervous").tap()
    assert phone.page.evaluate("document.activeElement.id") == "q11"
    phone.choose("More than half the days", "Send my answers")
    assert phone.heading() == "Sent. Thank you."
    phone.page.reload()
    assert phone.heading() == "Sent. Thank you."
    phone.page.go_back()
    phone.page.goto(url)
    assert phone.heading() in ("This form has been sent", "Sent. Thank you.")
    phone.look()
    answers = {one.instrument_key: one.answers or {} for one in site.stored(row)}
    assert answers["phq9"]["phq9_4"] is None and answers["phq9"]["phq9_9"] == "3"
    assert answers["gad7"]["gad7_1"] == "2"
    phone.context.close()


def test_without_scripts_and_with_the_keyboard_alone_a_form_is_answered_and_sent(
    site: Site, chromium: Any
) -> None:
    row, url = site.ask("gad2")
    phone = Phone(chromium, 390, site.service.settings.client_host, java_script_enabled=False)
    page, keys = phone.page, phone.page.keyboard
    page.goto(url)

    def tab_to(name: str) -> None:
        for _ in range(30):
            keys.press("Tab")
            focused = page.locator(":focus")
            if focused.count() and name in (focused.inner_text() or focused.get_attribute("value") or ""):
                return
        raise AssertionError(f"Tab never reached {name!r}")

    keys.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    tab_to("Start")
    keys.press("Enter")
    page.wait_for_url("**/f/*")
    for number in (1, 2):
        page.get_by_text(f"Question {number} of 2").first.wait_for()
        for _ in range(10):
            keys.press("Tab")
            if page.locator("input[type=radio]:focus").count():
                break
        keys.press("ArrowDown")
        assert page.locator("input:checked").get_attribute("value") == "1"
        keys.press("Enter")  # Enter presses the main button
    page.get_by_role("heading", name="All my answers").wait_for()
    tab_to("Send my answers")
    keys.press("Enter")
    page.get_by_role("heading", name="Sent. Thank you.").wait_for()
    (submission,) = site.stored(row)
    assert submission.answers == {"gad2_1": "1", "gad2_2": "1"}
    phone.context.close()


def test_a_screen_reader_hears_the_question_its_choices_and_what_was_missed(
    site: Site, chromium: Any
) -> None:
    _row, url = site.ask("gad2")
    phone = Phone(chromium, 390, site.service.settings.client_host)
    phone.page.goto(url)
    start = phone.page.locator("body").aria_snapshot()
    assert 'heading "You have a form to fill in" [level=1]' in start
    assert 'group "What may your answers be used for?"' in start
    assert "checked" not in start
    phone.tap("Start")
    question = phone.page.locator("main").aria_snapshot()
    assert "how often have you been bothered by the following problems? Feeling nervous" in question
    assert question.index("radio") > question.index("group ")
    for label in ("Not at all", "Several days", "More than half the days", "Nearly every day"):
        assert f'radio "{label}"' in question
    assert "img" not in question, "the row of panes is said in words beside it"
    phone.tap("Next")
    phone.choose("Several days")
    phone.tap("Send my answers")
    missed = phone.page.locator("main").aria_snapshot()
    assert 'alert "1 question has no answer yet"' in missed
    assert 'link "1. Feeling nervous, anxious or on edge"' in missed
    assert 'radio "Leave this one blank"' in missed
    phone.context.close()


def test_twice_the_text_size_and_the_narrowest_screen_cut_nothing(site: Site, chromium: Any) -> None:
    _row, url = site.ask("pcl5")
    phone = Phone(chromium, 320, site.service.settings.client_host)
    phone.page.goto(url)
    for _ in range(4):
        phone.page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert phone.page.evaluate(WIDE) is False, phone.page.title()
        phone.tap("Start" if "/q/" in phone.page.url else "Next")
    phone.context.close()


def test_a_spanish_reader_answers_a_set_with_shared_questions_and_switches_half_way(
    site: Site, chromium: Any
) -> None:
    row, url = site.ask("phq9", "phq2", "gad2", language="es")
    phone = Phone(chromium, 390, site.service.settings.client_host)
    phone.page.goto(url)
    phone.look()
    phone.tap("Start")
    assert phone.heading() == "Poco interés o placer en hacer cosas"
    phone.choose("Varios días")
    phone.tap("English", "link")
    assert phone.heading() == "Feeling down, depressed, or hopeless"
    while phone.page.get_by_role("button", name="Next", exact=True).count():
        phone.choose(
            "Not at all"
            if phone.page.get_by_text("Not at all", exact=True).count()
            else "Not difficult at all"
        )
    phone.tap("Send my answers")
    stored = {one.instrument_key: one.answers or {} for one in site.stored(row)}
    assert stored["phq2"] == {"phq2_1": "1", "phq2_2": "0"}
    assert stored["phq9"]["phq9_1"] == "1"
    assert len(stored["gad2"]) == 2
    assert [one.language for one in site.stored(row)] == ["en", "en", "en"]
