"""The pages of sets: each press keeps what was typed, and nobody else's set can be met."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from delivery import batteries
from delivery.models.assignments import Battery
from delivery.service import Service
from tests import build
from tests.answering import Page
from tests.clinician import signed_in

UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def ada(app: Flask, cast: build.Cast) -> FlaskClient:
    return signed_in(app, "ada@example.org")


@pytest.fixture
def weekly(service: Service, cast: build.Cast) -> Battery:
    with service.db.write() as session:
        return batteries.add(session, cast.practice, "Weekly", ["phq9", "gad7"])


def _order(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('name="measure" value="')[1:]]


def _kept(service: Service) -> dict[str, list[str]]:
    with service.db.read() as session:
        return {row.name: batteries.keys(row) for row in session.scalars(select(Battery))}


def test_a_set_is_made_press_by_press(ada: FlaskClient, service: Service, cast: build.Cast) -> None:
    place = f"/console/sets/new/{cast.practice}"
    assert _order(ada.get(place).text) == []
    page = ada.post(place, data={"name": "Sleep", "go": "add", "more": "phq9"}).text
    page = ada.post(place, data={"name": "Sleep", "go": "add", "more": "k6", "measure": _order(page)}).text
    assert 'value="Sleep"' in page
    assert '<option value="k6"' not in page, "what is in the set is not offered again"
    page = ada.post(place, data={"name": "Sleep", "go": "up:k6", "measure": _order(page)}).text
    assert _order(page) == ["k6", "phq9"]
    assert _kept(service) == {}
    done = ada.post(place, data={"name": "Sleep", "go": "save", "measure": _order(page)})
    assert done.status_code == 303
    assert _kept(service) == {"Sleep": ["k6", "phq9"]}


def test_order_and_name_change_and_measures_are_taken_out(
    ada: FlaskClient, service: Service, weekly: Battery
) -> None:
    place = f"/console/sets/{weekly.id}"
    assert _order(ada.get(place).text) == ["phq9", "gad7"]
    both = {"name": "Weekly", "measure": ["phq9", "gad7"]}
    assert _order(ada.post(place, data={**both, "go": "down:phq9"}).text) == ["gad7", "phq9"]
    assert _order(ada.post(place, data={**both, "go": "out:phq9"}).text) == ["gad7"]
    assert _order(ada.post(place, data={**both, "go": "up:phq9"}).text) == ["phq9", "gad7"]
    ada.post(place, data={"name": "Every week", "measure": ["gad7", "phq9"], "go": "save"})
    assert _kept(service) == {"Every week": ["gad7", "phq9"]}


@pytest.mark.parametrize(
    ("name", "measures", "place"),
    [("", ["k6"], "name"), ("weekly", ["k6"], "name"), ("New", [], "instruments")],
)
def test_a_refusal_keeps_what_was_typed(
    ada: FlaskClient,
    service: Service,
    cast: build.Cast,
    weekly: Battery,
    name: str,
    measures: list[str],
    place: str,
) -> None:
    typed = {"name": name, "measure": measures, "go": "save"}
    refused = ada.post(f"/console/sets/new/{cast.practice}", data=typed)
    assert refused.status_code == 422
    assert f'id="why-{place}" role="alert"' in refused.text
    assert f'value="{name}"' in refused.text
    assert _order(refused.text) == measures
    assert list(_kept(service)) == ["Weekly"]


def test_a_set_is_put_away_and_brought_back(
    ada: FlaskClient, service: Service, cast: build.Cast, weekly: Battery
) -> None:
    send = f"/console/send?client={cast.cy}"
    assert f"set:{weekly.id}" in ada.get(send).text
    assert ada.post(f"/console/sets/{weekly.id}/away", data={"to": "away"}).status_code == 303
    assert f"set:{weekly.id}" not in ada.get(send).text
    assert "Put away: 1" in ada.get("/console/sets").text
    ada.post(f"/console/sets/{weekly.id}/away", data={"to": "back"})
    assert f"set:{weekly.id}" in ada.get(send).text


def test_what_cannot_be_sent_is_marked_in_the_set(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        row = batteries.add(session, cast.practice, "Room", ["asq", "isi"])
    page = Page(ada.get(f"/console/sets/{row.id}").text)
    assert "Only together, not by link." in page.text
    assert "Can’t be sent now: Its wording is not included." in page.text


def test_another_practice_meets_no_set_of_this_one(
    app: Flask, service: Service, cast: build.Cast, weekly: Battery
) -> None:
    stranger = signed_in(app, "sam@example.org")
    assert "Weekly" not in stranger.get("/console/sets").text
    for path in ("/console/sets/{}", "/console/sets/{}/away", "/console/sets/new/{}"):
        known = cast.practice if "new" in path else weekly.id
        for method in ("GET", "POST"):
            if method == "GET" and path.endswith("away"):
                continue
            mine, unknown = (
                stranger.open(path.format(one), method=method, data={"name": "x", "measure": "phq9"})
                for one in (known, UNKNOWN)
            )
            assert (mine.status_code, unknown.status_code) == (404, 404), path
            assert mine.data == unknown.data
    assert _kept(service) == {"Weekly": ["phq9", "gad7"]}


def test_a_colleague_of_the_practice_uses_and_changes_the_same_sets(
    app: Flask, service: Service, cast: build.Cast, weekly: Battery
) -> None:
    bo = signed_in(app, "bo@example.org")
    assert "Weekly" in bo.get("/console/sets").text
    changed = bo.post(f"/console/sets/{weekly.id}", data={"name": "Weekly", "measure": "phq9"})
    assert changed.status_code == 303
    assert _kept(service) == {"Weekly": ["phq9"]}


def test_a_name_that_looks_like_code_is_only_a_name(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    name = "<script>alert(1)</script>{{7*7}}"
    with service.db.write() as session:
        row = batteries.add(session, cast.practice, name, ["phq9"])
    for path in ("/console/sets", f"/console/sets/{row.id}", f"/console/send?client={cast.cy}"):
        page = ada.get(path).text
        assert "<script>alert" not in page
        assert "49" not in page or "{{7*7}}" in page
