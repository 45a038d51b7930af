"""Every route has a zone and a policy, and keeps to them."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from delivery import links
from delivery.service import Service
from delivery.web import POLICY, policy


def _paths(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, a path, method) of every rule; parameters filled with something unknown."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<uuid:[^>]+>", "00000000-0000-7000-8000-000000000000", rule.rule)
        path = re.sub(r"<[^>]+>", "unknown", path)
        found += [(rule.endpoint, path, m) for m in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return found


def test_every_route_has_a_policy(app: Flask) -> None:
    assert {endpoint for endpoint, _, _ in _paths(app) if policy(endpoint) is None} == set()


def test_every_policy_has_a_route(app: Flask) -> None:
    endpoints = {endpoint for endpoint, _, _ in _paths(app)}
    blueprints = {endpoint.split(".")[0] for endpoint in endpoints}
    assert set(POLICY) <= endpoints | blueprints


def test_the_wrong_zone_redirects_a_get_and_refuses_the_rest(app: Flask) -> None:
    http = app.test_client()
    for endpoint, path, method in _paths(app):
        zone, _ = policy(endpoint) or ("both", "open")
        if zone == "both":
            continue
        wrong, right = ("127.0.0.1:8080", "localhost:8080")
        if zone == "console":
            wrong, right = right, wrong
        reply = http.open(path, method=method, headers={"Host": wrong, "Sec-Fetch-Site": "same-origin"})
        if method == "GET":
            assert reply.status_code == 302, path
            assert reply.headers["Location"].startswith(f"http://{right}/"), path
        else:
            assert reply.status_code == 404, path


def test_a_host_that_is_not_ours_gets_nothing(app: Flask) -> None:
    assert app.test_client().get("/livez", headers={"Host": "evil.example"}).status_code == 404


def test_console_routes_need_somebody_signed_in(app: Flask) -> None:
    http = app.test_client()
    for endpoint, path, method in _paths(app):
        _, access = policy(endpoint) or ("both", "open")
        if access not in ("person", "token"):
            continue
        headers = {"Host": "127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
        reply = http.open(path, method=method, headers=headers)
        assert reply.status_code in (302, 303, 401), (path, method, reply.status_code)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_change_that_another_site_started_is_refused(app: Flask, site: str) -> None:
    http = app.test_client()
    for endpoint, path, method in _paths(app):
        zone, access = policy(endpoint) or ("both", "open")
        if zone != "console" or access in ("token", "provider") or method == "GET":
            continue
        reply = http.open(path, method=method, headers={"Host": "127.0.0.1:8080", "Sec-Fetch-Site": site})
        assert reply.status_code == 403, path


def test_the_address_in_messages_is_a_route(app: Flask, service: Service) -> None:
    url = links.url("a" * 45, service.settings)
    adapter = app.url_map.bind("localhost:8080")
    endpoint, _ = adapter.match(url.removeprefix(service.settings.client_url))
    assert endpoint.startswith("answer.")
