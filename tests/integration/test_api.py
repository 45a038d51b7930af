"""The API over real HTTP semantics and a real database."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from delivery import accounts, batteries, crypto, forms, jobs, keys, reports, results, submissions
from delivery.app import create_app
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client
from delivery.models.ledger import AuditEvent, OutboxEntry, StoredReply
from delivery.models.messages import Dispatch
from delivery.models.people import ApiToken, PracticeKey
from delivery.models.results import Submission
from delivery.service import Service
from delivery.web.api import document
from delivery.web.api.routes import ROUTES
from tests import build, postgres

NUMBERS = count(1)
CANARY = "Zebedee-Canary-77"


class Api:
    """A program that calls the API with one token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.token = client, token

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Host": "127.0.0.1:8080", **more}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self.headers(), query_string=query or None)

    def post(self, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        headers = self.headers(**{"Idempotency-Key": key or f"k-{next(NUMBERS)}"})
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self.client.patch(f"/api/v1{path}", json=body, headers=self.headers())


def token_of(service: Service, email: str) -> str:
    """A token; the alliance's keys, which seal stored replies, are made where they are missing."""
    with service.db.write() as session:
        chosen = select(PracticeKey.id).where(PracticeKey.owner_id == crypto.ALLIANCE)
        if session.scalars(chosen).first() is None:
            keys.make(session, crypto.read_kek(service.settings.kek_path), crypto.ALLIANCE)
        return accounts.make_token(session, email, "tests")


@pytest.fixture
def api_of(service: Service, cast: build.Cast, app: Flask) -> Callable[[str], Api]:
    return lambda email: Api(app.test_client(), token_of(service, email))


@pytest.fixture
def api(api_of: Callable[[str], Api]) -> Api:
    return api_of("ada@example.org")


def answer(service: Service, assignment_id: UUID, person: UUID, code: str = "1") -> list[UUID]:
    """Type in the same option everywhere, send, and score."""
    with service.db.write() as session:
        row = session.get(Assignment, assignment_id)
        assert row is not None
        sheet = forms.typed_in(session, row, person)
        for instrument in sheet.instruments:
            forms.keep(session, sheet, instrument.key, {i.id: code for i in instrument.items}, place="review")
    with service.db.write() as session:
        row = session.get(Assignment, assignment_id)
        assert row is not None
        assert submissions.accept(session, forms.typed_in(session, row, person)).kind == "sent"
        ids = [one.id for one in submissions.of_assignment(session, assignment_id)]
        for one in ids:
            results.store(session, one)
        return ids


def asked(api: Api, client: UUID, *instruments: str, channel: str = "email") -> dict[str, Any]:
    body = {"client_id": str(client), "instruments": list(instruments), "channel": channel}
    reply = api.post("/assignments", {**body, "even_if_recent": True})
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json
    return made


def counted(service: Service, model: Any) -> int:
    with service.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def tags(service: Service, subject: Any = None) -> list[str]:
    with service.db.read() as session:
        chosen = select(AuditEvent.tag).order_by(AuditEvent.at, AuditEvent.number)
        if subject is not None:
            chosen = chosen.where(AuditEvent.subject_id == UUID(str(subject)))
        return list(session.scalars(chosen))


def assert_problem(reply: TestResponse, status: int) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.content_type == "application/problem+json"
    assert reply.headers["Cache-Control"] == "no-store"
    problem: dict[str, Any] = reply.json
    assert problem["status"] == status
    assert problem["type"].startswith("urn:lightq:problem:")
    assert problem["title"]
    assert problem["detail"]
    return problem


FULL = {
    "given_name": "Elena",
    "family_name": CANARY,
    "called_by": "Ele",
    "report_label": "E. C.",
    "date_of_birth": "1988-02-03",
    "sex_for_scoring": "female",
    "language": "es",
    "time_zone": "America/Los_Angeles",
    "county": "Lane",
    "emergency_contact": "A sister",
    "respondents": [
        {
            "role": "self",
            "language": "es",
            "contact_points": [{"kind": "email", "value": "Elena@Example.org", "safe_for": "invitations"}],
            "consents": [
                {
                    "channel": "email",
                    "wording": "consent-1",
                    "given_at": "2026-01-05T10:00:00-08:00",
                    "how": "signed on paper",
                }
            ],
            "permitted_uses": {"own_statistics": True, "alliance_figures": False, "wording": "uses-1"},
        },
        {"role": "parent", "name": "Rosa"},
    ],
}


def test_a_client_with_everything_comes_back_as_it_was_sent(api: Api) -> None:
    made = api.post("/clients", FULL)
    assert made.status_code == 201
    assert [one["role"] for one in made.json["respondents"]] == ["self", "parent"]
    shown = api.get(f"/clients/{made.json['id']}").json
    for name in FULL.keys() - {"respondents"}:
        assert shown[name] == FULL[name], name
    first, second = shown["respondents"]
    assert first["contact_points"][0]["value"] == "elena@example.org"
    assert first["contact_points"][0]["safe_for"] == "invitations"
    assert first["contact_points"][0]["state"] == "unconfirmed"
    assert first["consents"][0]["given_at"] == "2026-01-05T18:00:00Z"
    assert first["permitted_uses"]["own_statistics"] is True
    assert second["name"] == "Rosa"


def test_a_name_is_enough_for_a_client(api: Api) -> None:
    made = api.post("/clients", {"given_name": "Mo"})
    assert made.status_code == 201
    shown = api.get(f"/clients/{made.json['id']}").json
    assert (shown["given_name"], shown["report_label"], shown["state"]) == ("Mo", "Mo", "active")
    assert [one["role"] for one in shown["respondents"]] == ["self"]


def test_a_change_touches_only_what_it_names(api: Api, cast: build.Cast) -> None:
    reply = api.patch(f"/clients/{cast.cy}", {"called_by": "Cy", "county": None})
    assert reply.status_code == 200
    assert (reply.json["called_by"], reply.json["family_name"]) == ("Cy", "Canary")
    assert api.get(f"/clients/{cast.cy}").json["called_by"] == "Cy"


def test_the_last_name_of_a_client_cannot_be_taken_away(api: Api, cast: build.Cast) -> None:
    assert_problem(api.patch(f"/clients/{cast.cy}", {"given_name": None, "family_name": "  "}), 422)
    assert api.get(f"/clients/{cast.cy}").json["family_name"] == "Canary"


def test_pausing_stops_open_asks_and_resuming_lets_new_ones_go(api: Api, cast: build.Cast) -> None:
    ask = asked(api, cast.cy, "phq9")
    paused = api.post(f"/clients/{cast.cy}/pause")
    assert paused.json == {"id": str(cast.cy), "state": "paused", "stopped": 1}
    assert api.get(f"/assignments/{ask['id']}").json["status"] == "cancelled"
    body = {"client_id": str(cast.cy), "instruments": ["phq9"], "channel": "email"}
    assert_problem(api.post("/assignments", body), 409)
    assert api.post(f"/clients/{cast.cy}/resume").json["state"] == "active"
    assert api.post("/assignments", body).status_code == 201


@pytest.mark.parametrize(("act", "state"), [("close", "closed"), ("died", "deceased")])
def test_closing_and_death_end_the_episode(api: Api, cast: build.Cast, act: str, state: str) -> None:
    ask = asked(api, cast.cy, "phq9")
    episode = api.get(f"/assignments/{ask['id']}").json["episode_id"]
    assert api.post(f"/clients/{cast.cy}/{act}").json["state"] == state
    shown = api.get(f"/episodes/{episode}").json
    assert shown["closed_at"] is not None
    assert shown["client_id"] == str(cast.cy)
    assert_problem(api.post(f"/clients/{cast.cy}/pause"), 409)


def test_instruments_are_listed_with_their_licence(api: Api) -> None:
    found = {one["key"]: one for one in api.get("/instruments").json["instruments"]}
    assert found["phq9"]["items"] == 10
    assert found["phq9"]["sendable"] is True
    assert found["phq9"]["licence"]["status"] == "free"


def test_an_ask_has_a_message_at_once_and_no_link_for_the_caller(
    api: Api, cast: build.Cast, service: Service
) -> None:
    made = asked(api, cast.cy, "phq9", "gad7")
    assert made["status"] == "planned"
    assert made["link"] is None
    with service.db.read() as session:
        dispatch = session.scalars(select(Dispatch)).one()
        assert dispatch.due_at <= datetime.now(UTC)
    shown = api.get(f"/assignments/{made['id']}").json
    assert [one["key"] for one in shown["instruments"]] == ["phq9", "gad7"]
    assert {step["what"] for step in shown["history"]} == {"asked", "planned"}


def test_an_ask_can_be_cancelled_once_and_not_resent_after(api: Api, cast: build.Cast) -> None:
    made = asked(api, cast.cy, "phq9")
    assert_problem(api.post(f"/assignments/{made['id']}/resend"), 409)  # one is on its way already
    assert api.post(f"/assignments/{made['id']}/cancel").json["status"] == "cancelled"
    assert_problem(api.post(f"/assignments/{made['id']}/cancel"), 409)
    assert_problem(api.post(f"/assignments/{made['id']}/resend"), 409)


def test_a_resend_plans_one_more_message(api: Api, cast: build.Cast, service: Service) -> None:
    made = asked(api, cast.cy, "phq9")
    with service.db.write() as session:
        session.scalars(select(Dispatch)).one().state = "handed_over"
    assert api.post(f"/assignments/{made['id']}/resend").status_code == 200
    assert counted(service, Dispatch) == 2


def test_a_battery_stands_for_its_instruments(api: Api, cast: build.Cast, service: Service) -> None:
    with service.db.write() as session:
        mine = batteries.add(session, cast.practice, "Start", ["phq9", "gad7"])
        foreign = batteries.add(session, cast.other_practice, "Start", ["phq9"])
        mine_id, foreign_id = str(mine.id), str(foreign.id)
    body = {"client_id": str(cast.cy), "battery": mine_id, "channel": "in_person"}
    made = api.post("/assignments", body)
    assert made.status_code == 201, made.text
    assert len(api.get(f"/assignments/{made.json['id']}").json["instruments"]) == 2
    wrong = [api.post("/assignments", {**body, "battery": one}) for one in (foreign_id, str(uuid4()))]
    assert wrong[0].data == wrong[1].data
    assert assert_problem(wrong[0], 422)["errors"][0]["field"] == "battery"


def test_a_respondent_is_named_by_role_or_id_and_never_guessed(api: Api) -> None:
    both = {"given_name": "Kid", "respondents": [{"role": "parent"}, {"role": "parent"}, {"role": "self"}]}
    made = api.post("/clients", both).json
    body = {"client_id": made["id"], "instruments": ["phq9"], "channel": "in_person"}
    assert assert_problem(api.post("/assignments", {**body, "respondent": "parent"}), 422)["errors"] == [
        {"field": "respondent", "reason": "This client has several of these: name one by id."}
    ]
    assert_problem(api.post("/assignments", {**body, "respondent": "teacher"}), 422)
    one = made["respondents"][1]["id"]
    ask = api.post("/assignments", {**body, "respondent": one}).json
    assert api.get(f"/assignments/{ask['id']}").json["respondent_id"] == one


def test_an_answered_ask_gives_answers_result_and_alerts(
    api: Api, cast: build.Cast, service: Service
) -> None:
    made = asked(api, cast.cy, "phq9", channel="in_person")
    [submission] = answer(service, UUID(made["id"]), cast.ada)
    assert api.get(f"/assignments/{made['id']}").json["submissions"] == [str(submission)]
    shown = api.get(f"/submissions/{submission}").json
    assert shown["answers"]["phq9_1"] == "1"
    assert shown["result"]["scores"]["total"]["value"] == 9
    assert [alert["item"] for alert in shown["alerts"]] == ["phq9_9"]
    assert shown["identity"] == "seen"
    with service.db.read() as session:
        row = session.get(Submission, submission)
        assert row is not None
        assert row.seen_at is None, "a program that reads is not a clinician who has seen"


def test_a_trend_keeps_respondents_apart(api: Api, service: Service, cast: build.Cast) -> None:
    made = api.post(
        "/clients", {"given_name": "Kid", "respondents": [{"role": "self"}, {"role": "parent"}]}
    ).json
    for role, code in (("self", "1"), ("self", "2"), ("parent", "0")):
        body = {
            "client_id": made["id"],
            "instruments": ["phq9"],
            "channel": "in_person",
            "respondent": role,
            "even_if_recent": True,
        }
        answer(service, UUID(api.post("/assignments", body).json["id"]), cast.ada, code)
    trend = api.get(f"/clients/{made['id']}/trend", instrument="phq9").json
    found = {one["role"]: [p["scores"]["total"]["value"] for p in one["points"]] for one in trend["series"]}
    assert found == {"self": [9, 18], "parent": [0]}
    assert api.get(f"/clients/{made['id']}/trend", instrument="gad7").json["series"] == []
    episode = trend["series"][0]["points"][0]["episode_id"]
    assert len(api.get(f"/episodes/{episode}").json["summaries"]) == 2


def test_submissions_come_page_by_page_without_gap_or_repeat(
    api: Api, cast: build.Cast, service: Service
) -> None:
    stored = []
    for _ in range(5):
        stored += answer(service, UUID(asked(api, cast.cy, "phq9", channel="in_person")["id"]), cast.ada)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    for _ in range(3):
        page = api.get("/submissions", **query).json
        seen += [one["id"] for one in page["submissions"]]
        query["since"] = page["next"]
    assert seen == [str(one) for one in stored]
    assert page["more"] is False
    again = api.get("/submissions", since=page["next"]).json
    assert again == {"submissions": [], "next": page["next"], "more": False}
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert api.get("/submissions", since=future).json["submissions"] == []
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert len(api.get("/submissions", since=past).json["submissions"]) == 5


@pytest.mark.parametrize("since", ["yesterday", "2026-01-31T09:00:00", "7"])
def test_a_since_that_is_neither_cursor_nor_zoned_time_is_refused(api: Api, since: str) -> None:
    assert assert_problem(api.get("/submissions", since=since), 422)["errors"][0]["field"] == "since"


def test_a_report_is_a_pdf_once_it_is_made(api: Api, cast: build.Cast, service: Service) -> None:
    [one] = answer(service, UUID(asked(api, cast.cy, "phq9", channel="in_person")["id"]), cast.ada)
    assert_problem(api.get(f"/submissions/{one}/report.pdf"), 409)
    with service.db.write() as session:
        row = session.get(Submission, one)
        assert row is not None
        report = reports.of_submission(session, one) or reports.plan(session, row)
        session.flush()
        assert reports.begin(session, report.id, None) is not None
        reports.ready(session, report.id, b"%PDF-1.7 a page")
        report_id = report.id
    reply = api.get(f"/submissions/{one}/report.pdf")
    assert (reply.status_code, reply.content_type) == (200, "application/pdf")
    assert reply.data == b"%PDF-1.7 a page"
    assert tags(service, report_id)[-1] == "console:report:read"


def test_every_read_leaves_its_audit_row(api: Api, cast: build.Cast, service: Service) -> None:
    ask = asked(api, cast.cy, "phq9", channel="in_person")
    [one] = answer(service, UUID(ask["id"]), cast.ada)
    episode = api.get(f"/submissions/{one}").json["episode_id"]
    reads = {
        f"/clients/{cast.cy}": "console:client:read",
        f"/clients/{cast.cy}/trend?instrument=phq9": "console:result:read",
        f"/assignments/{ask['id']}": "console:assignment:read",
        f"/submissions/{one}": "console:result:read",
        "/submissions": "console:result:read",
        f"/episodes/{episode}": "console:client:read",
    }
    for path, tag in reads.items():
        before = len(tags(service))
        assert api.get(path).status_code == 200
        assert tags(service)[before:] == [tag], path


# Who may call


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer lq_wrong", "Basic YTpi", "Bearer " + "x" * 5000]
)
def test_without_a_valid_token_every_route_answers_401(api: Api, header: str | None) -> None:
    headers = {"Host": "127.0.0.1:8080"} | ({} if header is None else {"Authorization": header})
    for one in ROUTES:
        path = "/api/v1" + re.sub(r"<uuid:\w+>", str(uuid4()), one.rule)
        reply = api.client.open(path, method=one.method, headers=headers)
        assert_problem(reply, 401)
        assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_token_stops_working_at_once(api: Api, cast: build.Cast, service: Service) -> None:
    assert api.get(f"/clients/{cast.cy}").status_code == 200
    with service.db.write() as session:
        token = session.scalars(select(ApiToken)).one()
        assert token.last_used_at is not None
        token.revoked_at = datetime.now(UTC)
    assert_problem(api.get(f"/clients/{cast.cy}"), 401)


