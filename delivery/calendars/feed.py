"""Appointments out of a calendar feed, known by the code of a client, and what changed in it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from delivery.calendars import wall
from delivery.calendars.feed_events import Block, blocks
from delivery.calendars.feed_times import AllDay, Local, Times, Unreadable, times
from delivery.errors import Invalid

MOST_SESSIONS: Final = 5000
#: Days that all repeat rules of one feed may look at, together.
_BUDGET: Final = 1_000_000


@dataclass(frozen=True)
class Session:
    """One appointment of a feed, for one code; start and end in UTC.

    `key` stays the same when the appointment is moved: a hash of its uid and code, "|", and in a series the
    local date that it has there ("" outside of one). Nothing of the event's text is in it.
    """

    key: str
    code: str
    start: datetime
    end: datetime
    cancelled: bool


@dataclass(frozen=True)
class Feed:
    """What a feed holds, by start. `unread`: events with a code whose times could not be read for certain."""

    sessions: tuple[Session, ...]
    unread: int


@dataclass(frozen=True)
class Differences:
    """What to plan, what to plan anew, and the keys of what to call off."""

    added: tuple[Session, ...]
    moved: tuple[Session, ...]
    cancelled: tuple[str, ...]


@dataclass(frozen=True)
class _Entry:
    block: Block
    times: Times


def read(raw: bytes, since: datetime, until: datetime, zone_name: str, codes: Collection[str]) -> Feed:
    """The appointments with since <= start < until whose text names one of `codes` (normal ones).

    Times without a zone are in `zone_name`. All-day events are no appointments. Raises Invalid where the
    feed as a whole cannot be taken: no whole calendar, too large, an unknown `zone_name`.
    """
    floating = wall.zone(zone_name)
    series: dict[str, list[_Entry]] = defaultdict(list)
    unread = 0
    for block in blocks(raw, codes):
        try:
            entry = _Entry(block, times(block, floating))
        except AllDay:
            continue
        except (Unreadable, Invalid, ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
            unread += 1
            continue
        # Without a uid, an event is known by its start and code, and cannot be moved.
        series[block.uid or f"{entry.times.start.utc.isoformat()} {sorted(block.codes)}"].append(entry)
    budget = _BUDGET
    found: dict[str, Session] = {}
    for uid, entries in series.items():
        budget -= sum(entry.times.cost(since, until) for entry in entries)
        try:
            if budget < 0:
                raise Unreadable
            some = [one for one in _sessions(uid, entries, since, until) if since <= one.start < until]
        except (Unreadable, Invalid, ArithmeticError):
            unread += len(entries)
            continue
        found |= {one.key: one for one in some}
        if len(found) > MOST_SESSIONS:
            raise Invalid("This calendar has too many appointments. Share one with fewer.")
    return Feed(tuple(sorted(found.values(), key=lambda one: (one.start, one.key))), unread)


def differences(
    known: Mapping[str, datetime], found: Iterable[Session], since: datetime, until: datetime
) -> Differences:
    """What `found` (a reading of since..until) changes about `known`: key → start of what is planned.

    What was known outside of the window stays as it is, unless it was moved into it.
    """
    there = {one.key: one for one in found if not one.cancelled}
    return Differences(
        added=tuple(one for key, one in there.items() if key not in known),
        moved=tuple(one for key, one in there.items() if key in known and known[key] != one.start),
        cancelled=tuple(key for key, start in known.items() if since <= start < until and key not in there),
    )


def _sessions(uid: str, entries: list[_Entry], since: datetime, until: datetime) -> Iterator[Session]:
    newest_last = sorted(entries, key=lambda entry: entry.times.sequence)
    masters = [entry for entry in newest_last if entry.times.instead_of is None]
    master = masters[-1] if masters else None
    changed = {
        _own_date(entry.times, master): entry for entry in newest_last if entry.times.instead_of is not None
    }
    if master:
        for start in master.times.starts(since, until):
            day = start.wall.date()
            if day not in changed:
                known_by = day.isoformat() if master.times.repeats else ""
                yield from _of(uid, known_by, start, master, master)
    for day, entry in changed.items():
        if master is None or not _left_out(entry.times, day, master.times):
            yield from _of(uid, day.isoformat(), entry.times.start, entry, master or entry)


def _own_date(one: Times, master: _Entry | None) -> date:
    """The local date in its series that a changed appointment stands in for."""
    if isinstance(one.instead_of, Local):
        place: ZoneInfo = (master.times if master else one).start.place
        return one.instead_of.utc.astimezone(place).date()
    assert one.instead_of is not None
    return one.instead_of


def _left_out(one: Times, day: date, master: Times) -> bool:
    """Whether a changed appointment was taken out of its series afterwards."""
    return day in master.never or (isinstance(one.instead_of, Local) and one.instead_of.utc in master.never)


def _of(uid: str, known_by: str, start: Local, entry: _Entry, master: _Entry) -> Iterator[Session]:
    at = start.utc
    cancelled = entry.block.cancelled or master.block.cancelled
    for code in master.block.codes if entry.block.silent else entry.block.codes:
        hashed = hashlib.sha256(f"{uid}\0{code}".encode()).hexdigest()[:32]
        yield Session(f"{hashed}|{known_by}", code, at, at + entry.times.length, cancelled)
