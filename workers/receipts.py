"""Queue `receipts`: what providers told us, each entry of the inbox in a transaction of its own."""

from __future__ import annotations

import time
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from delivery import events, inbox, jobs, replies
from delivery.errors import LightQError
from delivery.models.ledger import InboxEntry
from workers.context import Context

log = structlog.get_logger()


def drain(here: Context, seconds: float) -> None:
    """Work off what came in, oldest first, for about so many seconds; then ring again. Never raises."""
    until, wrong = time.monotonic() + seconds, set[UUID]()
    while _one(here, wrong):
        if time.monotonic() > until:
            here.service.bell.ring([inbox.QUEUE])
            return


def _one(here: Context, wrong: set[UUID]) -> bool:
    """One entry; False where none is left. One that goes wrong joins `wrong` and is tried again later."""
    taken: UUID | None = None
    try:
        with here.service.db.write() as session:
            entry = inbox.take(session, wrong)
            if entry is None:
                return False
            taken = entry.id
            if entry.source == inbox.TEXTS:
                replies.tell(session, entry.body or {})
                inbox.finish(entry)
            else:
                inbox.finish(entry, _report(session, entry))
    except Exception as error:
        log.error("receipts.error", error=jobs.where(error))
        if taken is None:
            return False  # the sweep rings again
        wrong.add(taken)
        _note(here, taken, error)
    return True


def _report(session: Session, entry: InboxEntry) -> str | None:
    """Apply an event; a note where it speaks of an attempt that is not ours."""
    try:
        events.reported(session, inbox.event(entry))
    except events.UnknownAttempt:
        log.warning("receipts.unknown-attempt", source=entry.source)
        return inbox.UNKNOWN
    return None


def _note(here: Context, entry_id: UUID, error: Exception) -> None:
    try:
        with here.service.db.write() as session:
            inbox.fail(session, entry_id, jobs.where(error))
    except LightQError:
        log.error("receipts.not-noted")
