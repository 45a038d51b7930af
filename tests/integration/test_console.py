"""The console as a clinician uses it: clients, sending, undo, answering together, results, what got stuck."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from channels.base import Message, Receipt, Refused
from channels.local_post import LocalPost
from delivery import dispatch, jobs, outcomes, reports, results, submissions
from delivery.db import now
from delivery.local_post import Box
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client, Consent, ContactPoint, PermittedUse, Respondent
from delivery.models.ledger import AuditEvent, OutboxEntry
from delivery.models.messages import Attempt, Dispatch
from delivery.models.messages import LocalPost as LocalPostRow
from delivery.models.results import Alert, Report, Submission
from delivery.service import Service
from delivery.states import AlertState, AssignmentState, ClientState, DispatchState, OutboxState, WorkState
from tests import build
from tests.clinician import signed_in

PHQ9 = [f"phq9_{n}" for n in range(1, 10)]


@pytest.fixture
def ada(app: Flask, cast: build.Cast) -> FlaskClient:
    return signed_in(app, "ada@example.org")


def _deliver(service: Service, refuse: str = "") -> list[Message]:
    """Do what the sending worker does, over the local post; addresses with `refuse` in them are refused."""
    box = Box(service.db)
    channels = {kind: LocalPost(box.keep, box.find, kind) for kind in ("email", "sms")}
    sent = []
    while True:
        with service.db.write() as session:
            claim = jobs.claim(session, "send", 20)
        if claim is None:
            return sent
        with service.db.write() as session:
            out = dispatch.prepare(session, claim, channels, service.settings, service.tokens)
        if out is None:
            continue
        if refuse and refuse in out.message.to:
            with service.db.write() as session:
                outcomes.refused(
                    session, out.attempt_id, claim, Refused("smtp_550", "The mailbox does not exist.", True)
                )
            continue
        receipt: Receipt = out.channel.send(out.message)
        with service.db.write() as session:
            outcomes.accepted(session, out.attempt_id, claim, receipt)
        sent.append(out.message)


def _score(service: Service, assignment_id: UUID) -> list[UUID]:
    with service.db.write() as session:
        found = submissions.of_assignment(session, assignment_id)
        for submission in found:
            results.store(session, submission.id)
            reports.plan(session, submission)
        return [submission.id for submission in found]


def _ask_together(ada: FlaskClient, client: UUID, *keys: str) -> UUID:
    choice = {"client": str(client), "what": list(keys), "how": "in_person", "why": "screening"}
    reply = ada.post("/console/send", data={**choice, "anyway": "yes"})
    assert reply.status_code == 303
    return UUID(reply.location.rsplit("/", 1)[-1])


def _answered(ada: FlaskClient, service: Service, client: UUID, last: str = "0") -> UUID:
    """A PHQ-9 answered together with 1 everywhere and `last` on question 9; returns the submission."""
    ask = _ask_together(ada, client, "phq9")
    codes = dict.fromkeys(PHQ9, "1") | {"phq9_9": last, "phq9_difficulty": "0"}
    items = re.findall(r'name="a:(\w+)"', ada.get(f"/console/assignments/{ask}/answer").text)
    data = {f"a:{item}": codes.get(item, "0") for item in items}
    reply = ada.post(f"/console/assignments/{ask}/answer", data={"form": "phq9", "go": "store", **data})
    assert reply.status_code == 303
    return _score(service, ask)[0]


def _tags(service: Service, since: int = 0) -> list[str]:
    with service.db.read() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    return [event.tag for event in events][since:]


# Clients


def test_a_client_is_added_with_a_name_alone(ada: FlaskClient, service: Service) -> None:
    reply = ada.post("/console/clients/new", data={"given_name": "Ottilie"})
    assert reply.status_code == 303
    assert "Ottilie" in ada.get(reply.location).text


def test_a_client_is_added_with_everything(ada: FlaskClient, service: Service, cast: build.Cast) -> None:
    typed = {
        "given_name": "Ottilie",
        "family_name": "Oak",
        "called_by": "Otti",
        "language": "es",
        "email": "Otti@Example.org",
        "consent_on": "2026-01-05",
        "date_of_birth": "1990-02-03",
        "sex_for_scoring": "female",
        "time_zone": "America/Denver",
    }
    place = ada.post("/console/clients/new", data=typed).location
    with service.db.read() as session:
        client = session.get(Client, UUID(place.rsplit("/", 1)[-1]))
        assert client is not None
        assert (client.called_by, client.language, client.sex_for_scoring) == ("Otti", "es", "female")
        assert (str(client.date_of_birth), client.time_zone) == ("1990-02-03", "America/Denver")
        who = session.scalars(select(Respondent).where(Respondent.client_id == client.id)).one()
        point = session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == who.id)).one()
        consent = session.scalars(select(Consent).where(Consent.respondent_id == who.id)).one()
    assert point.value == "otti@example.org"
    assert (consent.channel, consent.how, consent.recorded_by) == ("email", "signed on paper", cast.ada)
    page = ada.get(place).text
    assert "3 February 1990" in page
    assert "not confirmed yet" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", ""),
        ("given_name", "x" * 201),
        ("email", "not an address"),
        ("consent_on", "yesterday"),
        ("consent_on", "2999-01-01"),
        ("date_of_birth", "1700-01-01"),
        ("sex_for_scoring", "other"),
        ("time_zone", "Mars/Olympus"),
        ("language", "xx"),
    ],
)
def test_a_wrong_field_is_named_and_everything_typed_stays(ada: FlaskClient, field: str, value: str) -> None:
    typed = {"given_name": "Ottilie", "called_by": "Keepsake", "email": "otti@example.org", field: value}
    page = ada.post("/console/clients/new", data=typed)
    assert page.status_code == 422
    assert f'id="why-{field}" role="alert"' in page.text
    assert 'value="Keepsake"' in page.text


def test_clients_are_found_by_words_that_never_stand_in_an_address(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        build.add_client(session, caller, "Rosa", "Quince", None)
    found = ada.post("/console/clients", data={"words": "quin ros"})
    assert "Rosa Quince" in found.text
    assert "Cyan Canary" not in found.text
    assert 'method="post"' in found.text
    assert "Part of a name" in ada.post("/console/clients", data={"words": "nobody"}).text


def test_names_that_look_like_code_are_only_names(ada: FlaskClient) -> None:
    place = ada.post("/console/clients/new", data={"given_name": "<script>alert(1)</script>{{7*7}}"}).location
    for path in (place, "/console/clients", f"/console/send?client={place.rsplit('/', 1)[-1]}"):
        page = ada.get(path).text
        assert "<script>alert" not in page
        assert "{{7*7}}" in page


def test_an_address_can_be_added_later_with_its_consent(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    place = ada.post("/console/clients/new", data={"given_name": "Ottilie"}).location
    who = re.findall(r'name="respondent" value="([^"]+)"', ada.get(place).text)[0]
    refused = ada.post(f"{place}/contacts", data={"respondent": who, "contact": "nope"})
    assert refused.status_code == 422
    assert 'value="nope"' in refused.text
    typed = {"respondent": who, "contact": "otti@example.org", "consent": "paper", "consent_on": "2026-01-05"}
    assert ada.post(f"{place}/contacts", data=typed).status_code == 303
    sent = ada.post(
        "/console/send", data={"client": place.rsplit("/", 1)[-1], "what": "phq9", "how": "email"}
    )
    assert sent.status_code == 303
    assert [m.to for m in _deliver(service)] == ["otti@example.org"]


def test_pausing_stops_what_is_open_and_says_how_much(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    reply = ada.post(f"/console/clients/{cast.cy}/state", data={"to": "paused"})
    page = ada.get(reply.location).text
    assert "1 open form was stopped" in page
    assert "Go on" in page
    assert _deliver(service) == []
    refused = ada.post("/console/send", data={"client": str(cast.cy), "what": "phq9", "how": "email"})
    assert refused.status_code == 409
    assert "paused or closed" in refused.text


def test_a_death_ends_everything_and_offers_no_way_back(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    ada.post(f"/console/clients/{cast.cy}/state", data={"to": "deceased"})
    page = ada.get(f"/console/clients/{cast.cy}").text
    assert "noted as: died" in page
    assert f"/console/clients/{cast.cy}/state" not in page
    assert ada.post(f"/console/clients/{cast.cy}/state", data={"to": "active"}).status_code == 409
    with service.db.read() as session:
        client = session.get(Client, cast.cy)
        assert client is not None
        assert client.state is ClientState.DECEASED


# Sending


def test_the_send_page_shows_what_goes_out_to_whom_through_what(ada: FlaskClient, cast: build.Cast) -> None:
    page = ada.get(f"/console/send?client={cast.cy}").text
    assert "cy@example.org" in page
    assert "Alder Street Office has sent you a form to fill in." in page
    assert "stays in the local post of this machine" in page
    letter = page[page.index('class="letter"') : page.index("No client’s name")]
    assert "PHQ" not in letter
    assert "Cyan" not in letter


def test_a_message_waits_while_it_can_be_undone_and_undo_takes_it_back(
    app: Flask, service: Service, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = signed_in(app, "ada@example.org")
    object.__setattr__(service.settings, "undo_seconds", 10)
    with time_machine.travel(now(), tick=False) as clock:
        choice = {"client": str(cast.cy), "what": ["phq9", "gad7"], "how": "email"}
        place = ada.post("/console/send", data=choice).location
        page = ada.get(place).text
        assert "Nothing has left yet" in page
        assert "Undo (until" in page
        assert _deliver(service) == []
        assert ada.post(f"{place}/cancel").status_code == 303
        clock.shift(timedelta(seconds=30))
        assert _deliver(service) == []
        assert "taken back" in ada.get(place).text.lower()
        second = ada.post("/console/send", data=choice).location
        clock.shift(timedelta(seconds=11))
        assert len(_deliver(service)) == 1
        page = ada.get(second).text
        assert "Undo" not in page
        assert "local post of this machine" in page
        assert "handed over to" not in page


def test_a_double_press_asks_once(ada: FlaskClient, service: Service, cast: build.Cast) -> None:
    choice = {"client": str(cast.cy), "what": "phq9", "how": "email"}
    first, second = (ada.post("/console/send", data=choice).location for _ in range(2))
    assert first == second
    assert len(_deliver(service)) == 1
    other = ada.post("/console/send", data={**choice, "what": "gad7"}).location
    assert other != first


@pytest.mark.parametrize(
    ("changes", "status", "place"),
    [
        ({"what": []}, 422, "why-what"),
        ({"what": ["phq9", "phq9"]}, 422, "why-what"),
        ({"what": "nonsense"}, 422, "why-what"),
        ({"how": "pigeon"}, 422, "why-how"),
        ({"how": ""}, 422, "why-how"),
        ({"who": "nonsense"}, 422, "could not be read"),
        ({"who": "00000000-0000-7000-8000-000000000000"}, 404, "nothing here"),
    ],
)
def test_a_choice_that_cannot_be_sent_is_explained_and_kept(
    ada: FlaskClient, cast: build.Cast, changes: dict[str, object], status: int, place: str
) -> None:
    page = ada.post("/console/send", data={"client": str(cast.cy), "what": "gad7", "how": "email", **changes})
    assert page.status_code == status
    assert place in page.text
    if "how" in changes:
        assert re.search(r'value="gad7" checked', page.text)


def test_without_consent_the_channel_says_so_and_nothing_is_sent(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        client = build.add_client(session, caller, "Rosa", "Quince", None)
    page = ada.get(f"/console/send?client={client.id}").text
    assert "There is no usable e-mail address." in page
    assert re.search(r'value="email" disabled', page)
    refused = ada.post("/console/send", data={"client": str(client.id), "what": "phq9", "how": "email"})
    assert refused.status_code == 422
    assert "Add an e-mail address first." in refused.text


def test_the_status_history_is_told_with_times(ada: FlaskClient, service: Service, cast: build.Cast) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    _deliver(service)
    page = ada.get(f"/console/assignments/{row.id}").text
    for words in ("Asked", "message put into the local post", "No answer yet", "oday at"):
        assert words in page
    assert ada.post(f"/console/assignments/{row.id}/resend").status_code == 303
    assert len(_deliver(service)) == 1
    with service.db.read() as session:
        texts = [str(m.message) for m in session.scalars(select(LocalPostRow))]
    links = {re.findall(r"/q/\S+?(?=\\n| )", text)[0] for text in texts}
    assert len(texts) == 2
    assert len(links) == 1, "the same link, not a second one"


def test_a_second_send_while_one_waits_is_refused_in_words(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    page = ada.post(f"/console/assignments/{row.id}/resend")
    assert page.status_code == 409
    assert "already on its way" in page.text


# Answering together


def test_answers_typed_together_are_stored_as_seen_and_by_whom(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    submission_id = _answered(ada, service, cast.cy)
    with service.db.read() as session:
        row = session.get(Submission, submission_id)
        assert row is not None
        assert (row.identity, row.typed_by, row.channel) == ("seen", cast.ada, Way.IN_PERSON)
    page = ada.get(f"/console/results/{submission_id}").text
    assert "typed by Dr. Rowan" in page
    assert "together" in page


def test_a_missed_question_is_named_once_and_may_then_be_left_blank(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    ask = _ask_together(ada, cast.cy, "phq9")
    path = f"/console/assignments/{ask}/answer"
    data = {f"a:{item}": "1" for item in PHQ9 if item != "phq9_4"}
    named = ada.post(path, data={"form": "phq9", "go": "store", **data})
    assert named.status_code == 422
    assert 'role="alert"' in named.text
    assert 'href="#q-phq9_4"' in named.text
    assert len(re.findall(r'value="1" checked', named.text)) == 8, "every answer stays on the page"
    stored = ada.post(path, data={"form": "phq9", "go": "blank", **data})
    assert stored.status_code == 303
    with service.db.read() as session:
        answers = session.scalars(select(Submission)).one().answers or {}
    assert answers["phq9_4"] is None
    assert answers["phq9_9"] == "1"


def test_answers_are_kept_from_page_to_page_and_over_a_break(ada: FlaskClient, cast: build.Cast) -> None:
    ask = _ask_together(ada, cast.cy, "gad2", "phq2")
    path = f"/console/assignments/{ask}/answer"
    first = ada.post(path, data={"form": "gad2", "go": "next", "a:gad2_1": "2", "a:gad2_2": "blank"})
    assert first.location == f"{path}?form=phq2"
    later = ada.post(path, data={"form": "phq2", "go": "later", "a:phq2_1": "3"})
    assert later.location == f"/console/assignments/{ask}"
    again = ada.get(f"{path}?form=gad2").text
    assert re.search(r'name="a:gad2_1" value="2" checked', again)
    assert re.search(r'name="a:gad2_2" value="blank" checked', again)
    assert re.search(r'name="a:phq2_1" value="3" checked', ada.get(f"{path}?form=phq2").text)


@pytest.mark.parametrize(
    "bad",
    [{"a:phq2_1": "7"}, {"a:other_1": "1"}, {"a:phq2_1": ["1", "2"]}, {"a:phq2_1": ""}],
    ids=["out of range", "foreign", "twice", "empty"],
)
def test_an_answer_that_the_form_never_offered_loses_nothing(
    ada: FlaskClient, service: Service, cast: build.Cast, bad: dict[str, object]
) -> None:
    ask = _ask_together(ada, cast.cy, "phq2")
    data = {"form": "phq2", "go": "store", "a:phq2_2": "3", **bad}
    page = ada.post(f"/console/assignments/{ask}/answer", data=data)
    assert page.status_code == 422
    assert re.search(r'name="a:phq2_2" value="3" checked', page.text)
    with service.db.read() as session:
        assert session.scalars(select(Submission)).all() == []


def test_what_else_answers_may_be_used_for_is_asked_once_and_kept_as_said(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    ask = _ask_together(ada, cast.cy, "phq2")
    path = f"/console/assignments/{ask}/answer"
    page = ada.get(path).text
    assert "May they also be used" in page
    assert not re.search(r'name="(own_statistics|alliance_figures)" value="\w+" checked', page)
    ada.post(path, data={"form": "phq2", "go": "later", "own_statistics": "yes"})
    with service.db.read() as session:
        assert session.scalars(select(PermittedUse)).all() == [], "half an answer is none"
    said = {"own_statistics": "yes", "alliance_figures": "no"}
    ada.post(path, data={"form": "phq2", "go": "store", "a:phq2_1": "1", "a:phq2_2": "1", **said})
    with service.db.read() as session:
        uses = session.scalars(select(Submission)).one().uses
    assert (uses["own_statistics"], uses["alliance_figures"]) == (True, False)
    again = _ask_together(ada, cast.cy, "gad2")
    assert "May they also be used" not in ada.get(f"/console/assignments/{again}/answer").text


def test_a_form_that_went_by_mail_cannot_be_typed_in(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    assert ada.get(f"/console/assignments/{row.id}/answer").status_code == 409


# Results, Today


def test_a_result_shows_score_band_source_answers_and_licence(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    page = ada.get(f"/console/results/{_answered(ada, service, cast.cy)}").text
    assert re.search(r'<strong class="num">8</strong>\s+mild', page)
    for words in ("J Gen Intern Med 2001;16:606", "Several days", "Pfizer", "The PDF is being made"):
        assert words in page


def test_blanks_are_named_and_give_a_range_instead_of_a_total(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    page = ada.get(f"/console/results/{_answered(ada, service, cast.cy, last='blank')}").text
    assert "No score." in page
    assert "With the blanks it lies from 8 to 11." in page
    assert re.search(r"One question was left blank:\s+9", page)


def test_a_result_is_new_on_today_until_it_was_opened(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    submission_id = _answered(ada, service, cast.cy)
    assert "New results: 1" in ada.get("/console/").text
    ada.get(f"/console/results/{submission_id}")
    assert "New results: 0" in ada.get("/console/").text


def test_a_risk_answer_stands_first_and_red_until_somebody_writes_what_was_done(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    submission_id = _answered(ada, service, cast.cy, last="2")
    page = ada.get("/console/").text
    assert page.index("Risk answers: 1") < page.index("New results")
    assert "More than half the days" in page
    with service.db.read() as session:
        alert = session.scalars(select(Alert)).one()
    refused = ada.post(f"/console/alerts/{alert.id}", data={"note": "  "})
    assert refused.status_code == 422
    assert f'id="why-{alert.id}" role="alert"' in refused.text
    assert ada.post(f"/console/alerts/{alert.id}", data={"note": "Called at once"}).status_code == 303
    assert "Risk answers" not in ada.get("/console/").text
    assert "Called at once" in ada.get(f"/console/results/{submission_id}").text
    assert ada.post(f"/console/alerts/{alert.id}", data={"note": "again"}).status_code == 409


def test_i_am_calling_is_one_press(ada: FlaskClient, service: Service, cast: build.Cast) -> None:
    _answered(ada, service, cast.cy, last="3")
    with service.db.read() as session:
        alert_id = session.scalars(select(Alert.id)).one()
    ada.post(f"/console/alerts/{alert_id}", data={"quick": "calling", "note": ""})
    with service.db.read() as session:
        alert = session.get(Alert, alert_id)
        assert alert is not None
        assert (alert.state, alert.note, alert.acknowledged_by) == (
            AlertState.ACKNOWLEDGED,
            "I am calling",
            cast.ada,
        )


def test_what_some_measures_need_can_be_noted_later(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    path = f"/console/clients/{cast.cy}/about"
    wrong = ada.post(
        path, data={"date_of_birth": "2190-01-01", "sex_for_scoring": "female", "called_by": "Cy"}
    )
    assert wrong.status_code == 422
    assert "Check the year." in wrong.text
    assert 'value="2190-01-01"' in wrong.text
    right = {"date_of_birth": "1990-05-04", "sex_for_scoring": "female", "called_by": "Cy"}
    assert ada.post(path, data=right).status_code == 303
    with service.db.read() as session:
        client = session.get_one(Client, cast.cy)
        assert (str(client.date_of_birth), client.sex_for_scoring, client.called_by) == tuple(right.values())


def test_words_typed_beside_i_am_calling_are_kept(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    _answered(ada, service, cast.cy, last="3")
    with service.db.read() as session:
        alert_id = session.scalars(select(Alert.id)).one()
    ada.post(f"/console/alerts/{alert_id}", data={"quick": "calling", "note": "left a message at 9"})
    with service.db.read() as session:
        assert session.get_one(Alert, alert_id).note == "I am calling. left a message at 9"


def test_a_result_says_what_changed_since_the_last_one(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    first = _answered(ada, service, cast.cy, last="0")
    assert "nothing to compare yet" in ada.get(f"/console/results/{first}").text
    second = _answered(ada, service, cast.cy, last="3")
    page = ada.get(f"/console/results/{second}").text
    assert "No reliable change" in page
    assert "NHS Talking Therapies" in page


def test_the_pdf_opens_under_a_name_that_says_nothing(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    submission_id = _answered(ada, service, cast.cy)
    path = f"/console/results/{submission_id}/report.pdf"
    assert ada.get(path).status_code == 409
    with service.db.write() as session:
        report = session.scalars(select(Report)).one()
        report.state = WorkState.MAKING
        session.flush()
        reports.ready(session, report.id, b"%PDF-1.7 made by a test")
    reply = ada.get(path)
    assert (reply.content_type, reply.data) == ("application/pdf", b"%PDF-1.7 made by a test")
    assert reply.headers["Content-Disposition"] == 'inline; filename="report.pdf"'
    assert reply.headers["Cache-Control"] == "no-store"
    assert path in ada.get(f"/console/results/{submission_id}").text
    assert "console:report:read" in _tags(service)


def test_a_pdf_that_could_not_be_made_is_seen_and_retried_by_a_press(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    submission_id = _answered(ada, service, cast.cy)
    with service.db.write() as session:
        session.scalars(select(Report)).one().state = WorkState.FAILED
        entry = session.scalars(select(OutboxEntry).where(OutboxEntry.kind == "report")).one()
        entry.state, entry.error, entry.tries = OutboxState.PARKED, "MemoryError pdf.py:1", 8
    assert "could not be made" in ada.get(f"/console/results/{submission_id}").text
    work = ada.get("/console/work").text
    assert "Making the PDF" in work
    assert "MemoryError pdf.py:1" in work
    assert ada.post(f"/console/work/{entry.id}/retry").status_code == 303
    assert "Making the PDF" not in ada.get("/console/work").text
    with service.db.read() as session:
        again = session.get(OutboxEntry, entry.id)
        assert again is not None
        assert (again.state, again.tries) == (OutboxState.NEW, 0)
    assert ada.post(f"/console/work/{entry.id}/retry").status_code == 409


def test_a_bounced_message_is_seen_and_sent_again_by_a_person(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    _deliver(service, refuse="cy@")
    page = ada.get("/console/").text
    assert "Did not go by itself: 1" in page
    assert "takes no mail for this address" in page
    with service.db.write() as session:
        message = session.scalars(select(Dispatch).where(Dispatch.assignment_id == row.id)).one()
        point = session.get(ContactPoint, message.contact_point_id)
        assert point is not None
        point.state = type(point.state).CONFIRMED  # corrected with the client
    assert ada.post(f"/console/messages/{message.id}/again").status_code == 303
    assert len(_deliver(service)) == 1
    assert "Did not go by itself" not in ada.get("/console/").text
    assert ada.post(f"/console/messages/{message.id}/again").status_code == 409


def test_an_unclear_message_says_that_it_may_arrive_twice(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    with service.db.write() as session:
        message = session.scalars(select(Dispatch).where(Dispatch.assignment_id == row.id)).one()
        message.state = DispatchState.UNCLEAR
    page = ada.get("/console/work").text
    assert "may have been sent" in page
    assert "arrive twice" in page


def test_a_no_is_told_and_forms_come_back_only_after_a_talk(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    with service.db.write() as session:
        ask = session.get(Assignment, row.id)
        assert ask is not None
        ask.state, ask.ended_at, ask.end_reason = AssignmentState.DECLINED, now(), "refused"
        who = session.get(Respondent, row.respondent_id)
        assert who is not None
        who.refused_at = now()
    assert "Said no: 1" in ada.get("/console/").text
    choice = {"client": str(cast.cy), "what": "gad7", "how": "email"}
    assert ada.post("/console/send", data=choice).status_code == 409
    again = ada.post(f"/console/clients/{cast.cy}/wants-again", data={"respondent": str(who.id)})
    assert again.status_code == 303
    assert ada.post("/console/send", data=choice).status_code == 303


# On every page


def _pages(ada: FlaskClient, service: Service, cast: build.Cast) -> list[str]:
    submission_id = _answered(ada, service, cast.cy, last="1")
    together = _ask_together(ada, cast.cy, "gad2")
    return [
        "/console/",
        "/console/clients",
        "/console/clients/new",
        f"/console/clients/{cast.cy}",
        "/console/send",
        f"/console/send?client={cast.cy}",
        f"/console/assignments/{together}",
        f"/console/assignments/{together}/answer",
        f"/console/results/{submission_id}",
        "/console/work",
        "/outbox",
    ]


def test_every_page_says_where_messages_go_and_has_one_heading_and_no_inline_code(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    for path in _pages(ada, service, cast):
        reply = ada.get(path)
        assert reply.status_code == 200, path
        page = reply.text
        assert "messages stay in the local post on this machine" in page, path
        assert len(re.findall(r"<h1\b", page)) == 1, path
        assert len(re.findall(r"<main\b", page)) == 1, path
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page), path
        assert reply.headers["Cache-Control"] == "no-store", path
        assert "Cyan" not in re.findall(r"<title>(.*?)</title>", page)[0], path
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), path
        for name in re.findall(r'<label[^>]*\sfor="([^"]+)"', page):
            assert name in ids, (path, name)


def test_with_a_provider_no_page_speaks_of_the_local_post(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    object.__setattr__(service.settings, "email", "smtp")
    object.__setattr__(service.settings, "sms", "twilio")
    ada = signed_in(app, "ada@example.org")
    assert "local post" not in ada.get("/console/").text
    assert ada.get("/outbox").status_code == 404
    assert ada.get("/outbox.json").status_code == 404


def test_every_page_with_a_clients_data_writes_an_audit_row(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    named = 0
    for path in _pages(ada, service, cast):
        before = len(_tags(service))
        if "Cyan" in ada.get(path).text:
            named += 1
            assert len(_tags(service)) > before, path
    assert named == 8


def test_the_local_post_lists_the_newest_first_with_its_link(
    ada: FlaskClient, service: Service, cast: build.Cast
) -> None:
    build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    _deliver(service)
    build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    _deliver(service)
    letters = ada.get("/outbox.json").get_json()
    assert [sorted(one) for one in letters] == [
        ["html", "id", "kind", "link", "sent_at", "subject", "text", "to"],
        ["html", "id", "kind", "link", "sent_at", "subject", "text", "to"],
    ]
    assert letters[0]["sent_at"] > letters[1]["sent_at"]
    assert letters[0]["link"].startswith("http://localhost:8080/q/")
    assert letters[0]["to"] == "cy@example.org"
    page = ada.get("/outbox").text
    assert f'href="{letters[0]["link"]}"' in page
    assert "console:local-post:read" in _tags(service)


def test_the_local_post_is_for_this_machine_only(ada: FlaskClient, service: Service) -> None:
    for path in ("/outbox", "/outbox.json"):
        assert ada.get(path, environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404


def test_the_local_post_keeps_a_message_once_per_attempt(service: Service, cast: build.Cast) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    _deliver(service)
    box = Box(service.db)
    with service.db.read() as session:
        message = session.scalars(select(Dispatch).where(Dispatch.assignment_id == row.id)).one()
        attempt = session.scalars(select(Attempt).where(Attempt.dispatch_id == message.id)).one()
    again = Message(str(attempt.id), "email", "cy@example.org", "a", "b@example.org", "s", "t")
    assert box.keep(again) == box.find(str(attempt.id)) == attempt.reference
    with pytest.raises(LookupError):
        box.keep(Message(str(cast.cy), "email", "cy@example.org", "a", "b@example.org", "s", "t"))
