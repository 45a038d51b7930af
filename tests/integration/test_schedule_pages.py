"""Schedules and appointments at the console."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from delivery.db import now
from delivery.models.clients import Client, ContactPoint
from delivery.models.ledger import AuditEvent
from delivery.models.schedules import Appointment, CalendarFeed, Schedule
from delivery.schedules import changing
from delivery.service import Service
from tests import build, clinician, planning


@contextmanager
def statements(service: Service) -> Iterator[list[str]]:
    """The SQL statements that run meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    event.listen(service.db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(service.db.engine, "before_cursor_execute", note)


def fields(cast: build.Cast, **changes: Any) -> dict[str, Any]:
    """PHQ-9 by e-mail every two weeks on Tuesday."""
    values = {
        "client": str(cast.cy),
        "what": ["phq9"],
        "how": "email",
        "repeat": "weeks",
        "weeks": "2",
        "day": ["1"],
        "time": "9:00",
        "reminders": "1",
        "reminder_days": "3",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def stored(service: Service) -> list[Schedule]:
    with service.db.read() as session:
        return list(session.scalars(select(Schedule).order_by(Schedule.id)))


def test_every_message_of_eight_weeks_is_shown_before_anything_is_saved(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    page = console.post("/console/schedules/new", data={**fields(cast), "go": "preview"}).text
    assert page.count("e-mail to cy@example.org") == 4
    assert page.count("a reminder, if unanswered") == 4
    assert "Save this plan" in page
    assert stored(service) == []


def test_a_saved_plan_shows_the_same_messages_and_then_what_became_of_them(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    before = console.post("/console/schedules/new", data={**fields(cast), "go": "preview"}).text
    reply = console.post("/console/schedules/new", data={**fields(cast), "go": "save"})
    assert reply.status_code == 303
    (row,) = stored(service)
    after = console.get(reply.location).text
    times = re.findall(r"<h3>(\w+ \d+ \w+(?: \d+)? at \d+:\d+)</h3>", before)
    assert len(times) == 8
    assert re.findall(r"<h3>(\w+ \d+ \w+(?: \d+)? at \d+:\d+)</h3>", after) == times
    assert row.next_at is not None
    planning.turn(service, row.next_at + timedelta(seconds=3))
    assert "waiting to go, no answer yet" not in after
    with planning.at(row.next_at + timedelta(minutes=1)):
        ada = clinician.signed_in(console.application, "ada@example.org")
        assert "waiting to go" in ada.get(reply.location).text


def test_saving_twice_makes_one_plan(console: FlaskClient, cast: build.Cast, service: Service) -> None:
    for _ in range(2):
        console.post("/console/schedules/new", data={**fields(cast), "go": "save"})
    assert len(stored(service)) == 1


def test_asking_more_often_than_a_measure_looks_back_is_said_and_mended_in_one_press(
    console: FlaskClient, cast: build.Cast
) -> None:
    page = console.post("/console/schedules/new", data={**fields(cast, weeks="1"), "go": "preview"}).text
    assert "Every 2 weeks fits it." in page
    mended = console.post("/console/schedules/new", data={**fields(cast, weeks="1"), "fit": "2"}).text
    assert "fits it." not in mended
    assert "Every 2 weeks on Tuesday" in mended


def test_a_week_of_more_than_ten_minutes_is_said(console: FlaskClient, cast: build.Cast) -> None:
    data = fields(cast, day=["0", "1", "2", "3", "4"], weeks="1", what=["phq9", "gad7"])
    page = console.post("/console/schedules/new", data={**data, "go": "preview"}).text
    assert "That is much: more than 10." in page


def test_a_screening_measure_is_planned_only_with_a_reason(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    data = fields(cast, what=["phq2"], why="screening")
    reply = console.post("/console/schedules/new", data={**data, "go": "save"})
    assert reply.status_code == 422
    assert "made for screening" in reply.text
    assert stored(service) == []
    data["reason"] = "court order"
    assert console.post("/console/schedules/new", data={**data, "go": "save"}).status_code == 303


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts_on": "2020-01-01"}, "Choose today or a later day"),
        ({"starts_on": "31.12.2027"}, "Write it like"),
        ({"time": "25:99"}, "Write the time like"),
        ({"repeat": "rule", "rule": "FREQ=SECONDLY"}, "repeats by days, weeks"),
        ({"repeat": "rule", "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}, "never comes true"),
        ({"repeat": "rule", "rule": "x" * 10_000}, "at most 200 characters"),
        ({"reminders": "9"}, "0 to 3"),
        ({"how": "pigeon"}, "Choose how"),
        ({"how": "sms"}, "no usable phone number"),
        ({"repeat": "session", "lead": "7"}, "2 hours to 1 day"),
        ({"what": ["nonsense"]}, "no such measure"),
        ({"weeks": "0"}, "every week up to"),
    ],
)
def test_what_cannot_be_planned_is_said_beside_its_field_and_everything_typed_stays(
    console: FlaskClient, cast: build.Cast, service: Service, changes: dict[str, Any], words: str
) -> None:
    reply = console.post("/console/schedules/new", data={**fields(cast, **changes), "go": "save"})
    assert reply.status_code in (409, 422)
    assert words in reply.text
    assert 'value="9:00"' in reply.text or "time" in changes
    assert stored(service) == []


def test_nobody_plans_for_a_client_of_somebody_else(console: FlaskClient, cast: build.Cast) -> None:
    data = fields(cast, client=str(cast.bo_client))
    for go in ("preview", "save"):
        assert console.post("/console/schedules/new", data={**data, "go": go}).status_code == 404


def test_the_pages_of_a_plan_are_its_care_teams_alone(
    console: FlaskClient, app: Any, cast: build.Cast, service: Service
) -> None:
    row = planning.plan(service, cast, planning.wanted(cast, starts_on=now().date() + timedelta(days=3)))
    for email in ("bo@example.org", "sam@example.org"):
        other = clinician.signed_in(app, email)
        assert other.get(f"/console/schedules/{row.id}").status_code == 404
        assert other.get(f"/console/schedules/{row.id}/change").status_code == 404
        for act in ("stop", "skip", "change"):
            assert other.post(f"/console/schedules/{row.id}/{act}", data=fields(cast)).status_code == 404
        assert str(row.id) not in other.get("/console/schedules").text


def test_changing_stops_the_old_plan_and_starts_the_new_one(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    console.post("/console/schedules/new", data={**fields(cast), "go": "save"})
    (old,) = stored(service)
    page = console.get(f"/console/schedules/{old.id}/change").text
    assert "Save this plan" in page
    address = f"/console/schedules/{old.id}/change"
    assert console.post(address, data={**fields(cast, time="14:30"), "go": "save"}).status_code == 303
    first, second = stored(service)
    assert first.stop_reason == "changed"
    assert (second.wall_time, second.stopped_at) == ("14:30", None)


def test_stopping_is_one_press_and_pressing_again_changes_nothing(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    console.post("/console/schedules/new", data={**fields(cast), "go": "save"})
    (row,) = stored(service)
    for _ in range(2):
        assert console.post(f"/console/schedules/{row.id}/stop").status_code == 303
    (row,) = stored(service)
    assert row.stop_reason == "stopped"
    assert "Ended in the last 30 days: 1" in console.get("/console/schedules").text


def test_a_message_that_was_skipped_stands_in_the_list_and_comes_back(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    console.post("/console/schedules/new", data={**fields(cast), "go": "save"})
    (row,) = stored(service)
    with service.db.read() as session:
        first = changing.one(session, cast.caller(service, cast.ada), row.id).next_at
    assert first is not None
    from zoneinfo import ZoneInfo

    key = first.astimezone(ZoneInfo(row.time_zone)).date().isoformat()
    console.post(f"/console/schedules/{row.id}/skip", data={"key": key, "do": "skip"})
    page = console.get(f"/console/schedules/{row.id}").text
    assert "Send it after all" in page
    assert page.count("e-mail to cy@example.org") == 3
    console.post(f"/console/schedules/{row.id}/skip", data={"key": key, "do": "undo"})
    assert console.get(f"/console/schedules/{row.id}").text.count("e-mail to cy@example.org") == 4
    assert console.post(f"/console/schedules/{row.id}/skip", data={"key": "1999-01-01"}).status_code == 409


def test_a_session_is_typed_once_skipped_put_back_and_ended(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    address = f"/console/clients/{cast.cy}/appointments"
    assert console.post(address, data={"appointment": "Tuesdays 10:00"}).status_code == 303
    assert console.post(address, data={"appointment": "tue 10am"}).status_code == 409
    bad = console.post(address, data={"appointment": "sometimes"})
    assert bad.status_code == 422
    assert "Tuesdays 10:00" in bad.text
    assert 'value="sometimes"' in bad.text
    with service.db.read() as session:
        (row,) = session.scalars(select(Appointment)).all()
    preview = console.post("/console/schedules/new", data={**fields(cast, repeat="session"), "go": "preview"})
    assert preview.text.count("session Tuesday") in (8, 9)
    skipped = console.post(f"/console/appointments/{row.id}/skip", data={"key": _next_tuesday(row)})
    assert skipped.status_code == 303
    with service.db.read() as session:
        assert session.get_one(Appointment, row.id).skips == [_next_tuesday(row)]
    console.post(f"/console/appointments/{row.id}/skip", data={"key": _next_tuesday(row), "do": "undo"})
    console.post(f"/console/appointments/{row.id}/end")
    with service.db.read() as session:
        found = session.get_one(Appointment, row.id)
    assert found.skips == []
    assert found.cancelled_at is not None


def _next_tuesday(row: Appointment) -> str:
    day = datetime.fromisoformat(row.starts_on).date()
    return (day + timedelta(days=7)).isoformat()


def _code(service: Service, cast: build.Cast, code: str = "k7m2") -> None:
    with service.db.write() as session:
        session.get_one(Client, cast.cy).calendar_code = code


def _list(console: FlaskClient, text: str, **more: str) -> Any:
    data = {"file": (io.BytesIO(text.encode()), "list.csv"), **more}
    return console.post("/console/appointments/file", data=data, content_type="multipart/form-data")


def test_a_list_is_shown_first_and_kept_whole_by_a_press(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    _code(service, cast)
    day = (now() + timedelta(days=5)).date()
    shown = _list(console, f"code,date,time\nK7M2,{day},10:00\nk7m2,{day + timedelta(days=7)},2 pm\n")
    assert shown.status_code == 200
    assert "2 sessions are in this list" in shown.text
    with service.db.read() as session:
        assert session.scalars(select(Appointment)).all() == []
    carried = re.search(r'name="carried" value="([^"]+)"', shown.text)
    assert carried is not None
    for expected in ("kept=2", "kept=0"):
        kept = console.post("/console/appointments/file", data={"carried": carried[1], "go": "keep"})
        assert kept.location.endswith(expected)


def test_one_bad_row_keeps_all_of_a_list_out_and_is_named(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    _code(service, cast)
    text = "code,date,time\nK7M2,2027-01-05,10:00\n=1+1,2027-01-06,10:00\nK7M2,2027-13-01,10:00\n"
    reply = _list(console, text, go="keep")
    assert reply.status_code == 422
    assert "Row 3" in reply.text
    assert "Row 4" in reply.text
    with service.db.read() as session:
        assert session.scalars(select(Appointment)).all() == []


@pytest.mark.parametrize("carried", ["%%%", "AAAA", ""])
def test_what_is_no_file_is_said(console: FlaskClient, carried: str) -> None:
    reply = console.post("/console/appointments/file", data={"carried": carried, "go": "keep"})
    assert reply.status_code == 422


def test_a_calendar_address_is_checked_before_it_is_kept(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    for bad in ("ftp://x.example/a", "http://calendar.example/a.ics", "https://user:pw@x.example/", "x"):
        reply = console.post("/console/appointments/calendar", data={"url": bad})
        assert reply.status_code == 422, bad
    good = "https://calendar.example/secret.ics"
    assert console.post("/console/appointments/calendar", data={"url": good}).status_code == 303
    page = console.get("/console/appointments").text
    assert "Not read yet." in page
    assert good not in page
    with service.db.read() as session:
        (row,) = session.scalars(select(CalendarFeed)).all()
    with planning.at(now() + timedelta(days=4)):
        ada = clinician.signed_in(console.application, "ada@example.org")
        assert "Not read for more than three days." in ada.get("/console/appointments").text
    assert console.post(f"/console/appointments/calendar/{row.id}/stop").status_code == 303


def test_a_code_is_suggested_kept_and_taken_once(
    console: FlaskClient, app: Any, cast: build.Cast, service: Service
) -> None:
    reply = console.post(f"/console/clients/{cast.cy}/code", data={"code": "Cyan"})
    assert reply.status_code == 422
    assert re.search(r'name="code"[^>]* value="Cyan"', reply.text)
    assert console.post(f"/console/clients/{cast.cy}/code", data={"code": "K7M2"}).status_code == 303
    bo = clinician.signed_in(app, "bo@example.org")
    again = bo.post(f"/console/clients/{cast.bo_client}/code", data={"code": "k7m2"})
    assert again.status_code == 422
    assert "Another client has this code." in again.text


def test_sessions_at_the_same_time_are_named(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    from delivery import access, appointments

    with service.db.write() as session:
        ada = access.caller(session, cast.ada)
        other = build.add_client(session, ada, "Dee", "Dove", "dove@example.org").id
        appointments.add(session, ada, cast.cy, "Tuesdays 10:00")
        appointments.add(session, ada, other, "Tuesdays 10:30")
    page = console.get("/console/appointments").text
    assert "Dee Dove begins before Cyan Canary is over." in page


def test_each_page_writes_who_looked_and_asks_the_database_little(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    soon = now().date() + timedelta(days=3)
    rows = [
        planning.plan(service, cast, planning.wanted(cast, instruments=[key], starts_on=soon))
        for key in ("gad7", "phq9", "pcl5")
    ]
    planning.appointment(service, cast, "Tuesdays 10:00")
    posted = {**fields(cast), "go": "preview"}
    for read in (
        lambda: console.get("/console/schedules"),
        lambda: console.get(f"/console/schedules/{rows[0].id}"),
        lambda: console.get("/console/appointments"),
        lambda: console.post("/console/schedules/new", data=posted),
    ):
        read()
        with service.db.read() as session:
            before = session.scalars(select(AuditEvent.number).order_by(AuditEvent.number.desc())).first()
        with statements(service) as seen:
            assert read().status_code == 200
        with service.db.read() as session:
            after = session.scalars(select(AuditEvent.number).order_by(AuditEvent.number.desc())).first()
        assert after > before
        assert len(seen) <= 25, "\n".join(seen)


def test_the_clients_page_shows_what_goes_out_by_itself(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    planning.plan(service, cast, planning.wanted(cast, starts_on=now().date() + timedelta(days=3)))
    page = console.get(f"/console/clients/{cast.cy}").text
    assert "Every week on Tuesday at 9:00" in page


def test_an_address_that_may_not_be_used_is_said_before_and_after_saving(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    console.post("/console/schedules/new", data={**fields(cast), "go": "save"})
    (row,) = stored(service)
    with service.db.write() as session:
        for point in session.scalars(select(ContactPoint)):
            point.state = "dead"  # type: ignore[assignment]
    assert "As things are, nothing goes out." in console.get(f"/console/schedules/{row.id}").text
