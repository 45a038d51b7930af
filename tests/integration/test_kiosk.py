"""The waiting-room tablet, step by step: whole hand-overs, its clock, and everything it refuses."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from delivery.db import now
from delivery.kiosk import calls, clock, devices, paper
from delivery.models.assignments import Assignment, FormSession, Way
from delivery.models.devices import DeskCall, KioskTicket
from delivery.models.messages import Dispatch
from delivery.models.people import Grant, Role
from delivery.models.results import Alert, Submission
from delivery.models.screening import ScreeningPage
from delivery.service import Service
from delivery.states import FormState
from tests import build, clinician
from tests.tablet import Tablet, code_for, enrolled

#: Nine symptoms, and how hard they made life.
PHQ9 = "0110220101"


class Office:
    """Dr. Ada's office with one tablet and a receptionist."""

    def __init__(self, made: Service, cast: build.Cast, app: Flask) -> None:
        self.made, self.cast, self.app = made, cast, app
        self.ada = cast.caller(made, cast.ada)
        self.desk = cast.caller(made, cast.desk)
        self.tablet = enrolled(made, app, self.ada, [cast.practice])

    def ask(self, *instruments: str) -> Assignment:
        return build.ask(self.made, self.ada, self.cast.cy, list(instruments or ("phq9",)), Way.KIOSK)

    def code(self, row: Assignment) -> str:
        return code_for(self.made, self.desk, row, self.tablet)

    def begun(self, *instruments: str) -> Assignment:
        """An ask that stands on the tablet at its first question."""
        row = self.ask(*instruments)
        self.tablet.open(self.code(row))
        self.tablet.begin()
        return row

    def rows(self, model: Any) -> list[Any]:
        with self.made.db.read() as session:
            return list(session.scalars(select(model).order_by(model.id)))


@pytest.fixture
def office(service: Service, cast: build.Cast, app: Flask) -> Office:
    return Office(service, cast, app)


def _pad(tablet: Tablet) -> bool:
    return tablet.sitting is None and "Your code" in tablet.page.text


def test_a_form_is_answered_from_the_code_to_the_hand_back(office: Office) -> None:
    row, tablet = office.ask(), office.tablet
    page = tablet.open(office.code(row))
    assert "Up to 10 short questions" in page.text
    assert "Cyan" not in page.text
    assert "This is not for me" in page.text
    page = tablet.begin()
    assert "Question 1 of 10" in page.text
    tablet.fill(PHQ9)
    assert "All my answers" in tablet.page.text
    page = tablet.press("send")
    assert "Please hand the tablet back" in page.text
    assert tablet.sitting is None
    assert tablet.said["home_in"] == 15
    [stored] = office.rows(Submission)
    assert (stored.assignment_id, stored.channel, stored.identity) == (row.id, Way.KIOSK, "seen")
    assert [stored.answers[f"phq9_{n}"] for n in range(1, 11)] == list(PHQ9)


def test_a_code_opens_once(office: Office) -> None:
    row = office.ask()
    digits = office.code(row)
    office.tablet.open(digits)
    office.tablet.fresh, office.tablet.sitting = "x" * 22, None
    office.tablet.open(digits)
    assert _pad(office.tablet)


def test_a_lost_reply_to_the_code_is_asked_for_again_by_the_same_page(office: Office) -> None:
    tablet, digits = office.tablet, office.code(office.ask())
    body = tablet.body([("do", "code"), ("code", digits)])
    first = tablet.send(body, tablet.signed(body)).get_json()
    again = tablet.send(body, tablet.signed(body)).get_json()
    assert first["sitting"] == again["sitting"] is not None


def test_a_code_dies_after_ten_minutes(office: Office) -> None:
    digits = office.code(office.ask())
    with time_machine.travel(now() + timedelta(minutes=10, seconds=1), tick=True):
        office.tablet.open(digits)
    assert _pad(office.tablet)


def test_five_wrong_tries_kill_the_codes_that_wait(office: Office) -> None:
    digits = office.code(office.ask())
    for n in range(5):
        office.tablet.open(f"{(int(digits) + n + 1) % 100000:05d}")
    office.tablet.open(digits)
    assert _pad(office.tablet)
    assert [one.end_reason for one in office.rows(KioskTicket)] == ["tries"]


