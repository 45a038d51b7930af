from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from delivery import throttle
from delivery.db import now
from delivery.errors import TooMany
from delivery.models.people import SignInThrottle
from delivery.service import Service

KEY = b"throttle key of a test"


def wrong(service: Service, address: str, network: str) -> None:
    tried = throttle.tries(KEY, address, network)
    with service.db.write() as session:
        tried.lock(session)
        tried.wrong(session)


def right(service: Service, address: str, network: str) -> None:
    tried = throttle.tries(KEY, address, network)
    with service.db.write() as session:
        tried.lock(session)
        tried.right(session)


def waits(service: Service, address: str, network: str) -> bool:
    with service.db.read() as session:
        try:
            throttle.tries(KEY, address, network).check(session)
        except TooMany:
            return True
    return False


def test_one_network_waits_early_for_one_address_alone(service: Service) -> None:
    for _ in range(throttle.FREE):
        assert not waits(service, "ada@example.org", "192.0.2.1")
        wrong(service, "ada@example.org", "192.0.2.1")
    assert waits(service, "ada@example.org", "192.0.2.1")
    assert not waits(service, "ada@example.org", "192.0.2.2")
    assert not waits(service, "bo@example.org", "192.0.2.1")


def test_an_address_that_is_tried_from_everywhere_waits_in_the_end(service: Service) -> None:
    for number in range(throttle.FREE_BY_ADDRESS):
        assert not waits(service, "ada@example.org", "192.0.2.1")
        wrong(service, "ada@example.org", f"198.51.100.{number}")
    assert waits(service, "ada@example.org", "192.0.2.1")


def test_a_network_that_tries_many_addresses_waits_for_all(service: Service) -> None:
    for number in range(throttle.FREE_BY_NETWORK):
        assert not waits(service, "fresh@example.org", "192.0.2.1")
        wrong(service, f"{number}@example.org", "192.0.2.1")
    assert waits(service, "fresh@example.org", "192.0.2.1")
    assert not waits(service, "fresh@example.org", "192.0.2.2")


def test_a_right_try_forgets_the_wrong_ones_for_the_address_but_not_those_of_the_network(
    service: Service,
) -> None:
    for _ in range(throttle.FREE_BY_NETWORK - 1):
        wrong(service, "ada@example.org", "192.0.2.1")
        right(service, "ada@example.org", "192.0.2.1")
    assert not waits(service, "ada@example.org", "192.0.2.1")
    wrong(service, "bo@example.org", "192.0.2.1")
    assert waits(service, "ada@example.org", "192.0.2.1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "192.0.2.2", False),
    ],
)
def test_an_ipv6_network_is_one_caller_whatever_its_last_half(one: str, other: str, same: bool) -> None:
    assert (throttle.tries(KEY, "a", one) == throttle.tries(KEY, "a", other)) is same


def test_a_wait_grows_to_an_hour_and_no_further(service: Service) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(throttle.FREE + 40):
            if waits(service, "ada@example.org", "192.0.2.1"):
                clock.shift(throttle.LONGEST_WAIT)
            assert not waits(service, "ada@example.org", "192.0.2.1")
            wrong(service, "ada@example.org", "192.0.2.1")


def test_a_day_later_counting_begins_anew_and_the_rows_are_gone(service: Service) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(throttle.FREE):
            wrong(service, "ada@example.org", "192.0.2.1")
        clock.shift(throttle.KEPT + timedelta(seconds=1))
        wrong(service, "ada@example.org", "192.0.2.1")
        assert not waits(service, "ada@example.org", "192.0.2.1")
        wrong(service, "bo@example.org", "192.0.2.2")
        clock.shift(throttle.KEPT - timedelta(seconds=1))
        with service.db.write() as session:
            throttle.forget_old(session)
            assert session.scalar(select(func.count()).select_from(SignInThrottle)) == 6
        clock.shift(timedelta(seconds=2))
        with service.db.write() as session:
            throttle.forget_old(session)
            assert session.scalar(select(func.count()).select_from(SignInThrottle)) == 0


def opened(service: Service, network: str) -> int:
    """Open an ended link from a network; the seconds to wait, 0 where it opened."""
    hits = throttle.ended_hits(KEY, network)
    with service.db.write() as session:
        seconds = hits.wait(session)
        if not seconds:
            hits.count(session)
        return seconds


def test_ended_links_wait_for_one_network_until_its_window_is_over(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "ENDED_FROM_NETWORK", 3)
    with time_machine.travel(now(), tick=False) as clock:
        assert [opened(service, "192.0.2.1") for _ in range(3)] == [0, 0, 0]
        clock.shift(timedelta(minutes=4))
        assert opened(service, "192.0.2.1") == 361
        assert opened(service, "198.51.100.1") == 0
        clock.shift(timedelta(minutes=6))
        assert [opened(service, "192.0.2.1") for _ in range(4)] == [0, 0, 0, 601], "a window of its own"


def test_ended_links_wait_for_everybody_once_all_together_opened_too_many(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "ENDED_FROM_EVERYWHERE", 3)
    assert [opened(service, f"192.0.{n}.1") for n in range(3)] == [0, 0, 0]
    assert opened(service, "192.0.9.1") > 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.250", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("", "192.0.2.1", False),
        ("not an address", "", False),
    ],
)
def test_a_network_is_the_first_24_or_64_bits(one: str, other: str, same: bool) -> None:
    first, second = throttle.ended_hits(KEY, one), throttle.ended_hits(KEY, other)
    assert (first.network == second.network) is same
    assert first.everywhere == second.everywhere


def test_ended_links_and_sign_ins_are_counted_apart(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "ENDED_FROM_NETWORK", 1)
    opened(service, "192.0.2.1")
    assert opened(service, "192.0.2.1") > 0
    assert not waits(service, "ada@example.org", "192.0.2.1")


def took(service: Service, contact: str, network: str) -> int:
    """Ask for a sign-in code; the seconds to wait, 0 where it was counted."""
    try:
        with service.db.write() as session:
            throttle.asks(KEY, contact, network).take(session)
    except TooMany as told:
        return told.retry_after
    return 0


def test_asks_for_one_contact_wait_until_the_hour_is_over_and_waiting_ones_count_nothing(
    service: Service,
) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(2):
            assert [took(service, "a", f"192.0.{n}.1") for n in range(6)] == [0] * 5 + [3601]
            clock.shift(timedelta(minutes=50))
            assert took(service, "a", "192.0.2.1") == 601
            assert took(service, "b", "192.0.2.1") == 0
            clock.shift(timedelta(minutes=70))


def test_asks_from_one_address_wait_and_those_of_its_network_later(service: Service) -> None:
    for host in range(5):
        assert not any(took(service, f"{host} {n}", f"192.0.2.{host}") for n in range(20))
        assert host == 4 or took(service, "fresh", f"192.0.2.{host}") > 0
    assert took(service, "fresh", "192.0.2.200") > 0
    assert took(service, "fresh", "192.0.3.1") == 0
