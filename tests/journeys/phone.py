"""A client with a phone: a real server process, and a real browser that complains about what is unusable."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery import clients
from delivery.models.assignments import Assignment
from delivery.models.results import Submission
from delivery.service import Service
from delivery.settings import ROOT
from delivery.submissions import of_assignment
from tests import build
from tests.answering import path_of

CHROMIUM = shutil.which("chromium")
#: Everything pressable that is lower than 44 px; the radio inside a row is the row's own affair.
SMALL = """() => [...document.querySelectorAll('a, button, label, summary')]
  .filter(e => !e.matches('.skip, [aria-hidden]') && e.getClientRects().length)
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


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """The service over an own database, and its server on a free port."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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
        assert self.page.locator("a[href='tel:988']").count() >= 1, url
        assert self.page.evaluate(SMALL) == [], url
        assert self.page.evaluate(WIDE) is False, url
        assert self.complaints == []

    def tap(self, name: str, role: str = "button") -> None:
        """Tap a button or a link and wait for the next page."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name, exact=True).tap()
        self.look()

    def choose(self, label: str, button: str = "Next") -> None:
        """Tap an answer, and the button where the page does not move on by itself."""
        choice = self.page.get_by_text(label, exact=True)
        if button == "Next" and self.moves_on():
            with self.page.expect_navigation():
                choice.tap()
            self.look()
            return
        choice.tap()
        self.tap(button)

    def moves_on(self) -> bool:
        """Whether a tap on a choice is enough."""
        return bool(self.page.evaluate("() => 'movesOn' in document.getElementById('sheet').dataset"))

    def heading(self) -> str:
        return str(self.page.locator("h1").inner_text())
