"""The dates of a rule, compared with python-dateutil, and the work they cost."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.calendars.recurrence import dates, days_looked_at, first_date, shortest_gap_days
from delivery.calendars.rules import Every, Rule, every_weeks, once, parse
from delivery.errors import Invalid

FIRST = date(2026, 11, 24)  # a Tuesday


def by_dateutil(rule: Rule, starts_on: date, since: date, until: date) -> list[date]:
    """The same from the other library."""
    begin, first, last = (datetime.combine(day, time()) for day in (starts_on, since, until))
    found = rrulestr(rule.text, dtstart=begin).between(first, last, inc=True)
    return [at.date() for at in found if at.date() < until]


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Rules that come true now and then: python-dateutil looks for the others to the year 9999."""
    every = draw(st.sampled_from(Every))
    interval = draw(st.sampled_from([1, 2, 3, 5]))
    months = draw(st.sets(st.integers(1, 12), max_size=3)) if every is Every.YEAR or interval == 1 else set()
    # Either "Tuesday" or "2nd Tuesday": for both in one rule dateutil asks that both are true, RFC 5545 one.
    ranked = every in (Every.MONTH, Every.YEAR) and draw(st.booleans())
    which = st.integers(-4, 4).filter(bool) if ranked else st.just(0)
    days = draw(st.sets(st.tuples(which, st.integers(0, 6)), max_size=3))
    month_days = set()
    if every is not Every.WEEK and not days:
        month_days = draw(st.sets(st.integers(-28, 28).filter(bool), max_size=3))
    # Of a first week, dateutil counts the days from the start on, RFC 5545 all of them.
    may_choose = every is not Every.WEEK and (days or month_days)
    positions = draw(st.sets(st.sampled_from([1, -1]))) if may_choose else set()
    ends = draw(st.sampled_from(["", "count", "until"]))
    return Rule(
        every,
        interval=interval,
        count=draw(st.integers(1, 60)) if ends == "count" else None,
        until=draw(st.dates(date(2026, 1, 1), date(2029, 1, 1))) if ends == "until" else None,
        months=tuple(sorted(months)),
        month_days=tuple(sorted(month_days)),
        days=tuple(sorted(days)),
        positions=tuple(sorted(positions)),
        week_starts=draw(st.integers(0, 6)),
    )


@settings(max_examples=150, deadline=None)
@given(
    rule=rules(),
    starts_on=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    since=st.dates(date(2024, 1, 1), date(2028, 12, 31)),
    length=st.integers(0, 800),
)
def test_dates_are_those_of_dateutil(rule: Rule, starts_on: date, since: date, length: int) -> None:
    until = since + timedelta(days=length)
    assert dates(rule, starts_on, since, until) == by_dateutil(rule, starts_on, since, until)


@pytest.mark.parametrize(
    ("text", "starts_on"),
    [
        ("FREQ=MONTHLY", date(2027, 1, 31)),
        ("FREQ=YEARLY", date(2028, 2, 29)),
        ("FREQ=MONTHLY;BYMONTHDAY=29,30,31,-31", date(2027, 1, 1)),
        ("FREQ=MONTHLY;INTERVAL=11;BYDAY=5FR", date(2027, 1, 1)),
        ("FREQ=YEARLY;BYDAY=53TH,-53FR,20MO", date(2026, 1, 1)),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", date(2026, 1, 1)),
        ("FREQ=DAILY;INTERVAL=100;BYMONTH=1,2,3", date(2026, 1, 1)),
    ],
)
def test_rare_dates_are_those_of_dateutil(text: str, starts_on: date) -> None:
    rule, until = parse(text), starts_on + timedelta(days=366 * 12)
    found = dates(rule, starts_on, starts_on, until)
    assert found == by_dateutil(rule, starts_on, starts_on, until)
    assert found


def test_every_other_tuesday_keeps_its_rhythm_however_late_one_looks() -> None:
    rule = every_weeks(2, [1])
    assert dates(rule, FIRST, FIRST, date(2027, 1, 1)) == [FIRST, date(2026, 12, 8), date(2026, 12, 22)]
    assert dates(rule, FIRST, date(2026, 12, 9), date(2027, 1, 1)) == [date(2026, 12, 22)]


