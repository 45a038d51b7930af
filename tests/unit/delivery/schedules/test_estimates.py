from __future__ import annotations

from datetime import UTC, datetime, timedelta

from delivery.schedules import estimates
from delivery.schedules.estimates import Place

NOON = datetime(2027, 1, 5, 20, tzinfo=UTC)
LA = Place("America/Los_Angeles", {}, a_day=1, a_week=3)


def test_a_message_by_day_leaves_when_it_is_due() -> None:
    assert estimates.leaving(NOON, [], LA) == estimates.Estimate(NOON)


def test_a_message_at_night_waits_for_the_morning() -> None:
    early = NOON - timedelta(hours=6)
    found = estimates.leaving(early, [], LA)
    assert (found.at, found.held) == (NOON - timedelta(hours=4), estimates.QUIET)


def test_one_too_many_for_the_day_goes_the_next_morning() -> None:
    found = estimates.leaving(NOON, [NOON - timedelta(hours=1)], LA)
    assert (found.at, found.held) == (NOON + timedelta(hours=20), estimates.DAY)


def test_one_too_many_for_the_week_goes_when_the_oldest_is_a_week_old() -> None:
    sent = [NOON - timedelta(days=day) for day in (1, 3, 5)]
    found = estimates.leaving(NOON, sent, LA)
    assert (found.at, found.held) == (NOON + timedelta(days=2), estimates.WEEK)


def test_hours_that_are_all_at_night_let_nothing_leave() -> None:
    place = Place("America/Los_Angeles", {"from": "22:00", "to": "23:00"}, 1, 3)
    assert estimates.leaving(NOON, [], place) == estimates.Estimate(None, estimates.NEVER)


def test_a_client_without_a_zone_gets_the_hours_that_are_day_everywhere() -> None:
    found = estimates.leaving(NOON + timedelta(hours=6), [], Place(None, {}, 1, 3))
    assert (found.at, found.held) == (datetime(2027, 1, 6, 16, tzinfo=UTC), estimates.QUIET)
