from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from bench.faults_crowd import Kind, Person
from bench.faults_recipients import barred, both_ways
from delivery.models.assignments import Way

NOON = datetime(2026, 11, 23, 20, 0, tzinfo=UTC).timestamp()  # noon in Portland
NIGHT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC).timestamp()
TEXT, MAIL = "+15032000001", "client-00001@example.net"


def person(kind: Kind = "plain", barred_at: float | None = None) -> Person:
    return Person(uuid4(), kind, Way.SMS, MAIL, TEXT, "America/Los_Angeles", barred_at)


def came(at: float, kind: str = "sms") -> dict[str, Any]:
    return {"to": TEXT if kind == "sms" else MAIL, "at": at, "kind": kind}


def wrong(who: Person, *arrivals: dict[str, Any], ahead: float = 0.0) -> int:
    return len(barred(arrivals, {TEXT: who, MAIL: who}, ahead))


def test_one_text_by_day_is_right() -> None:
    assert wrong(person(), came(NOON)) == 0


def test_a_text_at_night_is_wrong_and_an_email_that_somebody_sends_is_not() -> None:
    assert wrong(person(), came(NIGHT)) == 1
    assert wrong(person(), came(NIGHT, "email")) == 0
    assert wrong(person("night"), came(NIGHT, "email")) == 1


def test_the_hour_is_the_one_of_the_clock_that_was_set() -> None:
    assert wrong(person(), came(NIGHT), ahead=NOON - NIGHT) == 0


def test_a_second_text_on_one_day_is_wrong() -> None:
    assert wrong(person(), came(NOON), came(NOON + 60)) == 1


def test_what_comes_after_the_person_said_no_is_wrong() -> None:
    assert wrong(person("opted_out", NOON - 10), came(NOON)) == 1
    assert wrong(person("opted_out", NOON + 10), came(NOON)) == 0


def test_a_stop_may_take_five_seconds() -> None:
    assert wrong(person("stop", NOON - 4), came(NOON)) == 0
    assert wrong(person("stop", NOON - 6), came(NOON)) == 1


def test_both_ways_are_wrong_unless_the_first_is_dead_or_a_day_has_passed() -> None:
    ask = uuid4()

    def message(channel: str, to: str, at: float) -> tuple[Any, str, list[dict[str, Any]]]:
        return SimpleNamespace(assignment_id=ask, channel=channel), to, [came(at, channel)]

    first = message("email", MAIL, NOON)
    assert both_ways([first, message("sms", TEXT, NOON + 60)], {}) == [MAIL]
    assert both_ways([first, message("sms", TEXT, NOON + 60)], {MAIL: "bounce"}) == []
    assert both_ways([first, message("sms", TEXT, NOON + 90_000)], {}) == []
