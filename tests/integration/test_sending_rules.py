"""The rules of sending where several workers, practices and presses meet, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from channels.base import Receipt, Refused
from delivery import assignments, breaker, client_life, dispatch, jobs, outcomes
from delivery.db import now, uuid7
from delivery.dispatch import Outgoing
from delivery.errors import LightQError
from delivery.jobs import Claim
from delivery.models.assignments import Way
from delivery.models.clients import Consent
from delivery.models.messages import Attempt, Dispatch, RecipientKind
from delivery.models.people import Practice
from delivery.service import Service
from delivery.states import AttemptState, ClientState
from tests import sending_acts
from tests.sending_acts import NUMBER, Scene

AT_ONCE = 6


@pytest.fixture
def scene(migrated: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(migrated, monkeypatch) as made:
        yield made


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at once; what each gave, or the error it raised."""
    start, found = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        start.wait()
        try:
            found[place] = act()
        except Exception as error:  # every kind is looked at by the test
            found[place] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def prepare(scene: Scene, queue: str = "send") -> tuple[Claim, Outgoing | None] | None:
    """What a worker does before its call; None where no work is left."""
    with scene.service.db.write() as session:
        held = jobs.claim(session, queue, 20)
    if held is None:
        return None
    here = scene.here
    with scene.service.db.write() as session:
        out = dispatch.prepare(session, held, here.channels, scene.service.settings, scene.service.tokens)
    return held, out


def outgoing(found: list[Any]) -> list[Outgoing]:
    """The calls that would be made."""
    for one in found:
        if isinstance(one, Exception):
            raise one
    return [out for one in found if one is not None for out in [one[1]] if out is not None]


# The database refuses an attempt without consent


def insert(scene: Scene, row: Dispatch, **changed: Any) -> None:
    values = {
        "id": uuid7(),
        "created_at": now(),
        "practice_id": row.practice_id,
        "dispatch_id": row.id,
        "recipient": row.recipient,
        "consent_id": None,
        "number": 1,
        "provider": "twilio",
        "sender": "",
        "state": AttemptState.ATTEMPTING,
        "started_at": now(),
        **changed,
    }
    columns = Attempt.__table__.c
    with scene.service.db.write() as session:
        raw = ", ".join(values)
        bound = {name: _bound(session, columns[name], value) for name, value in values.items()}
        places = ", ".join(f":{name}" for name in values)
        session.execute(text(f"INSERT INTO attempt ({raw}) VALUES ({places})"), bound)


def _bound(session: Any, column: Any, value: Any) -> Any:
    """A value as the column stores it on this database."""
    process = column.type.dialect_impl(session.get_bind().dialect).bind_processor(session.get_bind().dialect)
    return process(value) if process else value


def test_the_database_takes_no_attempt_to_a_client_without_a_consent(scene: Scene) -> None:
    row = scene.ask(scene.person(sms=NUMBER))
    with pytest.raises(IntegrityError, match="a_client_has_agreed"):
        insert(scene, row)
    with pytest.raises(IntegrityError):
        insert(scene, row, consent_id=uuid7())
    assert scene.count(Attempt) == 0


def test_the_database_takes_no_attempt_that_calls_a_client_a_person(scene: Scene) -> None:
    row = scene.ask(scene.person(sms=NUMBER))
    with pytest.raises(IntegrityError):
        insert(scene, row, recipient=RecipientKind.PERSON)
    assert scene.count(Attempt) == 0


def test_the_database_takes_no_consent_of_another_practice(scene: Scene) -> None:
    stranger = scene.cast.caller(scene.service, scene.cast.stranger)
    scene.person("Theo", stranger, sms=NUMBER)
    row = scene.ask(scene.person(sms=NUMBER))
    with scene.service.db.read() as session:
        theirs = session.scalars(
            select(Consent.id).where(Consent.practice_id == scene.cast.other_practice)
        ).one()
        own = session.scalars(select(Consent.id).where(Consent.respondent_id == row.respondent_id)).one()
    with pytest.raises(IntegrityError):
        insert(scene, row, consent_id=theirs)
    insert(scene, row, consent_id=own)
    assert scene.count(Attempt) == 1


# Caps, where two lanes meet