def test_not_for_me_ends_it_and_keeps_the_form_open(office: Office) -> None:
    row = office.ask()
    office.tablet.open(office.code(row))
    page = office.tablet.step("not-me", key=office.tablet.page.hidden["key"])
    assert "your own code" in page.text
    assert _pad(office.tablet)
    with office.made.db.read() as session:
        assert session.get_one(Assignment, row.id).ended_at is None
    office.tablet.open(office.code(row))
    assert not _pad(office.tablet)


def test_a_risk_answer_brings_a_quiet_page_and_the_desk_can_be_asked(office: Office) -> None:
    office.begun()
    page = office.tablet.fill("00000000")
    page = office.tablet.press(answer="3")
    assert "Please tell Dr. Rowan today" in page.text
    assert "tel:" not in office.tablet.said["page"]
    page = office.tablet.step("fetch", key=page.hidden["key"], at="help", of=page.hidden["of"])
    page = office.tablet.step("fetch", key=page.hidden["key"], at="help", of=page.hidden["of"])
    assert "has been asked to fetch Dr. Rowan" in page.text
    [call] = office.rows(DeskCall)
    with office.made.db.write() as session:
        [waiting] = calls.waiting(session, office.desk)
        assert (waiting.clinician, waiting.tablet) == ("Dr. Rowan", "Front room")
        calls.done(session, office.desk, call.id)
    with office.made.db.write() as session:
        assert calls.waiting(session, office.desk) == []


class TestClock:
    """The idle limits, on the server's clock."""

    def _at(self, seconds: float, start: datetime | None = None) -> Any:
        return time_machine.travel((start or now()) + timedelta(seconds=seconds), tick=True)

    def test_after_a_minute_and_a_half_the_server_takes_no_step_and_a_new_code_goes_on(
        self, office: Office
    ) -> None:
        row = office.begun()
        office.tablet.fill("012")
        with self._at(91):
            office.tablet.press(answer="3")
            assert _pad(office.tablet)
            page = office.tablet.open(office.code(row))
            assert "You go on where you stopped" in page.text
            page = office.tablet.begin()
            assert "Question 4 of 10" in page.text
        [form] = office.rows(FormSession)
        assert form.suspended_at is None
        assert form.draft["phq9"] == {"phq9_1": "0", "phq9_2": "1", "phq9_3": "2"}

    def test_more_time_is_three_minutes_and_ten_times(self, office: Office) -> None:
        office.begun()
        start, elapsed = now(), 61.0
        for _ in range(10):
            with self._at(elapsed, start):
                office.tablet.step("more")
                assert office.tablet.said["page"] is None
                assert 175 < office.tablet.said["blank_in"] <= 180
            elapsed += 181
        with self._at(elapsed, start):
            office.tablet.step("more")
            assert _pad(office.tablet)

    def test_a_touch_keeps_it_there(self, office: Office) -> None:
        office.begun()
        start = now()
        for elapsed in (50, 100, 150):
            with self._at(elapsed, start):
                office.tablet.step("touch")
        with self._at(160, start):
            office.tablet.press(answer="1")
        assert "Question 2 of 10" in office.tablet.page.text

    def test_a_step_that_waited_for_the_connection_is_taken(self, office: Office) -> None:
        office.begun()
        with self._at(300):
            office.tablet.press(held=290.0, answer="2")
        assert "Question 2 of 10" in office.tablet.page.text

    @pytest.mark.parametrize(("late", "held"), [(300, 100.0), (700, 690.0), (300, -5.0), (300, 0.0)])
    def test_a_step_that_was_made_too_late_or_waited_too_long_is_not(
        self, office: Office, late: int, held: float
    ) -> None:
        office.begun()
        with self._at(late):
            office.tablet.press(held=held, answer="2")
        assert _pad(office.tablet)
        [form] = office.rows(FormSession)
        assert form.first_answer_at is None

    def test_after_two_hours_the_draft_goes_and_its_risk_answer_is_told(self, office: Office) -> None:
        row = office.begun()
        office.tablet.fill("000000002")
        with self._at(120), office.made.db.write() as session:
            clock.let_go(session)
        assert [one.state for one in office.rows(FormSession)] == [FormState.OPEN]
        with self._at(3 * 3600):
            with office.made.db.write() as session:
                assert clock.let_go(session) == 1
            [form] = office.rows(FormSession)
            assert (form.state, form.draft) == (FormState.ENDED, None)
            assert [one.item_id for one in office.rows(Alert)] == ["phq9_9"]
            page = office.tablet.open(office.code(row))
        assert "Up to 10 short questions" in page.text


