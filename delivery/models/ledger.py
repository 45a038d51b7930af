"""The ledger: work to do, what came in, who looked at what, and ticks that happen once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import DATA, Base, Row, Sealed, TenantRow, state_column
from delivery.states import OutboxState


class OutboxEntry(TenantRow, Base):
    """A piece of work, committed together with the change that needs it. RQ only rings the bell."""

    __tablename__ = "outbox_entry"
    __table_args__ = (UniqueConstraint("kind", "business_key"), Index(None, "state", "queue", "due_at"))

    queue: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(24))
    #: The row to work on; nothing personal ever stands here.
    subject_id: Mapped[UUID] = mapped_column(index=True)
    business_key: Mapped[str] = mapped_column(String(120))
    state: Mapped[OutboxState] = state_column(OutboxState, OutboxState.NEW)
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    #: Fencing token of the holder; a worker that lost its lease cannot finish.
    claim: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    #: Class of the last error and the line it came from; never its text.
    error: Mapped[str | None] = mapped_column(String(120))


class InboxEntry(Row, Base):
    """A provider's callback as it came, once."""

    __tablename__ = "inbox_entry"
    __table_args__ = (
        Index(
            "ix_inbox_entry_undone",
            "received_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    source: Mapped[str] = mapped_column(String(24))
    dedupe_key: Mapped[str] = mapped_column(String(128), unique=True)
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(120))

    body = Sealed(DATA)


class Tick(Base):
    """A periodic act that has happened: whoever inserts the row does it."""

    __tablename__ = "tick"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)


class Heartbeat(Base):
    """When each process last said that it runs."""

    __tablename__ = "heartbeat"

    process: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    pid: Mapped[int]
    at: Mapped[datetime]


class AuditEvent(TenantRow, Base):
    """One line of a practice's audit log; each holds the hash of the one before."""

    __tablename__ = "audit_event"
    __table_args__ = (UniqueConstraint("practice_id", "number"),)

    number: Mapped[int]
    at: Mapped[datetime]
    #: "person:<id>", "client", "worker", "provider" …
    actor: Mapped[str] = mapped_column(String(60))
    #: source:subject:action, such as "console:client:read".
    tag: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[UUID | None]
    before: Mapped[bytes]
    hash: Mapped[bytes]

    #: Ids of clients concerned and what was done, where that itself is telling.
    detail = Sealed(DATA)


class AuditHead(Base):
    """The last number and hash of each practice's chain; locked while one is appended."""

    __tablename__ = "audit_head"

    practice_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    hash: Mapped[bytes]


class StoredReply(Row, Base):
    """What the API answered to an idempotency key, sealed, so that a repeat gets the same."""

    __tablename__ = "stored_reply"
    __table_args__ = (UniqueConstraint("token_id", "key_hash"),)

    token_id: Mapped[UUID]
    key_hash: Mapped[bytes]
    request_hash: Mapped[bytes]
    status: Mapped[int | None]

    body = Sealed(DATA)