def test_messages_to_one_number_at_once_from_both_lanes_keep_the_cap_of_the_day(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    first = scene.ask(client)
    for n in range(AT_ONCE - 1):
        with scene.service.db.write() as session:
            row = session.get_one(Dispatch, first.id)
            copy = Dispatch(
                practice_id=row.practice_id,
                purpose=row.purpose,
                recipient=row.recipient,
                assignment_id=row.assignment_id,
                respondent_id=row.respondent_id,
                contact_point_id=row.contact_point_id,
                channel=row.channel,
                lane="bulk" if n % 2 else "interactive",
                business_key=f"copy-{n}",
                due_at=now(),
            )
            session.add(copy)
            session.flush()
            kind = "bulk_send" if n % 2 else "send"
            jobs.add(session, kind, copy.id, practice_id=copy.practice_id)
    acts = [lambda queue=queue: prepare(scene, queue) for queue in ("send", "bulk") * (AT_ONCE // 2)]
    assert len(outgoing(together(*acts))) == 1


def test_two_practices_at_once_keep_the_cap_of_the_day(scene: Scene) -> None:
    stranger = scene.cast.caller(scene.service, scene.cast.stranger)
    scene.ask(scene.person(sms=NUMBER))
    scene.ask(scene.person("Theo", stranger, sms=NUMBER), caller=stranger)
    found = together(*[lambda: prepare(scene)] * 2)
    assert len(outgoing(found)) == 1


# The breaker, with several workers


def numbered(scene: Scene, how_many: int) -> list[Dispatch]:
    return [scene.ask(scene.person(f"P{n}", sms=f"+1503555{n:04d}")) for n in range(1000, 1000 + how_many)]


def fail(scene: Scene, times: int = 5, sender: str = "") -> None:
    for _ in range(times):
        with scene.service.db.write() as session:
            breaker.bad(session, "twilio", sender, code="unknown", reason="No answer.")


def test_after_a_pause_one_of_all_workers_tries(scene: Scene) -> None:
    numbered(scene, AT_ONCE)
    fail(scene)
    assert outgoing(together(*[lambda: prepare(scene)] * AT_ONCE)) == []
    scene.clock.shift(timedelta(seconds=40))
    found = together(*[lambda: prepare(scene)] * AT_ONCE)
    assert len(outgoing(found)) == 1


def test_answers_that_many_workers_write_at_once_are_all_counted(scene: Scene) -> None:
    together(*[lambda: fail(scene, 1)] * 5)
    row = scene.breaker("twilio")
    assert row is not None
    assert len(row.results) == 5
    assert row.opened_at is not None


def test_an_outage_pauses_fails_nothing_and_everything_goes_when_it_is_over(scene: Scene) -> None:
    asked = numbered(scene, 8)
    scene.texts.script = [Refused("twilio_connect", "Not reached.", False)] * 6
    scene.work()
    assert scene.texts.calls == 5, "the pause begins with the fifth"
    assert {scene.state(one) for one in asked} == {"held"}
    scene.later(seconds=33)
    assert scene.texts.calls == 6
    for _ in range(6):
        scene.later(minutes=5)
    assert [scene.state(one) for one in asked] == ["handed_over"] * 8
    row = scene.breaker("twilio")
    assert row is not None
    assert row.opened_at is None


def test_the_pause_of_the_whole_provider_ends_also_with_a_practices_own_number(scene: Scene) -> None:
    with scene.service.db.write() as session:
        session.execute(update(Practice).values(sms_sender="+15035550100"))
    asked = numbered(scene, 7)
    scene.texts.script = [Refused("twilio_connect", "Not reached.", False)] * 5
    scene.work()
    assert scene.texts.calls == 5
    for _ in range(2):
        scene.later(minutes=2)
    assert [scene.state(one) for one in asked] == ["handed_over"] * 7
    row = scene.breaker("twilio")
    assert row is not None
    assert row.opened_at is None


def test_after_half_an_hour_the_other_way_is_taken_where_it_was_allowed(scene: Scene) -> None:
    may = scene.ask(scene.person("May", sms="+15035551001", email="may@example.org", fallback=("email",)))
    not_ = scene.ask(scene.person("Nat", sms="+15035551002", email="nat@example.org"))
    with scene.service.db.write() as session:
        breaker.bad(session, "twilio", "", code="x", reason="x", retry_after=3600)
    scene.work()
    scene.later(minutes=29)
    assert scene.mails.taken == []
    scene.clock.shift(timedelta(minutes=2))
    with scene.service.db.write() as session:
        for one in (may, not_):
            jobs.add(session, "send", one.id, practice_id=one.practice_id, key=f"soon-{one.id}")
    scene.work()
    scene.work()
    assert [one.to for one in scene.mails.taken] == ["may@example.org"]
    assert (scene.state(may), scene.row(may).code, scene.state(not_)) == ("failed", "provider", "held")
    scene.later(minutes=35)
    assert scene.state(not_) == "handed_over"
    assert [one.to for one in scene.texts.taken] == ["+15035551002"], "it does not come both ways"


def test_our_own_fault_marks_nothing_as_failed_and_stops_every_call(scene: Scene) -> None:
    asked = numbered(scene, 4)
    scene.texts.script = [Refused("twilio_20003", "Our token.", False, stops_provider=True)] * 10
    scene.work()
    assert scene.texts.calls == 1
    assert {scene.state(one) for one in asked} == {"held"}


# Presses and answers at once: no answer of a provider is lost, and nobody waits for ever


ACTS = ["accepted", "refused", "dead"]


@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("press", ["cancel", "died"])
def test_a_press_while_an_answer_is_written_ends_the_ask_and_keeps_the_answer(
    scene: Scene, what: str, press: str
) -> None:
    client = scene.person(sms=NUMBER, email="tex@example.org")
    asked = scene.ask(client)
    more = [scene.ask(client, Way.EMAIL) for _ in range(3)]
    found = prepare(scene)
    assert found is not None
    held, out = found
    assert out is not None
    assert out.dispatch_id == asked.id

    def answer() -> None:
        with scene.service.db.write() as session:
            if what == "accepted":
                outcomes.accepted(session, out.attempt_id, held, Receipt("twilio", "SM1"))
            else:
                dead = "dead" if what == "dead" else ""
                outcomes.refused(session, out.attempt_id, held, Refused("x", "No.", True, contact=dead))  # type: ignore[arg-type]

    def pressed() -> None:
        with scene.service.db.write() as session:
            if press == "died":
                client_life.set_state(session, scene.ada, client, ClientState.DECEASED)
            else:
                assert asked.assignment_id is not None
                assignments.cancel(session, scene.ada, asked.assignment_id)

    found_now = together(answer, pressed)
    assert [type(one).__name__ for one in found_now if isinstance(one, Exception)] == []
    assert [one.state.value for one in scene.attempts(asked)] == [
        "accepted" if what == "accepted" else "refused"
    ]
    if press == "died":
        scene.work()
        assert {scene.state(one) for one in more} == {"cancelled"}


def _begun(act: Callable[[], Any], seconds: float = 1.5) -> threading.Thread:
    """Begin an act that will have to wait for a lock, and give it time to get there."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join(seconds)
    return thread


@pytest.mark.parametrize("press", ["cancel", "died"])
def test_an_answer_that_comes_in_the_middle_of_a_press_is_no_deadlock(scene: Scene, press: str) -> None:
    """The answer holds the message; the press has begun, and waits for it."""
    client = scene.person(sms=NUMBER)
    asked = scene.ask(client)
    found = prepare(scene)
    assert found is not None
    held, out = found
    assert out is not None
    errors: list[Exception] = []

    def pressed() -> None:
        try:
            with scene.service.db.write() as session:
                if press == "died":
                    client_life.set_state(session, scene.ada, client, ClientState.DECEASED)
                else:
                    assert asked.assignment_id is not None
                    assignments.cancel(session, scene.ada, asked.assignment_id)
        except LightQError as error:
            errors.append(error)

    with scene.service.db.write() as session:
        outcomes.pair(session, out.attempt_id)
        waiting = _begun(pressed)
        refused = Refused("x", "No such number.", True, contact="dead")
        if press == "died":
            outcomes.refused(session, out.attempt_id, held, refused)
        else:
            outcomes.accepted(session, out.attempt_id, held, Receipt("twilio", "SM1"))
    waiting.join()
    assert errors == []
