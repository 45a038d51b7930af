"""The fields of the page for many clients, read into what is asked and whom."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from flask import g
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from delivery import batteries
from delivery.bulk_choice import Plan, Whom
from delivery.calendars import wall
from delivery.errors import Invalid
from delivery.models.assignments import Occasion, Way
from delivery.models.people import Role
from delivery.web.console.gate import caller

#: "own" is each client's own way: by e-mail, else by text.
WAYS: Final = {"own": None, "email": Way.EMAIL, "sms": Way.SMS}
#: Fields that are not carried from the list back to the form.
PRESSES: Final = ("go", "to", "form")


def practice_of(typed: MultiDict[str, str]) -> UUID:
    """The chosen practice, one of the caller's. Raises Invalid."""
    clinical = caller().practices(Role.CLINICIAN)
    mine: list[UUID] = [one for one in g.practices if one in clinical]
    named = typed.get("practice", "")
    found = next((one for one in mine if str(one) == named), mine[0] if not named else None)
    if found is None:
        raise Invalid("Choose a practice.", {"practice": "One of yours."})
    return found


def plan_of(session: Session, typed: MultiDict[str, str], practice_id: UUID) -> Plan:
    """What is asked. Raises Invalid by field."""
    keys, battery_id = typed.getlist("what"), None
    named = typed.get("set", "")
    if named:
        rows = batteries.of_practice(session, practice_id)
        battery = next((row for row in rows if str(row.id) == named), None)
        if battery is None:
            raise Invalid("This set is no longer in use.", {"what": "Choose another set."})
        beside = [key for key in keys if key not in batteries.keys(battery)]
        keys, battery_id = [*batteries.keys(battery), *beside], None if beside else battery.id
    if typed.get("how", "own") not in WAYS:
        raise Invalid("Choose how.", {"how": "Choose a way."})
    day, wall_time = _when(typed, g.practices[practice_id].time_zone)
    why, remind = typed.get("why", ""), typed.get("remind", "0")
    return Plan(
        practice_id=practice_id,
        instruments=keys,
        battery_id=battery_id,
        channel=WAYS[typed.get("how", "own")],
        occasion=Occasion(why) if why in list(Occasion) else None,
        reason=typed.get("reason", "")[:500],
        reminders=int(remind) if remind.isascii() and remind.isdigit() else -1,
        day=day,
        wall_time=wall_time,
    )


def _when(typed: MultiDict[str, str], zone: str) -> tuple[date | None, str]:
    """Day and time on the clock; no day is now."""
    if typed.get("when", "now") == "now":
        return None, ""
    day, clock = typed.get("day", "").strip(), typed.get("clock", "").strip()
    try:
        found = date.fromisoformat(day)
        wall.moment(found, clock, zone)
    except (ValueError, Invalid):
        raise Invalid("Choose a day and a time.", {"when": "Like 2026-11-23 and 09:00."}) from None
    return found, clock


def whom_of(typed: MultiDict[str, str]) -> Whom:
    """Whom it goes to. Raises Invalid."""
    whom = typed.get("whom", "all")
    if whom == "tag":
        if not typed.get("tag"):
            raise Invalid("Choose a tag.", {"whom": "Choose one of the tags."})
        return Whom(tag=typed["tag"])
    return Whom(ticked=frozenset(ids_in(typed.getlist("one")))) if whom == "ticks" else Whom()


def ids_in(texts: list[str]) -> list[UUID]:
    """Ids among texts; what is none is left out."""
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def form_key(typed: MultiDict[str, str]) -> UUID:
    """What makes two presses on the same form one. Raises Invalid."""
    found = ids_in([typed.get("form", "")])
    if not found:
        raise Invalid("This request could not be read.")
    return found[0]
