"""A client at a form, for tests: reads the page, marks answers and presses its buttons."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from delivery import links
from delivery.models.assignments import Link
from delivery.service import Service

CLIENT_URL = "http://localhost:8080"
FORM = "application/x-www-form-urlencoded"


class ClientZone(FlaskClient):
    """A browser whose addresses are those of the client zone."""

    def open(self, *args: Any, **more: Any) -> TestResponse:
        if args and isinstance(args[0], str):
            more.setdefault("base_url", CLIENT_URL)
            if more.get("method") == "POST" and not more.get("data"):
                more.setdefault("content_type", FORM)  # as browsers do for a form without fields
        return super().open(*args, **more)


def browser_of(app: Flask) -> FlaskClient:
    """A fresh browser in the client zone."""
    return ClientZone(app, app.response_class, use_cookies=True)


class Page(HTMLParser):
    """What tests need of a page: forms with their hidden fields, radios, buttons, links and plain text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.actions: list[str] = []
        self.hidden: dict[str, str] = {}
        self.named: list[str] = []
        self.radios: dict[str, list[str]] = {}
        self.checked: dict[str, str] = {}
        self.boxes: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.buttons: list[tuple[str, str]] = []
        self.headings: list[str] = []
        self.title = ""
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        name, value = have.get("name") or "", have.get("value") or ""
        if tag == "form":
            self.actions.append(have.get("action") or "")
        elif tag == "a":
            self.links.append(have.get("href") or "")
        elif tag == "input" and have.get("type") == "hidden":
            if name == "named":
                self.named.append(value)
            else:
                self.hidden[name] = value
        elif tag == "input" and have.get("type") == "radio":
            self.radios.setdefault(name, []).append(value)
            if "checked" in have:
                self.checked[name] = value
        elif tag == "input":
            self.boxes.append(have)
        elif tag == "button":
            self.buttons.append((name, value))
        if tag in ("h1", "title"):
            self._open.append(tag)
        if tag == "h1":
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h1", "title"):
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        self.text += data
        if "h1" in self._open:
            self.headings[-1] += data
        if "title" in self._open:
            self.title += data


def path_of(made: Service, assignment_id: UUID) -> str:
    """The address of an ask's newest link that is still open."""
    with made.db.read() as session:
        rows = session.scalars(
            select(Link).where(Link.assignment_id == assignment_id, Link.token_id_sealed.is_not(None))  # type: ignore[attr-defined]
        ).all()
        token = links.token(rows[-1], made.tokens)
    return f"/q/{token}"


class Person:
    """Somebody in front of one browser."""

    def __init__(self, browser: FlaskClient, path: str) -> None:
        self.browser, self.path = browser, path
        self.reply: TestResponse
        self.page: Page
        self.ref = ""

    def _shown(self, reply: TestResponse) -> Page:
        while reply.status_code in (302, 303):
            reply = self.browser.get(reply.location)
        self.reply, self.page = reply, Page(reply.text)
        return self.page

    def open(self, path: str | None = None) -> Page:
        """Open the link, or an address of the form."""
        return self._shown(self.browser.get(path or self.path))

    def start(self, **fields: Any) -> Page:
        """Press Start."""
        reply = self.browser.post(self.path, data=fields)
        if reply.status_code == 303:
            self.ref = reply.location.rsplit("/", 1)[-1]
        return self._shown(reply)

    def press(self, go: str = "next", **changes: Any) -> Page:
        """Press a button of the page that is shown; what is marked on it goes along."""
        return self._shown(self.browser.post(f"/f/{self.ref}", data=self.fields(go, **changes)))

    def fields(self, go: str = "next", **changes: Any) -> dict[str, Any]:
        """What a browser would post from the page that is shown."""
        marked: dict[str, Any] = {**self.page.hidden, **self.page.checked}
        if not {"to", "lang"} & changes.keys():  # one button is pressed, not two
            marked["go"] = go
        if self.page.named:
            marked["named"] = self.page.named
        return {**marked, **changes}

    def mark(self, code: str) -> Page:
        """Choose an answer and press Next."""
        return self.press(answer=code)

    def fill(self, codes: str) -> Page:
        """One answer a page; "_" leaves the question blank, "." passes it without a mark."""
        for code in codes:
            if code == "_":
                self.press("blank")
            elif code == ".":
                self.press()
            else:
                self.mark(code)
            if "/help" in self.reply.request.path:
                self.open(f"/f/{self.ref}")
        return self.page
