"""What is due: taken client by client under a lock, each turn once, whoever else is looking.

After an outage of hours a client gets one message, the newest; older ones are noted as missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from delivery import clients
from delivery.db import now
from delivery.models.clients import Client, Episode
from delivery.models.people import Practice
from delivery.models.schedules import Outcome, Schedule, ScheduleKind
from delivery.schedules import asking, turns
from delivery.schedules.turns import Turn
from delivery.settings import Settings
from delivery.states import ClientState

#: Clients a transaction: on SQLite nobody else writes meanwhile.
BATCH: Final = 10
#: A turn this late was kept back by an outage, not by a busy moment.
LATE: Final = timedelta(hours=6)
#: Clients whose state stops their schedules, with the reason that is kept.
STATES: Final = {
    ClientState.PAUSED: "paused",
    ClientState.CLOSED: "closed",
    ClientState.DECEASED: "died",
}


def take(session: Session, settings: Settings) -> bool:
    """Do the due turns of the next clients; True where there may be more.

    Two of these at once take different clients; of one client's turns each is done by one of them.
    """
    at = now()
    due = (Schedule.stopped_at.is_(None), Schedule.next_at <= at)
    ids = session.scalars(
        select(Schedule.client_id)
        .where(*due)
        .group_by(Schedule.client_id)
        .order_by(func.min(Schedule.next_at))
        .limit(BATCH)
    ).all()
    held = session.scalars(
        select(Client)
        .where(Client.id.in_(ids))
        .order_by(Client.id)
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for client in held:
        rows = session.scalars(
            select(Schedule)
            .where(Schedule.client_id == client.id, *due)
            .order_by(Schedule.id)
            .execution_options(populate_existing=True)
        ).all()
        _client(session, client, rows, at, settings)
    return len(held) == BATCH


def _client(
    session: Session, client: Client, rows: Sequence[Schedule], at: datetime, settings: Settings
) -> None:
    zone = clients.zone(session, client)
    pending: list[tuple[Schedule, Turn]] = []
    for row in rows:
        row.time_zone = zone
        if (reason := _over(session, client, row)) is not None:
            row.stopped_at, row.stop_reason, row.next_at = at, reason, None
            continue
        just_now = at + timedelta(microseconds=1)
        pending += [(row, turn) for turn in turns.coming(session, row, zone, just_now)]
    pending.sort(key=lambda one: one[1].due_at)
    open_turns = [(row.id, turn) for row, turn in pending if not turn.skipped]
    wanted = chosen(open_turns, at)
    for row, turn in pending:
        if turn.skipped:
            asking.note(session, row, turn, Outcome.SKIPPED, "You skipped this one.")
        elif (row.id, turn.key) in wanted:
            asking.ask(session, row, turn, settings)
        else:
            asking.note(session, row, turn, Outcome.MISSED, _missed(turn, at))
    for row in rows:
        if row.stopped_at is None:
            replan(session, row, zone)


def chosen(pending: Sequence[tuple[UUID, Turn]], at: datetime) -> set[tuple[UUID, str]]:
    """Of one client's due turns (schedule, turn) those that are asked now; the others were missed.

    The newest of each schedule whose session has not begun; where one is hours late, only the newest of all.
    """
    newest: dict[UUID, Turn] = {}
    for schedule_id, turn in pending:
        begun = turn.starts_at is not None and turn.starts_at <= at
        if not begun and (schedule_id not in newest or turn.due_at > newest[schedule_id].due_at):
            newest[schedule_id] = turn
    if newest and any(turn.due_at < at - LATE for _, turn in pending):
        only = max(newest, key=lambda schedule_id: newest[schedule_id].due_at)
        newest = {only: newest[only]}
    return {(schedule_id, turn.key) for schedule_id, turn in newest.items()}


def _missed(turn: Turn, at: datetime) -> str:
    if turn.starts_at is not None and turn.starts_at <= at:
        return "The service was down until the session had begun."
    return "The service was down. A newer message took its place."


def _over(session: Session, client: Client, row: Schedule) -> str | None:
    if client.state is not ClientState.ACTIVE:
        return STATES[client.state]
    return "closed" if session.get_one(Episode, row.episode_id).closed_at is not None else None


def replan(session: Session, row: Schedule, zone: str) -> None:
    """Work out when it is due next. A schedule of dates that has none left has ended."""
    upcoming = turns.next_turn(session, row, zone)
    row.time_zone = zone
    row.next_at = upcoming.due_at if upcoming else None
    if upcoming is None and row.kind is ScheduleKind.DATES:
        row.stopped_at, row.stop_reason = now(), "ended"


def realign(session: Session, _settings: Settings) -> bool:
    """Plan anew the schedules of clients whose time zone has changed; True where there may be more."""
    zone = func.coalesce(Client.time_zone, Practice.time_zone)
    moved = (
        select(Schedule.id, Schedule.client_id, zone)
        .join(Client, Client.id == Schedule.client_id)
        .join(Practice, Practice.id == Schedule.practice_id)
        .where(Schedule.stopped_at.is_(None), Schedule.time_zone != zone)
    )
    found = session.execute(moved.order_by(Schedule.client_id, Schedule.id).limit(BATCH)).all()
    ids = {client_id for _, client_id, _ in found}
    held = select(Client.id).where(Client.id.in_(ids)).order_by(Client.id)
    session.execute(held.with_for_update(key_share=True))
    for schedule_id, _, zone_name in found:
        row = session.get_one(Schedule, schedule_id, populate_existing=True)
        if row.stopped_at is None:
            replan(session, row, zone_name)
    return len(found) == BATCH
