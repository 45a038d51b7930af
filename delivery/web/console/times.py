"""Times as people say them, in a practice's zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from flask_babel import get_locale

from delivery.db import now
from delivery.web.console.words import _


def moment(at: datetime, zone: str) -> str:
    """ "today at 10:05", "yesterday at 22:59", "Monday 16 November at 9:15", with the year if it differs."""
    local, today = at.astimezone(ZoneInfo(zone)), now().astimezone(ZoneInfo(zone))
    clock = f"{local.hour}:{local:%M}"
    near = {
        -1: _("tomorrow at %(clock)s", clock=clock),
        0: _("today at %(clock)s", clock=clock),
        1: _("yesterday at %(clock)s", clock=clock),
    }
    days = (today.date() - local.date()).days
    return near.get(days) or _("%(day)s at %(clock)s", day=day(at, zone), clock=clock)


def day(at: datetime, zone: str) -> str:
    """ "Monday 16 November", with the year if it is not this one."""
    local, today = at.astimezone(ZoneInfo(zone)), now().astimezone(ZoneInfo(zone))
    pattern = "EEEE d MMMM" if local.year == today.year else "EEEE d MMMM y"
    return str(format_datetime(local, pattern, locale=get_locale()))


def date_words(on: date) -> str:
    """ "2 April 1988", for a day that has no zone."""
    return str(format_date(on, "d MMMM y", locale=get_locale()))


def clock(at: datetime, zone: str) -> str:
    """ "10:05:12", rounded up, for a time that runs out."""
    local = at.astimezone(ZoneInfo(zone))
    if local.microsecond:
        local = local.replace(microsecond=0) + timedelta(seconds=1)
    return f"{local.hour}:{local:%M:%S}"
