"""Who sees what on the console: the practice is the wall, the care team the door inside it.

The walk takes every console route from the app itself, so a new route that nobody thought of is walked too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import forms, jobs, reports, results, submissions
from delivery import people as staff
from delivery.db import now
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import CareRole, CareTeam, Client
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.models.results import Alert
from delivery.service import Service
from delivery.states import DispatchState, OutboxState
from tests import build
from tests.clinician import signed_in

UNKNOWN = UUID("00000000-0000-7000-8000-000000000000")
#: Nobody but their clinician may meet these words anywhere.
CANARIES = ("Olive", "Otter", "olive@example.org")
#: Routes without an id in their address, which the walk by id leaves out.
WITHOUT_ID = {
    "console.today",
    "console.caseload",
    "console.add",
    "console.send",
    "console.sets",
    "console.work",
    "console.sign_in",
    "console.sign_out",
}

#: Routes of what every clinician of a practice shares; test_sets.py walks them.
SHARED = {"console.new_set", "console.change_set", "console.put_set_away"}
#: The library is shared too; test_library_pages.py walks it.
LIBRARY = "/console/instruments"

WRONG_MEMBERS = pytest.mark.parametrize(
    "email", ["ada@example.org", "sam@example.org"], ids=["same practice", "another practice"]
)


@dataclass(frozen=True)
class Others:
    """Ids of Dr. Bo's client Olive, in every kind that an address takes."""

    client_id: UUID
    assignment_id: UUID
    submission_id: UUID
    alert_id: UUID
    entry_id: UUID
    dispatch_id: UUID


@pytest.fixture
def others(service: Service, cast: build.Cast) -> Others:
    """Olive has answered with a risk answer; a message failed and the making of her PDF gave up."""
    bo = cast.caller(service, cast.bo)
    ask = build.ask(service, bo, cast.bo_client, ["phq9"], Way.IN_PERSON)
    mailed = build.ask(service, bo, cast.bo_client, ["gad7"])
    together = build.ask(service, bo, cast.bo_client, ["gad2"], Way.IN_PERSON)
    with service.db.write() as session:
        row = session.get(Assignment, ask.id)
        assert row is not None
        sheet = forms.typed_in(session, row, cast.bo)
        answers: dict[str, str | None] = {item.id: "1" for item in sheet.instruments[0].items}
        forms.keep(session, sheet, "phq9", answers, place="phq9")
        submissions.accept(session, forms.typed_in(session, row, cast.bo))
        submission = submissions.of_assignment(session, ask.id)[0]
        results.store(session, submission.id)
        reports.plan(session, submission)
    with service.db.write() as session:
        entry = session.scalars(select(OutboxEntry).where(OutboxEntry.kind == "report")).one()
        entry.state, entry.error = OutboxState.PARKED, "MemoryError pdf.py:1"
        message = session.scalars(select(Dispatch).where(Dispatch.assignment_id == mailed.id)).one()
        message.state, message.reason = DispatchState.FAILED, "The mailbox does not exist."
        alert = session.scalars(select(Alert)).one()
    assert together.id
    return Others(cast.bo_client, mailed.id, submission.id, alert.id, entry.id, message.id)


