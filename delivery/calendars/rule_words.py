"""A repeat rule in words, for the preview and the list of schedules."""

from __future__ import annotations

from calendar import day_name, month_name
from collections.abc import Iterable
from datetime import date

from delivery.calendars.rules import Every, Rule, once

_UNITS = {Every.DAY: "day", Every.WEEK: "week", Every.MONTH: "month", Every.YEAR: "year"}


def words(rule: Rule, starts_on: date) -> str:
    """ "every 2 weeks on Tuesday and Thursday, 10 times". What the rule leaves open, `starts_on` gives."""
    if rule == once():
        return "once"
    unit = _UNITS[rule.every]
    said = f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"
    if rule.months:
        said += f" in {_list(month_name[month] for month in rule.months)}"
    if days := _days(rule, starts_on):
        said += f" on {days}"
    if rule.positions:
        said += f", of these only {_list(_place(at) for at in rule.positions)}"
    if rule.count is not None:
        said += ", one time" if rule.count == 1 else f", {rule.count} times"
    if rule.until is not None:
        said += f", until {month_name[rule.until.month]} {rule.until.day}, {rule.until.year}"
    return said


def _days(rule: Rule, starts_on: date) -> str:
    named = [f"{_place(which)} {day_name[day]}" if which else str(day_name[day]) for which, day in rule.days]
    inside = [_month_day(day) for day in rule.month_days]
    if named and inside:
        return f"{_list(named, 'or')} where it is {_list(inside, 'or')}"
    if named or inside:
        return _list(named or inside)
    if rule.every is Every.WEEK:
        return str(day_name[starts_on.weekday()])
    if rule.every is Every.MONTH or (rule.every is Every.YEAR and rule.months):
        return _month_day(starts_on.day)
    return f"{month_name[starts_on.month]} {starts_on.day}" if rule.every is Every.YEAR else ""


def _month_day(day: int) -> str:
    if day < 0:
        return f"{_place(day)} day of the month"
    return f"day {day}" + (" (in months that have one)" if day > 28 else "")


def _place(at: int) -> str:
    if at == -1:
        return "the last"
    size = abs(at)
    ending = "th" if size % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(size % 10, "th")
    return f"the {size}{ending}" + (" to last" if at < 0 else "")


def _list(parts: Iterable[str], joined: str = "and") -> str:
    *most, last = parts
    return f"{', '.join(most)} {joined} {last}" if most else last
