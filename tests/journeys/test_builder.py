"""A member builds a questionnaire in a real browser, sends it, and reads what came back."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from delivery.cli import once
from delivery.cli.browser import Browser
from tests.journeys import machine
from tests.journeys.machine import Machine

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WAIT = 60


@pytest.fixture
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Desk:
    """A member in front of the console, without scripts."""

    def __init__(self, chromium: Any, lightq: Machine) -> None:
        self.lightq = lightq
        self.page = chromium.new_context(
            java_script_enabled=False, viewport={"width": 1280, "height": 900}, base_url=lightq.base
        ).new_page()
        who = lightq.shown["sign_ins"][0]
        self.page.goto("/console/sign-in")
        self.page.fill("input[name=email]", who["email"])
        self.page.fill("input[name=password]", who["password"])
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url("**/console**")

    def type(self, **fields: str) -> None:
        """Fill in fields: `questions__0__text`."""
        for name, words in fields.items():
            self.page.fill(f'[name="{name.replace("__", ".")}"]', words)

    def tick(self, name: str, value: str) -> None:
        self.page.check(f'[name="{name}"][value="{value}"]')

    def press(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).last.click()
        self.page.wait_for_load_state()

    def text(self) -> str:
        return str(self.page.locator("main").inner_text())

    def look_again(self, what: Callable[[], bool]) -> None:
        """Load the page again until something is there."""
        until = time.monotonic() + WAIT
        while not what():
            assert time.monotonic() < until, self.text()
            time.sleep(0.3)
            self.page.reload()

    def pdf(self, link: str) -> str:
        """The words of the PDF behind a link of this page."""
        where = self.page.get_by_role("link", name=link, exact=True).get_attribute("href")
        body = self.page.request.get(self.lightq.base + where).body()
        return " ".join(" ".join(one.extract_text() for one in PdfReader(io.BytesIO(body)).pages).split())


def _build(desk: Desk) -> None:
    """Three questions, a scale with two bands, and an answer that is told at once."""
    desk.page.goto("/console/instruments/new")
    desk.type(name="Evening check")
    desk.press("Begin")
    desk.type(about__measures="How evenings go", about__minutes="1", about__recall="Last 7 days")
    desk.tick("about.purposes", "progress")
    desk.press("Keep and go on")
    desk.press("Add an answer")
    for row, (label, points) in enumerate([("Never", "0"), ("Some evenings", "1"), ("Every evening", "2")]):
        desk.type(**{f"lists__0__answers__{row}__label": label, f"lists__0__answers__{row}__points": points})
    desk.press("Keep and go on")
    for row, words in enumerate(["I ate too little", "I felt unsafe at home", "I slept badly"]):
        if row:
            desk.press("Add a question")
        desk.type(**{f"questions__{row}__text": words})
    desk.page.locator('[id="questions.1"] summary').click()
    desk.tick("questions.1.critical_codes", "3")
    desk.type(questions__1__message="Feels unsafe at home every evening")
    desk.press("Keep and go on")
    desk.press("Add a scale")
    for row, (low, high, label) in enumerate([("0", "2", "calm"), ("3", "6", "rough")]):
        desk.press("Add a band")
        place = f"scales__0__bands__{row}__"
        desk.type(**{f"{place}low": low, f"{place}high": high, f"{place}label": label})
    desk.press("Keep and go on")
    desk.tick("rights.may_use", "yes")
    desk.type(rights__holder="Our practice", rights__notice="Made by our practice.")
    desk.press("Keep and check")
    assert "Everything is there" in desk.text()


def test_a_member_builds_previews_publishes_and_sends_a_questionnaire_and_reads_the_answers(
    tmp_path: Path, chromium: Any
) -> None:
    with machine.running(tmp_path, LIGHTQ_UNDO_SECONDS="0") as lightq:
        # Given: a questionnaire that Dr. Rivera builds, and looks at on a phone and as PDF
        desk = Desk(chromium, lightq)
        _build(desk)
        draft = desk.page.url
        desk.press("See it as a client")
        assert "I ate too little" in desk.page.content()
        desk.page.goto(draft)
        desk.press("See the PDF")
        desk.look_again(lambda: desk.page.get_by_role("link", name="Open the PDF").count() == 1)
        shown = desk.pdf("Open the PDF")
        assert "Evening check" in shown
        assert "I felt unsafe at home" in shown
        # When: she publishes it and sends it at once, without a restart
        desk.page.goto(draft)
        desk.press("Publish version 1")
        assert "Evening check" in desk.text()
        client = (
            lightq.api()
            .post_json(
                "/api/v1/clients", once._client(1, "kim@example.net", "email"), **{"Idempotency-Key": "c"}
            )
            .json()["id"]
        )
        desk.page.goto(f"/console/send?client={client}")
        desk.type(find="Evening check")
        desk.page.locator('button[value="find"]:not(.vh)').click()
        desk.tick("what", "own_evening_check")
        desk.press("Send")
        # Then: the client answers on the phone
        letter = once._until(
            partial(_letter, lightq, "kim@example.net"), time.monotonic() + WAIT, "the message"
        )
        phone = chromium.new_context(viewport={"width": 390, "height": 640}, has_touch=True).new_page()
        phone.goto(letter["link"])
        phone.get_by_role("button", name="Start", exact=True).tap()
        for answer in ("Some evenings", "Every evening", "Never"):
            phone.get_by_text(answer, exact=True).tap()
            with phone.expect_navigation():
                phone.get_by_role("button", name="Next", exact=True).tap()
            if "/help" in phone.url:
                phone.get_by_role("button", name="Go on with the form").tap()
        phone.get_by_role("button", name="Send my answers").tap()
        phone.get_by_text("Sent. Thank you.").wait_for()
        # And: the alert stands on Today with her own words, and the PDF says score and band
        desk.page.goto("/console")
        desk.look_again(lambda: "Feels unsafe at home every evening" in desk.text())
        desk.page.get_by_role("link", name="Open the result").first.click()
        desk.look_again(lambda: desk.page.get_by_role("link", name="Open the PDF").count() == 1)
        assert "rough" in desk.text().lower()
        report = desk.pdf("Open the PDF")
        for words in (
            "Evening check",
            "I felt unsafe at home",
            "Every evening",
            "rough",
            "Made by our practice.",
        ):
            assert words in report


def _letter(lightq: Machine, address: str) -> dict[str, Any] | None:
    letters: list[dict[str, Any]] = Browser(lightq.base).open("/outbox.json").json()
    return next((one for one in letters if one["to"] == address), None)
