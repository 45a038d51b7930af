"""A clinician at the console, for tests: a browser in the console zone, signed in or not."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import build

CONSOLE_URL = "http://127.0.0.1:8080"


class ConsoleZone(FlaskClient):
    """A browser whose addresses are those of the console; changes start on its own pages."""

    def open(self, *args: Any, **more: Any) -> TestResponse:
        if args and isinstance(args[0], str):
            more.setdefault("base_url", CONSOLE_URL)
            more.setdefault("headers", {"Sec-Fetch-Site": "same-origin"})
        return super().open(*args, **more)


def browser_of(app: Flask) -> FlaskClient:
    """A fresh browser in the console zone."""
    return ConsoleZone(app, app.response_class, use_cookies=True)


def signed_in(app: Flask, email: str) -> FlaskClient:
    """A browser in which somebody of the cast has signed in."""
    browser = browser_of(app)
    reply = browser.post("/console/sign-in", data={"email": email, "password": build.PASSWORD})
    assert reply.status_code == 303
    return browser
