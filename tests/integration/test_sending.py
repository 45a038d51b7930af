"""The send page and the program interface: languages, sets, asking again, screening, who it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from delivery import batteries, clients
from delivery.models.assignments import Assignment, Occasion, Way
from delivery.models.clients import CareRole, Client
from delivery.models.ledger import AuditEvent
from delivery.people import join_care_team
from delivery.service import Service
from tests import build
from tests.answering import Page
from tests.clinician import signed_in
from tests.integration.test_api import Api, token_of

INTAKE = ["phq9", "gad7", "audit_c"]


@pytest.fixture
def ada(app: Flask, cast: build.Cast) -> FlaskClient:
    return signed_in(app, "ada@example.org")


@pytest.fixture
def api(service: Service, cast: build.Cast, app: Flask) -> Api:
    return Api(app.test_client(), token_of(service, "ada@example.org"))


@pytest.fixture
def spanish(service: Service, cast: build.Cast) -> UUID:
    """Cy reads Spanish."""
    with service.db.write() as session:
        clients.respondents(session, cast.cy)[0].language = "es"
    return cast.cy


@pytest.fixture
def intake(service: Service, cast: build.Cast) -> UUID:
    with service.db.write() as session:
        return batteries.add(session, cast.practice, "Intake", INTAKE).id


@pytest.fixture
def send(ada: FlaskClient, cast: build.Cast) -> Callable[..., TestResponse]:
    def press(*what: str, **fields: Any) -> TestResponse:
        choice = {"client": str(cast.cy), "how": "email", "what": list(what), **fields}
        return ada.post("/console/send", data=choice)

    return press


def asked(service: Service) -> list[Assignment]:
    with service.db.read() as session:
        return list(session.scalars(select(Assignment).order_by(Assignment.id)))


def keys(row: Assignment) -> list[str]:
    return [one["key"] for one in row.instruments]


def languages(row: Assignment) -> dict[str, str]:
    return {one["key"]: one["language"] for one in row.instruments}


# Languages


def test_without_an_official_text_the_member_is_asked_and_nothing_is_preset(
    send: Callable[..., TestResponse], service: Service, spanish: UUID
) -> None:
    refused = send("pcl5", "phq9")
    assert refused.status_code == 422
    page = Page(refused.text)
    assert page.radios["language:pcl5"] == ["instead", "interpreter", "en"]
    assert "language:pcl5" not in page.checked
    assert "language:phq9" not in page.radios
    assert "PCL-5 has no official text in Spanish." in page.text
    assert '<option value="phq2"' in refused.text
    assert re.findall(r'value="(\w+)" checked', refused.text)[:2] == ["pcl5", "phq9"], "ticks are kept"
    assert asked(service) == []


def test_english_chosen_by_the_member_is_stored_with_the_ask(
    send: Callable[..., TestResponse], service: Service, spanish: UUID
) -> None:
    assert send("pcl5", "phq9", **{"language:pcl5": "en"}).status_code == 303
    [row] = asked(service)
    assert languages(row) == {"pcl5": "en", "phq9": "es"}


def test_another_measure_takes_its_place(
    send: Callable[..., TestResponse], service: Service, spanish: UUID
) -> None:
    fields = {"language:pcl5": "instead", "instead:pcl5": "gad7"}
    assert send("pcl5", "phq9", **fields).status_code == 303
    [row] = asked(service)
    assert languages(row) == {"gad7": "es", "phq9": "es"}


def test_an_interpreter_is_for_the_room(
    send: Callable[..., TestResponse], ada: FlaskClient, service: Service, spanish: UUID
) -> None:
    reply = send("pcl5", how="email", **{"language:pcl5": "interpreter"})
    [row] = asked(service)
    assert row.channel is Way.IN_PERSON, "whoever chooses an interpreter chooses the room"
    assert row.instruments[0]["interpreter"] is True
    assert "with an interpreter" in ada.get(reply.location).text
    assert "Read it for the interpreter" in ada.get(f"{reply.location}/answer").text


def test_what_is_answered_together_is_read_in_the_clients_language_with_english_beside(
    send: Callable[..., TestResponse], ada: FlaskClient, service: Service, spanish: UUID
) -> None:
    place = send("phq2", how="in_person").location
    page = ada.get(f"{place}/answer").text
    assert "Poco interés o placer en hacer cosas" in page
    assert "Little interest or pleasure in doing things" in page
    ada.post(f"{place}/answer", data={"form": "phq2", "go": "store", "a:phq2_1": "1", "a:phq2_2": "1"})
    with service.db.read() as session:
        from delivery.submissions import of_assignment

        [stored] = of_assignment(session, asked(service)[0].id)
    assert stored.language == "es"


def test_a_program_names_the_language_or_is_told_to(api: Api, spanish: UUID) -> None:
    body = {"client_id": str(spanish), "instruments": ["pcl5"], "channel": "email"}
    refused = api.post("/assignments", body)
    assert refused.status_code == 422
    assert refused.json["errors"][0]["field"] == "language.pcl5"
    assert "no official Spanish text" in refused.json["errors"][0]["reason"]
    made = api.post("/assignments", {**body, "language": {"pcl5": "en"}})
    assert made.status_code == 201, made.text
    shown = api.get(f"/assignments/{made.json['id']}").json["instruments"]
    assert shown == [{"key": "pcl5", "version": 1, "language": "en", "interpreter": False}]


# Sets


def test_one_press_on_a_set_sends_it_in_its_order(
    ada: FlaskClient, send: Callable[..., TestResponse], service: Service, intake: UUID, cast: build.Cast
) -> None:
    page = ada.get(f"/console/send?client={cast.cy}").text
    assert f'name="now" value="set:{intake}"' in page
    assert send(now=f"set:{intake}").status_code == 303
    [row] = asked(service)
    assert (keys(row), row.battery_id, row.occasion) == (INTAKE, intake, Occasion.SCREENING)


def test_phq9_is_one_press_away(
    ada: FlaskClient, send: Callable[..., TestResponse], service: Service, cast: build.Cast
) -> None:
    assert 'name="now" value="phq9"' in ada.get(f"/console/send?client={cast.cy}").text
    assert send(now="phq9").status_code == 303
    assert [keys(row) for row in asked(service)] == [["phq9"]]


def test_a_set_that_needs_a_decision_keeps_its_order_and_name(
    send: Callable[..., TestResponse], service: Service, cast: build.Cast, spanish: UUID
) -> None:
    with service.db.write() as session:
        trauma = batteries.add(session, cast.practice, "Trauma", ["pcptsd5", "pcl5", "phq9"])
    refused = send(now=f"set:{trauma.id}")
    assert refused.status_code == 422
    page = Page(refused.text)
    assert page.hidden["battery"] == str(trauma.id)
    ticked = [box["value"] for box in page.boxes if box.get("name") == "what" and "checked" in box]
    assert ticked == ["pcptsd5", "pcl5", "phq9"]
    fields = {"battery": page.hidden["battery"], "language:pcptsd5": "en", "language:pcl5": "en"}
    assert send("phq9", "pcl5", "pcptsd5", **fields).status_code == 303
    [row] = asked(service)
    assert (keys(row), row.battery_id) == (["pcptsd5", "pcl5", "phq9"], trauma.id)


def test_what_a_set_holds_that_cannot_go_this_way_is_refused_beside_that_measure(
    send: Callable[..., TestResponse], service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        room = batteries.add(session, cast.practice, "Room", ["phq9", "asq", "isi"])
    refused = send(now=f"set:{room.id}")
    assert refused.status_code == 422
    assert 'id="why-what:asq" role="alert"' in refused.text
    assert "never sent by link" in refused.text
    assert 'id="why-what:isi" role="alert"' in refused.text
    assert 'id="why-what:phq9"' not in refused.text
    assert 'id="why-what"' not in refused.text, "no reason stands there twice"
    assert "For ASQ choose “Together, now”." in refused.text
    assert asked(service) == []


def test_a_set_that_is_gone_says_so(send: Callable[..., TestResponse], cast: build.Cast) -> None:
    refused = send(now="set:00000000-0000-7000-8000-000000000000")
    assert refused.status_code == 422
    assert "no longer in use" in refused.text


def test_a_program_uses_a_set_by_name_and_lists_them(api: Api, cast: build.Cast, intake: UUID) -> None:
    assert api.get("/batteries").json == {
        "batteries": [{"id": str(intake), "name": "Intake", "instruments": INTAKE}]
    }
    body = {"client_id": str(cast.cy), "battery": "intake", "channel": "email"}
    made = api.post("/assignments", body)
    assert made.status_code == 201, made.text
    shown = api.get(f"/assignments/{made.json['id']}").json
    assert [one["key"] for one in shown["instruments"]] == INTAKE
    assert shown["occasion"] == "screening"


# Finding


def test_a_search_keeps_what_was_ticked_and_sends_nothing(
    ada: FlaskClient, send: Callable[..., TestResponse], service: Service, cast: build.Cast
) -> None:
    found = send("swls", go="find", find="trauma", why="outcome")
    assert found.status_code == 200
    page = Page(found.text)
    ticked = [box["value"] for box in page.boxes if box.get("name") == "what" and "checked" in box]
    assert ticked == ["swls"]
    assert page.checked["why"] == "outcome"
    assert 'value="pcl5"' in found.text and 'value="k10"' not in found.text
    assert asked(service) == []
    linked = ada.get(f"/console/send?client={cast.cy}&find=trauma").text
    assert 'value="pcl5"' in linked and 'value="k10"' not in linked
    assert 'value="k10"' in send("swls", go="all", find="trauma").text


def test_the_page_says_why_a_measure_is_not_sent_and_where_to_read_more(
    ada: FlaskClient, cast: build.Cast
) -> None:
    page = ada.get(f"/console/send?client={cast.cy}").text
    barred = page[page.index("Can’t be sent yet") :]
    assert 'href="/console/instruments/isi"' in barred
    assert "wording is not included" in barred
    assert ada.get("/console/instruments/isi").status_code == 200


# Again so soon, screening, who it is for


def test_asking_again_too_soon_warns_once_with_the_day(
    send: Callable[..., TestResponse], service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"], Way.IN_PERSON)
    build.answer(service, row, cast.ada)
    refused = send("gad7")
    assert refused.status_code == 422
    assert "GAD-7 was answered on" in refused.text
    assert 'name="anyway" value="yes">' in refused.text, "not ticked for anybody"
    assert send("gad7", anyway="yes").status_code == 303
    assert len(asked(service)) == 2


def test_a_colleagues_open_ask_is_named(
    send: Callable[..., TestResponse], service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        join_care_team(session, session.get_one(Client, cast.cy), cast.bo, CareRole.COLLEAGUE)
    build.ask(service, cast.caller(service, cast.bo), cast.cy, ["phq9"])
    assert "by Dr. Lund and is still open" in send("phq9").text


def test_a_program_may_ask_again_only_knowingly(api: Api, cast: build.Cast) -> None:
    body = {"client_id": str(cast.cy), "instruments": ["phq9"], "channel": "email"}
    assert api.post("/assignments", body).status_code == 201
    refused = api.post("/assignments", body)
    assert [one["field"] for one in refused.json["errors"]] == ["even_if_recent"]
    assert api.post("/assignments", {**body, "even_if_recent": True}).status_code == 201


def test_screening_asked_for_progress_needs_a_reason_which_is_kept_sealed(
    send: Callable[..., TestResponse], service: Service, cast: build.Cast
) -> None:
    refused = send("cage", "phq9", why="progress")
    assert refused.status_code == 422
    assert "CAGE: made for screening" in refused.text
    assert send("cage", "phq9", why="progress", reason="asked for by the court").status_code == 303
    [row] = asked(service)
    with service.db.read() as session:
        made = session.scalars(
            select(AuditEvent).where(
                AuditEvent.subject_id == row.id, AuditEvent.tag == "console:assignment:made"
            )
        ).one()
        assert made.detail == {"reason": "asked for by the court"}
        assert b"court" not in made.detail_sealed  # type: ignore[attr-defined]


def test_a_program_gives_the_reason_too(api: Api, cast: build.Cast) -> None:
    body = {
        "client_id": str(cast.cy),
        "instruments": ["cage"],
        "channel": "email",
        "occasion": "progress",
    }
    assert [one["field"] for one in api.post("/assignments", body).json["errors"]] == ["reason"]
    assert api.post("/assignments", {**body, "reason": "asked for by the court"}).status_code == 201


def test_a_measure_for_somebody_else_goes_out_with_a_remark(
    send: Callable[..., TestResponse], ada: FlaskClient, api: Api, service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        session.get_one(Client, cast.cy).date_of_birth = date(1980, 1, 1)
    assert "PSC-17: this one is for a parent." in ada.get(f"/console/send?client={cast.cy}").text
    place = send("psc17").location
    assert "PSC-17: this one is for a parent." in ada.get(place).text
    body = {"client_id": str(cast.cy), "instruments": ["psc17"], "channel": "in_person"}
    made = api.post("/assignments", {**body, "even_if_recent": True}).json
    assert made["warnings"][0] == "PSC-17: this one is for a parent."
    assert made["warnings"][1].startswith("PSC-17 is for ages 4 to 17; this client is ")


def test_what_needs_the_room_is_refused_to_programs_too(api: Api, cast: build.Cast) -> None:
    body = {"client_id": str(cast.cy), "instruments": ["asq"], "channel": "email"}
    refused = api.post("/assignments", body)
    assert "never sent by link" in refused.json["detail"]
    assert {one["field"] for one in refused.json["errors"]} == {"instruments", "instruments.asq"}
    assert api.post("/assignments", {**body, "channel": "in_person"}).status_code == 201
