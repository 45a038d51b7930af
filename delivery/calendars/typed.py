"""Appointments as people type them: "Tuesdays 10:00", "every other Thursday 3:30 pm", "martes 10:00"."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from delivery.calendars.recurrence import first_date
from delivery.calendars.rules import every_weeks
from delivery.calendars.slots import USUAL_MINUTES, Slot
from delivery.calendars.wall import zone
from delivery.errors import Invalid

LONGEST_TEXT = 80
EXAMPLE = "Write the day and the time, like “Tuesdays 10:00” or “every other Thursday 3:30 pm”."

_WEEKDAYS = (
    ("mo", "mon", "monday", "mondays", "lun", "lunes"),
    ("tu", "tue", "tues", "tuesday", "tuesdays", "mar", "martes"),
    ("we", "wed", "weds", "wednesday", "wednesdays", "mie", "miercoles"),
    ("th", "thu", "thur", "thurs", "thursday", "thursdays", "jue", "jueves"),
    ("fr", "fri", "friday", "fridays", "vie", "viernes"),
    ("sa", "sat", "saturday", "saturdays", "sab", "sabado", "sabados"),
    ("su", "sun", "sunday", "sundays", "dom", "domingo", "domingos"),
)
_DAY_OF = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}
_NUMBERS = {"two": 2, "three": 3, "four": 4, "dos": 2, "tres": 3, "cuatro": 4}

_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:[:.](?P<minute>[0-9]{2}))?(?::[0-9]{2})? ?(?P<half>[ap])?\.?(?(half)m?\.?)"
)
_NOON = re.compile(r"noon|mediodia")
_OFTEN = re.compile(
    r"(?:every )?other week(?:ly)?(?: on)? |every (?:other|second) "
    r"|(?:every fortnight|fortnightly)(?: on)? "
    r"|(?:every|cada) (?P<weeks>[0-9]{1,2}|[a-z]+) (?:weeks?|semanas?)(?:,? (?:on|los|el))? "
    r"|(?:weekly|every week|cada semana|semanal)(?:,? (?:on|los|el))? "
    r"|(?:every|each|on|cada|todos los|los|el) "
)
_EVERY_OTHER = re.compile(r"fortnight|other|second")
_BETWEEN_DAYS = re.compile(r" ?(?:/|,|&|\+| and | y ) ?")


def clock(text: str) -> str:
    """A time of day as people type it, as "HH:MM": "10:00", "10am", "3:30 p.m.", "14.15", "9", "noon".

    Raises Invalid for anything else, and where morning and afternoon cannot be told apart ("3:30").
    """
    return _clock(_plain(text))


def slot(text: str, starts_on: date, zone_name: str, minutes: int = USUAL_MINUTES) -> Slot:
    """The standing slot that was typed; its first appointment is the next such day from `starts_on` on.

    Raises Invalid with an example where it cannot be read for certain.
    """
    zone(zone_name)
    if len(text) > LONGEST_TEXT:
        raise _invalid(EXAMPLE)
    rest, weeks = _how_often(_plain(text))
    days, time = _days_and_time(rest)
    rule = every_weeks(weeks, days)
    # Two weeks are counted from the first appointment, not from the week in which somebody typed this.
    first = min(first_date(every_weeks(1, {day}), starts_on) for day in days)
    return Slot(rule, first, _clock(time), zone_name, minutes=minutes)


def _how_often(text: str) -> tuple[str, int]:
    found = _OFTEN.match(text)
    if found is None:
        return text, 1
    rest = text[found.end() :]
    if typed := found["weeks"]:
        weeks = int(typed) if typed.isdigit() else _NUMBERS.get(typed, 0)
        if not 1 <= weeks <= 52:
            raise _invalid(EXAMPLE)
        return rest, weeks
    return rest, 2 if _EVERY_OTHER.search(found[0]) else 1


def _days_and_time(text: str) -> tuple[set[int], str]:
    days = set()
    while (name := re.match(r"[a-z]+", text)) and name[0] in _DAY_OF:
        days.add(_DAY_OF[name[0]])
        text = text[name.end() :].removeprefix(".")
        if between := _BETWEEN_DAYS.match(text):
            text = text[between.end() :]
    if not days:
        raise _invalid(EXAMPLE)
    return days, re.sub(r"^,? ?(?:at |a las? |@ ?)?", "", text)


def _clock(text: str) -> str:
    if _NOON.fullmatch(text):
        return "12:00"
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise _invalid(EXAMPLE)
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise _invalid(EXAMPLE)
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    elif 1 <= hour <= 6 and len(found["hour"]) == 1:
        shown = f"{hour}:{minute:02}"
        raise _invalid(
            f"Is {shown} in the morning or the afternoon? Write “{shown} pm” or “{hour + 12}:{minute:02}”."
        )
    if hour > 23 or minute > 59:
        raise _invalid(EXAMPLE)
    return f"{hour:02}:{minute:02}"


def _plain(text: str) -> str:
    """Small letters without accents, single spaces."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in apart if not unicodedata.combining(char))
    return " ".join(letters.split())


def _invalid(reason: str) -> Invalid:
    return Invalid(reason, {"appointment": reason})