def test_plain_and_ranked_days_in_one_rule_are_added_up() -> None:
    rule = parse("FREQ=MONTHLY;BYDAY=TU,1MO")
    assert dates(rule, date(2026, 12, 1), date(2026, 12, 1), date(2026, 12, 10)) == [
        date(2026, 12, 1),
        date(2026, 12, 7),
        date(2026, 12, 8),
    ]


def test_once_is_the_first_date_alone() -> None:
    assert dates(once(), FIRST, date(2026, 1, 1), date(2030, 1, 1)) == [FIRST]
    assert dates(once(), FIRST, date(2026, 11, 25), date(2030, 1, 1)) == []


def test_the_window_takes_its_first_day_and_not_its_last() -> None:
    daily = parse("FREQ=DAILY")
    assert dates(daily, FIRST, FIRST, date(2026, 11, 26)) == [FIRST, date(2026, 11, 25)]
    assert dates(daily, FIRST, FIRST, FIRST) == []
    assert dates(daily, FIRST, FIRST, date(2026, 1, 1)) == []


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3",
        "FREQ=MONTHLY;BYDAY=6MO",
    ],
)
def test_a_rule_that_never_comes_true_ends_and_is_named(text: str) -> None:
    rule = parse(text)
    assert dates(rule, FIRST, FIRST, FIRST + timedelta(days=366 * 19)) == []
    assert shortest_gap_days(rule, FIRST) is None
    with pytest.raises(Invalid, match="never comes true"):
        first_date(rule, FIRST)


def test_the_29th_of_february_is_found_over_a_year_that_skips_it() -> None:
    assert first_date(parse("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), date(2096, 3, 1)) == date(2104, 2, 29)


def test_more_than_20_years_at_once_are_refused() -> None:
    with pytest.raises(Invalid, match="20 years"):
        dates(parse("FREQ=DAILY"), date(1900, 1, 1), date(1900, 1, 1), date(2026, 1, 1))
    with pytest.raises(Invalid, match="20 years"):
        dates(parse("FREQ=DAILY;COUNT=5"), date(1900, 1, 1), date(2026, 1, 1), date(2026, 2, 1))
    assert len(dates(parse("FREQ=DAILY"), date(1900, 1, 1), date(2026, 1, 1), date(2026, 2, 1))) == 31


def test_the_cost_of_a_window_does_not_grow_with_the_age_of_a_schedule() -> None:
    weekly, window = every_weeks(1, [1]), (date(2026, 1, 1), date(2026, 3, 1))
    assert days_looked_at(weekly, date(1950, 1, 1), *window) == days_looked_at(
        weekly, date(2026, 1, 1), *window
    )
    assert days_looked_at(weekly, date(2026, 1, 1), *window) < 100
    counted = parse("FREQ=DAILY;COUNT=500")
    assert days_looked_at(counted, date(2016, 1, 1), *window) > 3650


def test_the_ends_of_the_calendar_are_no_trap() -> None:
    for text in ("FREQ=DAILY", "FREQ=WEEKLY;WKST=SU", "FREQ=MONTHLY", "FREQ=YEARLY"):
        rule = parse(text)
        assert first_date(rule, date(9999, 12, 30)) == date(9999, 12, 30)
        assert dates(rule, date(9999, 12, 30), date(9999, 12, 31), date.max) == []
        assert dates(rule, date(1, 1, 1), date(1, 1, 1), date(1, 1, 2)) == [date(1, 1, 1)]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=TU", 7),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR", 3),
        ("FREQ=WEEKLY;INTERVAL=4", 28),
        ("FREQ=MONTHLY", 28),
        ("FREQ=MONTHLY;BYDAY=2TU", 28),
        ("FREQ=DAILY;INTERVAL=10", 10),
        ("FREQ=YEARLY", 365),
        ("FREQ=DAILY;COUNT=1", None),
    ],
)
def test_the_shortest_gap_is_in_days(text: str, days: int | None) -> None:
    assert shortest_gap_days(parse(text), FIRST) == days
