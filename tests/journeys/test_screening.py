"""A stranger on a member's public page: a real server, a real browser, from the first tap to the member's
list; and what the next person at the same computer finds."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from delivery.models.clients import Client
from delivery.models.results import Score
from delivery.screening import pages
from delivery.service import Service
from delivery.settings import ROOT
from tests import build
from workers import context as workers_context
from workers import drain

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)"),
]
START = "How are you, these days?"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@dataclass
class Site:
    """A running server with Dr. Rowan's page, open."""

    service: Service
    cast: build.Cast
    base: str
    address: str

    def code(self) -> str:
        """The six digits that were sent last, as the local post shows them."""
        with urllib.request.urlopen(f"{self.base}/outbox.json", timeout=10) as reply:
            found = re.search(r"\b\d{6}\b", json.load(reply)[0]["text"])
        assert found is not None
        return found.group()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("screening")
    made = build.service(folder, base_url=f"http://127.0.0.1:{port}", client_url=f"http://localhost:{port}")
    cast, settings = build.cast(made), made.settings
    wish = pages.Wish("dr-rowan", ["phq9", "gad7"], open=True, takes_contact=True)
    with made.db.write() as session:
        pages.change(session, cast.caller(made, cast.ada), wish, loopback=True)
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
            yield Site(made, cast, settings.base_url, f"{settings.client_url}/screen/dr-rowan")
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Computer:
    """A browser that notes every request to another host and every complaint."""

    def __init__(self, chromium: Any, site: Site, **more: Any) -> None:
        self.context = chromium.new_context(viewport={"width": 390, "height": 700}, **more)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        host = site.address.split("/")[2]
        self.page.on("request", lambda r: None if host in r.url else self.complaints.append(r.url))

    @property
    def head(self) -> str:
        return str(self.page.locator("h1").inner_text())

    def press(self, selector: str) -> None:
        """Press a button and wait for the next heading."""
        before = self.head
        self.page.locator(selector).click()
        self.page.wait_for_function(
            "before => document.querySelector('h1') && document.querySelector('h1').innerText !== before",
            arg=before,
        )

    def start(self, site: Site) -> None:
        self.page.goto(site.address)
        self.press("button[value='adult:phq9']")

    def answer(self, codes: str) -> None:
        for code in codes:
            self.page.locator(f"input[name=answer][value='{code}']").check(force=True)
            self.press("button.next")


def test_a_stranger_answers_sees_the_result_prints_it_and_sends_it_to_the_clinician(
    site: Site, chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Computer(chromium, site)
    visitor.start(site)
    visitor.answer("11111111")
    visitor.answer("1")
    assert visitor.head == "You don’t have to carry this alone"
    assert visitor.page.get_by_role("link", name="Call 988").count() >= 1
    visitor.press("main button[value=next]")
    visitor.answer("0")
    assert visitor.head == "Your answers are in the mild range"
    assert "9 of 27 points" in visitor.page.inner_text("main")
    sheet = PdfReader(io.BytesIO(visitor.page.pdf(format="Letter")))
    printed = sheet.pages[0].extract_text()
    assert len(sheet.pages) == 1
    assert "988" in printed
    assert "not a diagnosis" in printed
    assert "Send it to" not in printed
    assert visitor.page.url == site.address
    visitor.press("main button[value=contact]")
    visitor.page.fill("#contact", "pat@example.org")
    visitor.page.fill("#called_by", "Pat")
    visitor.press("main button[value=code]")
    visitor.page.fill("#code", site.code())
    visitor.press("main button[value=check]")
    assert visitor.head == "Sent. Thank you."
    assert visitor.context.cookies() == []
    assert visitor.page.evaluate("() => localStorage.length + sessionStorage.length") == 0
    assert visitor.complaints == []
    visitor.context.close()

    monkeypatch.setattr(drain, "context", lambda: workers_context.Context(site.service, channels={}))
    drain.drain("score")
    with site.service.db.read() as session:
        pat = session.scalars(select(Client).where(Client.prospect_until.is_not(None))).one()
        assert session.scalars(select(Score)).one().result["scores"]["total"]["value"] == 9
    member = chromium.new_page()
    member.goto(f"{site.base}/console/sign-in")
    member.fill("input[name=email]", "ada@example.org")
    member.fill("input[name=password]", build.PASSWORD)
    member.locator("main button").last.click()
    member.wait_for_selector("nav.nav")
    assert "screening, not yet a client" in member.inner_text("main")
    member.goto(f"{site.base}/console/clients/{pat.id}")
    assert "Screening, not yet a client." in member.inner_text("main")
    assert "Mild, 9" in member.inner_text("main")
    member.get_by_role("button", name="Make them a client").click()
    member.get_by_role("link", name="Send a form").wait_for()
    member.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_back_forward_reload_and_a_new_tab_show_the_next_person_an_empty_start_page(
    site: Site, chromium: Any, scripts: bool
) -> None:
    from playwright.sync_api import Error

    first = Computer(chromium, site, java_script_enabled=scripts)
    page = first.page
    page.goto(f"{site.address.rsplit('/', 2)[0]}/")
    page.goto(site.address)
    page.click("button[value='adult:phq9']")
    for code in "333333330":
        page.wait_for_selector("#question")
        page.check(f"input[name=answer][value='{code}']", force=True)
        before = page.inner_text("h1")
        page.click("button.next")
        page.locator("h1", has_not_text=before).wait_for()
    page.wait_for_selector("#question")
    page.check("input[name=answer][value='2']", force=True)
    page.click("button.next")
    page.wait_for_selector(".graph")
    assert "24 of 27 points" in page.inner_text("main")
    time.sleep(2.1)  # until then a second press is taken for a double click

    def nothing_left() -> None:
        text = page.inner_text("body")
        assert "24" not in text, text
        assert "severe" not in text, text
        assert page.locator("input:checked").count() == 0

    page.reload()
    page.wait_for_selector("h1")
    assert page.inner_text("h1") == START
    nothing_left()
    seen = []
    for move in ("go_back", "go_forward", "go_back", "go_back", "go_forward", "go_forward"):
        # A page that would have to be posted again is not shown at all: the browser asks first.
        with contextlib.suppress(Error):
            getattr(page, move)(timeout=3000)
        page.wait_for_timeout(300)
        nothing_left()
        seen.append(page.url)
    assert len(set(seen)) > 1 or not scripts
    tab = first.context.new_page()
    tab.goto(site.address)
    assert tab.inner_text("h1") == START
    tab.close()
    first.context.close()


@contextlib.contextmanager
def website(frame: str) -> Iterator[str]:
    """A website of its own on this machine, with the page in a frame; gives its address."""

    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{frame}" width="400" height="640"></iframe>'.encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Front) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_only_the_members_own_website_shows_the_questions_in_a_frame(site: Site, chromium: Any) -> None:
    page = chromium.new_page()
    with website(f"{site.address}/embed") as address:
        for origins in ("https://www.rowan.example", address):
            wish = pages.Wish("dr-rowan", ["phq9", "gad7"], True, True, origins=origins)
            with site.service.db.write() as session:
                pages.change(session, site.cast.caller(site.service, site.cast.ada), wish, loopback=True)
            page.goto(address)
            page.wait_for_timeout(500)
            inside = page.frame_locator("iframe")
            assert inside.locator("button[value='adult:phq9']").count() == (origins == address)
        inside.locator("button[value='adult:phq9']").click()
        inside.locator("input[name=answer][value='0']").check(force=True)
        inside.locator("button.next").click()
        inside.get_by_role("heading", name="Feeling down, depressed, or hopeless").wait_for()
        assert page.context.cookies() == []
        page.close()
