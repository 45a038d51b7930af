"""The text of an iCalendar feed (RFC 5545) cut into events; only those that carry a wanted code are kept.

What an event says is read once for codes and then left behind: titles and descriptions of a clinician's
calendar are full of names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from delivery.calendars.codes import found_in
from delivery.errors import Invalid

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_EVENTS: Final = 5000

_TIMES: Final = frozenset(
    ("DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE")
)
_TEXTS: Final = frozenset(("SUMMARY", "DESCRIPTION", "CATEGORIES"))
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_LINE: Final = re.compile(r'(?P<name>[A-Za-z-]+)(?:;(?:"[^"]*"|[^":])*)?:(?P<value>.*)', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
#: Outlook keeps a cancelled meeting as an event and says so in its title alone.
_CANCELLED_TITLE: Final = re.compile(r"\s*(?:cancell?ed|cancelad[oa])\b", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """One event: who it is for, and the lines that tell when."""

    uid: str
    codes: frozenset[str]
    #: Without any text of its own, a changed date of a series is for whom the series is.
    silent: bool
    cancelled: bool
    lines: tuple[str, ...]


def blocks(raw: bytes, codes: Collection[str]) -> list[Block]:
    """The events in whose title, description or categories one of `codes` stands, and all of their series.

    Raises Invalid where it is not a whole calendar, above 5 MB or above 5,000 events: a page to sign in, or
    half a file, would otherwise look as if every appointment had been cancelled.
    """
    if len(raw) > MOST_BYTES:
        raise Invalid("This calendar is larger than 5 MB. Share one that holds the appointments alone.")
    text = raw.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    if text[:15].upper() != "BEGIN:VCALENDAR" or text[-13:].upper() != "END:VCALENDAR":
        raise Invalid("There is no whole calendar at this address. Copy the address of its iCal feed again.")
    found = [_block(lines, codes) for lines in _cut(_FOLD.sub("", text))]
    # A date of a series that lost its code is kept, so that it is taken out of the series.
    series = {block.uid for block in found if block.codes and block.uid}
    return [block for block in found if block.codes or block.uid in series]


def _cut(text: str) -> Iterator[list[str]]:
    """The lines of each event, without what is nested in it (alarms)."""
    lines: list[str] | None = None
    nested = number = 0
    for line in re.split(r"\r?\n", text):
        upper = line[:20].strip().upper()
        if lines is None:
            if upper == "BEGIN:VEVENT":
                number += 1
                if number > MOST_EVENTS:
                    raise Invalid("This calendar has more than 5,000 events. Share one with fewer.")
                lines, nested = [], 0
        elif upper.startswith("BEGIN:"):
            nested += 1
        elif nested:
            nested -= upper.startswith("END:")
        elif upper == "END:VEVENT":
            yield lines
            lines = None
        else:
            lines.append(line)


def _block(lines: list[str], codes: Collection[str]) -> Block:
    uid = ""
    said: list[str] = []
    times: list[str] = []
    cancelled = False
    for line in lines:
        matched = _LINE.fullmatch(line)
        if matched is None:
            continue
        name, value = matched["name"].upper(), matched["value"]
        if name in _TIMES:
            times.append(line)
        elif name in _TEXTS:
            plain = _ESCAPED.sub(_unescaped, value)
            said.append(plain)
            cancelled |= name == "SUMMARY" and bool(_CANCELLED_TITLE.match(plain))
        elif name == "UID":
            uid = value.strip()
        elif name == "STATUS":
            cancelled |= value.strip().upper() == "CANCELLED"
    found = frozenset(found_in("\n".join(said), codes))
    return Block(uid, found, not "".join(said).strip(), cancelled, tuple(times))


def _unescaped(matched: re.Match[str]) -> str:
    return "\n" if matched[1] in "nN" else matched[1]