def test_the_api_is_not_on_the_client_zone(api: Api, cast: build.Cast) -> None:
    reply = api.client.post(
        "/api/v1/clients", json={"given_name": "x"}, headers=api.headers(Host="localhost:8080")
    )
    assert reply.status_code == 404


def test_foreign_and_unknown_ids_give_the_same_bytes_everywhere(
    api: Api, api_of: Callable[[str], Api], cast: build.Cast, service: Service
) -> None:
    ask = asked(api, cast.cy, "phq9", channel="in_person")
    [one] = answer(service, UUID(ask["id"]), cast.ada)
    mine = {
        "client_id": str(cast.cy),
        "assignment_id": ask["id"],
        "submission_id": str(one),
        "episode_id": api.get(f"/submissions/{one}").json["episode_id"],
    }
    bodies = {"change_client": {"called_by": "x"}}
    for other in (api_of("bo@example.org"), api_of("sam@example.org")):
        before = len(tags(service))
        for route in (one for one in ROUTES if "<uuid:" in one.rule):
            name = re.findall(r"<uuid:(\w+)>", route.rule)[0]
            replies = []
            for value in (mine[name], str(uuid4())):
                path = "/api/v1" + route.rule.replace(f"<uuid:{name}>", value)
                replies.append(
                    other.client.open(
                        path + ("?instrument=phq9" if route.query else ""),
                        method=route.method,
                        json=bodies.get(route.name, {}) if route.method != "GET" else None,
                        headers=other.headers(**{"Idempotency-Key": f"w-{next(NUMBERS)}"}),
                    )
                )
            assert_problem(replies[0], 404)
            assert replies[0].data == replies[1].data, route.name
            assert dict(replies[0].headers) == dict(replies[1].headers), route.name
        body = {"client_id": str(cast.cy), "instruments": ["phq9"], "channel": "in_person"}
        known, unknown = (
            other.post("/assignments", {**body, "client_id": i}) for i in (str(cast.cy), str(uuid4()))
        )
        assert_problem(known, 404)
        assert known.data == unknown.data
        assert other.get("/submissions").json["submissions"] == []
        assert len(tags(service)) == before, "a refused look is not a read"


