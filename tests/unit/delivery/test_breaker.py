"""A provider that does not answer well gets a pause; one message tries when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from delivery import breaker
from delivery.db import now
from delivery.models.messages import Breaker
from delivery.service import Service
from tests.sending_acts import NOON


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as made:
        yield made


def bad(service: Service, times: int = 1, sender: str = "", **more: object) -> None:
    for _ in range(times):
        with service.db.write() as session:
            breaker.bad(session, "twilio", sender, code="unknown", reason="No answer.", **more)  # type: ignore[arg-type]


def good(service: Service, times: int = 1, sender: str = "") -> None:
    for _ in range(times):
        with service.db.write() as session:
            breaker.good(session, "twilio", sender)


def paused(service: Service, sender: str = "", provider: str = "twilio") -> float | None:
    """For how many seconds nothing goes out; None: this message may go."""
    with service.db.write() as session:
        found = breaker.paused(session, provider, sender)
    return (found.until - now()).total_seconds() if found else None


def test_four_bad_answers_in_a_row_are_no_pause_and_five_are(
    service: Service, clock: time_machine.Traveller
) -> None:
    bad(service, 4)
    assert paused(service) is None
    bad(service)
    assert paused(service) == 30


def test_a_good_answer_between_begins_the_count_anew(service: Service, clock: time_machine.Traveller) -> None:
    bad(service, 4)
    good(service)
    bad(service, 4)
    assert paused(service) is None


def test_bad_answers_that_lie_more_than_a_minute_apart_are_no_row(
    service: Service, clock: time_machine.Traveller
) -> None:
    for _ in range(10):
        bad(service)
        clock.shift(timedelta(seconds=20))
    assert paused(service) is None


@pytest.mark.parametrize(("bads", "open_"), [(10, True), (9, False)])
def test_ten_of_the_last_twenty_are_enough(
    service: Service, clock: time_machine.Traveller, bads: int, open_: bool
) -> None:
    bad(service)
    for n in range(1, 20):
        if n % 2 == 0 and n // 2 < bads:
            bad(service)
        else:
            good(service)
    bad_so_far = 1 + len([n for n in range(1, 20) if n % 2 == 0 and n // 2 < bads])
    assert bad_so_far == bads
    # The count is looked at with each bad answer; one in place of the oldest, which was bad as well.
    assert paused(service) is None
    bad(service)
    assert (paused(service) is not None) is open_


def test_other_providers_and_senders_go_on(service: Service, clock: time_machine.Traveller) -> None:
    bad(service, 5, sender="MG1")
    assert paused(service, "MG1") == 30
    assert (paused(service, ""), paused(service, "MG2")) == (None, None)
    assert paused(service, provider="sendgrid") is None


def test_after_the_pause_one_message_tries_and_the_others_wait_for_it(
    service: Service, clock: time_machine.Traveller
) -> None:
    bad(service, 5)
    clock.shift(timedelta(seconds=30))
    assert [paused(service) for _ in range(4)] == [None, 30, 30, 30]


def test_a_try_that_goes_wrong_is_one_more_pause_and_the_whole_counts_from_the_beginning(
    service: Service, clock: time_machine.Traveller
) -> None:
    bad(service, 5)
    for _ in range(3):
        clock.shift(timedelta(seconds=30))
        assert paused(service) is None
        bad(service)
        assert paused(service) == 30
    with service.db.write() as session:
        found = breaker.paused(session, "twilio", "")
    assert found is not None
    assert found.since == NOON


def test_a_try_whose_worker_died_is_followed_by_another(
    service: Service, clock: time_machine.Traveller
) -> None:
    bad(service, 5)
    clock.shift(timedelta(seconds=30))
    assert paused(service) is None
    clock.shift(timedelta(seconds=30))
    assert [paused(service), paused(service)] == [None, 30]


def test_a_try_that_is_taken_ends_the_pause_and_forgets_what_was(
    service: Service, clock: time_machine.Traveller
) -> None:
    bad(service, 5)
    clock.shift(timedelta(seconds=30))
    assert paused(service) is None
    good(service)
    assert [paused(service) for _ in range(3)] == [None, None, None]
    bad(service, 4)
    assert paused(service) is None
    with service.db.read() as session:
        assert breaker.open_ones(session) == []


def test_a_fault_of_our_account_stops_at_once_and_longer(
    service: Service, clock: time_machine.Traveller
) -> None:
    bad(service, sender="MG1", account=True)
    assert paused(service, "MG1") == 300
    with service.db.read() as session:
        assert [(one.sender, one.code) for one in breaker.open_ones(session)] == [("MG1", "unknown")]


@pytest.mark.parametrize(("asked", "waits"), [(5, 5), (600, 600), (10**7, 86400)])
def test_a_provider_that_asks_us_to_wait_is_left_alone_that_long(
    service: Service, clock: time_machine.Traveller, asked: int, waits: int
) -> None:
    bad(service, retry_after=asked)
    assert paused(service) == waits
    clock.shift(timedelta(seconds=waits))
    assert paused(service) is None


def test_a_shorter_wait_does_not_cut_a_longer_one(service: Service, clock: time_machine.Traveller) -> None:
    bad(service, retry_after=600)
    bad(service, retry_after=5)
    assert paused(service) == 600


def test_a_good_answer_where_nothing_was_bad_writes_nothing(
    service: Service, clock: time_machine.Traveller
) -> None:
    good(service)
    with service.db.read() as session:
        assert session.get(Breaker, ("twilio", "")) is None
