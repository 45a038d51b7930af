"""Reminders: the same link once more, some days after the last message, as often as the member chose.

They keep the wall time of the first message, and stop with the answer, the refusal, the pause, the end of the
link, and after two rounds of a schedule without an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, literal, select
from sqlalchemy.orm import Session

from delivery import assignments, messages, notices, waiting
from delivery.calendars import wall
from delivery.db import UtcDateTime, now
from delivery.models.assignments import Assignment
from delivery.models.clients import Client
from delivery.models.messages import Dispatch, Notice, NoticeKind, Purpose, RecipientKind
from delivery.models.people import Practice
from delivery.roster import CARRIED
from delivery.states import UNSENT, AssignmentState
from delivery.waiting import TOO_LATE, Waiting

MOST_DAYS: Final = 30
#: Rounds of a schedule without an answer, after which reminders stop by themselves.
SILENT_ROUNDS: Final = 2
#: How an ask ends that a newer one of its schedule replaces.
REPLACED: Final = ("newer", "superseded")
_SILENT: Final = (AssignmentState.SENT, AssignmentState.STARTED, AssignmentState.EXPIRED)
#: A reminder may be due this much before the full days, to keep its wall time (and where clocks change).
_EARLIER: Final = timedelta(hours=13)
_BATCH: Final = 100


def next_at(first: datetime, last: datetime, days: int, zone: str) -> datetime:
    """When a reminder is due: `days` after the `last` message, at the wall time of the `first` one.

    Of the days around, the one that lies nearest to the full number of days.
    """
    place, target = ZoneInfo(zone), last + timedelta(days=days)
    clock = first.astimezone(place).time().replace(second=0, microsecond=0)
    around = target.astimezone(place).date()
    moments = [
        wall.in_utc(datetime.combine(around + timedelta(days=shift), clock), place) for shift in (-1, 0, 1)
    ]
    return min(moments, key=lambda one: abs(one - target))


def due_at(one: Waiting, zone: str) -> datetime | None:
    """When the next reminder of an ask is due in its client's zone; None where no more are wanted."""
    if made(one) >= one.ask.reminders or not one.messages:
        return None
    last = max(row.handed_over_at or row.due_at for row in one.messages)
    return next_at(one.ask.send_at, last, one.ask.reminder_days, zone)


def made(one: Waiting) -> int:
    """How many reminders were planned by themselves so far."""
    return sum(row.business_key.startswith("reminder-") for row in one.messages)


def plan_due(session: Session, limit: int = 200) -> int:
    """Plan the reminders whose time has come; returns how many. Any number of callers plan each once."""
    found, planned = list(_due(session).items()), 0
    for start in range(0, len(found), _BATCH):
        zones = dict(found[start : start + _BATCH])
        asks = session.scalars(select(Assignment).where(Assignment.id.in_(zones))).all()
        planned += _plan(session, [one for one in waiting.read(session, asks) if not one.bar(now())], zones)
        if planned >= limit:
            break
    return planned


def _due(session: Session) -> dict[UUID, str]:
    """Asks whose next reminder is due, the longest waiting first, with their clients' zones."""
    at = now()
    to_client = (Dispatch.assignment_id == Assignment.id, Dispatch.recipient == RecipientKind.CLIENT)
    moment = func.coalesce(Dispatch.handed_over_at, Dispatch.due_at)
    last = select(func.max(moment)).where(*to_client).scalar_subquery()
    planned = select(func.count()).where(*to_client, Dispatch.business_key.like("reminder-%"))
    days = {n: literal(at - timedelta(days=n) + _EARLIER, UtcDateTime()) for n in range(1, MOST_DAYS + 1)}
    rows = session.execute(
        select(Assignment, last, func.coalesce(Client.time_zone, Practice.time_zone))
        .join(Client, Client.id == Assignment.client_id)
        .join(Practice, Practice.id == Assignment.practice_id)
        .where(
            Assignment.state.in_((AssignmentState.SENT, AssignmentState.STARTED)),
            Assignment.reminders > 0,
            Assignment.channel.in_(CARRIED),
            Assignment.expires_at > at + TOO_LATE,
            ~select(Dispatch.id).where(*to_client, Dispatch.state.in_(UNSENT)).exists(),
            planned.scalar_subquery() < Assignment.reminders,
            last <= case(days, value=Assignment.reminder_days),
        )
    )
    found = [(next_at(ask.send_at, sent, ask.reminder_days, zone), ask.id, zone) for ask, sent, zone in rows]
    return {ask_id: zone for due, ask_id, zone in sorted(found) if due <= at}


def _plan(session: Session, wanted: Sequence[Waiting], zones: Mapping[UUID, str]) -> int:
    """Plan under the clients' locks what is still due there."""
    for client_id in sorted({one.client.id for one in wanted}):
        assignments.lock(session, client_id)
    fresh = select(Assignment).where(Assignment.id.in_([one.ask.id for one in wanted]))
    asks = session.scalars(fresh.order_by(Assignment.id).execution_options(populate_existing=True)).all()
    planned = 0
    for one in waiting.read(session, asks):
        due = due_at(one, zones[one.ask.id])
        if due is None or due > now() or one.bar(now()) or one.point is None or _stopped(session, one.ask):
            continue
        key = f"reminder-{made(one) + 1}"
        messages.plan(session, one.ask, one.point, Purpose.REMINDER, key, now(), lane="bulk")
        planned += 1
    return planned


def _stopped(session: Session, ask: Assignment) -> bool:
    """Whether the rounds before this one stayed without an answer; then the clinicians are told once."""
    if ask.schedule_id is None or silent_rounds(session, ask) < SILENT_ROUNDS:
        return False
    told = select(Notice.id).where(
        Notice.client_id == ask.client_id, Notice.kind == NoticeKind.UNANSWERED, Notice.at >= ask.created_at
    )
    if session.scalars(told.limit(1)).first() is None:
        notices.add(session, ask.practice_id, ask.client_id, NoticeKind.UNANSWERED)
    return True


def silent_rounds(session: Session, ask: Assignment) -> int:
    """How many rounds of its schedule in a row, just before this ask, ended without an answer (2 at most)."""
    before = session.scalars(
        select(Assignment)
        .where(Assignment.schedule_id == ask.schedule_id, Assignment.id < ask.id)
        .order_by(Assignment.id.desc())
        .limit(SILENT_ROUNDS)
    )
    silent = 0
    for row in before:
        if row.state not in _SILENT and row.end_reason not in REPLACED:
            break
        silent += 1
    return silent