class TestRefusals:
    """What is not the tablet, or no longer, gets nothing."""

    def test_a_repeated_number_is_refused_and_the_tablet_learns_its_count(self, office: Office) -> None:
        tablet = office.tablet
        body = tablet.body([("do", "start")])
        headers = tablet.signed(body)
        assert tablet.send(body, headers).status_code == 200
        reply = tablet.send(body, headers)
        assert (reply.status_code, reply.get_json()) == (409, {"last": tablet.count})

    def test_another_key_another_body_and_another_tablet_are_refused(self, office: Office) -> None:
        tablet, other = office.tablet, Tablet(office.app)
        other.device = tablet.device
        body = tablet.body([("do", "start")])
        assert tablet.send(body, other.signed(body, 50)).status_code == 403
        assert tablet.send(body + b" ", tablet.signed(body, 51)).status_code == 403
        copied = tablet.signed(body, 52)
        third = enrolled(office.made, office.app, office.ada, [office.cast.practice], "Back room")
        assert third.send(body, {**copied, "Kiosk-Device": third.device}).status_code == 403
        assert tablet.send(body, {**copied, "Kiosk-Count": "53"}).status_code == 403

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Kiosk-Device": "x", "Kiosk-Count": "1", "Kiosk-Signature": "AA"},
            {"Kiosk-Count": "1", "Kiosk-Signature": "\u00e9"},
            {"Kiosk-Count": "-1"},
            {"Kiosk-Count": "9" * 40},
        ],
    )
    def test_what_is_not_signed_is_refused(self, office: Office, headers: dict[str, str]) -> None:
        body = office.tablet.body([("do", "start")])
        reply = office.tablet.send(body, {"Kiosk-Device": office.tablet.device, **headers})
        assert (reply.status_code, reply.get_json()) == (403, {"gone": True})

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"fields": 1}', b"\xff", b"[" * 5000])
    def test_a_body_that_says_nothing_is_refused(self, office: Office, body: bytes) -> None:
        assert office.tablet.send(body, office.tablet.signed(body)).status_code == 400

    def test_a_lost_tablet_is_revoked_and_shows_nothing_more(self, office: Office) -> None:
        row = office.begun()
        office.tablet.fill("01")
        with office.made.db.write() as session:
            devices.revoke(session, office.desk, office.tablet.id)
        body = office.tablet.body([("do", "look")])
        reply = office.tablet.send(body, office.tablet.signed(body))
        assert (reply.status_code, reply.get_json()) == (403, {"gone": True})
        other = enrolled(office.made, office.app, office.ada, [office.cast.practice], "New one")
        page = other.open(code_for(office.made, office.desk, row, other))
        assert "You go on where you stopped" in page.text

    def test_a_withdrawn_grant_ends_the_sitting_at_the_next_step(self, office: Office) -> None:
        office.begun()
        with office.made.db.write() as session:
            devices.withdraw(session, office.ada, office.tablet.id, office.cast.practice)
        office.tablet.press(answer="1")
        assert _pad(office.tablet)
        [form] = office.rows(FormSession)
        assert form.first_answer_at is None

    def test_a_code_of_a_practice_that_the_tablet_does_not_serve_is_wrong(self, office: Office) -> None:
        stranger = office.cast.caller(office.made, office.cast.stranger)
        with office.made.db.write() as session:
            client = build.add_client(session, stranger, "Fern", "Foreign", None)
        row = build.ask(office.made, stranger, client.id, ["phq9"], Way.KIOSK)
        digits = code_for(office.made, stranger, row, office.tablet)
        office.tablet.open(digits)
        assert _pad(office.tablet)

    def test_another_page_of_the_same_tablet_cannot_go_on_with_the_form(self, office: Office) -> None:
        office.begun()
        sitting = office.tablet.sitting
        assert sitting is not None
        office.tablet.sitting = sitting.split(".")[0] + "." + "y" * 22
        office.tablet.press(answer="1")
        assert _pad(office.tablet)

    def test_a_sitting_of_one_tablet_is_nothing_on_another(self, office: Office) -> None:
        office.begun()
        other = enrolled(office.made, office.app, office.ada, [office.cast.practice], "Back room")
        other.sitting, other.page = office.tablet.sitting, office.tablet.page
        other.press(answer="1")
        assert _pad(other)

    def test_a_receptionist_whose_grant_was_withdrawn_gives_no_code(self, office: Office) -> None:
        row = office.ask()
        with office.made.db.write() as session:
            for grant in session.scalars(select(Grant).where(Grant.role == Role.FRONT_DESK)):
                grant.until_at = now() - timedelta(seconds=1)
        chosen = {"tablet": office.tablet.device}
        reply = office_browser(office).post(f"/console/desk/{row.id}/tablet", data=chosen)
        assert reply.status_code in (303, 401, 403, 404)
        assert office.rows(KioskTicket) == []

    def test_an_enrolment_code_works_once_and_for_fifteen_minutes(self, office: Office) -> None:
        with office.made.db.write() as session:
            _, code = devices.add(session, office.ada, [office.cast.practice], "Late")
        with time_machine.travel(now() + timedelta(minutes=15, seconds=1), tick=True):
            assert Tablet(office.app).enrol(code).status_code == 422
        assert Tablet(office.app).enrol(code.lower()).status_code == 200
        assert Tablet(office.app).enrol(code).status_code == 422