def test_only_clinicians_get_tokens(api_of: Callable[[str], Api]) -> None:
    from delivery.errors import Invalid

    with pytest.raises(Invalid):
        api_of("desk@example.org")


# Bad input


def test_unknown_fields_are_refused_by_path_and_without_their_values(api: Api, service: Service) -> None:
    before = counted(service, Client)
    body = {
        "given_name": 5,
        CANARY: CANARY,
        "date_of_birth": CANARY,
        "sex_for_scoring": CANARY,
        "respondents": [
            {
                "role": CANARY,
                "shoe_size": CANARY,
                "contact_points": [{"kind": "email", "value": CANARY}],
                "consents": [
                    {"channel": "email", "wording": "w", "given_at": "2026-01-05T10:00:00", "how": "paper"}
                ],
            }
        ],
    }
    reply = api.post("/clients", body)
    problem = assert_problem(reply, 422)
    assert {one["field"] for one in problem["errors"]} == {
        "given_name",
        "(unknown)",
        "date_of_birth",
        "sex_for_scoring",
        "respondents.0.role",
        "respondents.0.shoe_size",
        "respondents.0.contact_points.0",
        "respondents.0.consents.0.given_at",
    }
    assert CANARY not in reply.text
    assert counted(service, Client) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"given_name": "  "},
        {"given_name": "x" * 201},
        {"given_name": "a\x00b"},
        {"given_name": "x", "language": "english please"},
        {"given_name": "x", "time_zone": "Mars/Olympus"},
        {"given_name": "x", "date_of_birth": "1700-01-01"},
        {"given_name": "x", "respondents": [{"contact_points": [{"kind": "sms", "value": "12"}]}]},
        {"given_name": "x", "respondents": [{}] * 11},
        [],
        "text",
    ],
)
def test_clients_that_cannot_be_taken_leave_nothing_behind(api: Api, service: Service, body: Any) -> None:
    before = counted(service, Client), counted(service, StoredReply)
    assert_problem(api.post("/clients", body), 422)
    assert (counted(service, Client), counted(service, StoredReply)) == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"instruments": ["nope"]}, "instruments"),
        ({"instruments": ["phq9", "phq9"]}, "instruments"),
        ({"instruments": []}, "instruments"),
        ({"instruments": ["phq9"], "battery": str(uuid4())}, ""),
        ({"channel": "pigeon"}, "channel"),
        ({"channel": "sms"}, "channel"),
        ({"expires_in_days": 61}, "expires_in_days"),
        ({"expires_in_days": "7"}, "expires_in_days"),
        ({"reminders": -1}, "reminders"),
        ({"send_at": "2026-01-31T09:00:00"}, "send_at"),
        ({"send_at": "2199-01-31T09:00:00Z"}, "send_at"),
        ({"client_id": "7"}, "client_id"),
    ],
)
def test_asks_that_cannot_be_taken_say_which_field(
    api: Api, cast: build.Cast, service: Service, change: dict[str, Any], field: str
) -> None:
    body = {"client_id": str(cast.cy), "instruments": ["phq9"], "channel": "email", **change}
    problem = assert_problem(api.post("/assignments", body), 422)
    assert problem["errors"][0]["field"].startswith(field)
    assert counted(service, Assignment) == 0