def _routes(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, rule, method) of every console route with an id in its address."""
    return [
        (rule.endpoint, rule.rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("console.") and rule.endpoint not in WITHOUT_ID | SHARED
        if not rule.rule.startswith(LIBRARY)
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]


def _path(rule: str, ids: Others | None) -> str:
    def fill(match: re.Match[str]) -> str:
        return str(getattr(ids, match[1]) if ids else UNKNOWN)

    return re.sub(r"<uuid:(\w+)>", fill, rule)


#: A body with which the owner's own request would be taken.
BODIES = {
    "console.change_state": {"to": "paused"},
    "console.take_up": {"note": "Called"},
    "console.keep_answers": {"form": "gad2", "go": "next", "a:gad2_1": "1"},
}


@WRONG_MEMBERS
def test_every_route_answers_a_foreign_id_with_the_bytes_of_an_unknown_one(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    browser = signed_in(app, email)
    routes = _routes(app)
    assert len(routes) >= 14
    for endpoint, rule, method in routes:
        assert "<uuid:" in rule, f"{endpoint} has no id in its address: add it to WITHOUT_ID"
        body = BODIES.get(endpoint, {})
        foreign = browser.open(_path(rule, others), method=method, data=body)
        unknown = browser.open(_path(rule, None), method=method, data=body)
        assert (foreign.status_code, unknown.status_code) == (404, 404), (endpoint, method)
        assert foreign.data == unknown.data, endpoint
        assert sorted(foreign.headers) == sorted(unknown.headers), endpoint
    _nothing_changed(service, others)


def _nothing_changed(service: Service, others: Others) -> None:
    with service.db.read() as session:
        client, alert = session.get(Client, others.client_id), session.get(Alert, others.alert_id)
        message, entry = session.get(Dispatch, others.dispatch_id), session.get(OutboxEntry, others.entry_id)
        assert client is not None
        assert alert is not None
        assert message is not None
        assert entry is not None
        assert (client.state.value, alert.state.value) == ("active", "raised")
        assert (message.state, entry.state) == (DispatchState.FAILED, OutboxState.PARKED)


@WRONG_MEMBERS
def test_foreign_ids_in_a_body_are_unknown_too(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    browser = signed_in(app, email)
    for client in (others.client_id, UNKNOWN):
        choice = {"client": str(client), "what": "phq9", "how": "email"}
        assert browser.post("/console/send", data=choice).status_code == 404
        assert browser.get(f"/console/send?client={client}").status_code == 404
    with service.db.read() as session:
        olive = session.scalars(select(Assignment).where(Assignment.id == others.assignment_id)).one()
    if email == "ada@example.org":
        choice = {"client": str(cast.cy), "who": str(olive.respondent_id), "what": "phq9", "how": "email"}
        assert browser.post("/console/send", data=choice).status_code == 404
        typed = {"respondent": str(olive.respondent_id), "contact": "new@example.org"}
        assert browser.post(f"/console/clients/{cast.cy}/contacts", data=typed).status_code == 422


@WRONG_MEMBERS
def test_no_list_search_or_refusal_names_a_foreign_client(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    browser = signed_in(app, email)
    lists = ("/console/", "/console/clients", "/console/send", "/console/work")
    replies = [browser.get(path) for path in lists]
    replies += [browser.post(path, data={"words": "ol"}) for path in ("/console/clients", "/console/send")]
    replies += [browser.open(_path(rule, others), method=method) for _, rule, method in _routes(app)]
    for reply in replies:
        for word in CANARIES:
            assert word not in reply.text, (reply.request.path, word)
    today = browser.get("/console/").text
    for words in ("Risk answers", "Did not go by itself", "New results: 1"):
        assert words not in today


def test_her_own_clinician_meets_the_canary_on_every_one_of_these_pages(
    app: Flask, cast: build.Cast, others: Others
) -> None:
    bo = signed_in(app, "bo@example.org")
    for path in ("/console/", "/console/clients", "/console/send", "/console/work"):
        assert "Olive" in bo.get(path).text, path
    shown = {
        endpoint: bo.get(_path(rule, others)).status_code
        for endpoint, rule, method in _routes(app)
        if method == "GET"
    }
    # The mailed form cannot be typed in, and the PDF is not made: both are refusals of a thing that is there.
    assert shown == {
        "console.client": 200,
        "console.assignment": 200,
        "console.answer": 409,
        "console.result": 200,
        "console.report": 409,
    }


def test_the_front_desk_has_no_clinical_page(app: Flask, cast: build.Cast, others: Others) -> None:
    desk = signed_in(app, "desk@example.org")
    paths = ["/console/", "/console/clients", "/console/clients/new", "/console/send", "/console/work"]
    paths += [_path(rule, others) for _, rule, method in _routes(app) if method == "GET"]
    for path in paths:
        reply = desk.get(path)
        assert reply.status_code == 403, path
        for word in (*CANARIES, "Cyan", "Canary", "PHQ"):
            assert word not in reply.text, path
    assert desk.post("/console/sign-out").status_code == 303


@pytest.mark.parametrize("role", [CareRole.COLLEAGUE, CareRole.SUPERVISOR])
def test_joining_the_care_team_opens_the_door_and_leaving_closes_it(
    app: Flask, service: Service, cast: build.Cast, role: CareRole
) -> None:
    ada = signed_in(app, "ada@example.org")
    path = f"/console/clients/{cast.bo_client}"
    assert ada.get(path).status_code == 404
    with service.db.write() as session:
        row = staff.join_care_team(session, _client(session, cast.bo_client), cast.ada, role)
    assert ada.get(path).status_code == 200
    with service.db.write() as session:
        stood = session.get(CareTeam, row.id)
        assert stood is not None
        stood.until_at = now()
    assert ada.get(path).status_code == 404


def test_cover_alone_does_not_open_the_record(app: Flask, service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        staff.join_care_team(session, _client(session, cast.bo_client), cast.ada, CareRole.COVER)
    assert signed_in(app, "ada@example.org").get(f"/console/clients/{cast.bo_client}").status_code == 404


def _client(session: Session, client_id: UUID) -> Client:
    found = session.get(Client, client_id)
    assert found is not None
    return found


def test_a_parked_message_to_a_clinician_is_shown_to_that_clinician_only(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        row = Dispatch(
            practice_id=cast.practice,
            purpose=Purpose.RESULT,
            recipient=RecipientKind.PERSON,
            person_id=cast.bo,
            channel="email",
            business_key="result|bo",
            due_at=now(),
        )
        session.add(row)
        session.flush()
        jobs.add(session, "send", row.id, practice_id=cast.practice)
        entry = session.scalars(select(OutboxEntry).where(OutboxEntry.subject_id == row.id)).one()
        entry.state = OutboxState.PARKED
    bo, ada = signed_in(app, "bo@example.org"), signed_in(app, "ada@example.org")
    assert "Work that gave up: 1" in bo.get("/console/work").text
    assert "Work that gave up: 0" in ada.get("/console/work").text
    assert ada.post(f"/console/work/{entry.id}/retry").status_code == 404
    assert bo.post(f"/console/work/{entry.id}/retry").status_code == 303
