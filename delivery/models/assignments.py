"""What is asked of whom, and the links and sittings through which it is answered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import BYTES, DATA, TEXT, Base, Sealed, TenantRow, choice, state_column, tenant
from delivery.states import AssignmentState, FormState, LinkState


class Occasion(StrEnum):
    """Why it is asked."""

    SCREENING = "screening"
    PROGRESS = "progress"
    OUTCOME = "outcome"


class Way(StrEnum):
    """The channel of an ask."""

    EMAIL = "email"
    SMS = "sms"
    PORTAL = "portal"
    KIOSK = "kiosk"
    IN_PERSON = "in_person"
    #: A member's public page; only a visitor who sends a screening makes such an ask.
    PUBLIC = "public"


class Battery(TenantRow, Base):
    """A named, ordered set of instruments of a practice."""

    __tablename__ = "battery"
    __table_args__ = tenant(also=(UniqueConstraint("practice_id", "name"),))

    name: Mapped[str] = mapped_column(String(80))
    #: [{"key": "phq9"}, …]: the latest version counts when it is asked.
    instruments: Mapped[list[Any]]
    archived_at: Mapped[datetime | None]


class Assignment(TenantRow, Base):
    """One ask: a respondent, an ordered set of instruments, a channel, a time."""

    __tablename__ = "assignment"
    __table_args__ = tenant(
        "client",
        "episode",
        "respondent",
        "battery",
        "schedule",
        also=(
            UniqueConstraint("schedule_id", "occurrence"),
            Index(None, "practice_id", "state", "created_at"),
        ),
    )

    client_id: Mapped[UUID] = mapped_column(index=True)
    episode_id: Mapped[UUID] = mapped_column(index=True)
    respondent_id: Mapped[UUID] = mapped_column(index=True)
    battery_id: Mapped[UUID | None]
    schedule_id: Mapped[UUID | None]
    #: Local date of the schedule's occurrence.
    occurrence: Mapped[str | None] = mapped_column(String(10))
    #: [{"key": "phq9", "version": 1, "language": "es"}, …] in the order of asking, with "interpreter": true
    #: where somebody interprets. Rows older than the choice of a language have none.
    instruments: Mapped[list[Any]]
    occasion: Mapped[Occasion] = mapped_column(choice(Occasion), default=Occasion.PROGRESS)
    channel: Mapped[Way] = mapped_column(choice(Way))
    state: Mapped[AssignmentState] = state_column(AssignmentState, AssignmentState.PLANNED)
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    send_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    reminders: Mapped[int] = mapped_column(default=0)
    #: Days without an answer until each reminder.
    reminder_days: Mapped[int] = mapped_column(default=3)
    #: The one who answered may see the result.
    show_result: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    #: "wrong-person", "refused", "paused", "died", "closed", "cancelled" …
    end_reason: Mapped[str | None] = mapped_column(String(24))


class Link(TenantRow, Base):
    """A capability to submit one blank form once. The id itself is stored only hashed and sealed."""

    __tablename__ = "link"
    __table_args__ = tenant("assignment")

    assignment_id: Mapped[UUID] = mapped_column(index=True)
    id_hash: Mapped[bytes] = mapped_column(unique=True)
    state: Mapped[LinkState] = state_column(LinkState, LinkState.OPEN)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(24))
    fetches: Mapped[int] = mapped_column(default=0)
    renewals: Mapped[int] = mapped_column(default=0)
    wrong_tries: Mapped[int] = mapped_column(default=0)

    #: The raw 16 bytes, so that a reminder repeats the same link; wiped when the link ends.
    token_id = Sealed(BYTES)


class FormSession(TenantRow, Base):
    """One sitting at a form: its place, its draft, and the secret of the browser that holds it."""

    __tablename__ = "form_session"
    __table_args__ = tenant("assignment", "link")

    assignment_id: Mapped[UUID] = mapped_column(index=True)
    link_id: Mapped[UUID | None] = mapped_column(index=True)
    ref: Mapped[str] = mapped_column(String(24), unique=True)
    secret_hash: Mapped[bytes]
    state: Mapped[FormState] = state_column(FormState, FormState.OPEN)
    language: Mapped[str] = mapped_column(String(8), default="en")
    #: Where the person is: "phq9:phq9_4", or "review".
    place: Mapped[str] = mapped_column(String(80), default="")
    first_answer_at: Mapped[datetime | None]
    last_at: Mapped[datetime]
    typed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    #: The tablet on which it is answered, and since when that shows the code pad again, unfinished.
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("kiosk_device.id"))
    suspended_at: Mapped[datetime | None]
    #: Choices do not move on by themselves: switched off on a page of this form.
    by_hand: Mapped[bool] = mapped_column(default=False)
    #: A question was read aloud by the device.
    heard: Mapped[bool] = mapped_column(default=False)
    #: Who helped with reading: "staff", "family", or nobody.
    helped_by: Mapped[str | None] = mapped_column(String(12))
    resume_tries: Mapped[int] = mapped_column(default=0)

    #: argon2id of the code that opens the draft on another device; None: no code was shown.
    resume_hash = Sealed(TEXT)
    #: {"phq9": {"phq9_1": "0", …}, …}; wiped when the form is sent.
    draft = Sealed(DATA)
