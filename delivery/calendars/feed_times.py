"""When an event of a feed takes place: its lines as wall times in IANA zones, and the starts of a series.

Time zone definitions of the feed itself are never used: they are programs for a clock (repeat rules), and
icalendar keeps them for the whole process, where the feed of one practice would set the clock of another. So
a zone name travels past the library as a parameter of our own, and is read as an IANA or Windows name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Event
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from delivery.calendars import wall
from delivery.calendars.feed_events import Block
from delivery.calendars.recurrence import dates, days_looked_at
from delivery.calendars.rules import Rule, parse

#: Of one event; a weekly series with ten years of left-out dates has 500.
MOST_VALUES: Final = 1000

_ZONE: Final = "X-ZONE"
_TZID: Final = re.compile(r";TZID=", re.IGNORECASE)
_DAY: Final = timedelta(days=1)


class Unreadable(Exception):
    """An event whose times cannot be known for certain."""


class AllDay(Exception):
    """An event without a time of day, which is no appointment."""


@dataclass(frozen=True)
class Local:
    """A wall time in a zone."""

    wall: datetime
    place: ZoneInfo

    @property
    def utc(self) -> datetime:
        """As a moment in UTC."""
        return wall.in_utc(self.wall, self.place)


@dataclass(frozen=True)
class Times:
    """When one event takes place, and how it repeats."""

    start: Local
    length: timedelta
    sequence: int
    #: The start, or the day, that this event stands in for within its series.
    instead_of: Local | date | None
    rule: Rule | None
    until: Local | date | None
    also: tuple[Local, ...]
    #: Moments in UTC, and local dates.
    never: frozenset[datetime | date]

    def cost(self, since: datetime, until: datetime) -> int:
        """How many days `starts` looks at, at most."""
        return days_looked_at(self.rule, *self._window(since, until)) if self.rule else 1

    def starts(self, since: datetime, until: datetime) -> Iterator[Local]:
        """Its starts around since <= start < until, with up to a day more on both sides; in no order."""
        found = [self.start, *self.also]
        if self.rule:
            time = self.start.wall.time()
            days = dates(self.rule, *self._window(since, until))
            ruled = (Local(datetime.combine(day, time), self.start.place) for day in days)
            found += [one for one in ruled if not self._ended(one)]
        for one in dict.fromkeys(found):
            if one.wall.date() not in self.never and one.utc not in self.never:
                yield one

    @property
    def repeats(self) -> bool:
        """Whether it is a series."""
        return self.rule is not None or bool(self.also)

    def _window(self, since: datetime, until: datetime) -> tuple[date, date, date]:
        first, last = since.astimezone(self.start.place).date(), until.astimezone(self.start.place).date()
        return self.start.wall.date(), first - _DAY, last + 2 * _DAY

    def _ended(self, one: Local) -> bool:
        if self.until is None:
            return False
        return one.utc > self.until.utc if isinstance(self.until, Local) else one.wall.date() > self.until


def times(block: Block, floating: ZoneInfo) -> Times:
    """When `block` takes place; times without a zone are in `floating`.

    Raises AllDay, and Unreadable for what is malformed or needs a rule outside of `rules`' limits (hours,
    week numbers, a change of all later dates at once). `Invalid` of those limits is raised as it is.
    """
    if sum(1 + line.count(",") for line in block.lines) > MOST_VALUES:
        raise Unreadable
    event = _event(block)
    start_value, start_zone = _single(event, "DTSTART")
    start = _local(start_value, start_zone, floating)
    rule, until = _rule(event, start)
    lists = {name: list(_many(event, name, start.place)) for name in ("RDATE", "EXDATE")}
    instead_of = None
    if "RECURRENCE-ID" in event:
        if "RANGE" in event["RECURRENCE-ID"].params:
            raise Unreadable
        value, zone_name = _single(event, "RECURRENCE-ID")
        instead_of = _local_or_date(value, zone_name, start.place)
    return Times(
        start=start,
        length=_length(event, start, floating),
        sequence=int(event.get("SEQUENCE", 0)),
        instead_of=instead_of,
        rule=rule,
        until=until,
        also=tuple(one for one in lists["RDATE"] if isinstance(one, Local)),
        never=frozenset(one.utc if isinstance(one, Local) else one for one in lists["EXDATE"]),
    )


def _event(block: Block) -> Event:
    lines = (_TZID.sub(f";{_ZONE}=", line, count=1) for line in block.lines)
    event = Event.from_ical("\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT", "")))
    if not isinstance(event, Event) or "EXRULE" in event:
        raise Unreadable
    return event


def _single(event: Event, name: str) -> tuple[Any, str | None]:
    """A property that stands there once: its value (date, datetime or timedelta) and the name of its zone."""
    found = event.get(name)
    if not hasattr(found, "dt"):
        raise Unreadable
    return found.dt, found.params.get(_ZONE)


def _many(event: Event, name: str, place: ZoneInfo) -> Iterator[Local | date]:
    found = event.get(name, [])
    for part in found if isinstance(found, list) else [found]:
        for one in part.dts:
            value = one.dt[0] if isinstance(one.dt, tuple) else one.dt
            yield _local_or_date(value, part.params.get(_ZONE), place)


def _local(value: Any, zone_name: str | None, place: ZoneInfo) -> Local:
    found = _local_or_date(value, zone_name, place)
    if not isinstance(found, Local):
        raise AllDay
    return found


def _local_or_date(value: Any, zone_name: str | None, place: ZoneInfo) -> Local | date:
    if not isinstance(value, datetime):
        if isinstance(value, date):
            return value
        raise Unreadable
    if value.tzinfo is not None:
        return Local(value.astimezone(UTC).replace(tzinfo=None), wall.zone("UTC"))
    return Local(value, _named(zone_name) if zone_name else place)


def _named(name: str) -> ZoneInfo:
    """The zone of an IANA name, of Windows' name for it, or of "/vendor/…/Area/City"."""
    name = WINDOWS_TO_OLSON.get(name, name)
    parts = name.strip("/").split("/")
    for begin in range(min(len(parts), 4)):
        if "/".join(parts[begin:]) in wall.zone_names():
            return wall.zone("/".join(parts[begin:]))
    raise Unreadable


def _length(event: Event, start: Local, floating: ZoneInfo) -> timedelta:
    if "DTEND" in event:
        value, zone_name = _single(event, "DTEND")
        return max(_local(value, zone_name, floating).utc - start.utc, timedelta())
    value, _ = _single(event, "DURATION") if "DURATION" in event else (timedelta(), None)
    return max(value, timedelta()) if isinstance(value, timedelta) else timedelta()


def _rule(event: Event, start: Local) -> tuple[Rule | None, Local | date | None]:
    found = event.get("RRULE")
    if found is None:
        return None, None
    if isinstance(found, list) or not hasattr(found, "to_ical"):
        raise Unreadable
    # UNTIL is a moment in feeds and a date in our rules, so it is kept beside the rule.
    parts = found.to_ical().decode().split(";")
    until = found.get("UNTIL", [None])[0]
    rule = parse(";".join(part for part in parts if not part.startswith("UNTIL=")))
    return rule, None if until is None else _local_or_date(until, None, start.place)
