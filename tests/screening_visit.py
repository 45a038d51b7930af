"""A visitor of a public screening page, for tests."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from delivery.models.screening import ScreeningPage
from delivery.screening import pages
from delivery.service import Service
from tests import build
from tests.answering import Page


def open_page(made: Service, cast: build.Cast, **changes: Any) -> ScreeningPage:
    """Dr. Rowan's page with PHQ-9 and GAD-7."""
    wish = {
        "slug": "dr-rowan",
        "instruments": ["phq9", "gad7"],
        "open": True,
        "takes_contact": True,
        **changes,
    }
    with made.db.write() as session:
        return pages.change(session, cast.caller(made, cast.ada), pages.Wish(**wish), loopback=True)


class Visitor:
    """Somebody in front of a browser that keeps no cookies."""

    def __init__(self, browser: FlaskClient, path: str = "/screen/dr-rowan") -> None:
        self.browser, self.path = browser, path
        self.reply: TestResponse
        self.page: Page

    def _shown(self, reply: TestResponse) -> Page:
        self.reply, self.page = reply, Page(reply.text)
        return self.page

    def open(self, **more: Any) -> Page:
        return self._shown(self.browser.get(self.path, **more))

    def start(self, measure: str = "adult:phq9", **more: Any) -> Page:
        return self._shown(self.browser.post(f"{self.path}/step", data={"start": measure}, **more))

    def press(self, **fields: Any) -> Page:
        """Press a button of the page; what is marked on it goes along."""
        data = {**self.page.hidden, **self.page.checked, **fields}
        return self._shown(self.browser.post(f"{self.path}/step", data=data))

    def fill(self, codes: str) -> Page:
        """One answer a page; "_" leaves it blank, "." passes it without a mark. Help is passed too."""
        for code in codes:
            marks = {"_": {"go": "blank"}, ".": {"go": "next"}}.get(code, {"go": "next", "answer": code})
            self.press(**marks)
            if self.page.hidden.get("at") == "help":
                self.press(go="next")
        return self.page
