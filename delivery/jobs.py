"""The ledger's work list. A piece of work commits together with the change that needs it; the queue
only carries the word "look" (a queue's name), so losing the whole broker loses nothing.

A worker holds a row under a lease and finishes it in the transaction of its own result: a worker that
lost its lease cannot commit, so every piece of work takes effect once.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CursorResult, Row, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from delivery.db import execute, insert, now, uuid7
from delivery.errors import LeaseLost
from delivery.models.ledger import OutboxEntry
from delivery.states import OutboxState

#: Kind of work -> the queue that carries it.
QUEUES: Final = {
    "send": "send",
    "bulk_send": "bulk",
    "plan_bulk": "bulk",
    "calendar": "bulk",
    "settle": "send",
    "risk_check": "score",
    "score": "score",
    "report": "report",
    "preview": "report",
    "handoff": "handoff",
}
MOST_TRIES: Final = 8


@dataclass(frozen=True)
class Claim:
    """A row held under a lease. `token` fences off everybody else."""

    id: UUID
    practice_id: UUID
    kind: str
    subject_id: UUID
    token: UUID
    tries: int


def add(
    session: Session,
    kind: str,
    subject_id: UUID,
    *,
    practice_id: UUID,
    key: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Plan work in the caller's transaction. The same kind and key is planned only once, ever."""
    at = now()
    values = {
        "id": uuid7(),
        "created_at": at,
        "practice_id": practice_id,
        "queue": QUEUES[kind],
        "kind": kind,
        "subject_id": subject_id,
        "business_key": key or str(subject_id),
        "state": OutboxState.NEW,
        "due_at": due_at or at,
        "tries": 0,
    }
    session.execute(insert(session, OutboxEntry).values(**values).on_conflict_do_nothing())
    if due_at is None or due_at <= at:
        session.info.setdefault("rings", set()).add(QUEUES[kind])


def _ready(at: datetime) -> Any:
    return or_(
        and_(OutboxEntry.state == OutboxState.NEW, OutboxEntry.due_at <= at),
        and_(OutboxEntry.state == OutboxState.CLAIMED, OutboxEntry.lease_until < at),
    )


def claim(session: Session, queue: str, lease_seconds: float) -> Claim | None:
    """Take the longest-due ready row of a queue, or None. Of several workers one gets it."""
    return next(iter(claim_several(session, queue, lease_seconds, 1)), None)


def claim_several(session: Session, queue: str, lease_seconds: float, most: int) -> list[Claim]:
    """Take up to `most` ready rows of a queue under one token, longest due first.

    A row that was tried before is taken alone: one that ends its worker each time costs no other row a try.
    """
    at, token = now(), uuid7()
    ready = _candidates(session, queue, at, most)
    if not ready:
        return []
    taken = ready[:1] if ready[0].tries else [row for row in ready if not row.tries]
    until = at + timedelta(seconds=lease_seconds)
    session.connection().execute(_TAKE, [{"row_id": row.id, "claim": token, "until": until} for row in taken])
    return [Claim(row.id, row.practice_id, row.kind, row.subject_id, token, row.tries + 1) for row in taken]


def _candidates(session: Session, queue: str, at: datetime, most: int) -> list[Row[Any]]:
    """Ready rows, longest due first, which no other transaction can take meanwhile."""
    found = [
        row for ready in _READY for row in execute(session, ready, ready_queue=queue, at=at, most=most).all()
    ]
    return sorted(found, key=lambda row: row.due_at)[:most]


