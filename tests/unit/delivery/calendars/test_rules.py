"""Repeat rules: what is taken, what is refused, and one spelling for each."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.calendars.rules import TEXT_LIMIT, Every, Rule, every_weeks, once, parse
from delivery.errors import Invalid


def test_the_offered_forms_have_short_texts() -> None:
    assert once().text == "FREQ=DAILY;COUNT=1"
    assert every_weeks(2, [3, 1, 3]).text == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=20261224;BYDAY=TU;WKST=SU",
        "FREQ=MONTHLY;COUNT=12;BYDAY=2TU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=-1",
    ],
)
def test_a_rule_is_read_and_written_the_same(text: str) -> None:
    assert parse(text).text == text
    assert parse(f" rrule:{text.lower()}; ").text == text


def test_the_parts_of_a_rule_are_read() -> None:
    assert parse("FREQ=MONTHLY;BYDAY=-1FR,+2TU;INTERVAL=3;UNTIL=20270101") == Rule(
        Every.MONTH, interval=3, until=date(2027, 1, 1), days=((-1, 4), (2, 1))
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FREQ=SECONDLY", "days, weeks, months or years"),
        ("FREQ=HOURLY;INTERVAL=24", "days, weeks, months or years"),
        ("", "whole days"),
        ("tuesdays", "whole days"),
        ("INTERVAL=2", "days, weeks, months or years"),
        ("FREQ=DAILY;BYHOUR=9", "whole days"),
        ("FREQ=DAILY;BYMINUTE=1;BYSECOND=1", "whole days"),
        ("FREQ=YEARLY;BYWEEKNO=1", "whole days"),
        ("FREQ=YEARLY;BYEASTER=0", "whole days"),
        ("FREQ=DAILY;COUNT=501", "from 1 to 500"),
        ("FREQ=DAILY;COUNT=0", "from 1 to 500"),
        ("FREQ=DAILY;COUNT=1,2", "one number"),
        ("FREQ=DAILY;INTERVAL=0", "from 1 to 366"),
        ("FREQ=DAILY;INTERVAL=-1", "from 1 to 366"),
        ("FREQ=DAILY;INTERVAL=٣", "from 1 to 366"),
        ("FREQ=DAILY;INTERVAL=99999999999", "from 1 to 366"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;UNTIL=20270101T000000Z", "last date"),
        ("FREQ=DAILY;UNTIL=20270230", "last date"),
        ("FREQ=DAILY;FREQ=WEEKLY", "twice"),
        ("FREQ=WEEKLY;BYDAY=2TU", "MONTHLY or"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "need FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY names days"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY names days"),
        ("FREQ=WEEKLY;WKST=XX", "Days of the week"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "from 1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "from 1 to 31"),
        ("FREQ=MONTHLY;BYMONTH=-1", "from 1 to 12"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS chooses"),
        ("FREQ=WEEKLY;" * 1000, "at most 200"),
        ("\0" * 150, "whole days"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_plain_words(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        parse(text)
    assert refused.value.fields.keys() == {"rule"}


def test_a_rule_that_would_not_fit_into_its_column_is_refused() -> None:
    days = ",".join(f"{n}{day}" for n in (1, 2, 3, 4) for day in ("MO", "TU", "WE", "TH", "FR", "SA", "SU"))
    fits = f"FREQ=MONTHLY;BYMONTHDAY={','.join(map(str, range(1, 20)))};BYDAY={days}"
    assert len(fits) <= TEXT_LIMIT
    assert len(parse(fits).text) <= TEXT_LIMIT


@pytest.mark.parametrize(("weeks", "days"), [(0, [1]), (53, [1]), (1, []), (1, [7]), (1, [-1])])
def test_weeks_and_days_outside_of_a_calendar_are_refused(weeks: int, days: list[int]) -> None:
    with pytest.raises(Invalid):
        every_weeks(weeks, days)


PARTS = st.sampled_from(
    [
        "FREQ=",
        "DAILY",
        "WEEKLY",
        "COUNT=",
        "UNTIL=",
        "BYDAY=",
        "TU",
        "1",
        "-1",
        "0",
        ";",
        ",",
        "=",
        "20270101",
        "W",
    ]
)


@given(st.one_of(st.text(max_size=300), st.lists(PARTS, max_size=12).map("".join)))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = parse(text)
    except Invalid:
        return
    assert parse(rule.text) == rule