@pytest.mark.parametrize(
    "raw",
    [b"{", b'{"given_name": "a", "given_name": "b"}', b'{"x": NaN}', b"\xff\xfe", b'"\\ud800"', b"[" * 9000],
)
def test_what_is_not_json_answers_400(api: Api, raw: bytes) -> None:
    headers = api.headers(**{"Idempotency-Key": "k", "Content-Type": "application/json"})
    assert_problem(api.client.post("/api/v1/clients", data=raw, headers=headers), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_another_content_type_answers_415(api: Api, kind: str) -> None:
    headers = api.headers(**{"Idempotency-Key": "k", "Content-Type": kind})
    reply = api.client.post("/api/v1/clients", data=b'{"given_name": "x"}', headers=headers)
    assert_problem(reply, 415)


def test_a_body_of_ten_megabytes_answers_413(api: Api, service: Service) -> None:
    before = counted(service, Client)
    headers = api.headers(**{"Idempotency-Key": "k", "Content-Type": "application/json"})
    body = b'{"given_name": "' + b"x" * 10_000_000 + b'"}'
    assert_problem(api.client.post("/api/v1/clients", data=body, headers=headers), 413)
    assert counted(service, Client) == before


def test_unknown_paths_and_methods_are_problems_too(api: Api) -> None:
    assert_problem(api.get("/nothing"), 404)
    assert_problem(api.get("/clients/7"), 404)
    reply = api.client.delete(f"/api/v1/clients/{uuid4()}", headers=api.headers())
    assert_problem(reply, 405)
    assert "GET" in reply.headers["Allow"]


def test_unknown_and_repeated_query_parameters_are_refused(api: Api) -> None:
    assert_problem(api.get("/submissions", limit="many"), 422)
    assert_problem(api.get("/submissions", limit="0"), 422)
    assert_problem(api.get("/submissions", colour="red"), 422)
    assert_problem(api.get("/submissions?limit=1&limit=2"), 422)


# Idempotency


def test_every_post_needs_a_key(api: Api, service: Service) -> None:
    before = counted(service, Client)
    for one in (one for one in ROUTES if one.method == "POST"):
        path = "/api/v1" + re.sub(r"<uuid:\w+>", str(uuid4()), one.rule)
        assert_problem(api.client.post(path, json={}, headers=api.headers()), 400)
    for bad in ("", "a b", "x" * 201, "ü"):
        headers = api.headers(**{"Idempotency-Key": bad})
        assert_problem(api.client.post("/api/v1/clients", json={"given_name": "x"}, headers=headers), 400)
    assert counted(service, Client) == before


def test_a_repeat_gets_the_same_answer_and_happens_once(api: Api, cast: build.Cast, service: Service) -> None:
    body = {"client_id": str(cast.cy), "instruments": ["phq9"], "channel": "email"}
    first = api.post("/assignments", body, key="same")
    reordered = dict(reversed(body.items()))
    second = api.post("/assignments", reordered, key="same")
    assert (second.status_code, second.data) == (201, first.data)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert [counted(service, m) for m in (Assignment, Dispatch, OutboxEntry)] == [1, 1, 1]
    assert_problem(api.post("/assignments", {**body, "instruments": ["gad7"]}, key="same"), 409)
    assert_problem(api.post(f"/assignments/{first.json['id']}/cancel", key="same"), 409)
    assert counted(service, Assignment) == 1


def test_keys_of_two_tokens_do_not_meet(api_of: Callable[[str], Api], service: Service) -> None:
    before = counted(service, Client)
    made = [
        api_of(who).post("/clients", {"given_name": "x"}, key="k")
        for who in ("ada@example.org", "bo@example.org")
    ]
    assert [reply.status_code for reply in made] == [201, 201]
    assert made[0].json["id"] != made[1].json["id"]
    assert counted(service, Client) == before + 2


def test_after_a_refusal_the_same_key_may_be_used_for_the_corrected_request(api: Api) -> None:
    assert_problem(api.post("/clients", {"time_zone": "Mars"}, key="k"), 422)
    assert api.post("/clients", {"given_name": "x"}, key="k").status_code == 201


def test_of_parallel_repeats_one_happens_and_all_get_its_answer(
    api: Api, app: Flask, cast: build.Cast, service: Service
) -> None:
    body = {"client_id": str(cast.cy), "instruments": ["phq9"], "channel": "email"}
    replies: list[TestResponse] = []
    barrier = threading.Barrier(8)

    def call() -> None:
        client = app.test_client()
        barrier.wait()
        replies.append(Api(client, api.token).post("/assignments", body, key="same"))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status_code for reply in replies] == [201] * 8
    assert len({reply.data for reply in replies}) == 1
    assert counted(service, Assignment) == 1


