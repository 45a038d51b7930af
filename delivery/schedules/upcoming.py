"""Every message of a schedule, one after the other: as planned, and afterwards as it was.

One list for both: a turn that was dealt with stands beside its plan with what became of it, a turn ahead with
when it would leave, and reminders as "if unanswered". So the page before saving and after it is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import caps, clients, eligibility, reminders
from delivery.db import now
from delivery.errors import Invalid
from delivery.message_facts import COUNTED
from delivery.models.assignments import Assignment
from delivery.models.clients import Client, ContactPoint, Respondent, SafeFor
from delivery.models.messages import Attempt, Dispatch, RecipientKind
from delivery.models.schedules import Occurrence, Schedule
from delivery.schedules import estimates, turns
from delivery.schedules.estimates import Estimate, Place
from delivery.schedules.making import CARRIED
from delivery.settings import Settings
from delivery.states import OPEN_ASK, AttemptState

AHEAD: Final = timedelta(weeks=8)
_WEEK: Final = timedelta(days=7)
_HALF_A_DAY: Final = timedelta(hours=12)
What = Literal["ahead", "reminder", "made", "skipped", "missed", "blocked"]


@dataclass(frozen=True)
class Where:
    """Where a schedule's messages go now, or why nowhere; neither for what is answered together."""

    point: ContactPoint | None
    barred: str | None


@dataclass(frozen=True)
class Line:
    """One message. `due_at` is the plan, `at` when it would leave (None: never), `held` why later.

    `starts_at` is the session it precedes and `moved_from` where its calendar had that before. What was dealt
    with has a `reason`, or its `ask` with the `messages` that went out for it.
    """

    schedule: Schedule
    what: What
    key: str
    due_at: datetime
    at: datetime | None = None
    held: str | None = None
    starts_at: datetime | None = None
    moved_from: datetime | None = None
    reason: str | None = None
    ask: Assignment | None = None
    messages: list[Dispatch] = field(default_factory=list)


@dataclass(frozen=True)
class Outlook:
    """The lines of some schedules of one client by time, and by schedule where they go."""

    lines: list[Line]
    zone: str
    where: dict[UUID, Where]


def outlook(
    session: Session,
    client: Client,
    rows: Sequence[Schedule],
    settings: Settings,
    *,
    past: timedelta = timedelta(),
) -> Outlook:
    """Everything for these schedules, stored or not, from `past` ago until eight weeks ahead.

    The caps are counted over the schedules of one respondent and channel together.
    """
    zone = clients.zone(session, client)
    lines: list[Line] = []
    where: dict[UUID, Where] = {}
    by_way = sorted(rows, key=lambda row: (str(row.respondent_id), row.channel))
    for _, group in groupby(by_way, key=lambda row: (row.respondent_id, row.channel)):
        together = list(group)
        found = _where(session, together[0])
        place = _place(client, found.point, together[0], settings)
        where |= {row.id: found for row in together}
        if past:
            facts = [line for row in together for line in _facts(session, row, now() - past)]
            lines += facts
            lines += [one for line in facts for one in _still(line, zone, found.point, place)]
        lines += _ahead(session, together, zone, found.point, place, settings)
    return Outlook(sorted(lines, key=lambda line: line.at or line.due_at), zone, where)


def _ahead(
    session: Session,
    rows: Sequence[Schedule],
    zone: str,
    point: ContactPoint | None,
    place: Place | None,
    settings: Settings,
) -> list[Line]:
    done = turns.handled_of(session, rows)
    ahead = [
        (row, turn) for row in rows for turn in turns.coming(session, row, zone, now() + AHEAD, done[row.id])
    ]
    ahead.sort(key=lambda one: one[1].due_at)
    sent = _sent(session, rows[0]) if place else []
    lines = []
    for number, (row, turn) in enumerate(ahead):
        due = max(turn.due_at, now())
        estimate = estimates.leaving(due, sent, place) if place and not turn.skipped else Estimate(due)
        what: What = "skipped" if turn.skipped else "ahead"
        session_times = turn.starts_at, turn.moved_from
        lines.append(Line(row, what, turn.key, turn.due_at, estimate.at, estimate.held, *session_times))
        if turn.skipped:
            continue
        if estimate.at is not None:
            sent.append(estimate.at)
        until = next((later.due_at for other, later in ahead[number + 1 :] if other is row), None)
        lines += _reminders(row, turn.key, estimate.at, until, zone, point, place, settings)
    return lines


