"""Appointments as people type them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.calendars.rules import every_weeks
from delivery.calendars.typed import EXAMPLE, clock, slot
from delivery.errors import Invalid

TODAY = date(2026, 11, 25)  # a Wednesday
ZONE = "America/Los_Angeles"


@pytest.mark.parametrize(
    ("typed", "weeks", "days", "time"),
    [
        ("Tuesdays 10:00", 1, [1], "10:00"),
        ("Tue 10am", 1, [1], "10:00"),
        ("tuesday at 10 a.m.", 1, [1], "10:00"),
        ("Tues. @10", 1, [1], "10:00"),
        ("every other Thursday 3:30 pm", 2, [3], "15:30"),
        ("martes 10:00", 1, [1], "10:00"),
        ("Miércoles a las 3 p.m.", 1, [2], "15:00"),
        ("cada dos semanas los viernes 9:30", 2, [4], "09:30"),
        ("todos los lunes 16:00", 1, [0], "16:00"),
        ("sábados 10", 1, [5], "10:00"),
        ("Tu/Th 9", 1, [1, 3], "09:00"),
        ("Mon, Wed & Fri 7:30PM", 1, [0, 2, 4], "19:30"),
        ("lunes y jueves 16:00", 1, [0, 3], "16:00"),
        ("every 2 weeks Friday 14.15", 2, [4], "14:15"),
        ("every three weeks on Mon 11", 3, [0], "11:00"),
        ("every other week on Sunday, noon", 2, [6], "12:00"),
        ("weekly on Monday 12", 1, [0], "12:00"),
        ("Every Tuesday, 10:00:00", 1, [1], "10:00"),
        ("Tue 05:30", 1, [1], "05:30"),
        ("  TUESDAY   10:00 ", 1, [1], "10:00"),
    ],
)
def test_what_people_type_is_read(typed: str, weeks: int, days: list[int], time: str) -> None:
    found = slot(typed, TODAY, ZONE)
    assert (found.rule, found.wall_time, found.zone) == (every_weeks(weeks, days), time, ZONE)


def test_every_other_week_is_counted_from_the_next_such_day() -> None:
    assert slot("every other Tuesday 10:00", TODAY, ZONE).starts_on == date(2026, 12, 1)
    assert slot("every other Wednesday 10:00", TODAY, ZONE).starts_on == TODAY
    assert slot("every other Tu/Th 10:00", TODAY, ZONE).starts_on == date(2026, 11, 26)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "Tuesday",
        "10:00",
        "Tue 25:00",
        "Tue 10:75",
        "Tue 13pm",
        "Tue 0am",
        "someday 10:00",
        "Tue 10:00 and Thu 11:00",
        "Mon-Fri 9:00",
        "biweekly Fri 9:00",
        "every 0 weeks Mon 9:00",
        "every 53 weeks Mon 9:00",
        "every many weeks Mon 9:00",
        "Tue 10:00; DROP TABLE",
        "Tue " + "1" * 10_000,
    ],
)
def test_what_cannot_be_read_for_certain_gets_an_example(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        slot(typed, TODAY, ZONE)
    assert str(refused.value) == EXAMPLE


def test_three_thirty_could_be_at_night_so_the_person_is_asked() -> None:
    with pytest.raises(
        Invalid, match=r"Is 3:30 in the morning or the afternoon\? Write “3:30 pm” or “15:30”"
    ):
        slot("Tue 3:30", TODAY, ZONE)


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Invalid, match="time zone"):
        slot("Tue 10:00", TODAY, "Nowhere")


@pytest.mark.parametrize(
    ("typed", "time"), [("12 am", "00:00"), ("12pm", "12:00"), ("0:05", "00:05"), ("11:59 P.M.", "23:59")]
)
def test_midnight_and_noon_are_told_apart(typed: str, time: str) -> None:
    assert clock(typed) == time


@given(
    st.one_of(
        st.text(max_size=100),
        st.lists(
            st.sampled_from(["every ", "other ", "tue", "/", "th", " ", "10", ":", "30", "pm", "los ", "1"])
        ).map("".join),
    )
)
def test_any_text_is_a_slot_or_refused(typed: str) -> None:
    try:
        found = slot(typed, TODAY, ZONE)
    except Invalid:
        return
    assert found.starts_on.weekday() in {day for _, day in found.rule.days}