def test_parallel_repeats_happen_once_on_postgresql_too(tmp_path: Path, postgres_server: str) -> None:
    with postgres.database(postgres_server) as url:
        made = build.service(tmp_path, database_url=url)
        try:
            cast, app = build.cast(made), create_app(service=made)
            api = Api(app.test_client(), token_of(made, "ada@example.org"))
            test_of_parallel_repeats_one_happens_and_all_get_its_answer(api, app, cast, made)
            asked_id = asked(api, cast.cy, "phq9", channel="in_person")["id"]
            [one] = answer(made, UUID(asked_id), cast.ada)
            assert api.get("/submissions").json["submissions"] == [], "an earlier row may still be on its way"
            with made.db.write() as session:
                row = session.get(Submission, one)
                assert row is not None
                row.created_at -= timedelta(seconds=5)
            assert [line["id"] for line in api.get("/submissions").json["submissions"]] == [str(one)]
        finally:
            made.db.close()


def test_a_crash_before_the_commit_leaves_neither_change_nor_key(
    api: Api, cast: build.Cast, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"client_id": str(cast.cy), "instruments": ["phq9"], "channel": "email"}
    with monkeypatch.context() as patch:

        def crash(*_: Any, **__: Any) -> None:
            raise RuntimeError(CANARY)

        patch.setattr(jobs, "add", crash)
        reply = api.post("/assignments", body, key="same")
        assert CANARY not in json.dumps(assert_problem(reply, 500))
    assert [counted(service, m) for m in (Assignment, Dispatch, StoredReply)] == [0, 0, 0]
    assert api.post("/assignments", body, key="same").status_code == 201
    assert counted(service, Assignment) == 1


