"""Who sees what on the console: the practice is the wall, the care team the door inside it.

The walk takes every console route from the app itself, so a new route that nobody thought of is walked too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import (
    appointments,
    caseload_import,
    caseload_look,
    clients,
    feeds,
    forms,
    jobs,
    library,
    notices,
    past_totals,
    reports,
    results,
    submissions,
)
from delivery import people as staff
from delivery.calendars.rules import every_weeks
from delivery.caseload.row import PastTotal as Typed
from delivery.db import now, uuid7
from delivery.kiosk import calls
from delivery.models import Base
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import CareRole, CareTeam, Client, ContactPoint
from delivery.models.devices import DeskCall, KioskDevice
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch, Notice, NoticeKind, Purpose, RecipientKind
from delivery.models.people import Practice
from delivery.models.results import Alert
from delivery.models.schedules import BulkItem, BulkSend
from delivery.schedules import making
from delivery.schedules.making import Wanted
from delivery.service import Service
from delivery.states import DispatchState, OutboxState
from tests import build, planning
from tests.caseload_files import upload
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
    "console.no_answer_yet",
    "console.send_many",
    "console.import_caseload",
    "console.schedules",
    "console.new_schedule",
    "console.all_appointments",
    "console.add_calendar",
    "console.appointment_list",
    "console.desk",
    "console.desk_morning",
    "console.desk_paper",
    "console.practice",
    "console.practice_preview",
    "console.screening",
    "console.style",
    "console.tablets",
    "console.tablet_add",
    "console.tablet_grant",
    "console.tablet_setup",
}
#: Pages that list clients; each names Olive to Dr. Bo.
LISTS = (
    "/console/",
    "/console/clients",
    "/console/send",
    "/console/work",
    "/console/unanswered",
    "/console/bulk",
    "/console/schedules",
    "/console/appointments",
)

#: Routes of what every clinician of a practice shares; test_sets.py walks them.
SHARED = {"console.new_set", "console.change_set", "console.put_set_away"}
#: The id in its address is of a practice or its tablet, which colleagues share: tests of their own, those of
#: the tablets in test_kiosk.py.
OF_A_PRACTICE = {"console.remind", "console.tablet_code", "console.tablet_withdraw", "console.tablet_revoke"}
#: Pages of the front desk: names to be called by, never what is asked.
DESK = {"console.desk_ask", "console.desk_blank"}
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
    respondent_id: UUID
    point_id: UUID
    notice_id: UUID
    call_id: UUID
    schedule_id: UUID
    appointment_id: UUID
    feed_id: UUID
    bulk_id: UUID
    import_id: UUID
    total_id: UUID
    #: The days of the next message of the schedule, and of a session ahead.
    turn: str
    meeting: str


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
        point = session.get_one(ContactPoint, message.contact_point_id)
        notices.add(session, cast.practice, cast.bo_client, NoticeKind.DEAD_CONTACT, point.id)
        notice = session.scalars(select(Notice)).one()
        tablet = KioskDevice(name="Front room", enrolled_by=cast.bo)
        session.add(tablet)
        session.flush()
        calls.make(session, session.get_one(Assignment, mailed.id), tablet.id)
        call = session.scalars(select(DeskCall)).one()
    assert together.id
    return Others(
        client_id=cast.bo_client,
        assignment_id=mailed.id,
        submission_id=submission.id,
        alert_id=alert.id,
        entry_id=entry.id,
        dispatch_id=message.id,
        respondent_id=point.respondent_id,
        point_id=point.id,
        notice_id=notice.id,
        call_id=call.id,
        **_planned(service, cast),
    )


def _planned(service: Service, cast: build.Cast) -> dict[str, Any]:
    """Olive has a past total, a schedule and sessions; Dr. Bo a calendar, a bulk send and an import."""
    bo, form = cast.caller(service, cast.bo), uuid7()
    tomorrow = now().date() + timedelta(days=1)
    rule = every_weeks(1, {planning.TUESDAY}).text
    what = Wanted(cast.bo_client, ["gad7"], Way.EMAIL, tomorrow, rule=rule)
    with service.db.write() as session:
        schedule = making.save(session, bo, what)
        session_row = appointments.add(session, bo, cast.bo_client, "Tuesdays 10:00")
        feed = feeds.add(session, bo, cast.practice, "https://calendar.example/olive.ics", service.settings)
        bulk = BulkSend(
            practice_id=cast.practice,
            requested_by=cast.bo,
            what="ask",
            instruments=["gad7"],
            channel=Way.EMAIL,
        )
        session.add(bulk)
        session.flush()
        session.add(BulkItem(practice_id=cast.practice, bulk_send_id=bulk.id, client_id=cast.bo_client))
        (olive,) = clients.respondents(session, cast.bo_client)
        past_totals.add(session, olive, [Typed("phq9", date(2025, 11, 3), 17)], cast.bo)
        (total,) = past_totals.of_client(session, cast.bo_client)
    with service.db.write() as session:
        practice = session.get_one(Practice, cast.practice)
        there = library.of(session, practice.id).instruments
        raw = b"given_name,family_name,date_of_birth,appointment\nOona,Otter,1980-01-02,Tuesdays 10:00\n"
        given = caseload_look.read(raw, practice, there)
        caseload_import.bring_in(session, bo, form, practice, given, frozenset(), attested=False)
    return {
        "schedule_id": schedule.id,
        "appointment_id": session_row.id,
        "feed_id": feed.id,
        "bulk_id": bulk.id,
        "import_id": form,
        "total_id": total.id,
        "turn": schedule.starts_on,
        "meeting": (date.fromisoformat(session_row.starts_on) + timedelta(days=7)).isoformat(),
    }


def _routes(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, rule, method) of every console route with an id in its address."""
    return [
        (rule.endpoint, rule.rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("console.") and rule.endpoint not in WITHOUT_ID | SHARED | OF_A_PRACTICE
        if not rule.rule.startswith(LIBRARY)
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]


def _path(rule: str, ids: Others | None) -> str:
    def fill(match: re.Match[str]) -> str:
        return str(getattr(ids, match[1]) if ids else UNKNOWN)

    return re.sub(r"<uuid:(\w+)>", fill, rule)


def _bodies(others: Others) -> dict[str, dict[str, str]]:
    """By endpoint, a body with which the owner's own request is taken."""
    who = {"respondent": str(others.respondent_id)}
    weekly = {"what": "gad7", "how": "email", "repeat": "weeks", "weeks": "2", "day": "1", "time": "9:00"}
    return {
        "console.change_state": {"to": "paused"},
        "console.change_about": {"called_by": "Liv"},
        "console.agree_on_word": {**who, "passphrase": "heron over water"},
        "console.wants_again": who,
        "console.take_up": {"note": "Called"},
        "console.keep_answers": {"form": "gad2", "go": "next", "a:gad2_1": "1"},
        "console.add_contact": {**who, "contact": "503 555 0142"},
        "console.change_contact": {"do": "protect", "safe_for": "reminders"},
        "console.recognition_word": {**who, "word": "Azul"},
        "console.in_person_only": {**who, "only": "yes"},
        "console.prospect": {"do": "keep"},
        "console.portal": {**who, "do": "show"},
        "console.portal_link": {"point": str(others.point_id)},
        "console.add_respondent": {"role": "parent", "language": "en"},
        "console.add_appointment": {"appointment": "Fridays 11:00"},
        "console.set_code": {"code": "k7m2"},
        "console.skip_session": {"key": others.meeting},
        "console.skip_turn": {"key": others.turn},
        "console.change_past_total": {"total": "7", "on": "2025-11-03", "reason": "read wrong"},
        "console.change_schedule": {"client": str(others.client_id), "go": "save", **weekly},
    }


#: Tables in which looking leaves a trace.
LOOKED = ("audit_event", "audit_head", "console_session")
#: What ends something, in this order after all else.
ENDING = [
    "console.change_schedule",
    "console.make_report",
    "console.in_person_only",
    "console.cancel",
    "console.end_appointment",
    "console.stop_schedule",
    "console.change_state",
]


@WRONG_MEMBERS
def test_every_route_answers_a_foreign_id_with_the_bytes_of_an_unknown_one(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    browser = signed_in(app, email)
    before, bodies = _rows(service), _bodies(others)
    routes = _routes(app)
    assert len(routes) >= 35
    assert bodies.keys() <= {endpoint for endpoint, _, _ in routes}
    for endpoint, rule, method in routes:
        assert "<uuid:" in rule, f"{endpoint} has no id in its address: add it to WITHOUT_ID"
        body = bodies.get(endpoint, {})
        foreign = browser.open(_path(rule, others), method=method, data=body)
        unknown = browser.open(_path(rule, None), method=method, data=body)
        assert (foreign.status_code, unknown.status_code) == (404, 404), (endpoint, method)
        assert foreign.data == unknown.data, endpoint
        assert sorted(foreign.headers) == sorted(unknown.headers), endpoint
    assert _rows(service) == before


def _rows(service: Service) -> Mapping[str, list[str]]:
    """Every row of every table, but for who looked when."""
    tables = [one for one in Base.metadata.sorted_tables if one.name not in LOOKED]
    with service.db.read() as session:
        return {one.name: sorted(map(repr, session.execute(select(one)).all())) for one in tables}


def test_her_own_clinicians_requests_with_these_bodies_reach_what_they_name(
    app: Flask, cast: build.Cast, others: Others
) -> None:
    bo, bodies = signed_in(app, "bo@example.org"), _bodies(others)
    posts = [(endpoint, rule) for endpoint, rule, method in _routes(app) if method == "POST"]
    got = {}
    for endpoint, rule in sorted(posts, key=lambda one: ENDING.index(one[0]) if one[0] in ENDING else -1):
        got[endpoint] = bo.post(_path(rule, others), data=bodies.get(endpoint, {})).status_code
    # The mailed form can't be typed in, nobody refused, and the message and the PDF are under way again
    # after an earlier press: refusals of things that are there.
    assert {endpoint: status for endpoint, status in got.items() if status != 303} == {
        "console.keep_answers": 409,
        "console.wants_again": 409,
        "console.send_again": 409,
        "console.make_report": 409,
        # No tablet was chosen; the slip is shown at once; and Olive has always been a client.
        "console.desk_code": 409,
        "console.desk_slip": 200,
        "console.prospect": 409,
    }


@WRONG_MEMBERS
def test_a_foreign_id_behind_an_id_of_ones_own_is_unknown_too(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    mine = cast.cy
    if email == "sam@example.org":
        with service.db.write() as session:
            sam = cast.caller(service, cast.stranger)
            mine = build.add_client(session, sam, "Sal", "Sand", "sal@example.org").id
    asker = cast.caller(service, cast.ada if mine == cast.cy else cast.stranger)
    ask = build.ask(service, asker, mine, ["gad7"])
    browser = signed_in(app, email)
    before = _rows(service)
    for head, foreign, tail, body in (
        (f"/console/clients/{mine}/contacts", others.point_id, "", {"do": "protect"}),
        (f"/console/clients/{mine}/past-totals", others.total_id, "", {"do": "remove", "reason": "why"}),
        (f"/console/assignments/{ask.id}/messages", others.dispatch_id, "/again", {}),
    ):
        replies = [browser.post(f"{head}/{one}{tail}", data=body) for one in (foreign, UNKNOWN)]
        assert [reply.status_code for reply in replies] == [404, 404], head
        assert replies[0].data == replies[1].data, head
    assert _rows(service) == before


@WRONG_MEMBERS
def test_a_foreign_practice_and_a_foreign_ask_are_reminded_of_nothing(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    browser = signed_in(app, email)
    mine, foreign = cast.practice, cast.other_practice
    if email == "sam@example.org":
        mine, foreign = foreign, mine
    before = _rows(service)
    form = {"form": str(uuid7()), "go": "all"}
    replies = [browser.post(f"/console/unanswered/{one}", data=form) for one in (foreign, UNKNOWN)]
    assert [reply.status_code for reply in replies] == [403, 403]
    assert replies[0].data == replies[1].data
    for ask in (others.assignment_id, UNKNOWN):
        reply = browser.post(f"/console/unanswered/{mine}", data={"form": str(uuid7()), "ask": str(ask)})
        assert reply.status_code == 409
        assert not any(word in reply.text for word in CANARIES)
    assert _rows(service) == before


@WRONG_MEMBERS
def test_the_id_of_somebody_elses_form_shows_and_changes_nothing(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    # A form brings the id of what it is about to make: an unknown one is simply new, so that its reply can't
    # be the one to a foreign id. 62 bits of each are random, and nobody else is shown it.
    browser = signed_in(app, email)
    mine = cast.other_practice if email == "sam@example.org" else cast.practice
    before, form = _rows(service), str(others.bulk_id)
    sent = {"form": form, "go": "send", "what": "gad7", "to": str(cast.cy)}
    for path, body in (
        ("/console/bulk", sent),
        (f"/console/unanswered/{mine}", {"form": form, "go": "all"}),
    ):
        reply = browser.post(path, data=body)
        assert reply.status_code == 404, path
        assert reply.data == browser.get(f"/console/bulk/{UNKNOWN}").data, path
    assert _rows(service) == before
    # An import is found by its id and whose it is: with the same id somebody else's is one of their own.
    file = "given_name,family_name,date_of_birth\nIvy,Innis,1980-01-02\n"
    assert upload(browser, file, form=str(others.import_id), go="import").status_code == 303
    path = f"/console/clients/import/{others.import_id}"
    shown, theirs = browser.get(path).text, signed_in(app, "bo@example.org").get(path).text
    assert ("Ivy" in shown, "Otter" in shown) == (True, False)
    assert ("Ivy" in theirs, "Otter" in theirs) == (False, True)


@WRONG_MEMBERS
def test_a_file_says_nothing_of_a_foreign_client_it_names(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    browser = signed_in(app, email)
    heading = "given_name,family_name,date_of_birth,email\n"
    pages = [
        upload(browser, f"{heading}{row}\n").text
        for row in ("Olive,Otter,1980-01-02,olive@example.org", "Ivory,Innis,1980-01-02,ivory@example.org")
    ]
    own = re.compile(r"Olive|Ivory|Otter|Innis|olive|ivory")
    tokens = re.compile(r'name="(form|content)" value="[^"]*"')
    assert len({own.sub("", tokens.sub("", page)) for page in pages}) == 1


def test_a_bulk_send_names_nobody_who_has_left_the_caseload(
    app: Flask, service: Service, cast: build.Cast, others: Others
) -> None:
    bo, path = signed_in(app, "bo@example.org"), f"/console/bulk/{others.bulk_id}"
    assert "Olive" in bo.get(path).text
    with service.db.write() as session:
        for row in session.scalars(select(CareTeam).where(CareTeam.client_id == cast.bo_client)):
            row.until_at = now()
    reply = bo.get(path)
    assert reply.status_code == 200
    assert "Olive" not in reply.text


@WRONG_MEMBERS
def test_foreign_ids_in_a_body_are_unknown_too(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    browser = signed_in(app, email)
    for client in (others.client_id, UNKNOWN):
        choice = {"client": str(client), "what": "phq9", "how": "email"}
        assert browser.post("/console/send", data=choice).status_code == 404
        assert browser.get(f"/console/send?client={client}").status_code == 404
        assert browser.get(f"/console/schedules/new?client={client}").status_code == 404
        for go in ("preview", "save"):
            plan = {**_bodies(others)["console.change_schedule"], "client": str(client), "go": go}
            assert browser.post("/console/schedules/new", data=plan).status_code == 404
        for go in ("see", "send"):
            many = {"form": str(uuid7()), "go": go, "what": "gad7", "to": str(client)}
            ticked = browser.post("/console/bulk", data={**many, "whom": "ticks", "one": str(client)})
            assert ticked.status_code == 422
            assert not any(word in ticked.text for word in CANARIES)
    with service.db.read() as session:
        olive = session.scalars(select(Assignment).where(Assignment.id == others.assignment_id)).one()
    if email == "ada@example.org":
        choice = {"client": str(cast.cy), "who": str(olive.respondent_id), "what": "phq9", "how": "email"}
        assert browser.post("/console/send", data=choice).status_code == 404
        plan = {**_bodies(others)["console.change_schedule"], **choice}
        assert browser.post("/console/schedules/new", data=plan).status_code == 404
        many = {"form": str(uuid7()), "go": "send", "what": "gad7", "to": str(cast.bo_client)}
        assert browser.post("/console/bulk", data=many).status_code == 409
        typed = {"respondent": str(olive.respondent_id), "contact": "new@example.org"}
        assert browser.post(f"/console/clients/{cast.cy}/contacts", data=typed).status_code == 422
    foreign = cast.practice if email == "sam@example.org" else cast.other_practice
    for practice in (foreign, UNKNOWN):
        typed = {"practice": str(practice), "url": "https://calendar.example/a.ics", "what": "gad7"}
        for path in ("/console/appointments/calendar", "/console/appointments/file", "/console/bulk"):
            assert browser.post(path, data=typed).status_code == 422, path


@WRONG_MEMBERS
def test_no_list_search_or_refusal_names_a_foreign_client(
    app: Flask, service: Service, cast: build.Cast, others: Others, email: str
) -> None:
    browser = signed_in(app, email)
    replies = [browser.get(path) for path in LISTS]
    assert {reply.status_code for reply in replies} == {200}
    replies += [browser.post(path, data={"words": "ol"}) for path in ("/console/clients", "/console/send")]
    replies += [browser.open(_path(rule, others), method=method) for _, rule, method in _routes(app)]
    for reply in replies:
        for word in CANARIES:
            assert word not in reply.text, (reply.request.path, word)
    today = browser.get("/console/").text
    for words in ("Risk answers", "Did not go by itself", "New results: 1", "How to reach"):
        assert words not in today


def test_her_own_clinician_meets_the_canary_on_every_one_of_these_pages(
    app: Flask, cast: build.Cast, others: Others
) -> None:
    bo = signed_in(app, "bo@example.org")
    for path in LISTS:
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
        "console.bulk_send": 200,
        "console.caseload_imported": 200,
        "console.schedule": 200,
        "console.change_schedule": 200,
        "console.add_respondent": 200,
        "console.desk_ask": 200,
        "console.desk_blank": 200,
    }
    assert "How to reach: 1" in bo.get("/console/").text


def test_the_front_desk_has_no_clinical_page(app: Flask, cast: build.Cast, others: Others) -> None:
    desk = signed_in(app, "desk@example.org")
    paths = [*LISTS, "/console/clients/new", "/console/clients/import"]
    paths += [f"/console/schedules/new?client={cast.bo_client}"]
    paths += [
        _path(rule, others)
        for endpoint, rule, method in _routes(app)
        if method == "GET" and endpoint not in DESK
    ]
    for path in paths:
        reply = desk.get(path)
        if path == "/console/":
            assert (reply.status_code, reply.location) == (303, "/console/desk")
            continue
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
