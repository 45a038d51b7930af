"""The audit log: who did or saw what. Each practice's lines form a hash chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.db import now, uuid7
from delivery.models.ledger import AuditEvent, AuditHead


class Tag(StrEnum):
    """What happened: source:subject:action."""

    SIGNED_IN = "console:session:signed-in"
    SIGNED_OUT = "console:session:signed-out"
    SESSIONS_REVOKED = "operator:session:revoked"
    TOKENS_REVOKED = "operator:token:revoked"
    TOKEN_MADE = "operator:token:made"  # noqa: S105 - a tag, not a secret
    PERSON_ADDED = "operator:person:added"
    GRANTED = "operator:grant:made"
    PRACTICE_MADE = "operator:practice:made"
    CLIENT_LIST_READ = "console:client:listed"
    CLIENT_READ = "console:client:read"
    CLIENT_ADDED = "console:client:added"
    CLIENT_CHANGED = "console:client:changed"
    CLIENT_STATE = "console:client:state-changed"
    ASSIGNMENT_MADE = "console:assignment:made"
    ASSIGNMENT_READ = "console:assignment:read"
    ASSIGNMENT_ENDED = "console:assignment:ended"
    BATTERY_MADE = "console:battery:made"
    BATTERY_CHANGED = "console:battery:changed"
    LINK_ISSUED = "delivery:link:issued"
    LINK_ENDED = "delivery:link:ended"
    LINK_LOCKED = "client:link:locked"
    FORM_BEGUN = "client:form:begun"
    FORM_LANGUAGE = "client:form:language-changed"
    FORM_DECLINED = "client:form:declined"
    SUBMITTED = "client:submission:sent"
    TYPED_IN = "console:submission:typed-in"
    MESSAGE_SETTLED = "worker:message:settled"
    SCORED = "worker:submission:scored"
    RESULT_READ = "console:result:read"
    REPORT_MADE = "worker:report:made"
    REPORT_READ = "console:report:read"
    ALERT_RAISED = "worker:alert:raised"
    ALERT_READ = "console:alert:read"
    ALERT_TAKEN = "console:alert:acknowledged"
    WORK_RETRIED = "console:work:retried"
    LOCAL_POST_READ = "console:local-post:read"
    TERMS_ACCEPTED = "library:terms:accepted"
    WORDS_ADDED = "library:words:added"
    INSTRUMENT_IMPORTED = "library:instrument:imported"
    DRAFT_MADE = "library:draft:made"
    DRAFT_DELETED = "library:draft:deleted"
    INSTRUMENT_PUBLISHED = "library:instrument:published"
    KEYS_ROTATED = "operator:keys:rotated"


@dataclass(frozen=True)
class Actor:
    """Who acts: kind and, for people, their id."""

    kind: str
    id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind


CLIENT = Actor("client")
WORKER = Actor("worker")
OPERATOR = Actor("operator")


def record(
    session: Session,
    practice_id: UUID,
    actor: Actor,
    tag: Tag,
    subject_id: UUID | None = None,
    detail: Any = None,
) -> None:
    """Append one line in the caller's transaction. `detail` is sealed; nothing else may be personal.

    The practice's head row is locked, so lines of one practice are strictly ordered.
    """
    head = session.scalars(
        select(AuditHead).where(AuditHead.practice_id == practice_id).with_for_update()
    ).one_or_none()
    if head is None:
        head = AuditHead(practice_id=practice_id, number=0, hash=bytes(32))
        session.add(head)
    at = now()
    event = AuditEvent(
        id=uuid7(),
        practice_id=practice_id,
        number=head.number + 1,
        at=at,
        actor=str(actor),
        tag=tag.value,
        subject_id=subject_id,
        before=head.hash,
    )
    event.detail = detail
    event.hash = line_hash(event)
    session.add(event)
    head.number, head.hash = event.number, event.hash


def line_hash(event: AuditEvent) -> bytes:
    """sha256 of the line before and everything this line says, the sealed detail included as stored."""
    sealed: bytes | None = getattr(event, "detail_sealed")  # noqa: B009 - made by the descriptor
    text = json.dumps(
        [
            event.number,
            _instant(event.at),
            event.actor,
            event.tag,
            str(event.subject_id or ""),
            sealed.hex() if sealed else "",
        ],
        separators=(",", ":"),
    )
    return hashlib.sha256(event.before + text.encode()).digest()


def _instant(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000 + 0.5)


def verify(session: Session, practice_id: UUID) -> Iterator[str]:
    """Yield one sentence per fault in the practice's chain; nothing where it is whole."""
    before, number = bytes(32), 0
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.practice_id == practice_id).order_by(AuditEvent.number)
    )
    for event in events.yield_per(1000):
        if event.number != number + 1:
            yield f"line {number + 1} is missing"
        if event.before != before:
            yield f"line {event.number} does not continue the line before it"
        if event.hash != line_hash(event):
            yield f"line {event.number} was changed"
        before, number = event.hash, event.number
    head = session.get(AuditHead, practice_id)
    if head and (head.number, head.hash) != (number, before):
        yield f"the log ends at line {number}, but line {head.number} was written"
