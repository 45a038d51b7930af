"""Planning a schedule, as a person does it: checked as any ask is, then stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import access, assignments, audit, clients, eligibility
from delivery.access import Caller
from delivery.assignments import MOST_REMINDERS
from delivery.calendars import wall
from delivery.calendars.recurrence import first_date
from delivery.calendars.rules import Every, Rule, every_weeks, once, parse
from delivery.db import now
from delivery.eligibility import Wish
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.assignments import Occasion, Way
from delivery.models.clients import Client, Respondent
from delivery.models.schedules import Schedule, ScheduleKind
from delivery.schedules import following, turning, turns
from delivery.schedules.saying import LEADS, WHICH
from delivery.states import ClientState

LONGEST_AHEAD: Final = timedelta(days=366 * 2)
CARRIED: Final = (Way.EMAIL, Way.SMS)


@dataclass(frozen=True)
class Wanted:
    """What a person plans. `rule` is an RRULE ("" before sessions); `starts_on` the first day it may ask."""

    client_id: UUID
    instruments: list[str]
    channel: Way
    starts_on: date
    kind: ScheduleKind = ScheduleKind.DATES
    rule: str = once().text
    ends_on: date | None = None
    wall_time: str = "09:00"
    lead_minutes: int = 1440
    every: int = 1
    respondent_id: UUID | None = None
    battery_id: UUID | None = None
    occasion: Occasion = Occasion.PROGRESS
    languages: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    reminders: int = 0
    reminder_days: int = 3


def draft(
    session: Session, caller: Caller, client: Client, respondent: Respondent, wanted: Wanted
) -> Schedule:
    """The schedule as it would be, checked but not stored; whether there is an address to send to is not
    asked here. The caller has looked up the client. Raises Invalid, Conflict."""
    if client.state is not ClientState.ACTIVE:
        raise Conflict("This client is paused or closed: nothing is sent.")
    if respondent.refused_at is not None:
        raise Conflict("The client said “I don’t want these forms now”. Talk about it first.")
    rule = _rule(wanted)
    _check(wanted)
    _choose(session, caller, client, respondent, wanted, rule)
    zone = clients.zone(session, client)
    starts_on = wanted.starts_on
    if rule is not None and rule.every is Every.WEEK and rule.days:
        # Two weeks are counted from the first turn, not from the week in which somebody planned this.
        starts_on = min(first_date(every_weeks(1, {day}), starts_on) for _, day in rule.days)
    row = Schedule(
        practice_id=client.practice_id,
        created_at=now(),
        client_id=client.id,
        respondent_id=respondent.id,
        battery_id=wanted.battery_id,
        instruments=list(wanted.instruments),
        occasion=wanted.occasion,
        channel=wanted.channel,
        languages=dict(wanted.languages),
        kind=wanted.kind,
        rule=rule.text if rule else "",
        starts_on=starts_on.isoformat(),
        ends_on=wanted.ends_on.isoformat() if wanted.ends_on else None,
        wall_time=wanted.wall_time,
        time_zone=zone,
        lead_minutes=wanted.lead_minutes,
        every=wanted.every,
        skips=[],
        reminders=wanted.reminders if wanted.channel in CARRIED else 0,
        reminder_days=wanted.reminder_days,
        requested_by=caller.person_id,
    )
    row.reason = wanted.reason.strip() or None
    if rule is not None and turns.next_turn(session, row, zone, {}) is None:
        raise Invalid("No day of this plan lies ahead.", {"starts_on": "Choose a later day or time."})
    return row


def save(session: Session, caller: Caller, wanted: Wanted) -> Schedule:
    """Store a schedule; one that is just the same and runs already is that one.

    Raises NotFound, Invalid, Conflict.
    """
    client = assignments.lock(session, access.client(session, caller, wanted.client_id).id)
    people = clients.respondents(session, client.id)
    respondent = next((one for one in people if wanted.respondent_id in (None, one.id)), None)
    if respondent is None:
        raise NotFound
    row = draft(session, caller, client, respondent, wanted)
    if wanted.channel in CARRIED:
        eligibility.reachable(session, respondent, wanted.channel)
    for other in following.of_client(session, client.id):
        if _same(other, row):
            return other
    row.episode_id = assignments.open_episode(session, client, caller.person_id).id
    session.add(row)
    session.flush()
    turning.replan(session, row, row.time_zone)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.SCHEDULE_MADE, row.id, detail(row))
    return row


def detail(row: Schedule) -> dict[str, str]:
    """What an audit line keeps of a schedule."""
    return {"client": str(row.client_id)}


def _same(one: Schedule, other: Schedule) -> bool:
    fields = (
        "respondent_id", "instruments", "channel", "kind", "rule", "starts_on", "ends_on", "wall_time",
        "lead_minutes", "every", "reminders", "reminder_days",
    )  # fmt: skip
    return all(getattr(one, name) == getattr(other, name) for name in fields)


def _rule(wanted: Wanted) -> Rule | None:
    if wanted.kind is ScheduleKind.APPOINTMENTS:
        return None
    rule = parse(wanted.rule)
    first_date(rule, wanted.starts_on)  # refuses 31 February
    return rule


def _check(wanted: Wanted) -> None:
    faults = {}
    today = now().date() - timedelta(days=1)
    if not today <= wanted.starts_on <= (now() + LONGEST_AHEAD).date():
        faults["starts_on"] = "Choose today or a later day, at most two years ahead."
    if wanted.ends_on is not None and wanted.ends_on < wanted.starts_on:
        faults["ends_on"] = "The last day is before the first."
    if wanted.kind is ScheduleKind.APPOINTMENTS and wanted.lead_minutes not in LEADS:
        faults["lead"] = "Choose from 2 hours to 1 day before."
    if wanted.every not in WHICH:
        faults["every"] = "Choose each, every other or every third session."
    if not 0 <= wanted.reminders <= MOST_REMINDERS or not 1 <= wanted.reminder_days <= 30:
        faults["reminders"] = f"0 to {MOST_REMINDERS}, each after 1 to 30 days."
    if faults:
        raise Invalid(next(iter(faults.values())), faults)
    wall.moment(wanted.starts_on, wanted.wall_time, "UTC")


def _choose(
    session: Session,
    caller: Caller,
    client: Client,
    respondent: Respondent,
    wanted: Wanted,
    rule: Rule | None,
) -> None:
    """The one gate of all asks, with the occasion of something that repeats: that is progress."""
    repeats = rule is None or rule != once()
    screening = repeats and wanted.occasion is Occasion.SCREENING
    wish = Wish(
        instruments=wanted.instruments,
        channel=wanted.channel,
        occasion=Occasion.PROGRESS if screening else wanted.occasion,
        asked_by=caller.person_id,
        languages=wanted.languages,
        even_if_recent=True,
        reason=wanted.reason,
    )
    eligibility.choose(session, client, respondent, wish)
