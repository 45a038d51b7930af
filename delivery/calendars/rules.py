"""The repeat rule of a schedule: RRULE text (RFC 5545, section 3.3.10) in whole days, held within limits.

The first date is kept apart, beside the text. Parts that nobody uses for forms (hours, week numbers, days of
the year) are refused, so that every rule can be said in words and worked out in bounded time.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from delivery.errors import Invalid

TEXT_LIMIT = 200
MOST_TIMES = 500
LONGEST_INTERVAL = 366
#: Monday is 0, as in `date.weekday()`.
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_PARTS = frozenset(
    ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST")
)
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}")
_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


class Every(StrEnum):
    """What a rule counts in."""

    DAY = "DAILY"
    WEEK = "WEEKLY"
    MONTH = "MONTHLY"
    YEAR = "YEARLY"


@dataclass(frozen=True)
class Rule:
    """A repeat rule. Made by `once`, `every_weeks` and `parse`; all tuples are sorted, without repeats."""

    every: Every
    interval: int = 1
    count: int | None = None
    #: The last date it may fall on.
    until: date | None = None
    months: tuple[int, ...] = ()
    #: -1 is the last day of the month.
    month_days: tuple[int, ...] = ()
    #: (which, weekday): (0, 1) every Tuesday, (2, 1) the second, (-1, 1) the last of the month or year.
    days: tuple[tuple[int, int], ...] = ()
    #: Which of the dates of one day, week, month or year: 1 the first, -1 the last.
    positions: tuple[int, ...] = ()
    week_starts: int = 0

    @property
    def text(self) -> str:
        """RRULE text in one spelling; at most `TEXT_LIMIT` characters."""
        parts = [f"FREQ={self.every}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        for name, numbers in (("BYMONTH", self.months), ("BYMONTHDAY", self.month_days)):
            if numbers:
                parts.append(f"{name}={','.join(map(str, numbers))}")
        if self.days:
            parts.append("BYDAY=" + ",".join(f"{which or ''}{DAYS[day]}" for which, day in self.days))
        if self.positions:
            parts.append(f"BYSETPOS={','.join(map(str, self.positions))}")
        if self.week_starts:
            parts.append(f"WKST={DAYS[self.week_starts]}")
        return ";".join(parts)


def once() -> Rule:
    """On the first date and never again."""
    return Rule(Every.DAY, count=1)


def every_weeks(weeks: int, weekdays: Collection[int]) -> Rule:
    """Every `weeks` weeks (1 to 52) on those weekdays (Monday is 0). Raises Invalid outside of that."""
    if not 1 <= weeks <= 52:
        raise _invalid("Choose from every week up to every 52 weeks.")
    if not weekdays or not set(weekdays) <= set(range(7)):
        raise _invalid("Choose at least one day of the week.")
    return Rule(Every.WEEK, interval=weeks, days=tuple((0, day) for day in sorted(set(weekdays))))


def parse(text: str) -> Rule:
    """The rule of an RRULE text, with or without "RRULE:" in front. Raises Invalid with plain words."""
    if len(text) > TEXT_LIMIT:
        raise _invalid(f"A repeat rule has at most {TEXT_LIMIT} characters.")
    parts = _split(text.strip().upper().removeprefix("RRULE:"))
    freq = parts.get("FREQ", "")
    if freq not in set(Every):
        raise _invalid("A schedule repeats by days, weeks, months or years: FREQ=WEEKLY, for example.")
    rule = Rule(
        Every(freq),
        interval=_one(parts, "INTERVAL", LONGEST_INTERVAL) or 1,
        count=_one(parts, "COUNT", MOST_TIMES),
        until=_last_date(parts["UNTIL"]) if "UNTIL" in parts else None,
        months=_numbers(parts, "BYMONTH", 12, signed=False),
        month_days=_numbers(parts, "BYMONTHDAY", 31),
        days=_days(parts["BYDAY"]) if "BYDAY" in parts else (),
        positions=_numbers(parts, "BYSETPOS", 366),
        week_starts=_weekday(parts.get("WKST", "MO")),
    )
    _check_together(rule)
    if len(rule.text) > TEXT_LIMIT:
        raise _invalid(f"A repeat rule has at most {TEXT_LIMIT} characters.")
    return rule


def _invalid(reason: str) -> Invalid:
    return Invalid(reason, {"rule": reason})


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.removesuffix(";").split(";"):
        name, _, value = part.partition("=")
        if name in parts:
            raise _invalid(f"{name} stands in this repeat rule twice.")
        if name not in _PARTS:
            raise _invalid("A repeat rule looks like FREQ=WEEKLY;INTERVAL=2;BYDAY=TU, in whole days.")
        parts[name] = value
    return parts


def _numbers(parts: dict[str, str], name: str, largest: int, *, signed: bool = True) -> tuple[int, ...]:
    if name not in parts:
        return ()
    found = set()
    for text in parts[name].split(","):
        number = int(text) if _NUMBER.fullmatch(text) else 0
        if not 1 <= (abs(number) if signed else number) <= largest:
            raise _invalid(f"{name} goes from 1 to {largest}.")
        found.add(number)
    return tuple(sorted(found))


def _one(parts: dict[str, str], name: str, largest: int) -> int | None:
    numbers = _numbers(parts, name, largest, signed=False)
    if len(numbers) > 1:
        raise _invalid(f"{name} is one number.")
    return numbers[0] if numbers else None


def _last_date(text: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{8}", text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        pass
    raise _invalid("UNTIL is the last date, like UNTIL=20261224.")


def _weekday(text: str) -> int:
    if text not in DAYS:
        raise _invalid("Days of the week are MO, TU, WE, TH, FR, SA, SU.")
    return DAYS.index(text)


def _days(text: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for part in text.split(","):
        matched = _DAY.fullmatch(part)
        if matched is None or (matched[1] and not 1 <= abs(int(matched[1])) <= 53):
            raise _invalid("BYDAY names days, like BYDAY=TU,TH or BYDAY=2TU for the second Tuesday.")
        found.add((int(matched[1] or 0), DAYS.index(matched[2])))
    return tuple(sorted(found))


def _check_together(rule: Rule) -> None:
    if rule.count is not None and rule.until is not None:
        raise _invalid("Give a number of times or a last date, not both.")
    if any(which for which, _ in rule.days) and rule.every not in (Every.MONTH, Every.YEAR):
        raise _invalid("A second or last Tuesday needs FREQ=MONTHLY or FREQ=YEARLY.")
    if rule.month_days and rule.every is Every.WEEK:
        raise _invalid("Days of the month need FREQ=MONTHLY.")
    if rule.positions and not (rule.months or rule.month_days or rule.days):
        raise _invalid("BYSETPOS chooses among days, so name them with BYDAY or BYMONTHDAY.")
