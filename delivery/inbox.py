"""What providers tell us, kept once and worked on later. Repeats end at the unique key.

An entry holds what the work needs and nothing else: never the words of a text. It is wiped when it is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from channels.base import Event
from delivery.db import insert, now
from delivery.jobs import MOST_TRIES
from delivery.models.ledger import InboxEntry
from delivery.settings import Settings
from delivery.signing import Purpose, Tokens

#: The queue that rings for entries.
QUEUE: Final = "receipts"
#: Where texts that people sent come from; every other source brings events.
TEXTS: Final = "twilio-text"
#: Note of an entry whose attempt is not in this installation.
UNKNOWN: Final = "unknown-attempt"
KEPT: Final = timedelta(days=30)
#: After the n-th error an entry rests until it is this old.
RESTS: Final = tuple(timedelta(seconds=n) for n in (10, 60, 300, 1800, 7200, 21600, 86400))


def callback_url(settings: Settings, tokens: Tokens, attempt_id: UUID) -> str:
    """Where the provider tells what became of one attempt. The signature fits no other attempt."""
    token = tokens.make(Purpose.HOOK, attempt_id.bytes)
    return f"{settings.base_url}/hooks/twilio/status?a={quote(token)}"


def attempt_of(tokens: Tokens, token: str) -> UUID | None:
    """The attempt that a callback's address names, or None where we did not write that address."""
    raw = tokens.read(Purpose.HOOK, token)
    return UUID(bytes=raw) if raw is not None else None


def keep_events(session: Session, source: str, events: Iterable[Event]) -> int:
    """Keep a provider's events in the caller's transaction; returns how many were new."""
    rows = [(event.dedupe, _flat(event)) for event in events]
    return _keep(session, source, rows)


def keep_text(session: Session, sid: str, body: dict[str, Any] | None) -> bool:
    """Keep that a text came, with what is left to do about it (None: nothing). False for a repeat."""
    return _keep(session, TEXTS, [(sid, body)]) == 1


def _keep(session: Session, source: str, rows: Iterable[tuple[str, Any]]) -> int:
    at, values = now(), []
    for dedupe, body in rows:
        entry = InboxEntry(source=source)
        entry.body = body
        values.append(
            {
                "id": entry.id,
                "created_at": at,
                "source": source,
                # A hash, because providers do not say how long their ids may be.
                "dedupe_key": hashlib.sha256(f"{source}|{dedupe}".encode()).hexdigest(),
                "received_at": at,
                "done_at": at if body is None else None,
                "tries": 0,
                "body_sealed": getattr(entry, "body_sealed"),  # noqa: B009 - made by the descriptor
            }
        )
    if not values:
        return 0
    made = insert(session, InboxEntry).values(values).on_conflict_do_nothing().returning(InboxEntry.id)
    fresh = len(session.scalars(made).all())
    if fresh and any(one["done_at"] is None for one in values):
        session.info.setdefault("rings", set()).add(QUEUE)
    return fresh


def _flat(event: Event) -> dict[str, Any]:
    return asdict(event) | {"at": event.at.isoformat() if event.at else None}


def event(entry: InboxEntry) -> Event:
    """The event of an entry."""
    body = dict(entry.body or {})
    at = body.pop("at", None)
    return Event(**body, at=datetime.fromisoformat(at) if at else None)


def _ready() -> Any:
    at = now()
    rested = [
        and_(InboxEntry.tries == tries, InboxEntry.received_at <= at - rest)
        for tries, rest in enumerate(RESTS, start=1)
    ]
    return and_(InboxEntry.done_at.is_(None), or_(InboxEntry.tries == 0, *rested))


def take(session: Session, leave: Collection[UUID] = ()) -> InboxEntry | None:
    """The longest-waiting entry for this transaction alone, or None. `leave`: went wrong just now."""
    return session.scalars(
        select(InboxEntry)
        .where(_ready(), InboxEntry.id.not_in(list(leave)))
        .order_by(InboxEntry.received_at, InboxEntry.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def finish(entry: InboxEntry, note: str | None = None) -> None:
    """Done, in the transaction of what it brought about; only that it came is left."""
    entry.done_at, entry.error, entry.body = now(), note, None


def fail(session: Session, entry_id: UUID, error: str) -> None:
    """Note an error. After the last try the entry stays for a person to see."""
    session.execute(
        update(InboxEntry)
        .where(InboxEntry.id == entry_id, InboxEntry.done_at.is_(None))
        .values(tries=InboxEntry.tries + 1, error=error)
        .execution_options(synchronize_session=False)
    )


def wake(session: Session) -> None:
    """Ring for entries whose bell was lost, or which have rested after an error."""
    if session.scalars(select(InboxEntry.id).where(_ready()).limit(1)).first() is not None:
        session.info.setdefault("rings", set()).add(QUEUE)


def forget_old(session: Session) -> None:
    """Delete what was done a while ago; providers repeat themselves for a day or so."""
    session.execute(delete(InboxEntry).where(InboxEntry.done_at < now() - KEPT))


def unknown_last_hour(session: Session) -> int:
    """Callbacks of the last hour about attempts that nobody here made. More than a few: look into it."""
    since = now() - timedelta(hours=1)
    found = select(func.count()).where(InboxEntry.error == UNKNOWN, InboxEntry.received_at > since)
    return session.scalar(found) or 0


def worn_out(session: Session) -> int:
    """Entries that went wrong in every try."""
    found = select(func.count()).where(InboxEntry.done_at.is_(None), InboxEntry.tries >= MOST_TRIES)
    return session.scalar(found) or 0
