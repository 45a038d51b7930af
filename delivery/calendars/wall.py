"""Wall time and IANA zone to a moment, with zone data from the pinned `tzdata` wheel alone.

A machine's own zone files may be older than the law they describe, and differ between two workers.
Rule for clock changes: a time that is skipped becomes the next minute that exists, a time that comes twice
is the first of the two. Source of gaps and folds: PEP 495.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from delivery.errors import Invalid

_MINUTE = timedelta(minutes=1)
_WALL = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@cache
def zone_names() -> frozenset[str]:
    """Every zone name that `tzdata` knows, such as "America/Los_Angeles". "Factory" is not a place."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(listed) - {"Factory"}


def zone(name: str) -> ZoneInfo:
    """The zone of that exact name. Raises Invalid for any other."""
    if name not in zone_names():
        reason = "That time zone does not exist. Write it like America/Los_Angeles."
        raise Invalid(reason, {"time_zone": reason})
    return _loaded(name)


@cache
def _loaded(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def moment(day: date, wall_time: str, zone_name: str) -> datetime:
    """`wall_time` ("09:00", 24 hours) on `day` in the zone, as a moment in UTC.

    Raises Invalid for an unknown zone, another shape of time, and days that no clock reaches.
    """
    found = _WALL.fullmatch(wall_time)
    if found is None:
        reason = "Write the time with hours and minutes, like 09:00 or 15:30."
        raise Invalid(reason, {"wall_time": reason})
    return in_utc(datetime(day.year, day.month, day.day, int(found[1]), int(found[2])), zone(zone_name))  # noqa: DTZ001


def in_utc(wall: datetime, place: ZoneInfo) -> datetime:
    """A wall time without zone, read in `place`, in UTC. Raises Invalid at the ends of the calendar."""
    try:
        while True:
            at = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
            if at.astimezone(place).replace(tzinfo=None) == wall:
                return at
            wall = wall.replace(second=0, microsecond=0) + _MINUTE
    except OverflowError:
        raise Invalid("That date is too far away.", {"date": "That date is too far away."}) from None


def earlier(start: datetime, lead: timedelta, zone_name: str) -> datetime:
    """The moment that lies `lead` before `start`, in UTC.

    Whole days keep the time on the clock (a day before Monday 10:00 is Sunday 10:00, also where that day has
    23 hours); what is left of `lead` is real time.
    """
    days = timedelta(days=lead.days)
    if not days:
        return start.astimezone(UTC) - lead
    place = zone(zone_name)
    try:
        wall = start.astimezone(place).replace(tzinfo=None, fold=0) - days
    except OverflowError:
        raise Invalid("That date is too far away.", {"date": "That date is too far away."}) from None
    return in_utc(wall, place) - (lead - days)
