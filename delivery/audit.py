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

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from delivery.db import execute, now, uuid7
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
    PRACTICE_CHANGED = "console:practice:changed"
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
    FORM_RESUMED = "client:form:resumed"
    CODE_SENT = "client:code:sent"
    CODE_TRIES = "client:code:too-many-tries"
    PORTAL_OPENED = "client:portal:signed-in"
    PORTAL_CLOSED = "client:portal:signed-out"
    PORTAL_READ = "client:portal:read"
    USES_CHOSEN = "client:uses:chosen"
    PORTAL_INVITED = "console:portal:invited"
    PORTAL_REVOKED = "console:portal:revoked"
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
    NOTICE_DONE = "console:notice:done"
    SCHEDULE_MADE = "console:schedule:made"
    SCHEDULE_CHANGED = "console:schedule:changed"
    SCHEDULE_STOPPED = "console:schedule:stopped"
    APPOINTMENTS_CHANGED = "console:appointment:changed"
    CALENDAR_READ = "worker:calendar:read"
    BULK_SENT = "console:bulk:sent"
    BULK_STOPPED = "console:bulk:stopped"
    UNANSWERED_READ = "console:unanswered:read"
    CASELOAD_IMPORTED = "console:caseload:imported"
    LOCAL_POST_READ = "console:local-post:read"
    TERMS_ACCEPTED = "library:terms:accepted"
    WORDS_ADDED = "library:words:added"
    INSTRUMENT_IMPORTED = "library:instrument:imported"
    DRAFT_MADE = "library:draft:made"
    DRAFT_DELETED = "library:draft:deleted"
    INSTRUMENT_PUBLISHED = "library:instrument:published"
    SCREENING_CHANGED = "console:screening:changed"
    SCREENING_SENT = "client:screening:sent"
    PROSPECT_TAKEN_ON = "console:prospect:made-client"
    PROSPECT_FORGOTTEN = "delivery:prospect:forgotten"
    KEYS_ROTATED = "operator:keys:rotated"
    TABLET_GRANTED = "console:tablet:granted"
    TABLET_WITHDRAWN = "console:tablet:withdrawn"
    TABLET_REVOKED = "console:tablet:revoked"
    TABLET_ENROLLED = "device:tablet:enrolled"
    TABLET_OPENED = "device:form:opened"
    DESK_READ = "desk:arrivals:read"
    DESK_CODE = "desk:code:given"
    DESK_LINK = "desk:link:handed-over"
    DESK_PRINTED = "desk:form:printed"
    DESK_CALLED = "device:desk:called"
    DESK_CALL_DONE = "desk:call:done"
    PAPER_FOUND = "console:paper:found"


@dataclass(frozen=True)
class Actor:
    """Who acts: kind and, for people, their id."""

    kind: str
    id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind


CLIENT = Actor("client")
WORKER = Actor("worker")
PROVIDER = Actor("provider")
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
    head = execute(session, _HEAD, practice=practice_id).one_or_none()
    number, before = (head.number + 1, head.hash) if head else (1, bytes(32))
    line_id, at = uuid7(), now()
    line = {
        "id": line_id,
        "created_at": at,
        "practice_id": practice_id,
        "number": number,
        "at": at,
        "actor": str(actor),
        "tag": tag.value,
        "subject_id": subject_id,
        "detail_sealed": AuditEvent.detail.seal(detail, practice_id, line_id),
        "before": before,
    }
    ended = _hash(line)
    execute(session, _LINE, **line, hash=ended)
    if head:
        execute(session, _NEXT, practice=practice_id, number=number, hash=ended)
    else:
        execute(session, _FIRST, practice_id=practice_id, number=number, hash=ended)


_HEAD = (
    select(AuditHead.number, AuditHead.hash)
    .where(AuditHead.practice_id == bindparam("practice"))
    .with_for_update()
)
_LINE = insert(AuditEvent)
_FIRST = insert(AuditHead)
_NEXT = update(AuditHead).where(AuditHead.practice_id == bindparam("practice"))


def line_hash(event: AuditEvent) -> bytes:
    """sha256 of the line before and everything this line says, the sealed detail included as stored."""
    return _hash({column.key: getattr(event, column.key) for column in AuditEvent.__table__.columns})


def _hash(line: dict[str, Any]) -> bytes:
    sealed: bytes | None = line["detail_sealed"]
    text = json.dumps(
        [
            line["number"],
            _instant(line["at"]),
            line["actor"],
            line["tag"],
            str(line["subject_id"] or ""),
            sealed.hex() if sealed else "",
        ],
        separators=(",", ":"),
    )
    before: bytes = line["before"]
    return hashlib.sha256(before + text.encode()).digest()


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