def test_stored_replies_hold_nothing_of_the_client_and_are_sealed(api: Api, service: Service) -> None:
    reply = api.post("/clients", FULL)
    assert CANARY not in reply.text
    with service.db.read() as session:
        row = session.scalars(select(StoredReply)).one()
        assert row.body == reply.json
        assert reply.json["id"].encode() not in row.body_sealed  # type: ignore[attr-defined]


# The document


def test_the_document_names_every_route_of_the_api_and_no_other(app: Flask) -> None:
    described = {
        (method.upper(), path)
        for path, operations in document.openapi()["paths"].items()
        for method in operations
    }
    served = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi":
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                served.add((method, re.sub(r"<(?:uuid:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1")))
    assert described == served
    assert len(described) == len(ROUTES)


def test_the_document_is_open_and_its_references_resolve(app: Flask) -> None:
    client = app.test_client()
    reply = client.get("/api/v1/openapi.json", headers={"Host": "127.0.0.1:8080"})
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json
    assert found["openapi"] == "3.1.0"
    references = set(re.findall(r'"\$ref":\s*"#/components/schemas/(\w+)"', reply.text))
    assert references <= found["components"]["schemas"].keys()
    assert '"$ref":"#/$defs' not in reply.text
    operations = [o for path in found["paths"].values() for o in path.values()]
    assert len({o["operationId"] for o in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert declared <= {"client_id", "assignment_id", "submission_id", "episode_id", "key"}


def test_every_post_documents_its_key(app: Flask) -> None:
    posts = [path["post"] for path in document.openapi()["paths"].values() if "post" in path]
    assert posts
    for operation in posts:
        headers = [p for p in operation["parameters"] if p["in"] == "header"]
        assert [(p["name"], p["required"]) for p in headers] == [("Idempotency-Key", True)]


def test_a_typed_in_way_exists_for_every_channel_word() -> None:
    schema = document.openapi()["components"]["schemas"]["Way"]
    assert set(schema["enum"]) == {way.value for way in Way}
