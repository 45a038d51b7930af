"""Questions that several measures share are asked once, and every score is what it is when asked apart."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from delivery import library, results, submissions
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client
from delivery.service import Service
from tests import build
from tests.answering import Person, browser_of, path_of
from tests.clinician import signed_in

SET = ["phq2", "phq9", "phq4", "gad7"]
#: An answer for every question that is asked somewhere; what the short forms share is named as there.
PHQ9 = dict(zip([f"phq9_{n}" for n in range(1, 11)], "3120210001", strict=True))
GAD7 = dict(zip([f"gad7_{n}" for n in range(1, 8)], "2310021", strict=True))
PHQ4 = {"phq4_3": "2", "phq4_4": "1"}
GIVEN = {**PHQ9, **GAD7, **PHQ4}


def _code(key: str, item_id: str, given: dict[str, str]) -> str:
    """The answer to an item: its own, or that of the question that it is the same as."""
    item = library.shipped().get(key).item(item_id)
    return given[item.same_as or item.id]


def _scores(service: Service, row: Assignment) -> dict[str, Any]:
    with service.db.write() as session:
        found = submissions.of_assignment(session, row.id)
        return {one.instrument_key: results.store(session, one.id).result for one in found}


def _fresh_client(service: Service, cast: build.Cast, family: str) -> Client:
    with service.db.write() as session:
        return build.add_client(
            session, cast.caller(service, cast.ada), "Wren", family, f"{family}@example.org"
        )


def _by_link(app: Flask, service: Service, cast: build.Cast, keys: list[str], given: dict[str, str]) -> Any:
    """Answer through the real pages, one question a page; returns (scores, questions asked)."""
    client = _fresh_client(service, cast, f"w{'-'.join(keys)}")
    row = build.ask(service, cast.caller(service, cast.ada), client.id, keys)
    person = Person(browser_of(app), path_of(service, row.id))
    person.start()
    asked = []
    while (place := person.page.hidden["at"]) != "review":
        key, item_id = place.split(":")
        asked.append(item_id)
        person.fill(_code(key, item_id, given))
    person.press("send")
    return _scores(service, row), asked


def _together(app: Flask, service: Service, cast: build.Cast, keys: list[str], given: dict[str, str]) -> Any:
    """Type in all of it at the console."""
    ada = signed_in(app, "ada@example.org")
    client = _fresh_client(service, cast, f"t{'-'.join(keys)}")
    row = build.ask(service, cast.caller(service, cast.ada), client.id, keys, Way.IN_PERSON)
    page = ada.get(f"/console/assignments/{row.id}/answer").text
    asked = []
    for _ in keys:
        key = page.split('name="form" value="')[1].split('"')[0]
        last = 'value="store"' in page
        items = dict.fromkeys(part.split('"')[0] for part in page.split('name="a:')[1:])
        asked += list(items)
        marks = {f"a:{one}": _code(key, one, given) for one in items}
        typed = {"form": key, "go": "store" if last else "next", **marks}
        reply = ada.post(f"/console/assignments/{row.id}/answer", data=typed)
        assert reply.status_code == 303, reply.text
        if last:
            break
        page = ada.get(reply.location).text
    return _scores(service, row), asked


@pytest.mark.parametrize("way", [_by_link, _together], ids=["by link", "together"])
def test_shared_questions_are_asked_once_and_score_as_if_asked_apart(
    app: Flask, service: Service, cast: build.Cast, way: Any
) -> None:
    together, asked = way(app, service, cast, SET, GIVEN)
    assert sorted(asked) == sorted([*PHQ9, *PHQ4, *GAD7])
    apart = {key: way(app, service, cast, [key], GIVEN)[0][key] for key in SET}
    assert together == apart
    assert together["phq9"]["scores"]["total"]["value"] == 9
    assert together["phq2"]["scores"]["total"]["value"] == 4


def test_a_shared_question_left_blank_is_blank_everywhere_and_named_once(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, SET)
    person = Person(browser_of(app), path_of(service, row.id))
    person.start()
    while (place := person.page.hidden["at"]) != "review":
        key, item_id = place.split(":")
        person.fill("_" if item_id == "phq9_1" else _code(key, item_id, GIVEN))
    person.press("send")
    assert "1 question" in person.page.text
    with service.db.read() as session:
        stored = {one.instrument_key: one.answers or {} for one in submissions.of_assignment(session, row.id)}
    assert (stored["phq9"]["phq9_1"], stored["phq2"]["phq2_1"]) == (None, None)
    found = _scores(service, row)
    assert found["phq2"]["scores"]["total"]["value"] is None
    assert found["phq9"]["scores"]["total"]["value"] is None
    assert found["gad7"]["scores"]["total"]["value"] == 9
    assert found["phq2"]["missing"] == ["phq2_1"]


def test_what_was_passed_over_is_missed_once(app: Flask, service: Service, cast: build.Cast) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq2", "phq9"])
    person = Person(browser_of(app), path_of(service, row.id))
    person.start()
    while (place := person.page.hidden["at"]) != "review":
        key, item_id = place.split(":")
        person.fill("." if item_id == "phq9_2" else _code(key, item_id, GIVEN))
    person.press("send")
    assert person.page.named == ["phq9:phq9_2"]
    person.press("send", **{"phq9:phq9_2": "2"})
    person.press("send")
    assert _scores(service, row)["phq2"]["scores"]["total"]["value"] == 5


def test_a_set_of_short_forms_alone_still_asks_each_question_once(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    given = {**GIVEN, **{f"phq9_{n}": "1" for n in range(1, 10)}}
    found, asked = _by_link(app, service, cast, ["phq2", "phq8"], given)
    assert len(asked) == len(set(asked)) == len(library.shipped().get("phq8").items)
    assert (found["phq2"]["scores"]["total"]["value"], found["phq8"]["scores"]["total"]["value"]) == (2, 8)
