"""When each turn of a schedule is right, worked out anew: dateutil's rules, a search minute by minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

PRACTICE: Final = "America/Los_Angeles"
#: Name → rule and wall time. The last one follows the sessions.
KINDS: Final = {
    "weekly": ("FREQ=WEEKLY;BYDAY=TU", "09:00"),
    "two-weekly": ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "17:45"),
    "monthly": ("FREQ=MONTHLY;BYMONTHDAY=29", "08:00"),
    "gap": ("FREQ=WEEKLY;BYDAY=SU", "02:30"),
    "overlap": ("FREQ=WEEKLY;BYDAY=SU", "01:30"),
    "session": ("FREQ=WEEKLY;BYDAY=WE", "10:00"),
}


@dataclass
class Plan:
    """A schedule that runs, as the check knows it."""

    id: UUID
    client_id: UUID
    kind: str
    first: date


@dataclass
class World:
    """Who lives where from when on, and when the service was down."""

    plans: list[Plan]
    zones: dict[UUID, list[tuple[datetime, str]]]
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)

    def zone(self, client_id: UUID, at: datetime) -> str:
        return [zone for since, zone in self.zones[client_id] if since <= at][-1]

    def down(self, at: datetime) -> bool:
        return any(begin <= at < end for begin, end in self.outages)


def moment(day: date, clock: str, zone: str) -> datetime:
    """The wall time in UTC: the first such minute, or the next one that exists."""
    place = ZoneInfo(zone)
    wall = datetime.combine(day, time.fromisoformat(clock))
    while wall.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None) != wall:
        wall += timedelta(minutes=1)
    return wall.replace(tzinfo=place).astimezone(UTC)


def due(plan: Plan, key: str, zone: str) -> datetime:
    """When a turn is due for a client in that zone."""
    day = date.fromisoformat(key)
    if plan.kind == "session":
        return moment(day - timedelta(days=1), KINDS[plan.kind][1], PRACTICE)
    return moment(day, KINDS[plan.kind][1], zone)


def keys(plan: Plan, until: datetime) -> list[str]:
    """The local dates of the plan's rule, by dateutil."""
    rule = rrulestr(KINDS[plan.kind][0], dtstart=datetime.combine(plan.first, time()))
    return [one.date().isoformat() for one in rule.between(
        datetime.combine(plan.first, time()), until.replace(tzinfo=None) + timedelta(days=2), inc=True
    )]  # fmt: skip
