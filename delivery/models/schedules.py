"""Repeated asks, the appointments they hang on, and one act for many clients."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.assignments import Occasion, Way
from delivery.models.base import DATA, TEXT, Base, Sealed, TenantRow, choice, state_column, tenant
from delivery.states import ItemState


class ScheduleKind(StrEnum):
    """What a schedule follows: dates of its own, or the client's appointments."""

    DATES = "dates"
    APPOINTMENTS = "appointments"


class Outcome(StrEnum):
    """What became of one occurrence of a schedule."""

    MADE = "made"
    SKIPPED = "skipped"
    #: The service was down, and a newer one has taken its place.
    MISSED = "missed"
    #: It could not be asked; the reason stands beside it.
    BLOCKED = "blocked"


class Schedule(TenantRow, Base):
    """A repeated ask in wall time of a zone."""

    __tablename__ = "schedule"
    __table_args__ = tenant("client", "episode", "respondent", "battery")

    client_id: Mapped[UUID] = mapped_column(index=True)
    episode_id: Mapped[UUID] = mapped_column(index=True)
    respondent_id: Mapped[UUID]
    battery_id: Mapped[UUID | None]
    #: ["phq9", …]: the latest version counts when it is asked.
    instruments: Mapped[list[Any]]
    occasion: Mapped[Occasion] = mapped_column(choice(Occasion), default=Occasion.PROGRESS)
    channel: Mapped[Way] = mapped_column(choice(Way))
    #: By instrument, a language other than the reader's, as somebody chose it.
    languages: Mapped[dict[str, Any]] = mapped_column(default=dict)
    kind: Mapped[ScheduleKind] = mapped_column(choice(ScheduleKind), default=ScheduleKind.DATES)
    #: RRULE of local dates; empty for one that follows appointments.
    rule: Mapped[str] = mapped_column(String(200), default="")
    starts_on: Mapped[str] = mapped_column(String(10))
    ends_on: Mapped[str | None] = mapped_column(String(10))
    #: "09:00", where it follows dates.
    wall_time: Mapped[str] = mapped_column(String(5), default="09:00")
    time_zone: Mapped[str] = mapped_column(String(64))
    #: How long before an appointment, and before which: 1 = each, 2 = every other.
    lead_minutes: Mapped[int] = mapped_column(default=1440)
    every: Mapped[int] = mapped_column(default=1)
    #: Local dates that somebody took out.
    skips: Mapped[list[Any]] = mapped_column(default=list)
    reminders: Mapped[int] = mapped_column(default=0)
    reminder_days: Mapped[int] = mapped_column(default=3)
    expires_in_days: Mapped[int | None]
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    #: When the next occurrence is due; None: none is in sight.
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    stopped_at: Mapped[datetime | None]
    stop_reason: Mapped[str | None] = mapped_column(String(40))

    #: Why a measure made for screening is asked again and again.
    reason = Sealed(TEXT)


class Occurrence(TenantRow, Base):
    """One turn of a schedule, once: whoever inserts the row does what it says."""

    __tablename__ = "occurrence"
    __table_args__ = tenant("schedule", "assignment", also=(UniqueConstraint("schedule_id", "key"),))

    schedule_id: Mapped[UUID] = mapped_column(index=True)
    #: Local date: a schedule asks at most once a day.
    key: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime]
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome))
    assignment_id: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(String(200))


class Appointment(TenantRow, Base):
    """A session of a client: one, or a standing one with a rule ("Tuesdays 10:00")."""

    __tablename__ = "appointment"
    __table_args__ = tenant(
        "client",
        "calendar_feed",
        also=(UniqueConstraint("practice_id", "source", "source_key"),),
    )

    client_id: Mapped[UUID] = mapped_column(index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    calendar_feed_id: Mapped[UUID | None]
    starts_on: Mapped[str] = mapped_column(String(10))
    wall_time: Mapped[str] = mapped_column(String(5))
    time_zone: Mapped[str] = mapped_column(String(64))
    #: RRULE; empty for a single one.
    rule: Mapped[str] = mapped_column(String(200), default="")
    #: Local dates of a standing appointment that were skipped.
    skips: Mapped[list[Any]] = mapped_column(default=list)
    #: "typed", "file", "feed".
    source: Mapped[str] = mapped_column(String(8))
    #: What tells it from others of its source: the row's own id, a line's digest, the feed's own id hashed.
    source_key: Mapped[str] = mapped_column(String(64))
    cancelled_at: Mapped[datetime | None]


class CalendarFeed(TenantRow, Base):
    """A clinician's own calendar address, read every hour."""

    __tablename__ = "calendar_feed"
    __table_args__ = tenant(also=(Index(None, "next_at"),))

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    next_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    #: Plain words about the last reading that did not work.
    error: Mapped[str | None] = mapped_column(String(200))
    stopped_at: Mapped[datetime | None]

    url = Sealed(TEXT)


class BulkSend(TenantRow, Base):
    """One act for many clients."""

    __tablename__ = "bulk_send"
    __table_args__ = tenant("battery")

    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    #: "ask" or "remind".
    what: Mapped[str] = mapped_column(String(8))
    battery_id: Mapped[UUID | None]
    instruments: Mapped[list[Any]]
    channel: Mapped[Way | None] = mapped_column(choice(Way))
    occasion: Mapped[Occasion | None] = mapped_column(choice(Occasion))
    reminders: Mapped[int] = mapped_column(default=0)
    stopped_at: Mapped[datetime | None]

    #: What was chosen besides: languages, reason, send_at.
    choices = Sealed(DATA)


class BulkItem(TenantRow, Base):
    """One client of a bulk send."""

    __tablename__ = "bulk_item"
    __table_args__ = tenant(
        "bulk_send",
        "client",
        "assignment",
        also=(
            UniqueConstraint("bulk_send_id", "client_id"),
            Index(
                "ix_bulk_item_planned",
                "bulk_send_id",
                sqlite_where=text("state = 'planned'"),
                postgresql_where=text("state = 'planned'"),
            ),
        ),
    )

    bulk_send_id: Mapped[UUID] = mapped_column(index=True)
    client_id: Mapped[UUID] = mapped_column(index=True)
    state: Mapped[ItemState] = state_column(ItemState, ItemState.PLANNED)
    assignment_id: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(String(200))


class PastTotal(TenantRow, Base):
    """A total from before LightQ, entered by hand: never a baseline for contracts."""

    __tablename__ = "past_total"
    __table_args__ = tenant("client", "respondent")

    client_id: Mapped[UUID] = mapped_column(index=True)
    respondent_id: Mapped[UUID]
    instrument_key: Mapped[str] = mapped_column(String(60))
    answered_on: Mapped[str] = mapped_column(String(10))
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))

    total = Sealed(DATA)
