"""No answer yet: every open ask of the caseload on one page, and one press that reminds of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import access, bulk, waiting
from delivery import today as overview
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict
from delivery.models.assignments import Assignment
from delivery.models.people import Role
from delivery.models.schedules import BulkSend
from delivery.roster import Bar
from delivery.states import OPEN_ASK, ItemState
from delivery.waiting import Waiting

MOST: Final = 500
NEXT: Final = Bar("one-at-a-time", "One reminder at a time: it goes for the form that was asked first.")


@dataclass(frozen=True)
class Line:
    """An open ask, and why a press does not remind of it, or None where it does."""

    waiting: Waiting
    bar: Bar | None


def lines(session: Session, caller: Caller, practice_id: UUID | None = None) -> list[Line]:
    """Open asks that were due, without an answer, the oldest first. Writes the audit row first."""
    wanted = access.of_client(caller, Assignment).where(
        Assignment.state.in_(OPEN_ASK), Assignment.send_at <= now()
    )
    if practice_id is not None:
        caller.require(Role.CLINICIAN, practice_id)
        wanted = wanted.where(Assignment.practice_id == practice_id)
    asks = session.scalars(wanted.order_by(Assignment.send_at, Assignment.id).limit(MOST)).all()
    overview.named_clients(session, caller, {ask.client_id for ask in asks})
    found, reminded = [], set()
    for one in waiting.read(session, asks):
        bar = one.bar(now()) or one.reminded(now())
        if bar is None and one.client.id in reminded:
            bar = NEXT
        elif bar is None:
            reminded.add(one.client.id)
        found.append(Line(one, bar))
    return found


def remind(
    session: Session, caller: Caller, form: UUID, practice_id: UUID, chosen: Collection[UUID] | None
) -> BulkSend:
    """Remind of the chosen asks, or (None) of all that can be: one bulk send for a form.

    Raises Forbidden, NotFound, Conflict where there is nobody to remind.
    """
    if (made := bulk.earlier(session, caller, form)) is not None:
        return made
    items = []
    for line in lines(session, caller, practice_id):
        ask = line.waiting.ask
        if line.bar is None and (chosen is None or ask.id in chosen):
            items.append({"client_id": ask.client_id, "assignment_id": ask.id, "state": ItemState.PLANNED})
    if not items:
        raise Conflict("Nobody was chosen who can be reminded now.")
    row = BulkSend(
        practice_id=practice_id, id=form, requested_by=caller.person_id, what="remind", instruments=[]
    )
    return bulk.store(session, caller, row, items)
