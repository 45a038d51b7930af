"""A schedule in words: when it asks."""

from __future__ import annotations

from datetime import date
from typing import Final

from delivery.calendars import rule_words
from delivery.calendars.rules import parse
from delivery.models.schedules import Appointment, Schedule, ScheduleKind

#: Minutes before an appointment → words.
LEADS: Final = {
    1440: "1 day",
    720: "12 hours",
    480: "8 hours",
    240: "4 hours",
    180: "3 hours",
    120: "2 hours",
}
WHICH: Final = {1: "each session", 2: "every other session", 3: "every third session"}
STOPPED: Final = {
    "ended": "It came to its end.",
    "stopped": "Somebody stopped it.",
    "changed": "A changed plan took its place.",
    "paused": "The client was paused. Going on does not start it again: plan it anew.",
    "closed": "The case was closed.",
    "died": "The client died.",
    "refused": "The client said “I don’t want these forms now”.",
    "wrong-person": "Somebody there said “This is not for me”.",
}


def when(row: Schedule) -> str:
    """ "every 2 weeks on Tuesday at 9:00", "1 day before every other session"."""
    if row.kind is ScheduleKind.APPOINTMENTS:
        lead = LEADS.get(row.lead_minutes, f"{row.lead_minutes} minutes")
        return f"{lead} before {WHICH.get(row.every, f'every {row.every}th session')}"
    repeats = rule_words.words(parse(row.rule), date.fromisoformat(row.starts_on))
    return f"{repeats} at {clock(row.wall_time)}"


def clock(wall_time: str) -> str:
    """ "9:00" for "09:00"."""
    return wall_time.removeprefix("0") if wall_time[:2] != "00" else wall_time[1:]


def stopped(row: Schedule) -> str:
    """Why it asks no more; empty while it does."""
    return "" if row.stopped_at is None else STOPPED.get(row.stop_reason or "", "It was stopped.")


def standing(row: Appointment) -> str:
    """An appointment that repeats: "Every week on Tuesday at 10:00"."""
    repeats = rule_words.words(parse(row.rule), date.fromisoformat(row.starts_on))
    return f"{repeats[:1].upper()}{repeats[1:]} at {clock(row.wall_time)}"
