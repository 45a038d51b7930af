"""What became of an ask, line by line."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import links
from delivery.models.assignments import Assignment, Link
from delivery.models.messages import Dispatch, RecipientKind


def of_ask(session: Session, row: Assignment) -> list[dict[str, Any]]:
    """What became of an ask, oldest first: [{"at": datetime, "what": word, "code": …, "reason": …}]."""
    lines: list[dict[str, Any]] = [{"at": row.created_at, "what": "asked"}]
    messages = select(Dispatch).where(
        Dispatch.assignment_id == row.id, Dispatch.recipient == RecipientKind.CLIENT
    )
    for d in session.scalars(messages):
        when = d.delivered_at or d.handed_over_at or d.held_until or d.due_at
        lines.append(
            {"at": when, "what": d.state.value, "code": d.code, "reason": d.reason, "dispatch_id": d.id}
        )
    closed = select(Link.ended_at).where(
        Link.assignment_id == row.id, Link.end_reason == links.WRONG_WORDS, Link.ended_at.is_not(None)
    )
    lines += [{"at": at, "what": "locked"} for at in session.scalars(closed) if at is not None]
    if row.started_at:
        lines.append({"at": row.started_at, "what": "started"})
    if row.completed_at:
        lines.append({"at": row.completed_at, "what": "completed"})
    if row.ended_at:
        lines.append({"at": row.ended_at, "what": row.state.value, "code": row.end_reason})
    return sorted(lines, key=lambda line: line["at"])
