"""Slots, what is sent before them, and overlaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from delivery.calendars.rules import every_weeks, once
from delivery.calendars.slots import Booked, Slot, before, occurrences, overlaps
from delivery.calendars.wall import moment
from delivery.errors import Invalid

ZONE = "America/New_York"
TUESDAYS = Slot(every_weeks(1, [1]), date(2026, 10, 20), "10:00", ZONE)
SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = ["2026-10-20", "2026-10-27", "2026-11-03", "2026-11-10", "2026-11-17", "2026-11-24"]


def test_a_standing_slot_stays_at_ten_over_the_end_of_summer_time() -> None:
    found = occurrences(TUESDAYS, SINCE, UNTIL)
    assert [one.key for one in found] == KEYS
    assert [one.start.hour for one in found] == [14, 14, 15, 15, 15, 15]


def test_a_skipped_date_does_not_take_place() -> None:
    skipping = replace(TUESDAYS, skipped=frozenset({date(2026, 11, 3)}))
    assert [one.key for one in occurrences(skipping, SINCE, UNTIL)] == KEYS[:2] + KEYS[3:]


def test_a_single_appointment_is_a_slot_too() -> None:
    single = Slot(once(), date(2026, 11, 5), "15:30", "Pacific/Honolulu")
    assert [(one.key, one.start) for one in occurrences(single, SINCE, UNTIL)] == [
        ("2026-11-05", datetime(2026, 11, 6, 1, 30, tzinfo=UTC))
    ]


def test_the_window_is_one_of_moments() -> None:
    at = moment(date(2026, 11, 3), "10:00", ZONE)
    assert [one.key for one in occurrences(TUESDAYS, at, at + timedelta(seconds=1))] == ["2026-11-03"]
    assert occurrences(TUESDAYS, at - DAY, at) == []


def test_something_is_sent_a_day_before_each_at_the_same_time_on_the_clock() -> None:
    asks = before(TUESDAYS, DAY, SINCE, UNTIL)
    assert [ask.occurrence.key for ask in asks] == KEYS
    assert [ask.send_at for ask in asks] == [
        moment(date.fromisoformat(key) - DAY, "10:00", ZONE) for key in KEYS
    ]


def test_every_other_appointment_begins_with_the_first() -> None:
    assert [ask.occurrence.key for ask in before(TUESDAYS, DAY, SINCE, UNTIL, nth=2)] == KEYS[::2]


def test_the_choice_does_not_depend_on_when_one_looks() -> None:
    whole = before(TUESDAYS, DAY, SINCE, UNTIL, nth=2)
    pieces = []
    at = SINCE
    while at < UNTIL:
        pieces += before(TUESDAYS, DAY, at, min(at + timedelta(hours=31), UNTIL), nth=2)
        at += timedelta(hours=31)
    assert pieces == whole


def test_an_appointment_skipped_ahead_is_not_counted() -> None:
    skipping = replace(TUESDAYS, skipped=frozenset({date(2026, 11, 3)}))
    keys = [ask.occurrence.key for ask in before(skipping, DAY, SINCE, UNTIL, nth=2)]
    assert keys == ["2026-10-20", "2026-11-10", "2026-11-24"]


def test_an_appointment_that_was_asked_about_counts_though_it_was_skipped_later() -> None:
    skipping = replace(TUESDAYS, skipped=frozenset({date(2026, 11, 3)}))
    asks = before(skipping, DAY, SINCE, UNTIL, nth=2, asked=frozenset({"2026-10-20", "2026-11-03"}))
    assert [ask.occurrence.key for ask in asks] == ["2026-10-20", "2026-11-17"]


def test_a_lead_of_weeks_finds_appointments_behind_the_window() -> None:
    asks = before(TUESDAYS, timedelta(days=14), SINCE, datetime(2026, 10, 14, tzinfo=UTC))
    assert [ask.occurrence.key for ask in asks] == ["2026-10-20", "2026-10-27"]


@pytest.mark.parametrize("lead", [timedelta(seconds=-1), timedelta(days=61)])
def test_a_lead_below_zero_or_of_months_is_refused(lead: timedelta) -> None:
    with pytest.raises(Invalid, match="60 days"):
        before(TUESDAYS, lead, SINCE, UNTIL)


def test_a_wrong_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="time zone"):
        occurrences(replace(TUESDAYS, zone="Nowhere"), SINCE, UNTIL)


def booked(name: str, start: int, minutes: int, code: str = "") -> Booked:
    """An appointment that begins so many minutes into a day."""
    at = SINCE + timedelta(minutes=start)
    return Booked(name, at, at + timedelta(minutes=minutes), code or name)


def test_appointments_that_touch_do_not_overlap() -> None:
    assert overlaps([booked("A", 0, 50), booked("B", 50, 50)]) == []


def test_overlaps_and_duplicates_are_named() -> None:
    clashes = overlaps([booked("C", 60, 50), booked("A", 0, 120), booked("B", 130, 10), booked("A", 0, 120)])
    assert [clash.words for clash in clashes] == [
        "A is the same appointment as A.",
        "C begins before A is over.",
    ]


def test_a_short_one_inside_does_not_hide_the_long_one() -> None:
    clashes = overlaps([booked("A", 0, 120), booked("B", 10, 5), booked("C", 100, 50)])
    assert [(clash.first.name, clash.second.name) for clash in clashes] == [("A", "B"), ("A", "C")]
