"""The fields of the page on which a schedule is planned, read into what is wanted, and filled from one."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from delivery import batteries
from delivery.calendars import typed as typing
from delivery.calendars.rules import Every, every_weeks, once, parse
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.assignments import Battery, Occasion, Way
from delivery.models.clients import Client
from delivery.models.schedules import Schedule, ScheduleKind
from delivery.schedules.making import Wanted
from delivery.web.console.gate import zone as practice_zone

WAYS: Final = {way.value: way for way in (Way.EMAIL, Way.SMS, Way.IN_PERSON)}
#: How it repeats, as the page offers it.
ONCE, WEEKS, RULE, SESSION = "once", "weeks", "rule", "session"
_LANGUAGE: Final = "language:"


def measures(
    session: Session, client: Client, typed: MultiDict[str, str]
) -> tuple[list[str], Battery | None]:
    """The keys to ask for in their order, and the set that they are."""
    ticked = list(dict.fromkeys(typed.getlist("what")))
    named = typed.get("set") or typed.get("battery") or typed.get("now", "").removeprefix("set:")
    rows = batteries.of_practice(session, client.practice_id) if named else []
    battery = next((row for row in rows if str(row.id) == named), None)
    if battery is None:
        return ticked or [key for key in typed.get("now", "").split(",") if key and ":" not in key], None
    keys = batteries.keys(battery)
    beside = [key for key in ticked if key not in keys]
    return [*keys, *beside], None if beside else battery


def respondent(typed: MultiDict[str, str]) -> UUID | None:
    """Who answers; None for the client."""
    try:
        return UUID(typed.get("who", ""))
    except ValueError:
        return None


def wanted(client: Client, typed: MultiDict[str, str], keys: list[str], battery: Battery | None) -> Wanted:
    """What the fields plan. Raises Invalid by field."""
    zone = client.time_zone or practice_zone(client.practice_id)
    repeats = typed.get("repeat", "")
    if repeats not in (ONCE, WEEKS, RULE, SESSION):
        raise Invalid("Choose how often.", {"repeat": "Choose one."})
    if typed.get("how") not in WAYS:
        raise Invalid("Choose how.", {"how": "Choose a way."})
    starts_on = _day(typed, "starts_on") or now().astimezone(ZoneInfo(zone)).date()
    why = typed.get("why", "")
    by_session = repeats == SESSION
    return Wanted(
        client_id=client.id,
        instruments=keys,
        channel=WAYS[typed["how"]],
        starts_on=starts_on,
        kind=ScheduleKind.APPOINTMENTS if by_session else ScheduleKind.DATES,
        rule="" if by_session else _rule(repeats, typed, starts_on),
        ends_on=_day(typed, "ends_on") if repeats != ONCE else None,
        wall_time=_clock(typed.get("time", "09:00")),
        lead_minutes=_number(typed, "lead", 1440),
        every=_number(typed, "every", 1),
        respondent_id=respondent(typed),
        battery_id=battery.id if battery else None,
        occasion=Occasion(why) if why in list(Occasion) else Occasion.PROGRESS,
        languages=languages(typed),
        reason=typed.get("reason", "")[:500],
        reminders=_number(typed, "reminders", 0),
        reminder_days=_number(typed, "reminder_days", 3),
    )


def languages(typed: MultiDict[str, str]) -> dict[str, str]:
    """The language chosen for measures without an official text in the reader's."""
    chosen = {name.removeprefix(_LANGUAGE): typed[name] for name in typed if name.startswith(_LANGUAGE)}
    return {key: said for key, said in chosen.items() if said}


def filled(row: Schedule) -> MultiDict[str, str]:
    """The fields as they would have been typed for a schedule, for changing it."""
    fields: list[tuple[str, str]] = [("what", key) for key in row.instruments]
    fields += [(f"{_LANGUAGE}{key}", said) for key, said in row.languages.items()]
    repeats, rule = SESSION, None
    if row.kind is ScheduleKind.DATES:
        rule = parse(row.rule)
        plain = (
            rule.every is Every.WEEK
            and rule.days
            and rule == every_weeks(min(rule.interval, 52), {day for _, day in rule.days})
        )
        repeats = ONCE if rule == once() else WEEKS if plain else RULE
    if rule is not None and repeats == WEEKS:
        fields += [("day", str(day)) for _, day in rule.days]
    today = now().astimezone(ZoneInfo(row.time_zone)).date().isoformat()
    fields += [
        ("client", str(row.client_id)),
        ("who", str(row.respondent_id)),
        ("how", row.channel.value),
        ("why", row.occasion.value),
        ("reason", row.reason or ""),
        ("repeat", repeats),
        ("weeks", str(rule.interval) if rule else "1"),
        ("rule", row.rule if repeats == RULE else ""),
        ("starts_on", max(row.starts_on, today)),
        ("ends_on", row.ends_on or ""),
        ("time", row.wall_time),
        ("lead", str(row.lead_minutes)),
        ("every", str(row.every)),
        ("reminders", str(row.reminders)),
        ("reminder_days", str(row.reminder_days)),
    ]
    return MultiDict(fields)


def _rule(repeats: str, typed: MultiDict[str, str], starts_on: date) -> str:
    if repeats == ONCE:
        return once().text
    if repeats == RULE:
        return parse(typed.get("rule", "")).text
    days = {int(day) for day in typed.getlist("day") if day in tuple("0123456")}
    return every_weeks(_number(typed, "weeks", 1), days or {starts_on.weekday()}).text


def _clock(text: str) -> str:
    try:
        return typing.clock(text)
    except Invalid:
        reason = "Write the time like 9:00 or 3:30 pm."
        raise Invalid(reason, {"time": reason}) from None


def _day(typed: MultiDict[str, str], field: str) -> date | None:
    text = typed.get(field, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("That is not a day.", {field: "Write it like 2026-11-23."}) from None


def _number(typed: MultiDict[str, str], field: str, usual: int) -> int:
    text = typed.get(field, "").strip()
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid("That is not a number.", {field: "Write a whole number."})
    return int(text)
