"""The local post's store: messages of an installation without a provider, sealed in our own database.

Messages that hang on no row, because nothing of their reader is stored, stay in memory for some minutes.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from channels.base import Message
from delivery import audit
from delivery.db import Database, now
from delivery.models.messages import Attempt, LocalPost
from delivery.models.people import Practice

READER = audit.Actor("local")
#: How long, and how many, messages of nobody we know stay in memory.
PASSING: Final = timedelta(minutes=15)
MOST_PASSING: Final = 200


@dataclass(frozen=True)
class Letter:
    """A message as it lies in the local post. `link` is what its button opens, `zone` the
    practice's."""

    id: UUID
    kind: str
    to: str
    subject: str
    text: str
    html: str | None
    sent_at: datetime
    link: str | None
    zone: str


class Box:
    """What the channel `local_post` needs of the service: `keep` and `find`, each in its own transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, message: Message) -> str:
        """Store a message once per attempt; returns the row's id. Raises NotSaved, LookupError."""
        found = self.find(message.attempt_id)
        if found is not None:
            return found
        try:
            with self._database.write() as session:
                attempt = session.get(Attempt, UUID(message.attempt_id))
                if attempt is None:
                    raise LookupError("there is no such attempt")
                row = LocalPost(practice_id=attempt.practice_id, attempt_id=attempt.id)
                row.message = {
                    "kind": message.kind,
                    "to": message.to,
                    "subject": message.subject,
                    "text": message.text,
                    "html": message.html,
                    "sender_name": message.sender_name,
                    "sender_address": message.sender_address,
                    "unsubscribe_url": message.unsubscribe_url,
                }
                session.add(row)
                return str(row.id)
        except IntegrityError:
            # Another process kept the same attempt a moment before.
            kept = self.find(message.attempt_id)
            if kept is None:
                raise
            return kept

    def find(self, attempt_id: str) -> str | None:
        """The id under which an attempt's message lies here, or None."""
        with self._database.read() as session:
            found = session.scalars(
                select(LocalPost.id).where(LocalPost.attempt_id == UUID(attempt_id))
            ).one_or_none()
        return str(found) if found else None


class Passing:
    """Messages that are stored nowhere: codes for visitors of whom nothing is kept. Gone with the process."""

    def __init__(self) -> None:
        self._kept: deque[tuple[UUID, Letter]] = deque(maxlen=MOST_PASSING)
        self._lock = threading.Lock()

    def keep(self, message: Message, practice_id: UUID, zone: str) -> str:
        """Keep a message of a practice in the zone of its times; returns its id."""
        letter = Letter(
            id=UUID(message.attempt_id),
            kind=message.kind,
            to=message.to,
            subject=message.subject,
            text=message.text,
            html=message.html,
            sent_at=now(),
            link=_link(message.text),
            zone=zone,
        )
        with self._lock:
            self._kept.append((practice_id, letter))
        return message.attempt_id

    def find(self, attempt_id: str) -> str | None:
        """The id under which a message lies here, or None."""
        return next((attempt_id for _, one in self._there() if str(one.id) == attempt_id), None)

    def letters(self, session: Session) -> list[Letter]:
        """The newest first; audited as other reads of the local post."""
        there = self._there()
        for practice_id in sorted({practice for practice, _ in there}, key=str):
            ids = [str(one.id) for practice, one in there if practice == practice_id]
            audit.record(session, practice_id, READER, audit.Tag.LOCAL_POST_READ, detail={"letters": ids})
        return [one for _, one in reversed(there)]

    def _there(self) -> list[tuple[UUID, Letter]]:
        with self._lock:
            while self._kept and self._kept[0][1].sent_at < now() - PASSING:
                self._kept.popleft()
            return list(self._kept)


#: Of this process, whose web pages both write and show it.
passing: Final = Passing()


def letters(session: Session, limit: int = 500) -> list[Letter]:
    """The newest messages first. Writes one audit row for each practice whose post is read."""
    found = session.execute(
        select(LocalPost, Practice.time_zone)
        .join(Practice, Practice.id == LocalPost.practice_id)
        .order_by(LocalPost.id.desc())
        .limit(limit)
    ).all()
    for practice_id in sorted({row.practice_id for row, _ in found}, key=str):
        ids = [str(row.id) for row, _ in found if row.practice_id == practice_id]
        audit.record(session, practice_id, READER, audit.Tag.LOCAL_POST_READ, detail={"letters": ids})
    return [_letter(row, zone) for row, zone in found]


def _letter(row: LocalPost, zone: str) -> Letter:
    message: dict[str, Any] = row.message or {}
    return Letter(
        id=row.id,
        kind=message.get("kind", "email"),
        to=message["to"],
        subject=message["subject"],
        text=message["text"],
        html=message["html"],
        sent_at=row.created_at,
        link=_link(message["text"]),
        zone=zone,
    )


def _link(text: str) -> str | None:
    """The first word of a message that is an address: our templates leave space on both sides of the link."""
    return next((word for word in text.split() if word.startswith(("http://", "https://"))), None)
