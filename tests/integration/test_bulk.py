"""One act for many clients through the console: the list before it, the press, the job, watching it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from delivery import assignments, batteries, bulk_making, clients, jobs
from delivery.crypto import contact_hash
from delivery.db import now
from delivery.errors import LeaseLost
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client, ContactKind
from delivery.models.ledger import AuditEvent
from delivery.models.messages import Dispatch, OptOut
from delivery.models.schedules import BulkItem, BulkSend
from delivery.service import Service
from delivery.states import AssignmentState, ClientState, DispatchState, ItemState, move
from tests import build, bulk_acts
from tests.answering import Page
from tests.bulk_acts import client
from tests.clinician import signed_in

EMAIL, SMS = ContactKind.EMAIL, ContactKind.SMS
PRACTICE_WIDE = {"whom": "all", "how": "own", "what": ["phq9"]}


@contextmanager
def statements(service: Service) -> Iterator[list[str]]:
    """The SQL that runs meanwhile, without BEGIN and SAVEPOINT."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.split(maxsplit=1)[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            seen.append(statement)

    event.listen(service.db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(service.db.engine, "before_cursor_execute", note)


def text_of(reply: TestResponse) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", reply.text)).split())


def see(console: FlaskClient, **fields: Any) -> TestResponse:
    return console.post("/console/bulk", data={**PRACTICE_WIDE, **fields, "go": "see"})


def press(console: FlaskClient, listed: TestResponse) -> TestResponse:
    """The filled button of the list, with what the page carries."""
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', listed.text)
    data = MultiDict((name, unescape(value)) for name, value in pairs)
    data["go"] = "send"
    return console.post("/console/bulk", data=data)


@pytest.fixture
def many(service: Service, cast: build.Cast) -> dict[str, Client]:
    """Beside Cy, who has an address: one of each kind of trouble, and two more who can be asked."""
    with service.db.write() as session:
        ada = cast.caller(service, cast.ada)
        made = {
            "Dot": client(session, ada, "Dot", EMAIL, tags=["group"]),
            "Tex": client(session, ada, "Tex", SMS),
            "Noa": client(session, ada, "Noa", EMAIL, agreed=False),
            "Nil": client(session, ada, "Nil"),
            "Pam": client(session, ada, "Pam", EMAIL),
            "Rex": client(session, ada, "Rex", EMAIL),
            "Ron": client(session, ada, "Ron", EMAIL),
            "Kim": client(session, ada, "Kim", EMAIL, language="ko"),
            "Sue": client(session, ada, "Sue", SMS),
            "Old": client(session, ada, "Old", EMAIL),
            "Ivy": client(session, ada, "Ivy", EMAIL),
        }
        move(session, Client, made["Pam"].id, ClientState.PAUSED)
        move(session, Client, made["Old"].id, ClientState.CLOSED)
        for name in ("Rex", "Ivy"):
            (row,) = clients.respondents(session, made[name].id)
            row.refused_at = now() if name == "Rex" else None
            row.in_person_only = name == "Ivy"
        number = f"+1503555{sum(map(ord, 'Sue')) % 10000:04d}"
        session.add(OptOut(channel="sms", contact_hash=contact_hash("sms", number), how="text"))
    build.ask(service, ada, made["Ron"].id, ["phq9", "gad7"])
    return made


def items(service: Service) -> dict[str, BulkItem]:
    with service.db.read() as session:
        rows = session.execute(
            select(Client, BulkItem).join(BulkItem, BulkItem.client_id == Client.id).order_by(BulkItem.id)
        )
        return {row.Client.given_name: row.BulkItem for row in rows}


def test_the_list_names_who_gets_it_and_why_others_do_not(
    console: FlaskClient, many: dict[str, Client]
) -> None:
    reply = see(console)
    told = text_of(reply)
    assert "They get it: 3" in told
    assert "Left out: 8" in told
    for words in (
        "Noa No consent to e-mail is on record.",
        "Nil No e-mail address and no phone number is on record.",
        "Pam Paused: nothing is sent.",
        "Rex Said “I don’t want these forms now”.",
        "Kim PHQ-9: no official ko text.",
        "Sue Text messages are not possible to this number.",
        "Ivy In person only: nothing may be sent to them.",
    ):
        assert words in told
    assert re.search(r"Ron PHQ-9 was asked on .* and is still open", told)
    assert re.search(r"Tex by text, (today|tomorrow|\w+day)", told)
    assert "Old" not in told, "nobody who has left is on the list"
    assert "Send to 3 clients" in told


def test_each_that_is_left_out_has_a_link_to_mend_it(
    console: FlaskClient, many: dict[str, Client], service: Service
) -> None:
    links = Page(see(console).text).links
    for name in ("Noa", "Nil", "Pam", "Rex", "Sue", "Ivy"):
        assert f"/console/clients/{many[name].id}" in links
    assert f"/console/send?client={many['Kim'].id}" in links
    with service.db.read() as session:
        (open_ask,) = session.scalars(select(Assignment.id).where(Assignment.client_id == many["Ron"].id))
    assert f"/console/assignments/{open_ask}" in links


def test_nothing_is_stored_or_sent_before_the_press(
    console: FlaskClient, many: dict[str, Client], service: Service
) -> None:
    see(console)
    with service.db.read() as session:
        assert session.scalars(select(BulkSend.id)).all() == []
        assert len(session.scalars(select(Dispatch.id)).all()) == 1, "Ron’s own"


def test_the_press_asks_all_of_the_list_once_in_the_bulk_lane(
    console: FlaskClient, many: dict[str, Client], service: Service
) -> None:
    listed = see(console, remind="2")
    first, second = press(console, listed), press(console, listed)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    for _ in range(3):
        bulk_acts.run(service)
    done = items(service)
    made = {name for name, item in done.items() if item.state is ItemState.MADE}
    assert made == {"Cyan", "Dot", "Tex"}
    assert done["Pam"].reason == "Paused: nothing is sent."
    with service.db.read() as session:
        asks = session.scalars(
            select(Assignment).where(Assignment.id.in_([done[name].assignment_id for name in made]))
        ).all()
        sent = session.scalars(select(Dispatch).where(Dispatch.assignment_id.in_([a.id for a in asks]))).all()
    assert len(sent) == len(made)
    assert {row.lane for row in sent} == {"bulk"}
    assert {a.reminders for a in asks} == {2}
    assert {(a.client_id, a.channel) for a in asks} >= {
        (many["Tex"].id, Way.SMS),
        (many["Dot"].id, Way.EMAIL),
    }


def test_who_was_not_on_the_list_gets_nothing_and_who_fell_out_since_is_named(
    console: FlaskClient, many: dict[str, Client], service: Service, cast: build.Cast
) -> None:
    listed = see(console)
    with service.db.write() as session:
        client(session, cast.caller(service, cast.ada), "Zed", EMAIL)
        move(session, Client, many["Dot"].id, ClientState.PAUSED)
    assert press(console, listed).status_code == 303
    bulk_acts.run(service)
    done = items(service)
    assert "Zed" not in done
    assert (done["Dot"].state, done["Dot"].reason) == (ItemState.BLOCKED, "Paused: nothing is sent.")


def test_what_changes_between_press_and_job_blocks_that_client_alone(
    console: FlaskClient, many: dict[str, Client], service: Service
) -> None:
    press(console, see(console))
    with service.db.write() as session:
        (who,) = clients.respondents(session, many["Tex"].id)
        who.refused_at = now()
    bulk_acts.run(service)
    done = items(service)
    assert done["Tex"].state is ItemState.BLOCKED
    assert "I don’t want these forms" in (done["Tex"].reason or "")
    assert {done["Cyan"].state, done["Dot"].state} == {ItemState.MADE}


def test_a_fault_with_one_client_leaves_the_others_alone(
    console: FlaskClient, many: dict[str, Client], service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(console, see(console))
    whole = assignments.ask

    def faulty(session: Any, caller: Any, wanted: Any, *args: Any, **more: Any) -> Any:
        row = whole(session, caller, wanted, *args, **more)
        if wanted.client_id == many["Dot"].id:
            raise RuntimeError("odd")
        return row

    monkeypatch.setattr(assignments, "ask", faulty)
    bulk_acts.run(service)
    done = items(service)
    assert (done["Dot"].state, done["Dot"].reason) == (ItemState.BLOCKED, bulk_making.ODD)
    assert {done["Cyan"].state, done["Tex"].state} == {ItemState.MADE}
    with service.db.read() as session:
        asks = session.scalars(select(Assignment).where(Assignment.client_id == many["Dot"].id)).all()
    assert asks == [], "nothing of the one that went wrong stays"


def test_a_worker_that_died_or_lost_its_lease_is_followed_without_a_second_ask(
    console: FlaskClient, many: dict[str, Client], service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_making, "CHUNK", 1)
    press(console, see(console))
    settings = service.settings
    with service.db.write() as session:
        lost = jobs.claim(session, "bulk", 0)
    assert lost is not None
    with service.db.write() as session:
        assert bulk_making.chunk(session, lost, settings.model_copy(update={"lease_seconds": 0}))
    with service.db.write() as session:
        taken = jobs.claim(session, "bulk", 20)
    assert taken is not None
    assert taken.id == lost.id
    with pytest.raises(LeaseLost), service.db.write() as session:
        bulk_making.chunk(session, lost, settings)
    left = True
    while left:
        with service.db.write() as session:
            left = bulk_making.chunk(session, taken, settings)
    with service.db.read() as session:
        asked = session.scalars(
            select(Assignment.client_id).where(Assignment.client_id != many["Ron"].id)
        ).all()
    assert len(asked) == len(set(asked)) == 3


def test_a_tag_ticks_or_one_channel_narrow_the_list(console: FlaskClient, many: dict[str, Client]) -> None:
    assert "They get it: 1" in text_of(see(console, whom="tag", tag="group"))
    ticked = see(console, whom="ticks", one=[str(many["Dot"].id), str(many["Pam"].id)])
    assert "They get it: 1" in text_of(ticked)
    assert "Left out: 1" in text_of(ticked)
    texts = text_of(see(console, how="sms"))
    assert "Send to 1 client" in texts
    assert "Dot No phone number that may be used is on record." in texts


def test_a_set_and_a_time_of_their_own_clock(
    console: FlaskClient, many: dict[str, Client], service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        weekly = batteries.add(session, cast.practice, "Weekly", ["phq9", "gad7"]).id
        session.get_one(Client, many["Dot"].id).time_zone = "America/New_York"
    day = (now() + timedelta(days=5)).date().isoformat()
    fields = {"what": [], "set": str(weekly), "when": "at", "day": day, "clock": "10:30"}
    press(console, see(console, whom="ticks", one=[str(many["Dot"].id)], **fields))
    bulk_acts.run(service)
    done = items(service)["Dot"]
    with service.db.read() as session:
        ask = session.get_one(Assignment, done.assignment_id)
        (message,) = session.scalars(select(Dispatch).where(Dispatch.assignment_id == ask.id))
    assert [one["key"] for one in ask.instruments] == ["phq9", "gad7"]
    assert ask.battery_id == weekly
    assert ask.send_at == message.due_at
    local = ask.send_at.astimezone(ZoneInfo("America/New_York"))
    assert (local.date().isoformat(), local.hour, local.minute) == (day, 10, 30)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"what": []}, "Choose at least one."),
        ({"what": ["nonsense"]}, "Choose at least one."),
        ({"what": ["asq"]}, "never sent by link"),
        ({"how": "fax"}, "Choose a way."),
        ({"remind": "9"}, "At most 3 times."),
        ({"remind": "-1"}, "At most 3 times."),
        ({"when": "at", "day": "2026-13-45", "clock": "09:00"}, "Like 2026-11-23 and 09:00."),
        ({"when": "at", "day": "2020-01-01", "clock": "09:00"}, "at most a year ahead"),
        ({"when": "at", "day": "2026-12-01", "clock": "25:00"}, "Like 2026-11-23 and 09:00."),
        ({"whom": "tag"}, "Choose one of the tags."),
        ({"whom": "ticks"}, "Nobody is chosen yet."),
        ({"whom": "ticks", "one": ["x", "01a20468-00f7-7065-9431-e3ca8b77c43f"]}, "Nobody is chosen yet."),
        ({"set": "01a20468-00f7-7065-9431-e3ca8b77c43f"}, "Choose another set."),
        ({"practice": "x"}, "Choose a practice."),
    ],
)
def test_what_cannot_be_read_is_said_in_plain_words(
    console: FlaskClient, many: dict[str, Client], fields: dict[str, Any], words: str
) -> None:
    reply = see(console, **fields)
    assert reply.status_code == 422
    assert words in text_of(reply)


