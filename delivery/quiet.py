"""When a message may arrive: never at night where the recipient is, and within the hours they named.

A phone's area code says nothing reliable about where it is, so a client without a time zone gets the narrow
window that is day in every US zone but Hawaii's and Alaska's (47 CFR 64.1200(c)(1): 8 am to 9 pm local time).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

DAY: Final = (time(8), time(21))
ANYWHERE: Final = (time(11), time(20))
ANYWHERE_ZONE: Final = "America/New_York"
#: Hours from the first US zone (but Hawaii's and Alaska's) to the last.
ACROSS: Final = 3


def window(zone: str | None, safe_hours: Mapping[str, Any]) -> tuple[time, time] | None:
    """From and to, in the recipient's zone; None where the hours they named are all at night.

    Without a zone the hours they named have to hold in every one.
    """
    start, end = DAY if zone else ANYWHERE
    if safe_hours:
        first = time.fromisoformat(safe_hours.get("from", "00:00"))
        if not zone:
            if first.hour + ACROSS >= end.hour:
                return None
            first = first.replace(hour=first.hour + ACROSS)
        start = max(start, first)
        end = min(end, time.fromisoformat(safe_hours.get("to", "23:59")))
    return (start, end) if start < end else None


def next_allowed(at: datetime, zone: str | None, safe_hours: Mapping[str, Any]) -> datetime | None:
    """`at` where a message may arrive then, else the next moment when it may; None: never."""
    hours = window(zone, safe_hours)
    if hours is None:
        return None
    start, end = hours
    local = at.astimezone(ZoneInfo(zone or ANYWHERE_ZONE))
    if start <= local.time() < end:
        return at
    day = local.date() + timedelta(days=0 if local.time() < start else 1)
    return datetime.combine(day, start, local.tzinfo)


def next_day(at: datetime, zone: str | None, safe_hours: Mapping[str, Any]) -> datetime | None:
    """The first moment of the recipient's next day at which a message may arrive; None: never."""
    hours = window(zone, safe_hours)
    if hours is None:
        return None
    local = at.astimezone(ZoneInfo(zone or ANYWHERE_ZONE))
    return datetime.combine(local.date() + timedelta(days=1), hours[0], local.tzinfo)
