"""A tablet in a waiting room that two practices share: real browser, real server, many hands."""

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
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from delivery.db import now
from delivery.kiosk import devices, tickets
from delivery.models.assignments import Assignment, Occasion, Way
from delivery.models.devices import KioskDevice
from delivery.models.people import Grant, Role
from delivery.models.results import Submission
from delivery.service import Service
from delivery.settings import ROOT
from tests import build

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)"),
]
HANDOVERS = int(os.environ.get("KIOSK_HANDOVERS", "20"))
#: What nobody may find afterwards: words of the form, and what only this person typed.
FORM_WORDS = ("canary", "question", "worrying", "anxious", "all my answers", "hand the tablet")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
]


@dataclass
class Office:
    """Two practices, one receptionist, one tablet."""

    service: Service
    cast: build.Cast
    device_id: UUID
    code: str
    clients: list[tuple[UUID, UUID]]

    def asked(self, n: int) -> Assignment:
        """An ask of somebody of the one or the other practice in turn."""
        clinician, client = self.clients[n % len(self.clients)]
        caller = self.cast.caller(self.service, clinician)
        return build.ask(self.service, caller, client, ["gad2"], Way.KIOSK, occasion=Occasion.SCREENING)

    def digits(self, row: Assignment) -> str:
        """The receptionist gives a code."""
        desk = self.cast.caller(self.service, self.cast.desk)
        with self.service.db.write() as session:
            device = session.get_one(KioskDevice, self.device_id)
            ask = session.get_one(Assignment, row.id)
            return tickets.make(session, desk, ask, device, self.service.settings.keys[-1].encode())[1]

    def sent(self) -> int:
        with self.service.db.read() as session:
            return len(session.scalars(select(Submission.id)).all())


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("kiosk")
    made = build.service(folder, base_url=f"http://127.0.0.1:{port}", client_url=f"http://localhost:{port}")
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
            yield _peopled(made)
        finally:
            server.terminate()
            server.wait(20)
            made.db.close()


def _peopled(made: Service) -> Office:
    people = build.cast(made)
    ada, stranger = people.caller(made, people.ada), people.caller(made, people.stranger)
    with made.db.write() as session:
        both = {"person_id": people.desk, "role": Role.FRONT_DESK, "from_at": now()}
        session.add(Grant(practice_id=people.other_practice, **both))
        device, code = devices.add(session, ada, [people.practice], "Front room")
        devices.grant(session, stranger, devices.number(device), people.other_practice)
        other = build.add_client(session, stranger, "Canary", "Foreign", None)
        clients = [(people.ada, people.cy), (people.stranger, other.id)]
        return Office(made, people, device.id, code, clients)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Screen:
    """The tablet in the room."""

    def __init__(self, chromium: Any, office: Office) -> None:
        self.office = office
        self.address = f"{office.service.settings.client_url}/kiosk"
        self.context = chromium.new_context(viewport={"width": 1024, "height": 768}, has_touch=True)
        self.complaints: list[str] = []
        self.page = self._tab()

    def _tab(self) -> Any:
        page = self.context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        _wait_for(self.address)
        page.goto(self.address)
        page.goto(f"{self.address}?")  # so that there is something to go back to
        return page

    def enrol(self) -> None:
        self.page.fill("#code", self.office.code)
        self.page.click("text=Take into use")
        self.page.wait_for_selector(".pad")

    def type_in(self, digits: str) -> None:
        self.page.fill("#code", digits)
        self.page.click(".pad .btn:not([type])")
        self.page.wait_for_selector("input[value=begin]", state="attached")
        self.page.click(".btn:has-text('Start')")

    def answer(self) -> None:
        """Both questions: the first moves on by itself after a tap, the last one never does."""
        self.page.wait_for_selector("text=Question 1 of 2")
        self.page.tap(".choice >> nth=2")
        self.page.wait_for_selector("text=Question 2 of 2")
        self.page.tap(".choice >> nth=3")
        self.page.click(".btn.next")
        self.page.click("text=Send my answers")
        self.page.wait_for_selector("text=hand the tablet back")

    def words(self, page: Any = None) -> str:
        """Everything that the page holds: text, titles, fields, storage."""
        found: str = (page or self.page).evaluate(
            """async () => [document.title, document.documentElement.outerHTML, location.href,
                 JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie,
                 JSON.stringify((await indexedDB.databases()).map(one => one.name)),
                 ...[...document.querySelectorAll('input, textarea')].map(one => one.value)].join(' ')"""
        )
        # The shell has words of its own for when there is no connection; they are the same for everybody.
        return (
            found.split("<template", maxsplit=1)[0].lower()
            + found.rsplit("</template>", maxsplit=1)[-1].lower()
        )

    def holds_nothing(self, page: Any = None) -> None:
        page = page or self.page
        page.wait_for_selector(".pad")
        said = self.words(page)
        assert [word for word in FORM_WORDS if word in said] == []


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                assert reply.status == 200
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer within a minute")


