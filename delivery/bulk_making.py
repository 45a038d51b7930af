"""A bulk send being done: so many clients a transaction, each through the one gate. Run twice, done once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from delivery import access, assignments, bulk, bulk_preview, jobs, library, messages, offers, waiting
from delivery.assignments import Ask
from delivery.bulk_choice import Plan
from delivery.bulk_preview import Line
from delivery.db import now
from delivery.errors import Conflict, LeaseLost, LightQError, NotSaved
from delivery.jobs import Claim
from delivery.models.assignments import Assignment
from delivery.models.clients import Client
from delivery.models.messages import Purpose
from delivery.models.schedules import BulkItem, BulkSend
from delivery.settings import Settings
from delivery.states import ClientState, ItemState, must_move

CHUNK: Final = 25
NOT_YOURS: Final = "No longer on your caseload."
ODD: Final = "Something went wrong here. Nothing was sent: use this client’s own page."
log = structlog.get_logger()


def chunk(session: Session, claim: Claim, settings: Settings) -> bool:
    """Do the next clients of a bulk send; False where none was left, with the claim finished.

    Raises LeaseLost where another worker goes on with it; then nothing of this chunk commits.
    """
    jobs.extend(session, claim, settings.lease_seconds)
    row = session.get_one(BulkSend, claim.subject_id, with_for_update=True)
    planned = BulkItem.state == ItemState.PLANNED
    items = bulk.items(session, row.id, planned)[:CHUNK]
    if not items:
        jobs.finish(session, claim)
        return False
    _lock(session, items)
    do = _asking(session, row, items, settings) if row.what == "ask" else _reminding(session, row, items)
    for item in items:
        _one(session, item, do)
    return True


def _lock(session: Session, items: Sequence[BulkItem]) -> None:
    """Hold the clients in one order, so that two workers never wait for each other."""
    ids = [item.client_id for item in items]
    session.scalars(
        select(Client).where(Client.id.in_(ids)).order_by(Client.id).with_for_update(key_share=True)
    ).all()


def _one(session: Session, item: BulkItem, do: Callable[[BulkItem], UUID]) -> None:
    """One client, whose trouble is nobody else's."""
    try:
        with session.begin_nested():
            must_move(session, BulkItem, item.id, ItemState.MADE, assignment_id=do(item), reason=None)
        return
    except (LeaseLost, NotSaved, OperationalError):
        raise
    except LightQError as error:
        why = str(error)
    except Exception as error:  # the others go on; what went wrong is in the log
        log.error("bulk.item", error=jobs.where(error))
        why = ODD
    must_move(session, BulkItem, item.id, ItemState.BLOCKED, reason=why[:200])


def _asking(
    session: Session, row: BulkSend, items: Sequence[BulkItem], settings: Settings
) -> Callable[[BulkItem], UUID]:
    caller = access.caller(session, row.requested_by, row.practice_id)
    plan = bulk.plan_of(row)
    mine = access.clients(caller).where(Client.id.in_([item.client_id for item in items]))
    there = offers.known(library.of(session, row.practice_id), plan.instruments)
    found = bulk_preview.lines(session, caller, plan, there, session.scalars(mine).all())
    lines = {line.client.id: line for line in found}

    def ask(item: BulkItem) -> UUID:
        line = lines.get(item.client_id)
        if line is None or line.client.state in (ClientState.CLOSED, ClientState.DECEASED):
            raise Conflict(NOT_YOURS)
        if line.bar is not None:
            raise Conflict(line.bar.words)
        wanted = _wanted(plan, line)
        return assignments.ask(session, caller, wanted, settings, undo=False, lane="bulk").id

    return ask


def _wanted(plan: Plan, line: Line) -> Ask:
    return Ask(
        client_id=line.client.id,
        instruments=plan.instruments,
        channel=line.channel,
        battery_id=plan.battery_id,
        occasion=plan.occasion,
        reason=plan.reason,
        send_at=plan.send_at(line.zone),
        reminders=plan.reminders,
    )


def _reminding(session: Session, row: BulkSend, items: Sequence[BulkItem]) -> Callable[[BulkItem], UUID]:
    caller = access.caller(session, row.requested_by, row.practice_id)
    mine = access.of_client(caller, Assignment).where(
        Assignment.id.in_([item.assignment_id for item in items])
    )
    found = {one.ask.id: one for one in waiting.read(session, session.scalars(mine).all())}

    def remind(item: BulkItem) -> UUID:
        one = found.get(item.assignment_id) if item.assignment_id else None
        if one is None:
            raise Conflict(NOT_YOURS)
        if (bar := one.bar(now()) or one.reminded(now())) is not None:
            raise Conflict(bar.words)
        assert one.point is not None
        key = bulk.reminder_key(row.id)
        messages.plan(session, one.ask, one.point, Purpose.REMINDER, key, now(), lane="bulk")
        return one.ask.id

    return remind
