"""What is to be thought over before a schedule is saved: too often for a measure, too much for a client."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import ceil
from typing import Final
from uuid import UUID

from delivery import offers
from delivery.calendars.recurrence import shortest_gap_days
from delivery.calendars.rules import parse
from delivery.library import Library
from delivery.models.schedules import Schedule, ScheduleKind
from delivery.schedules.upcoming import AHEAD, Line
from questionnaires.schema import Instrument

#: Minutes of answering in a week above which the member is asked to think again (everyday.md 38).
BUDGET: Final = 10
_WINDOW: Final = re.compile(r"(?:Last|Past) (?:([0-9]+) )?(day|week|month|year)s?\b")
#: A month's window is kept by a month of any length.
_DAYS: Final = {"day": 1, "week": 7, "month": 28, "year": 365}
_MONTH: Final = range(28, 32)


@dataclass(frozen=True)
class TooOften:
    """A measure that looks back further than the schedule's shortest gap; `weeks` would fit it."""

    instrument: Instrument
    gap_days: int
    weeks: int

    @property
    def words(self) -> str:
        """ "PHQ-9 asks about: Last 2 weeks. This asks again after 7 days. Every 2 weeks fits it."."""
        one = self.instrument
        again = "1 day" if self.gap_days == 1 else f"{self.gap_days} days"
        weeks = "Every week" if self.weeks == 1 else f"Every {self.weeks} weeks"
        return f"{one.short_name} asks about: {one.recall}. This asks again after {again}. {weeks} fits it."


@dataclass(frozen=True)
class Remarks:
    """`minutes` is what all of the client's schedules together ask for in a week, over the next weeks."""

    too_often: list[TooOften]
    minutes: int

    @property
    def too_much(self) -> bool:
        """Above the budget."""
        return self.minutes > BUDGET

    @property
    def weeks(self) -> int | None:
        """The interval that fits every measure, where one of them is asked too often."""
        return max((one.weeks for one in self.too_often), default=None)


def of(there: Library, row: Schedule, lines: Sequence[Line]) -> Remarks:
    """What to say about a schedule; `lines` is the outlook on all schedules of its client."""
    ahead = [line for line in lines if line.what == "ahead"]
    gap = _gap(row, [line for line in ahead if line.schedule.id == row.id])
    often = [
        TooOften(one, gap, ceil(days / 7))
        for one in offers.known(there, row.instruments)
        if gap is not None and gap < (days := window_days(one))
    ]
    minutes: dict[UUID, int] = {}
    for line in ahead:
        asked = offers.known(there, line.schedule.instruments)
        minutes.setdefault(line.schedule.id, sum(one.minutes for one in asked))
    total = sum(minutes[line.schedule.id] for line in ahead)
    return Remarks(often, ceil(total * 7 / AHEAD.days))


def window_days(instrument: Instrument) -> int:
    """How many days a measure looks back, or may not be repeated in, whichever is more; 0: no matter."""
    found = _WINDOW.match(instrument.recall)
    looks_back = int(found[1] or 1) * _DAYS[found[2]] if found else 0
    days = max(looks_back, instrument.shortest_interval_days or 0)
    return _MONTH[0] if days in _MONTH else days


def _gap(row: Schedule, ahead: Sequence[Line]) -> int | None:
    if row.kind is ScheduleKind.DATES:
        return shortest_gap_days(parse(row.rule), date.fromisoformat(row.starts_on))
    days = [date.fromisoformat(line.key) for line in ahead]
    return min(((later - one).days for one, later in pairwise(days)), default=None)
