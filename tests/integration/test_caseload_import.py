"""A caseload out of a file through the console: looked at first, brought in whole or not at all."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from time_machine import travel
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from delivery import audit, caseload_import, caseload_look, clients, library
from delivery.caseload.file import MOST_BYTES
from delivery.db import now, uuid7
from delivery.errors import Invalid
from delivery.models.assignments import Assignment
from delivery.models.clients import (
    Client,
    Consent,
    ContactKind,
    ContactPoint,
    ContactState,
    Respondent,
    SafeFor,
)
from delivery.models.ledger import AuditEvent
from delivery.models.messages import Dispatch
from delivery.models.people import Practice
from delivery.models.schedules import Appointment, PastTotal
from delivery.service import Service
from tests import build, bulk_acts
from tests.answering import Page
from tests.caseload_files import carried, caseload, press, stored, upload
from tests.clinician import signed_in

PAGE = Path(__file__).resolve().parents[2] / "docs" / "import.md"
ONE = (
    "given_name,family_name,date_of_birth,email,consent_on\n"
    "Elena,Rivera,1988-04-17,elena@example.org,2026-03-02\n"
)


@pytest.fixture(autouse=True)
def a_day() -> Iterator[None]:
    """A Monday on which the days of these files have been."""
    with travel(datetime(2026, 11, 16, 18, 0, tzinfo=UTC)):
        yield


def text_of(reply: TestResponse) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", reply.text)).split())


def named(service: Service, given: str) -> Client:
    with service.db.read() as session:
        return next(one for one in session.scalars(select(Client)) if one.given_name == given)


def bring_in(console: FlaskClient, data: str | bytes) -> TestResponse:
    shown = upload(console, data)
    assert shown.status_code == 200, text_of(shown)
    done = press(console, shown, "import", attested="yes")
    assert done.status_code == 303, text_of(done)
    return console.get(done.headers["Location"])


def test_35_clients_come_in_and_their_first_battery_is_planned(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    before = stored(service)
    shown = upload(console, caseload())
    said = text_of(shown)
    assert "Clients 35 With a signed consent 31 Past totals 12 Standing appointments 28" in said
    assert "I have the signed consents of these 31 clients on paper, on file, dated as the file says." in said
    assert "Ada Rowan" in said
    assert stored(service) == before, "looking stores nothing"
    done = press(console, shown, "import", attested="yes")
    page = console.get(done.headers["Location"])
    assert "35 clients came in" in text_of(page)
    after = stored(service)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "client": 35,
        "care_team": 35,
        "respondent": 35,
        "contact_point": 35,
        "consent": 31,
        "past_total": 12,
        "appointment": 28,
    }
    form = console.post("/console/bulk", data=carried(page))
    ticked = re.findall(r'name="one" value="([^"]+)" checked', form.text)
    assert len(ticked) == 35
    assert str(cast.cy) not in ticked
    chosen = {"whom": "ticks", "one": ticked, "how": "own", "what": ["phq9", "gad7"], "go": "see"}
    listed = console.post("/console/bulk", data=chosen)
    assert "Send to 31 clients" in text_of(listed)
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', listed.text)
    sent = console.post(
        "/console/bulk", data=MultiDict([*((name, unescape(value)) for name, value in pairs), ("go", "send")])
    )
    assert sent.status_code == 303
    bulk_acts.run(service)
    with service.db.read() as session:
        asks = session.scalars(select(Assignment)).all()
        messages = session.scalars(select(Dispatch)).all()
    assert len(asks) == len(messages) == 31
    assert {ask.client_id for ask in asks} <= {one.id for one in _clients(service)} - {cast.cy}


def _clients(service: Service) -> list[Client]:
    with service.db.read() as session:
        return list(session.scalars(select(Client)))


def test_everything_a_row_holds_is_stored(console: FlaskClient, service: Service, cast: build.Cast) -> None:
    bring_in(
        console,
        "given_name,family_name,called_by,date_of_birth,language,time_zone,email,phone,channel,consent_on,"
        "consent_wording,tags,county,emergency_contact,sex_for_scoring,report_label,appointment,"
        "calendar_code,PHQ-9 2026-01-12,GAD-7 2026-01-12\n"
        "Elena,Rivera,Lena,1988-04-17,Spanish,Eastern,Elena@Example.org,503 555 0118,sms,2026-03-02,"
        "consent-2,group; evening,Lane,Ana 541 555 0100,F,E. R.,every other Tuesday 10:00,K73,14,9\n"
        "Ruth,Hale,,,,,ruth@example.org,,in_person,2026-03-02,,,,,,,,,,\n",
    )
    client = named(service, "Elena")
    assert (client.family_name, client.called_by, client.date_of_birth) == (
        "Rivera",
        "Lena",
        date(1988, 4, 17),
    )
    assert (client.language, client.time_zone, client.tags) == (
        "es",
        "America/New_York",
        ["group", "evening"],
    )
    assert (client.county, client.emergency_contact) == ("Lane", "Ana 541 555 0100")
    assert (client.sex_for_scoring, client.report_label, client.calendar_code) == ("female", "E. R.", "k73")
    with service.db.read() as session:
        who = session.scalars(select(Respondent).where(Respondent.client_id == client.id)).one()
        points = {
            one.kind: one
            for one in session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == who.id))
        }
        consent = session.scalars(select(Consent).where(Consent.respondent_id == who.id)).one()
        meeting = session.scalars(select(Appointment).where(Appointment.client_id == client.id)).one()
        totals = session.scalars(select(PastTotal).where(PastTotal.client_id == client.id)).all()
        ruth = session.scalars(
            select(Respondent).where(Respondent.client_id == named(service, "Ruth").id)
        ).one()
        hers = session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == ruth.id)).one()
        none = session.scalars(select(Consent).where(Consent.respondent_id == ruth.id)).all()
    assert (who.language, who.in_person_only) == ("es", False)
    assert points[ContactKind.EMAIL].value == "elena@example.org"
    assert points[ContactKind.SMS].value == "+15035550118"
    assert {one.state for one in points.values()} == {ContactState.UNCONFIRMED}
    assert (consent.channel, consent.wording, consent.how) == ("sms", "consent-2", "signed on paper")
    assert consent.contact_point_id == points[ContactKind.SMS].id
    assert consent.recorded_by == cast.ada
    noon = consent.given_at.astimezone(ZoneInfo("America/Los_Angeles"))
    assert (noon.date(), noon.hour) == (date(2026, 3, 2), 12)
    assert (meeting.starts_on, meeting.wall_time, meeting.time_zone) == (
        "2026-11-17",
        "10:00",
        "America/Los_Angeles",
    )
    assert "INTERVAL=2" in meeting.rule
    assert (meeting.person_id, meeting.source) == (cast.ada, "typed")
    assert {(one.instrument_key, one.answered_on, one.total) for one in totals} == {
        ("phq9", "2026-01-12", 14),
        ("gad7", "2026-01-12", 9),
    }
    assert {one.entered_by for one in totals} == {cast.ada}
    assert ruth.in_person_only
    assert hers.safe_for is SafeFor.NOTHING
    assert none == []


def test_the_audit_log_names_each_client_the_import_and_the_attestation(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    bring_in(console, caseload(3))
    with service.db.read() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.number)).all()
        assert list(audit.verify(session, cast.practice)) == []
    tags = [event.tag for event in events]
    assert tags.count("console:client:added") == 2 + 3
    (line,) = [event for event in events if event.tag == "console:caseload:imported"]
    assert line.actor == f"person:{cast.ada}"
    assert line.detail is not None
    assert line.detail["attested"] == caseload_import.ATTESTED
    assert [line.detail[name] for name in ("added", "consents", "totals", "appointments")] == [3, 3, 1, 3]
    assert len(line.detail["clients"]) == 3


def test_a_double_press_imports_once(console: FlaskClient, service: Service) -> None:
    shown = upload(console, caseload(3))
    first = press(console, shown, "import", attested="yes")
    after = stored(service)
    second = press(console, shown, "import", attested="yes")
    assert second.headers["Location"] == first.headers["Location"]
    assert stored(service) == after
    assert "3 clients came in" in text_of(console.get(second.headers["Location"]))


def test_without_the_attestation_nothing_comes_in(console: FlaskClient, service: Service) -> None:
    shown = upload(console, ONE)
    before = stored(service)
    again = press(console, shown, "import")
    assert again.status_code == 422
    assert "Confirm the consents to go on." in text_of(again)
    assert stored(service) == before
    assert press(console, again, "import", attested="yes").status_code == 303


def test_without_consents_nothing_is_attested(console: FlaskClient, service: Service) -> None:
    shown = upload(console, "given_name,email\nElena,elena@example.org\n")
    assert "signed consent of this client" not in text_of(shown)
    assert "nothing is sent to them yet" in text_of(shown)
    assert press(console, shown, "import").status_code == 303
    with service.db.read() as session:
        (line,) = session.scalars(
            select(AuditEvent).where(AuditEvent.tag == audit.Tag.CASELOAD_IMPORTED.value)
        )
        assert line.detail is not None
        assert line.detail["attested"] is None


def test_clients_who_are_there_are_named_and_can_be_left_out(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    bring_in(console, ONE)
    more = ONE + "Sam,Okafor,1995-07-09,sam@example.org,2026-03-02\nCyan,Canary,,cy@example.org,2026-03-02\n"
    shown = upload(console, more)
    said = text_of(shown)
    assert "2 rows to leave out" in said
    assert "Row 2: Elena Rivera This is a client of yours already." in said
    assert "Row 4: Cyan Canary" in said, "the same name and mailbox is enough where a birth date is missing"
    assert 'value="import"' not in shown.text
    before = stored(service)
    assert press(console, shown, "import", attested="yes").status_code == 409
    assert stored(service) == before
    one_left = press(console, shown, "look", out=["2"])
    assert "1 row to leave out" in text_of(one_left)
    ready = press(console, one_left, "look", out=["2", "4"])
    assert "Clients 1 With a signed consent 1" in text_of(ready)
    assert "Rows you left out 2" in text_of(ready)
    assert press(console, ready, "import", attested="yes").status_code == 303
    assert stored(service)["client"] == before["client"] + 1
    all_out = press(console, upload(console, more), "all")
    assert "Nothing is left of this file" in text_of(all_out)


def test_other_peoples_clients_are_never_named(
    app: Flask, console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    bring_in(console, ONE)
    for email in ("bo@example.org", "sam@example.org"):
        shown = upload(signed_in(app, email), ONE)
        assert "already" not in text_of(shown)
        assert "another client" not in text_of(shown)
        assert "Import 1 client" in text_of(shown)


def test_somebody_new_with_a_known_name_phone_or_code_is_remarked_or_refused(
    console: FlaskClient, service: Service
) -> None:
    bring_in(console, "given_name,email,calendar_code\nElena,home@example.org,K73\n")
    shared = text_of(upload(console, "given_name,email\nSam,home@example.org\nElena,other@example.org\n"))
    assert "This mailbox reaches another client too. Choose a recognition word with each." in shared
    assert "You have a client of this name." in shared
    assert "Import 2 clients" in shared
    code = upload(console, "given_name,calendar_code\nSam,k73\n")
    assert "Another client has this code." in text_of(code)
    assert 'value="import"' not in code.text


BAD = {
    "a formula": "given_name,county\n=cmd|' /C calc'!A0,Lane\n",
    "a zone that does not exist": "given_name,time_zone\nElena,Pacific/Nowhere\n",
    "an appointment nobody can read": "given_name,appointment\nElena,when it suits\n",
    "an appointment in the morning or the afternoon": "given_name,appointment\nElena,Tuesdays 3:30\n",
    "a code that is a name": "given_name,calendar_code\nElena,elena\n",
    "two rows that are one client": "given_name,date_of_birth\nElena,1988-04-17\nElena,4/17/1988\n",
    "a consent in the future": "given_name,email,consent_on\nElena,e@example.org,2027-01-01\n",
    "a total that cannot be": "given_name,PHQ-9 2026-01-12\nElena,28\n",
    "a number that is none": "given_name,phone\nElena,12345\n",
    "an unknown column": "given_name,horoscope\nElena,aries\n",
}
NO_FILE = {
    "nothing": b"",
    "a heading alone": b"given_name,family_name\n",
    "no heading": b"Elena,Rivera\nSam,Okafor\n",
    "a workbook": b"PK\x03\x04" + bytes(200),
    "zeros": bytes(500),
    "100,000 rows": b"given_name\n" + b"Elena\n" * 100_000,
    "100,000 longer rows": b"given_name,county\n" + b"Elena,of a county far away\n" * 100_000,
    "more than any file": b"given_name\n" + b"x" * 13_000_000,
    "501 clients": ("given_name\n" + "".join(f"Name{n}\n" for n in range(501))).encode(),
    "half letters": b"given_name\n\xed\xa0\x80\n",
    "a lost quotation mark": b'given_name\n"Elena\n',
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_named_and_nothing_comes_in(console: FlaskClient, service: Service, data: str) -> None:
    before = stored(service)
    whole = data + ",".join(["Good"] + [""] * (data.splitlines()[0].count(","))) + "\n"
    shown = upload(console, whole)
    assert shown.status_code == 200
    said = text_of(shown)
    assert re.search(r"Row [123] ", said)
    assert "can’t come in" in said
    assert 'value="import"' not in shown.text
    # Whoever presses all the same is refused: the file is checked again.
    forced = {"content": base64.urlsafe_b64encode(whole.encode()).decode(), "form": str(uuid7())}
    reply = console.post("/console/clients/import", data={**forced, "attested": "yes", "go": "import"})
    assert reply.status_code == 409
    assert stored(service) == before


@pytest.mark.parametrize("data", NO_FILE.values(), ids=NO_FILE.keys())
def test_what_is_no_caseload_is_refused_in_plain_words(
    console: FlaskClient, service: Service, data: bytes
) -> None:
    before = stored(service)
    reply = upload(console, data)
    assert reply.status_code == 422
    assert "Nothing was stored." in text_of(reply)
    assert stored(service) == before


def test_a_file_that_is_too_large_names_the_limit(console: FlaskClient) -> None:
    for name in ("100,000 rows", "100,000 longer rows", "more than any file", "501 clients"):
        said = text_of(upload(console, NO_FILE[name]))
        assert "1 MB" in said, name
        assert "500" in said, name
    assert "Save as" in text_of(upload(console, NO_FILE["a workbook"]))


def test_no_file_and_a_broken_carried_one(console: FlaskClient) -> None:
    assert "Choose a file first." in text_of(console.post("/console/clients/import", data={}))
    for content in ("%%%", "é", "YQ"):
        reply = console.post("/console/clients/import", data={"content": content, "go": "import"})
        assert reply.status_code == 422
    shown = upload(console, ONE)
    for form in ("", "nonsense"):
        assert press(console, shown, "import", attested="yes", form=form).status_code == 422


def test_letters_of_an_older_spreadsheet_come_in_right(console: FlaskClient, service: Service) -> None:
    shown = upload(console, "given_name;family_name\r\nNúria;Peña\r\n".encode("latin-1"))
    assert "Check names with letters such as é and ñ" in text_of(shown)
    assert press(console, shown, "import").status_code == 303
    assert named(service, "Núria").family_name == "Peña"


def test_the_largest_file_is_carried_through_both_pages(console: FlaskClient, service: Service) -> None:
    heading = "given_name,county\n"
    row = "Elena{n},Lane\n"
    raw = heading + "".join(row.format(n=n) for n in range(500))
    raw += " " * (MOST_BYTES - len(raw))
    shown = upload(console, raw)
    assert "Import 500 clients" in text_of(shown)
    before = stored(service)["client"]
    done = press(console, shown, "import")
    assert stored(service)["client"] == before + 500
    form = console.post("/console/bulk", data=carried(console.get(done.headers["Location"])))
    assert len(re.findall(r'name="one" value="[^"]+" checked', form.text)) == 500


def test_a_fault_in_the_middle_of_storing_leaves_nothing(
    console: FlaskClient, service: Service, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(service)
    asked = iter(range(100))
    add = clients.add

    def breaks(*args: Any, **more: Any) -> Client:
        if next(asked) == 20:
            raise Invalid("Something is odd here.")
        return add(*args, **more)

    shown = upload(console, caseload())
    monkeypatch.setattr(clients, "add", breaks)
    assert press(console, shown, "import", attested="yes").status_code == 422
    assert stored(service) == before
    with service.db.read() as session:
        assert list(audit.verify(session, cast.practice)) == []


PAST = "given_name,family_name,measure,date,total\n"


def test_past_totals_of_clients_who_are_there_come_in_from_their_own_file(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    data = PAST + "Cyan,Canary,PHQ-9,2026-03-02,14\nCyan,Canary,GAD-7,3/2/2026,9\n"
    shown = upload(console, data)
    assert "Past totals 2 Clients they belong to 1" in text_of(shown)
    before = stored(service)
    done = press(console, shown, "import")
    assert "2 past totals came in" in text_of(console.get(done.headers["Location"]))
    assert stored(service) == {**before, "past_total": before["past_total"] + 2}
    page = text_of(console.get(f"/console/clients/{cast.cy}"))
    assert "PHQ-9 14 on 2 March 2026, entered by hand" in page
    again = upload(console, data + "Nobody,Known,PHQ-9,2026-03-02,3\n")
    assert "3 rows to leave out" in text_of(again)
    assert "Row 4: Nobody Known No client of yours" in text_of(again)
    assert "Row 2: Cyan Canary" in text_of(again)


def test_two_clients_of_one_name_need_a_birth_date(console: FlaskClient, service: Service) -> None:
    bring_in(console, "given_name,date_of_birth\nElena,1988-04-17\nElena,1990-01-01\n")
    shown = upload(console, "given_name,measure,date,total\nElena,PHQ-9,2026-03-02,3\n")
    assert "Add a column date_of_birth." in text_of(shown)
    assert 'value="import"' not in shown.text
    told = upload(
        console, "given_name,date_of_birth,measure,date,total\nElena,1990-01-01,PHQ-9,2026-03-02,3\n"
    )
    assert press(console, told, "import").status_code == 303
    with service.db.read() as session:
        (total,) = session.scalars(select(PastTotal))
        assert session.get_one(Client, total.client_id).date_of_birth == date(1990, 1, 1)


def test_a_file_of_past_totals_may_be_longer(console: FlaskClient) -> None:
    days = [f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    rows = [f"Cyan,Canary,{measure},{day},3" for measure in ("PHQ-9", "GAD-7") for day in days]
    assert len(rows) > 500
    assert f"Import {len(rows)} past totals" in text_of(upload(console, PAST + "\n".join(rows)))


def test_what_an_import_brought_in_is_its_members_alone(
    app: Flask, console: FlaskClient, service: Service
) -> None:
    done = press(console, upload(console, ONE), "import", attested="yes").headers["Location"]
    assert console.get(done).status_code == 200
    for email in ("bo@example.org", "sam@example.org"):
        assert signed_in(app, email).get(done).status_code == 404
    assert console.get(f"/console/clients/import/{uuid7()}").status_code == 404


def test_a_practice_of_somebody_else_is_refused(
    console: FlaskClient, service: Service, cast: build.Cast
) -> None:
    before = stored(service)
    shown = upload(console, ONE)
    reply = press(console, shown, "import", attested="yes", practice=str(cast.other_practice))
    assert reply.status_code == 422
    assert stored(service) == before
    assert upload(console, ONE, practice=str(cast.other_practice)).status_code == 422


def test_the_example_of_the_documents_can_be_brought_in(console: FlaskClient) -> None:
    example = re.findall(r"((?:^    .+\n)+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)[0]
    lines = "\n".join(line.strip() for line in example.splitlines())
    assert "3 clients came in" in text_of(bring_in(console, lines))


def test_the_way_there_is_on_the_clients_page(console: FlaskClient) -> None:
    assert "/console/clients/import" in Page(console.get("/console/clients").text).links
    assert console.get("/console/clients/import").status_code == 200


def test_two_presses_at_once_import_once(migrated: Service) -> None:
    cast = build.cast(migrated)
    caller, import_id = cast.caller(migrated, cast.ada), uuid7()
    with migrated.db.read() as session:
        practice = session.get_one(Practice, cast.practice)
    given = caseload_look.read(caseload(10).encode(), practice, library.shipped())
    assert not given.faults

    def one(_: int) -> list[object]:
        with migrated.db.write() as session:
            made = caseload_import.bring_in(
                session, caller, import_id, practice, given, frozenset(), attested=True
            )
            return list(made.clients)

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(one, range(4))
    assert others == [first, first, first]
    assert len(first) == 10
    with migrated.db.read() as session:
        assert len(session.scalars(select(Client.id)).all()) == 12
        assert list(audit.verify(session, cast.practice)) == []
    assert now() > practice.created_at
