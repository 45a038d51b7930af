"""Appointments: standing slots and single ones, the messages before them, and overlaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from delivery.calendars.recurrence import dates
from delivery.calendars.rules import Rule
from delivery.calendars.wall import earlier, moment, zone
from delivery.errors import Invalid

USUAL_MINUTES = 50
LONGEST_LEAD = timedelta(days=60)


@dataclass(frozen=True)
class Slot:
    """ "Tuesdays 10:00": a rule in wall time of a zone. A single appointment has the rule `once()`."""

    rule: Rule
    #: Gives the rhythm; "every other Tuesday" counts its weeks from here.
    starts_on: date
    #: "10:00", 24 hours.
    wall_time: str
    #: IANA name.
    zone: str
    #: Local dates on which it does not take place.
    skipped: frozenset[date] = field(default_factory=frozenset)
    minutes: int = USUAL_MINUTES


@dataclass(frozen=True)
class Occurrence:
    """One appointment of a slot. `key` is its local date, "2026-11-24"; `start` is in UTC."""

    key: str
    start: datetime


@dataclass(frozen=True)
class Ask:
    """When to send for which appointment; both moments in UTC."""

    occurrence: Occurrence
    send_at: datetime


@dataclass(frozen=True)
class Booked:
    """One appointment on somebody's list. `name` tells the member which: a code, a line of a file."""

    name: str
    start: datetime
    end: datetime
    #: Whose it is; equal for two appointments of one client.
    code: str = ""


@dataclass(frozen=True)
class Clash:
    """Two appointments that cannot both be right: `same` client and start, or times that overlap."""

    first: Booked
    second: Booked
    same: bool

    @property
    def words(self) -> str:
        """A sentence that names both."""
        if self.same:
            return f"{self.second.name} is the same appointment as {self.first.name}."
        return f"{self.second.name} begins before {self.first.name} is over."


def occurrences(slot: Slot, since: datetime, until: datetime) -> list[Occurrence]:
    """The appointments that take place with since <= start < until, in order, without skipped dates.

    Raises Invalid for an unknown zone or time, and for more than 20 years at a time.
    """
    return [
        one
        for one in _all(slot, *_local_days(slot, since, until), slot.skipped)
        if since <= one.start < until
    ]


def before(
    slot: Slot,
    lead: timedelta,
    since: datetime,
    until: datetime,
    *,
    nth: int = 1,
    asked: frozenset[str] = frozenset(),
) -> list[Ask]:
    """What to send `lead` before each (`nth` 1) or every other (2) appointment; since <= send_at < until.

    `asked` holds the keys of appointments that something was sent for already. The first appointment from
    `slot.starts_on` on is always among the chosen. Raises Invalid for a lead below zero or above 60 days.
    """
    # A skipped appointment is not counted: who expects a form at every other session counts the sessions
    # that happen, and otherwise one week of holiday would make a month without a form. But one that was asked
    # about counts even if it was skipped afterwards, so that the client is not asked again a week later.
    if not timedelta() <= lead <= LONGEST_LEAD or nth < 1:
        raise Invalid(
            "Choose up to 60 days before the appointment.", {"lead": "Choose up to 60 days before."}
        )
    _, last_day = _local_days(slot, since, until + lead)
    counted = _all(slot, slot.starts_on, last_day, slot.skipped - {date.fromisoformat(key) for key in asked})
    asks = [Ask(one, earlier(one.start, lead, slot.zone)) for one in counted[::nth]]
    return [
        ask
        for ask in asks
        if since <= ask.send_at < until and date.fromisoformat(ask.occurrence.key) not in slot.skipped
    ]


def overlaps(booked: Iterable[Booked]) -> list[Clash]:
    """Duplicates and overlaps on one clinician's list, by time; each is named second at most once."""
    clashes = []
    seen: dict[tuple[str, datetime], Booked] = {}
    longest: Booked | None = None
    for one in sorted(booked, key=lambda each: each.start):
        twin = seen.setdefault((one.code, one.start), one)
        if twin is not one:
            clashes.append(Clash(twin, one, same=True))
        elif longest is not None and one.start < longest.end:
            clashes.append(Clash(longest, one, same=False))
        if longest is None or one.end > longest.end:
            longest = one
    return clashes


def _local_days(slot: Slot, since: datetime, until: datetime) -> tuple[date, date]:
    # A day more on both sides: a skipped hour may carry a start over midnight.
    place = zone(slot.zone)
    one_day = timedelta(days=1)
    return since.astimezone(place).date() - one_day, until.astimezone(place).date() + 2 * one_day


def _all(slot: Slot, since: date, until: date, skipped: frozenset[date]) -> list[Occurrence]:
    return [
        Occurrence(day.isoformat(), moment(day, slot.wall_time, slot.zone))
        for day in dates(slot.rule, slot.starts_on, since, until)
        if day not in skipped
    ]