def test_a_tablet_changes_hands_many_times_and_brings_nothing_of_the_last_person_back(
    chromium: Any, office: Office
) -> None:
    screen = Screen(chromium, office)
    screen.enrol()
    page = screen.page
    before = page.evaluate("history.length")
    for n in range(HANDOVERS):
        screen.type_in(office.digits(office.asked(n)))
        if n % 4 == 3:  # half of a form, and then somebody presses Reload
            page.wait_for_selector("text=Question 1 of 2")
            page.reload()
            screen.holds_nothing()
            screen.type_in(office.digits(office.asked(n)))
        screen.answer()
        page.click("text=Done")
        screen.holds_nothing()
        for press in (page.go_back, page.go_forward, page.reload):
            press()
            assert page.url.startswith(screen.address)
            screen.holds_nothing()
        if n % 5 == 0:
            double = screen._tab()
            screen.holds_nothing(double)
            double.close()
            printed = "".join(one.extract_text() for one in PdfReader(BytesIO(page.pdf())).pages).lower()
            assert "your code" in printed
            assert [word for word in FORM_WORDS if word in printed] == []
    assert office.sent() == HANDOVERS
    assert page.evaluate("history.length") == before
    assert screen.context.cookies() == []
    assert screen.complaints == []
    screen.context.close()


def test_a_slow_person_gets_more_time_and_a_lost_connection_loses_nothing(
    chromium: Any, office: Office
) -> None:
    screen = Screen(chromium, office)
    page, stored = screen.page, office.sent()
    with office.service.db.write() as session:
        ada = office.cast.caller(office.service, office.cast.ada)
        device, office.code = devices.add(session, ada, [office.cast.practice], "Back room")
        office.device_id = device.id
    screen.enrol()
    row = office.asked(0)
    page.clock.install()
    page.reload()
    page.wait_for_selector(".pad")
    screen.type_in(office.digits(row))
    page.wait_for_selector("text=Question 1 of 2")
    page.check("input[name=answer] >> nth=1", force=True)

    page.clock.fast_forward("01:02")
    page.wait_for_selector("text=Still there?")
    assert "several days" not in screen.words()
    page.click("text=I need more time")
    page.wait_for_selector("text=Question 1 of 2")
    assert page.is_checked("input[name=answer] >> nth=1")

    screen.context.set_offline(True)
    page.click(".btn.next")
    page.wait_for_selector("#unsent")
    assert page.is_visible("text=Question 1 of 2")
    screen.context.set_offline(False)
    page.wait_for_selector("text=Question 2 of 2")
    assert page.query_selector("#unsent") is None

    page.clock.fast_forward("03:05")
    page.wait_for_selector("text=Still there?")
    page.clock.fast_forward("00:31")
    page.wait_for_selector(".pad")
    assert "ask the desk for a new code" in page.inner_text("main")
    assert "several days" not in screen.words()
    assert office.sent() == stored

    digits = office.digits(row)
    for digit in digits:
        page.tap(f"[data-digit='{digit}']")
    page.click(".pad .btn:not([type])")
    page.click(".btn:has-text('Go on')")
    page.wait_for_selector("text=Question 2 of 2")
    page.tap(".choice >> nth=0")
    page.click(".btn.next")
    page.click("text=Send my answers")
    page.wait_for_selector("text=hand the tablet back")
    page.clock.fast_forward("00:16")
    screen.holds_nothing()
    assert office.sent() == stored + 1

    screen.type_in(office.digits(office.asked(0)))
    page.wait_for_selector("text=Question 1 of 2")
    with office.service.db.write() as session:
        devices.revoke(session, office.cast.caller(office.service, office.cast.desk), office.device_id)
    page.clock.fast_forward("00:05")
    page.wait_for_selector("text=not in use yet")
    assert "question" not in screen.words()
    assert [one for one in screen.complaints if "ERR_INTERNET" not in one and "403" not in one] == []
    screen.context.close()