def _look(*ready: Any) -> Any:
    return (
        select(
            OutboxEntry.id,
            OutboxEntry.practice_id,
            OutboxEntry.kind,
            OutboxEntry.subject_id,
            OutboxEntry.tries,
            OutboxEntry.due_at,
        )
        .where(OutboxEntry.queue == bindparam("ready_queue"), OutboxEntry.tries < MOST_TRIES, *ready)
        .order_by(OutboxEntry.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )


#: Each asked by itself: together the index on state, queue and due time would not give them in order.
_READY: Final = (
    _look(OutboxEntry.state == OutboxState.CLAIMED, OutboxEntry.lease_until < bindparam("at")),
    _look(OutboxEntry.state == OutboxState.NEW, OutboxEntry.due_at <= bindparam("at")),
)
_TAKE: Final = (
    update(OutboxEntry)
    .where(OutboxEntry.id == bindparam("row_id"))
    .values(
        state=OutboxState.CLAIMED,
        claim=bindparam("claim"),
        lease_until=bindparam("until"),
        tries=OutboxEntry.tries + 1,
    )
)


def _held(session: Session, claim: Claim, **values: Any) -> bool:
    return execute(session, _HELD, row_id=claim.id, token=claim.token, **values).rowcount == 1


_HELD: Final = update(OutboxEntry).where(
    OutboxEntry.id == bindparam("row_id"),
    OutboxEntry.claim == bindparam("token"),
    OutboxEntry.state == OutboxState.CLAIMED,
)


def extend(session: Session, claim: Claim, lease_seconds: float) -> None:
    """Keep holding. Raises LeaseLost where somebody else holds the row now."""
    if not _held(session, claim, lease_until=now() + timedelta(seconds=lease_seconds)):
        raise LeaseLost("Another worker has taken this over.")


def finish(session: Session, claim: Claim) -> None:
    """Mark done, in the transaction of the result. Raises LeaseLost; then nothing of it may commit."""
    if not _held(session, claim, state=OutboxState.DONE, done_at=now(), error=None):
        raise LeaseLost("Another worker has taken this over.")


def again(session: Session, claim: Claim, due_at: datetime) -> None:
    """Give the row back for a later time, without counting this as a try."""
    values = {"state": OutboxState.NEW, "due_at": due_at, "tries": claim.tries - 1}
    if not _held(session, claim, **values):
        raise LeaseLost("Another worker has taken this over.")


def give_back(session: Session, claims: Iterable[Claim]) -> None:
    """Let others have rows that were taken and not begun; that is no try, and they are due as before."""
    for claim in claims:
        _held(session, claim, state=OutboxState.NEW, tries=claim.tries - 1)


def fail(session: Session, claim: Claim, error: BaseException) -> bool:
    """Note an error. The row is due again after a jittered wait, or parked after the last try (True)."""
    parked = claim.tries >= MOST_TRIES
    # Full jitter: 5 s doubling to 30 minutes.
    wait = random.uniform(0, min(1800, 5 * 2 ** (claim.tries - 1)))  # noqa: S311 - jitter, not a secret
    _held(
        session,
        claim,
        state=OutboxState.PARKED if parked else OutboxState.NEW,
        due_at=now() + timedelta(seconds=wait),
        error=where(error),
    )
    return parked


def where(error: BaseException) -> str:
    """Class of an error and the line it came from; its text may hold personal data and is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"[:120]


def park_worn_out(session: Session) -> int:
    """Park rows whose worker died in their last try; returns how many."""
    result = session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.tries >= MOST_TRIES, _ready(now()))
        .values(state=OutboxState.PARKED, error="WorkerDied")
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def retry(session: Session, kind: str, subject_id: UUID) -> bool:
    """Make parked work due at once (a person pressed "Try again"). False where nothing was parked."""
    result = session.execute(
        update(OutboxEntry)
        .where(
            OutboxEntry.kind == kind,
            OutboxEntry.subject_id == subject_id,
            OutboxEntry.state == OutboxState.PARKED,
        )
        .values(state=OutboxState.NEW, tries=0, due_at=now())
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    session.info.setdefault("rings", set()).add(QUEUES[kind])
    return result.rowcount > 0


def ready_queues(session: Session) -> list[str]:
    """Queues that hold due work, fresh or with a lease that ran out."""
    return list(session.scalars(select(OutboxEntry.queue).where(_ready(now())).distinct()))


def oldest_due(session: Session) -> datetime | None:
    """Since when the longest-waiting piece of work has been due; None where nothing waits."""
    return session.scalar(select(func.min(OutboxEntry.due_at)).where(_ready(now())))


def parked(session: Session, practice_ids: Iterable[UUID]) -> list[OutboxEntry]:
    """Work that gave up, for the page that a person sees."""
    return list(
        session.scalars(
            select(OutboxEntry)
            .where(OutboxEntry.practice_id.in_(list(practice_ids)), OutboxEntry.state == OutboxState.PARKED)
            .order_by(OutboxEntry.id)
        )
    )