class TestPages:
    """The shell, walk-ups, and who has a desk in the console."""

    def test_the_shell_is_the_same_for_everybody(self, office: Office) -> None:
        first = office.tablet.browser.get("/kiosk")
        other = office.tablet.browser.get("/kiosk?lang=es", headers={"Accept-Language": "es"})
        assert first.data == other.data
        assert "Set-Cookie" not in first.headers
        assert first.headers["Cache-Control"] == "no-store"

    def test_every_page_has_both_languages_and_a_switch_keeps_the_mark(self, office: Office) -> None:
        office.begun()
        page = office.tablet.press(answer="2", lang="es")
        assert "Pregunta 1 de 10" in page.text
        assert page.checked == {"answer": "2"}
        page = office.tablet.press(lang="en")
        assert "Question 1 of 10" in page.text

    def test_people_who_are_not_clients_are_shown_a_square_for_their_own_phone(self, office: Office) -> None:
        assert "Not a patient here" not in office.tablet.step("start").text
        with office.made.db.write() as session:
            session.add(
                ScreeningPage(
                    practice_id=office.cast.practice,
                    person_id=office.cast.ada,
                    slug="dr-rowan",
                    open=True,
                    instruments=["phq9"],
                    origins=[],
                )
            )
        assert "Not a patient here" in office.tablet.step("start").text
        office.tablet.step("walk-up")
        assert "http://localhost:8080/screen/dr-rowan" in office.tablet.page.text
        assert "<svg" in office.tablet.said["page"]

    def test_the_front_desk_has_its_pages_and_no_others(self, office: Office) -> None:
        row, browser = office.ask(), office_browser(office)
        assert browser.get("/console/").location == "/console/desk"
        for path in ("/console/desk", f"/console/desk/{row.id}", f"/console/desk/blank/{row.id}"):
            reply = browser.get(path)
            assert reply.status_code == 200, path
            assert "PHQ" not in reply.text
        for path in (
            "/console/clients",
            f"/console/assignments/{row.id}",
            "/console/send",
            "/console/desk/paper",
        ):
            assert browser.get(path).status_code == 403, path
        reply = browser.post(f"/console/desk/{row.id}/tablet", data={"tablet": office.tablet.device})
        digits = re.search(r"callcode[^>]*>(\d{5})<", reply.text)
        assert digits is not None
        assert "short questions" in office.tablet.open(digits[1]).text

    def test_an_owner_adds_a_tablet_and_takes_it_out_of_use(self, office: Office) -> None:
        browser = clinician.signed_in(office.app, "ada@example.org")
        reply = browser.post("/console/tablets", data={"name": "Hall", "practice": str(office.cast.practice)})
        code = re.search(r"callcode[^>]*>([^<]{9})<", reply.text)
        assert code is not None
        hall = Tablet(office.app)
        assert hall.enrol(code[1]).status_code == 200
        assert "Hall" in browser.get("/console/tablets").text
        assert browser.get("/console/tablets/setup").status_code == 200
        reply = browser.post(f"/console/tablets/{hall.device}/revoke")
        assert "What it could have shown" in reply.text

    def test_paper_of_an_outage_is_typed_in_by_its_code(self, office: Office) -> None:
        row = office.ask()
        browser = clinician.signed_in(office.app, "ada@example.org")
        sheet = browser.get("/console/desk/blank").text
        code = paper.code(row.id)
        assert code in sheet
        assert "Cyan" not in sheet
        reply = browser.post("/console/desk/paper", data={"code": code.replace("-", " ").lower()})
        assert reply.location == f"/console/assignments/{row.id}/answer"
        assert browser.get(reply.location).status_code == 200
        assert browser.post("/console/desk/paper", data={"code": "nonsense"}).status_code == 422

    def test_an_ask_for_the_tablet_is_sent_from_the_send_page_and_sends_nothing(self, office: Office) -> None:
        browser = clinician.signed_in(office.app, "ada@example.org")
        fields = {"client": str(office.cast.cy), "how": "kiosk", "what": "phq9", "why": "screening"}
        reply = browser.post("/console/send", data=fields)
        assert reply.status_code == 303
        assert "the desk gives them a code" in browser.get(reply.location).text
        assert [row.channel for row in office.rows(Assignment)] == [Way.KIOSK]
        assert office.rows(Dispatch) == []