def _where(session: Session, row: Schedule) -> Where:
    if row.channel not in CARRIED:
        return Where(None, None)
    try:
        respondent = session.get_one(Respondent, row.respondent_id)
        return Where(eligibility.reachable(session, respondent, row.channel), None)
    except Invalid as error:
        return Where(None, str(error))


def _place(client: Client, point: ContactPoint | None, row: Schedule, settings: Settings) -> Place | None:
    if point is None:
        return None
    return Place(client.time_zone, point.safe_hours, *caps.limits(row.channel.value, settings))


def _sent(session: Session, row: Schedule) -> list[datetime]:
    """When messages of this week left for the respondent: they count for the caps."""
    return list(
        session.scalars(
            select(Attempt.started_at)
            .join(Dispatch, Dispatch.id == Attempt.dispatch_id)
            .where(
                Dispatch.practice_id == row.practice_id,
                Dispatch.respondent_id == row.respondent_id,
                Dispatch.channel == row.channel.value,
                Dispatch.purpose.in_(COUNTED),
                Attempt.state != AttemptState.REFUSED,
                Attempt.started_at > now() - _WEEK,
            )
        )
    )


def _reminders(
    row: Schedule,
    key: str,
    first: datetime | None,
    until: datetime | None,
    zone: str,
    point: ContactPoint | None,
    place: Place | None,
    settings: Settings,
) -> list[Line]:
    """What goes out if there is no answer: not past the next turn, nor when the link has nearly ended."""
    if first is None or point is None or place is None or point.safe_for is not SafeFor.REMINDERS:
        return []
    ends = first + timedelta(days=row.expires_in_days or settings.link_days) - _HALF_A_DAY
    last, found = first, []
    for _ in range(row.reminders):
        due = reminders.next_at(first, last, row.reminder_days, zone)
        estimate = estimates.leaving(due, (), place)
        if estimate.at is None or estimate.at >= min(ends, until or ends):
            break
        found.append(Line(row, "reminder", key, due, estimate.at, estimate.held))
        last = estimate.at
    return found


def _still(line: Line, zone: str, point: ContactPoint | None, place: Place | None) -> list[Line]:
    """The next reminder of an ask that is open and has gone out, if there is one."""
    ask = line.ask
    if ask is None or ask.state not in OPEN_ASK or not line.messages or place is None:
        return []
    made = sum(one.business_key.startswith("reminder-") for one in line.messages)
    if made >= ask.reminders or point is None or point.safe_for is not SafeFor.REMINDERS:
        return []
    last = max(one.handed_over_at or one.due_at for one in line.messages)
    due = reminders.next_at(ask.send_at, last, ask.reminder_days, zone)
    estimate = estimates.leaving(max(due, now()), (), place)
    if estimate.at is None or estimate.at >= ask.expires_at - _HALF_A_DAY:
        return []
    return [Line(line.schedule, "reminder", line.key, due, estimate.at, estimate.held)]


def _facts(session: Session, row: Schedule, since: datetime) -> list[Line]:
    rows = session.scalars(
        select(Occurrence)
        .where(Occurrence.schedule_id == row.id, Occurrence.due_at >= since)
        .order_by(Occurrence.due_at)
    ).all()
    ids = [one.assignment_id for one in rows if one.assignment_id]
    asks: dict[UUID, Assignment] = {}
    sent: Sequence[Dispatch] = []
    if ids:
        asks = {one.id: one for one in session.scalars(select(Assignment).where(Assignment.id.in_(ids)))}
        to_client = (Dispatch.assignment_id.in_(ids), Dispatch.recipient == RecipientKind.CLIENT)
        sent = session.scalars(select(Dispatch).where(*to_client).order_by(Dispatch.id)).all()
    return [
        Line(
            row,
            one.outcome.value,
            one.key,
            one.due_at,
            one.due_at,
            reason=one.reason,
            ask=asks.get(one.assignment_id) if one.assignment_id else None,
            messages=[message for message in sent if message.assignment_id == one.assignment_id],
        )
        for one in rows
    ]