def test_a_form_that_was_refused_keeps_what_was_typed(console: FlaskClient, many: dict[str, Client]) -> None:
    page = Page(see(console, remind="2", how="fax", reason="for the group").text)
    assert page.checked["remind"] == "2"
    assert any(box.get("value") == "phq9" and "checked" in box for box in page.boxes)
    assert "for the group" in page.text


def test_what_is_ticked_beside_a_set_is_asked_after_it(
    console: FlaskClient, many: dict[str, Client], service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        weekly = batteries.add(session, cast.practice, "Weekly", ["phq9", "gad7"]).id
    listed = see(console, set=str(weekly), what=["gad7", "pcl5"], whom="ticks", one=[str(many["Dot"].id)])
    assert "PHQ-9, GAD-7, PCL-5" in text_of(listed)
    press(console, listed)
    with service.db.read() as session:
        row = session.scalars(select(BulkSend)).one()
    assert (row.instruments, row.battery_id) == (["phq9", "gad7", "pcl5"], None)


def test_a_form_for_one_client_takes_reminders_too(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    fields = {"client": str(cast.cy), "what": "phq9", "how": "email"}
    assert console.post("/console/send", data={**fields, "remind": "7"}).status_code == 422
    assert console.post("/console/send", data={**fields, "remind": "2"}).status_code == 303
    with service.db.read() as session:
        row = session.scalars(select(Assignment)).one()
    assert (row.reminders, row.reminder_days) == (2, 3)


def test_a_screening_measure_for_progress_needs_a_reason(
    console: FlaskClient, many: dict[str, Client]
) -> None:
    reply = see(console, what=["pcptsd5"], why="progress")
    assert reply.status_code == 422
    assert "made for screening" in text_of(reply)
    assert "They get it" in text_of(see(console, what=["pcptsd5"], why="progress", reason="a new event"))


def test_the_progress_page_counts_and_looks_again_while_something_moves(
    console: FlaskClient, many: dict[str, Client], service: Service
) -> None:
    where = press(console, see(console)).location
    before = console.get(where)
    assert '<meta http-equiv="refresh"' in before.text
    assert "8 of 11 are through" in text_of(before)
    assert '<meta http-equiv="refresh"' not in console.get(f"{where}?still=yes").text
    bulk_acts.run(service)
    bulk_acts.hand_over_all(service)
    with service.db.write() as session:
        ask_id = items(service)["Cyan"].assignment_id
        assert ask_id is not None
        move(session, Assignment, ask_id, AssignmentState.STARTED)
        move(session, Assignment, ask_id, AssignmentState.COMPLETED, completed_at=now())
    after = console.get(where)
    told = text_of(after)
    assert "All 11 are through" in told
    assert "Answered 1" in told
    assert "Made 3" in told
    assert "Left out 8" in told
    assert '<meta http-equiv="refresh"' not in after.text
    assert re.search(r'<progress[^>]* max="11" value="11"', after.text)


def test_stop_takes_back_what_has_not_left_and_leaves_what_has(
    console: FlaskClient, many: dict[str, Client], service: Service
) -> None:
    where = press(console, see(console)).location
    bulk_acts.run(service)
    gone = items(service)["Dot"].assignment_id
    assert gone is not None
    with service.db.write() as session:
        row = session.scalars(select(Dispatch).where(Dispatch.assignment_id == gone)).one()
        move(session, Dispatch, row.id, DispatchState.DUE)
        move(session, Dispatch, row.id, DispatchState.HANDED_OVER, handed_over_at=now())
        move(session, Assignment, gone, AssignmentState.SENT, sent_at=now())
    assert console.post(f"{where}/stop").status_code == 303
    assert "Stopped" in text_of(console.get(where))
    with service.db.read() as session:
        states = {
            row.client_id: row.state
            for row in session.scalars(select(Assignment).where(Assignment.client_id != many["Ron"].id))
        }
    assert states.pop(many["Dot"].id) is AssignmentState.SENT
    assert set(states.values()) == {AssignmentState.CANCELLED}


def test_stop_before_the_job_leaves_it_nothing_to_do(
    console: FlaskClient, many: dict[str, Client], service: Service
) -> None:
    where = press(console, see(console)).location
    console.post(f"{where}/stop")
    bulk_acts.run(service)
    assert {item.state for item in items(service).values()} == {ItemState.BLOCKED}


def test_a_bulk_send_is_its_makers_alone(
    console: FlaskClient, many: dict[str, Client], service: Service, cast: build.Cast, app: Any
) -> None:
    listed = see(console)
    where = press(console, listed).location
    for email in ("bo@example.org", "sam@example.org"):
        other = signed_in(app, email)
        assert other.get(where).status_code == 404
        assert other.post(f"{where}/stop").status_code == 404
        assert press(other, listed).status_code in (404, 409, 422)
    assert "Dot" not in text_of(see(signed_in(app, "bo@example.org")))


def test_reading_writes_the_audit_line_first(
    console: FlaskClient, many: dict[str, Client], service: Service
) -> None:
    def lines() -> int:
        with service.db.read() as session:
            tag = AuditEvent.tag == "console:client:listed"
            return len(session.scalars(select(AuditEvent.id).where(tag)).all())

    before = lines()
    console.get("/console/bulk")
    assert lines() == before + 1
    see(console)
    assert lines() == before + 2


def test_the_pages_of_35_clients_load_in_25_statements(
    console: FlaskClient, cast: build.Cast, service: Service
) -> None:
    with service.db.write() as session:
        ada = cast.caller(service, cast.ada)
        for number in range(34):
            client(session, ada, f"Client {number}", EMAIL, SMS)
    see(console)  # the library of the practice is read once a process
    with statements(service) as seen:
        listed = see(console)
    assert "Send to 35 clients" in text_of(listed)
    assert len(seen) <= 25, len(seen)
    where = press(console, listed).location
    bulk_acts.run(service)
    for address in (where, "/console/bulk", "/console/unanswered"):
        with statements(service) as seen:
            assert console.get(address).status_code == 200
        assert len(seen) <= 25, (address, len(seen))