def office_browser(office: Office) -> Any:
    """The receptionist's browser."""
    return clinician.signed_in(office.app, "desk@example.org")


def test_one_receptionist_and_one_tablet_serve_two_practices_and_nothing_joins_them(office: Office) -> None:
    stranger = office.cast.caller(office.made, office.cast.stranger)
    with office.made.db.write() as session:
        session.add(
            Grant(
                person_id=office.cast.desk,
                practice_id=office.cast.other_practice,
                role=Role.FRONT_DESK,
                from_at=now(),
            )
        )
        device = devices.of_keeper(session, office.ada, office.tablet.id, Role.OWNER)
        devices.grant(session, stranger, devices.number(device), office.cast.other_practice)
        client = build.add_client(session, stranger, "Fern", "Foreign", None)
    other = build.ask(office.made, stranger, client.id, ["gad7"], Way.KIOSK)
    mine = office.ask()
    office.desk = office.cast.caller(office.made, office.cast.desk)
    browser = office_browser(office)
    page = browser.get("/console/desk").text
    assert page.index("Alder Street Office") < page.index("Birch House")
    assert "Cyan" in page
    assert "Fern" in page
    assert "PHQ" not in page
    assert "GAD" not in page
    for row, said in ((other, "7 short questions"), (mine, "Up to 10 short questions")):
        assert said in office.tablet.open(office.code(row)).text
        office.tablet.step("not-me", key=office.tablet.page.hidden["key"])
    with office.made.db.write() as session:
        devices.withdraw(session, stranger, office.tablet.id, office.cast.other_practice)
    office.tablet.open(code_for(office.made, stranger, other, office.tablet))
    assert _pad(office.tablet)
    office.tablet.open(office.code(mine))
    assert not _pad(office.tablet)


def test_on_both_databases_one_of_two_pages_gets_the_code(migrated: Service) -> None:
    from delivery.app import create_app

    people = build.cast(migrated)
    office = Office(migrated, people, create_app(service=migrated))
    digits = office.code(office.ask())
    other = Tablet(office.app)
    other.key, other.device = office.tablet.key, office.tablet.device
    opened = []

    def open_it(tablet: Tablet) -> None:
        tablet.open(digits)
        opened.append(not _pad(tablet))

    threads = [threading.Thread(target=open_it, args=(one,)) for one in (office.tablet, other)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(opened) == [False, True]
    winner = office.tablet if not _pad(office.tablet) else other
    winner.begin()
    winner.fill(PHQ9)
    winner.press("send")
    assert len(office.rows(Submission)) == 1
