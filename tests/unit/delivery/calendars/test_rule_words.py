"""Rules in words."""

from __future__ import annotations

from datetime import date

import pytest

from delivery.calendars.rule_words import words
from delivery.calendars.rules import every_weeks, once, parse

FIRST = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (once().text, "once"),
        (every_weeks(2, [1]).text, "every 2 weeks on Tuesday"),
        (every_weeks(1, [0, 2, 4]).text, "every week on Monday, Wednesday and Friday"),
        ("FREQ=WEEKLY", "every week on Tuesday"),
        ("FREQ=DAILY;INTERVAL=3", "every 3 days"),
        ("FREQ=DAILY;BYDAY=MO,FR", "every day on Monday and Friday"),
        ("FREQ=MONTHLY", "every month on day 24"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=31,-1",
            "every month on the last day of the month and day 31 (in months that have one)",
        ),
        ("FREQ=MONTHLY;BYDAY=2TU,-1FR", "every month on the last Friday and the 2nd Tuesday"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "every month on Friday where it is day 13"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", "every month on Monday and Tuesday, of these only the last"),
        ("FREQ=YEARLY;COUNT=3", "every year on November 24, 3 times"),
        ("FREQ=YEARLY;BYMONTH=3,9", "every year in March and September on day 24"),
        ("FREQ=YEARLY;BYDAY=-2MO,21TH", "every year on the 2nd to last Monday and the 21st Thursday"),
        ("FREQ=WEEKLY;COUNT=1;INTERVAL=2", "every 2 weeks on Tuesday, one time"),
        ("FREQ=WEEKLY;UNTIL=20261224", "every week on Tuesday, until December 24, 2026"),
    ],
)
def test_a_rule_is_said_in_words(text: str, said: str) -> None:
    assert words(parse(text), FIRST) == said
