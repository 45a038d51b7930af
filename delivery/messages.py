"""Planning a message: the row of the ledger and the work to send it, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import jobs
from delivery.models.assignments import Assignment
from delivery.models.clients import ContactPoint
from delivery.models.messages import Dispatch, Purpose, RecipientKind

Lane = Literal["interactive", "bulk"]
#: Lane -> kind of work. The bulk lane has a worker of its own, so that it never delays a person's send.
WORK: Final[dict[str, str]] = {"interactive": "send", "bulk": "bulk_send"}


def plan(
    session: Session,
    row: Assignment,
    point: ContactPoint,
    purpose: Purpose,
    key: str,
    due_at: datetime,
    *,
    lane: Lane = "interactive",
    code_id: UUID | None = None,
) -> Dispatch:
    """A planned message to the client of an ask. `key` tells it from the ask's other messages.

    With `code_id` it carries a sign-in link instead of the ask's own.
    """
    dispatch = Dispatch(
        practice_id=row.practice_id,
        purpose=purpose,
        recipient=RecipientKind.CLIENT,
        assignment_id=row.id,
        respondent_id=row.respondent_id,
        contact_point_id=point.id,
        code_id=code_id,
        channel=point.kind.value,
        lane=lane,
        business_key=f"{key}|{row.id}",
        due_at=due_at,
    )
    session.add(dispatch)
    session.flush()
    jobs.add(session, WORK[lane], dispatch.id, practice_id=row.practice_id, due_at=due_at)
    return dispatch
