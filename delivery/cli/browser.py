"""A very small browser: real HTTP, cookies, redirects and forms, as a person without JavaScript has them.

`./lightq demo --once` and the journeys walk the service with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import BaseHandler, HTTPCookieProcessor, OpenerDirector, Request, build_opener


@dataclass
class Form:
    """A form of a page: where it goes, its fields, its radio groups in order, and its buttons."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    radios: dict[str, list[str]] = field(default_factory=dict)
    checked: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def has_button(self, name: str, value: str) -> bool:
        """Whether there is such a button."""
        return (name, value) in self.buttons


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.title = ""
        self._in_title = False
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag == "title":
            self._in_title = True
        elif tag == "form":
            self.forms.append(Form(a.get("action", ""), a.get("method", "get").lower()))
        elif not self.forms:
            return
        elif tag == "input" and "disabled" not in a:
            self._input(self.forms[-1], a)
        elif tag == "button" and "disabled" not in a:
            self.forms[-1].buttons.append((a.get("name", ""), a.get("value", "")))
        elif tag == "select":
            self._select = a.get("name")
        elif tag == "option" and self._select and ("selected" in a or not self._chosen(self._select)):
            form = self.forms[-1]
            form.fields = [f for f in form.fields if f[0] != self._select]
            form.fields.append((self._select, a.get("value", "")))
        elif tag == "textarea":
            self.forms[-1].fields.append((a.get("name", ""), ""))

    def _chosen(self, name: str) -> bool:
        return any(n == name for n, _ in self.forms[-1].fields)

    def _input(self, form: Form, a: dict[str, str]) -> None:
        name, value, kind = a.get("name", ""), a.get("value", ""), a.get("type", "text")
        if kind == "radio":
            form.radios.setdefault(name, []).append(value)
            if "checked" in a:
                form.checked[name] = value
        elif kind == "checkbox":
            form.boxes.setdefault(name, []).append(value or "on")
            if "checked" in a:
                form.fields.append((name, value or "on"))
        elif kind in ("submit", "image"):
            form.buttons.append((name, value))
        elif name:
            form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"
        self._select = None if tag == "select" else self._select

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


@dataclass(frozen=True)
class Page:
    """What came back."""

    url: str
    status: int
    text: str
    body: bytes
    title: str
    forms: list[Form]

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Browser:
    """One browser with its own cookies; `handlers` are urllib's, for what its line is like."""

    def __init__(self, base: str = "", headers: dict[str, str] | None = None, *handlers: BaseHandler) -> None:
        self._base = base
        self._headers = {"User-Agent": "LightQ-walk/1", "Sec-Fetch-Site": "same-origin", **(headers or {})}
        self.cookies = CookieJar()
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(self.cookies), *handlers)

    def open(self, url: str, data: bytes | None = None, kind: str = "", **headers: str) -> Page:
        """GET, or POST where there is data; any status comes back as a page."""
        request = Request(urljoin(self._base, url), data, {**self._headers, **headers})  # noqa: S310
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with self._opener.open(request, timeout=30) as reply:
                return read(reply.url, reply.status, reply.read())
        except HTTPError as error:
            return read(error.url or url, error.code, error.read())

    def post_json(self, url: str, body: Any, **headers: str) -> Page:
        """POST a JSON document."""
        return self.open(url, json.dumps(body).encode(), "application/json", **headers)

    def press(self, page: Page, form: Form, button: tuple[str, str] | None = None, **values: str) -> Page:
        """Send a form as its button would, with `values` typed or chosen."""
        fields = [(n, v) for n, v in form.fields if n not in values]
        fields += [(n, v) for n, v in form.checked.items() if n not in values]
        fields += list(values.items())
        if button is not None and button[0]:
            fields.append(button)
        target = urljoin(page.url, form.action or page.url)
        if form.method == "get":
            return self.open(f"{target}?{urlencode(fields)}")
        return self.open(target, urlencode(fields).encode(), "application/x-www-form-urlencoded")


def read(url: str, status: int, body: bytes) -> Page:
    """A page with its forms, from its bytes."""
    text = body.decode("utf-8", "replace") if not body.startswith(b"%PDF") else ""
    reader = _Reader()
    reader.feed(text)
    return Page(url, status, text, body, reader.title.strip(), reader.forms)
