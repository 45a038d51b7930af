"""One act for many clients: one press stores it, whatever is then done piece by piece."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from delivery import bulk_preview, jobs
from delivery.access import Caller
from delivery.bulk_choice import Plan, Whom
from delivery.db import taken
from delivery.errors import Conflict, NotFound
from delivery.models.people import Role
from delivery.models.schedules import BulkItem, BulkSend
from delivery.states import ItemState

STOPPED: Final = "Stopped before it went."


def send(
    session: Session, caller: Caller, form: UUID, plan: Plan, whom: Whom, shown: Collection[UUID]
) -> BulkSend:
    """The press: one bulk send for a form, however often it is pressed.

    `shown` are the clients who stood in the list as getting it; nobody else gets it. Raises Forbidden,
    NotFound, Invalid by field, Conflict where nobody is left who gets it.
    """
    if (made := earlier(session, caller, form)) is not None:
        return made
    found = bulk_preview.preview(session, caller, plan, whom)
    if not any(one.bar is None and one.client.id in shown for one in found):
        raise Conflict("Nobody of this list can get it any more. Look at the list again.")
    row = BulkSend(
        practice_id=plan.practice_id,
        id=form,
        requested_by=caller.person_id,
        what="ask",
        battery_id=plan.battery_id,
        instruments=plan.instruments,
        channel=plan.channel,
        occasion=plan.occasion,
        reminders=plan.reminders,
    )
    row.choices = {
        "reason": plan.reason.strip(),
        "day": plan.day.isoformat() if plan.day else None,
        "wall_time": plan.wall_time,
    }
    items: list[dict[str, Any]] = []
    for one in found:
        if one.bar is not None:
            items.append(
                {"client_id": one.client.id, "state": ItemState.BLOCKED, "reason": one.bar.words[:200]}
            )
        elif one.client.id in shown:
            items.append({"client_id": one.client.id})
    return store(session, caller, row, items)


def store(session: Session, caller: Caller, row: BulkSend, items: Sequence[dict[str, Any]]) -> BulkSend:
    """A bulk send with its clients, and the work that does it; the one stored before, where there is one."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
            session.add_all(
                BulkItem(practice_id=row.practice_id, bulk_send_id=row.id, **item) for item in items
            )
            session.flush()
    except IntegrityError as error:
        if not taken(error) or (made := earlier(session, caller, row.id)) is None:
            raise
        return made
    jobs.add(session, "plan_bulk", row.id, practice_id=row.practice_id)
    return row


def earlier(session: Session, caller: Caller, form: UUID) -> BulkSend | None:
    """What an earlier press on the same form has made. Raises NotFound where that is somebody else's."""
    row = session.get(BulkSend, form)
    if row is not None and not _own(caller, row):
        raise NotFound
    return row


def one(session: Session, caller: Caller, bulk_id: UUID, *, lock: bool = False) -> BulkSend:
    """A bulk send of the caller's own. Raises NotFound."""
    row = session.get(BulkSend, bulk_id, with_for_update=True if lock else None)
    if row is None or not _own(caller, row):
        raise NotFound
    return row


def _own(caller: Caller, row: BulkSend) -> bool:
    return row.requested_by == caller.person_id and row.practice_id in caller.practices(Role.CLINICIAN)


def of_caller(session: Session, caller: Caller, limit: int = 10) -> list[BulkSend]:
    """The caller's last bulk sends, newest first."""
    rows = select(BulkSend).where(
        BulkSend.requested_by == caller.person_id, BulkSend.practice_id.in_(caller.practices(Role.CLINICIAN))
    )
    return list(session.scalars(rows.order_by(BulkSend.id.desc()).limit(limit)))


def plan_of(row: BulkSend) -> Plan:
    """What a stored bulk send asks."""
    chosen = row.choices or {}
    return Plan(
        practice_id=row.practice_id,
        instruments=list(row.instruments),
        battery_id=row.battery_id,
        channel=row.channel,
        occasion=row.occasion,
        reason=chosen.get("reason", ""),
        reminders=row.reminders,
        day=date.fromisoformat(chosen["day"]) if chosen.get("day") else None,
        wall_time=chosen.get("wall_time", "09:00"),
    )


def reminder_key(bulk_id: UUID) -> str:
    """Tells the reminders of a bulk send from all other messages of an ask."""
    return f"remind-{bulk_id}"


def items(session: Session, bulk_id: UUID, *where: Any) -> list[BulkItem]:
    """The clients of a bulk send in the order of the list."""
    rows = select(BulkItem).where(BulkItem.bulk_send_id == bulk_id, *where)
    return list(session.scalars(rows.order_by(BulkItem.id)))
