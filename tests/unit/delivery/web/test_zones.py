from __future__ import annotations

import pytest
from flask import Flask

from delivery.app import create_app
from delivery.service import Service
from delivery.web import zones
from tests import build

CLIENT = "https://forms.example.org"
CONSOLE = "http://127.0.0.1:8080"


@pytest.fixture
def mixed(service: Service) -> Flask:
    """The console on this machine alone, the client zone public."""
    settings = service.settings.model_copy(update={"client_url": CLIENT})
    return create_app(service=Service(settings, service.db, service.tokens, service.bell))


@pytest.mark.parametrize(("zone", "secure"), [(CLIENT, True), (CONSOLE, False)])
def test_cookies_are_bound_by_the_address_of_their_own_zone(mixed: Flask, zone: str, secure: bool) -> None:
    with mixed.test_request_context("/", base_url=zone):
        made = mixed.make_response("")
        zones.set_cookie(made, "x", "value")
        zones.drop_cookie(made, "x")
    for cookie in made.headers.getlist("Set-Cookie"):
        assert cookie.startswith("__Host-x=" if secure else "lq-x=")
        assert ("; Secure" in cookie) is secure


@pytest.mark.parametrize(("zone", "secure"), [(CLIENT, True), (CONSOLE, False)])
def test_each_zone_asks_for_https_by_its_own_address(mixed: Flask, zone: str, secure: bool) -> None:
    reply = mixed.test_client().get("/livez", base_url=zone)
    assert ("Strict-Transport-Security" in reply.headers) is secure


def test_only_a_file_that_is_there_is_kept_by_browsers_for_ever(app: Flask, cast: build.Cast) -> None:
    client = app.test_client()
    missing = client.get("/static/nothing.css", base_url=CONSOLE)
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")
    there = client.get("/static/lightq.css", base_url=CONSOLE)
    assert there.status_code == 200
    known = {"If-None-Match": there.headers["ETag"]}
    same = client.get("/static/lightq.css", base_url=CONSOLE, headers=known)
    assert same.status_code == 304
    for reply in (there, same):
        assert reply.headers["Cache-Control"].endswith("immutable")
        reply.close()


@pytest.mark.parametrize(
    ("site", "refused"), [("cross-site", True), ("same-origin", False), ("none", False), (None, False)]
)
def test_a_press_on_another_site_changes_nothing_in_the_client_zone(
    app: Flask, cast: build.Cast, site: str | None, refused: bool
) -> None:
    headers = {"Sec-Fetch-Site": site} if site else {}
    more = {"base_url": "http://localhost:8080", "headers": headers}
    for path in ("/portal/sign-in", "/portal/code", "/portal/x", "/portal/out", "/q/x"):
        reply = app.test_client().post(path, data={"contact": "x"}, **more)
        assert (reply.status_code == 403) is refused, path
        assert app.test_client().get("/portal/sign-in", **more).status_code == 200


def test_the_one_press_that_unsubscribes_may_come_from_a_mail_program(app: Flask) -> None:
    more = {"base_url": "http://localhost:8080", "headers": {"Sec-Fetch-Site": "cross-site"}}
    assert app.test_client().post("/unsubscribe/x", **more).status_code != 403
