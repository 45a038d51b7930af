"""The dates of a repeat rule, in work that the window alone bounds.

A rule may never come true (31 February) or only after thousands of years. An iterator that looks for the next
date would search to the end of the calendar, so this one goes through the periods of a window and asks each
day whether it belongs. The meaning of the parts is RFC 5545's; the tests compare it with python-dateutil.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice, pairwise

from delivery.calendars.rules import Every, Rule
from delivery.errors import Invalid

#: No window and no numbered rule is followed longer than this.
LONGEST = timedelta(days=366 * 20)
#: So far ahead the first date of a rule is looked for; 29 February is never further.
_FAR = timedelta(days=366 * 8)

_PERIOD_DAYS = {Every.DAY: 1, Every.WEEK: 7, Every.MONTH: 31, Every.YEAR: 366}


def dates(rule: Rule, starts_on: date, since: date, until: date) -> list[date]:
    """The rule's local dates with since <= date < until, in order; none is before `starts_on`.

    `starts_on` gives the rhythm, and is a date of the rule only where the rule says so. Raises Invalid for
    more than 20 years at a time.
    """
    return list(_dates(rule, starts_on, since, until))


def first_date(rule: Rule, starts_on: date) -> date:
    """Its first date. Raises Invalid where none comes within eight years, 31 February for example."""
    found = next(_dates(rule, starts_on, starts_on, _add(starts_on, _FAR)), None)
    if found is None:
        reason = "This rule never comes true. Choose other days."
        raise Invalid(reason, {"rule": reason})
    return found


def shortest_gap_days(rule: Rule, starts_on: date) -> int | None:
    """The fewest days between two dates in a row, over the first eight years; None where there is but one."""
    some = islice(_dates(rule, starts_on, starts_on, _add(starts_on, _FAR)), 120)
    return min(((later - one).days for one, later in pairwise(some)), default=None)


def days_looked_at(rule: Rule, starts_on: date, since: date, until: date) -> int:
    """How many days `dates` looks at for the same arguments, at most: what the work costs."""
    begins = starts_on if rule.count is not None else max(starts_on, since)
    span = max((until - begins).days, 0) // _PERIOD_DAYS[rule.every] // rule.interval + 2
    return span * _PERIOD_DAYS[rule.every]


def _dates(rule: Rule, starts_on: date, since: date, until: date) -> Iterator[date]:
    # A rule with COUNT has to be counted from its first date; any other begins at the window.
    begins = starts_on if rule.count is not None else max(starts_on, since)
    if until - begins > LONGEST:
        raise Invalid("Look at 20 years at a time, at most.")
    number = 0
    for period in _periods(rule, starts_on, begins, until):
        for day in _chosen(rule, starts_on, period):
            number += day >= starts_on
            ended = rule.until is not None and day > rule.until
            if day >= until or ended or (rule.count is not None and number > rule.count):
                return
            if day >= max(starts_on, since):
                yield day


def _periods(rule: Rule, starts_on: date, begins: date, until: date) -> Iterator[list[date]]:
    """All days of each day, week, month or year that the rule counts, from that of `begins` to `until`."""
    step = rule.interval
    if rule.every in (Every.DAY, Every.WEEK):
        length = _PERIOD_DAYS[rule.every]
        into_week = (starts_on.weekday() - rule.week_starts) % 7 if length == 7 else 0
        first = _add(starts_on, -timedelta(days=into_week))
        ordinal = first.toordinal() + (begins - first).days // (length * step) * (length * step)
        while ordinal < until.toordinal():
            yield [date.fromordinal(ordinal + n) for n in range(length) if _exists(ordinal + n)]
            ordinal += length * step
        return
    length = 1 if rule.every is Every.MONTH else 12
    month = starts_on.year * 12 + (starts_on.month - 1 if length == 1 else 0)
    month += (begins.year * 12 + begins.month - 1 - month) // (length * step) * (length * step)
    while month <= until.year * 12 + until.month - 1:
        months = [divmod(month + n, 12) for n in range(length)]
        yield [
            date(year, index + 1, day)
            for year, index in months
            if year <= date.max.year
            for day in range(1, monthrange(year, index + 1)[1] + 1)
        ]
        month += length * step


def _chosen(rule: Rule, starts_on: date, period: list[date]) -> list[date]:
    found = [day for day in period if _belongs(rule, starts_on, day)]
    if not rule.positions:
        return found
    size = len(found)
    places = {at - 1 if at > 0 else size + at for at in rule.positions}
    return [day for place, day in enumerate(found) if place in places]


def _belongs(rule: Rule, starts_on: date, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days:
        from_end = day.day - monthrange(day.year, day.month)[1] - 1
        if day.day not in rule.month_days and from_end not in rule.month_days:
            return False
    if rule.days:
        return any(day.weekday() == weekday and _nth(rule, day, which) for which, weekday in rule.days)
    return bool(rule.month_days) or _like_first(rule, starts_on, day)


def _like_first(rule: Rule, starts_on: date, day: date) -> bool:
    """What a rule that names no days takes from its first date."""
    match rule.every:
        case Every.DAY:
            return True
        case Every.WEEK:
            return day.weekday() == starts_on.weekday()
        case Every.MONTH:
            return day.day == starts_on.day
        case Every.YEAR:
            return day.day == starts_on.day and (bool(rule.months) or day.month == starts_on.month)


def _nth(rule: Rule, day: date, which: int) -> bool:
    """Whether `day` is the `which`-th such weekday of its month, or of its year if the rule has no months."""
    if which == 0:
        return True
    if rule.every is Every.MONTH or rule.months:
        place, size = day.day, monthrange(day.year, day.month)[1]
    else:
        place, size = day.timetuple().tm_yday, date(day.year, 12, 31).timetuple().tm_yday
    return which == ((place - 1) // 7 + 1 if which > 0 else -((size - place) // 7 + 1))


def _add(day: date, span: timedelta) -> date:
    try:
        return day + span
    except OverflowError:
        return date.max if span > timedelta() else date.min


def _exists(ordinal: int) -> bool:
    return 1 <= ordinal <= date.max.toordinal()
