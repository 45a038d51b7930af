"""When planned messages would leave: after quiet hours and caps, as far as that is known beforehand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from delivery import quiet

QUIET: Final = "It is night then, or outside the hours they named."
DAY: Final = "Enough for one day by then."
WEEK: Final = "As many in seven days as are allowed by then."
NEVER: Final = "The hours named for this address are all at night."
_WEEK: Final = timedelta(days=7)
_MOST_STEPS: Final = 60


@dataclass(frozen=True)
class Place:
    """The address as it matters for time: the client's zone (None: unknown), its hours, the caps."""

    zone: str | None
    safe_hours: Mapping[str, Any]
    a_day: int
    a_week: int


@dataclass(frozen=True)
class Estimate:
    """When a message would leave (None: never), and what holds it back until then."""

    at: datetime | None
    held: str | None = None


def leaving(due: datetime, sent: Iterable[datetime], place: Place) -> Estimate:
    """When a message that is due at `due` would leave, after those that were `sent` or planned before it."""
    before, at, held = sorted(sent), due, None
    for _ in range(_MOST_STEPS):
        allowed = quiet.next_allowed(at, place.zone, place.safe_hours)
        if allowed is None:
            return Estimate(None, NEVER)
        if allowed != at:
            at, held = allowed, held or QUIET
        week = [one for one in before if at - _WEEK < one <= at]
        if len(week) >= place.a_week:
            at, held = week[-place.a_week] + _WEEK, WEEK
        elif sum(_same_day(one, at, place.zone) for one in before) >= place.a_day:
            tomorrow = quiet.next_day(at, place.zone, place.safe_hours)
            if tomorrow is None:
                return Estimate(None, NEVER)
            at, held = tomorrow, DAY
        else:
            return Estimate(at, held)
    return Estimate(at, held)


def _same_day(one: datetime, other: datetime, zone: str | None) -> bool:
    place = ZoneInfo(zone or quiet.ANYWHERE_ZONE)
    return one.astimezone(place).date() == other.astimezone(place).date()
