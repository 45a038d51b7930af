"""Planned messages, the calls made for them, and what providers said afterwards."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import DATA, Base, Row, Sealed, TenantRow, choice, state_column, tenant
from delivery.states import AttemptState, DispatchState


class Purpose(StrEnum):
    """What a message is for."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    RESULT = "result"
    RISK = "risk"
    LOCKED = "locked"
    TEST = "test"
    #: A code that somebody has just asked for: to open the portal, or to go on elsewhere.
    CODE = "code"


class RecipientKind(StrEnum):
    """Clients need consent and have quiet hours; persons (alerts, hand-offs) do not."""

    CLIENT = "client"
    PERSON = "person"


class NoticeKind(StrEnum):
    """What a clinician should know about reaching a client."""

    TEXT_REPLY = "text_reply"
    OPTED_OUT = "opted_out"
    DEAD_CONTACT = "dead_contact"
    WRONG_PERSON = "wrong_person"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    NOT_PLANNED = "not_planned"


class Dispatch(TenantRow, Base):
    """One planned message. `business_key` makes planning the same message twice impossible."""

    __tablename__ = "dispatch"
    __table_args__ = tenant(
        "assignment",
        "contact_point",
        "respondent",
        ("code_id", "one_time_code"),
        also=(
            UniqueConstraint("practice_id", "business_key"),
            Index("uq_dispatch_recipient", "practice_id", "id", "recipient", unique=True),
            CheckConstraint("(recipient = 'person') = (person_id IS NOT NULL)", name="a_person_has_an_id"),
            CheckConstraint(
                "(recipient = 'client') = (contact_point_id IS NOT NULL)", name="a_client_has_a_contact_point"
            ),
        ),
    )

    purpose: Mapped[Purpose] = mapped_column(choice(Purpose))
    recipient: Mapped[RecipientKind] = mapped_column(choice(RecipientKind))
    assignment_id: Mapped[UUID | None] = mapped_column(index=True)
    respondent_id: Mapped[UUID | None]
    contact_point_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    code_id: Mapped[UUID | None]
    channel: Mapped[str] = mapped_column(String(12))
    lane: Mapped[str] = mapped_column(String(12), default="interactive")
    business_key: Mapped[str] = mapped_column(String(120))
    state: Mapped[DispatchState] = state_column(DispatchState, DispatchState.PLANNED)
    due_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    #: Machine word and plain sentence for the console; never personal data.
    code: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(200))


class Attempt(TenantRow, Base):
    """One call to a provider, written before the call is made.

    To a client only under a consent: the database takes no attempt without one.
    """

    __tablename__ = "attempt"
    __table_args__ = tenant(
        "dispatch",
        "consent",
        also=(
            UniqueConstraint("dispatch_id", "number"),
            Index(None, "state", "started_at"),
            ForeignKeyConstraint(
                ["practice_id", "dispatch_id", "recipient"],
                ["dispatch.practice_id", "dispatch.id", "dispatch.recipient"],
                name="fk_attempt_recipient",
            ),
            CheckConstraint("(recipient = 'client') = (consent_id IS NOT NULL)", name="a_client_has_agreed"),
        ),
    )

    dispatch_id: Mapped[UUID] = mapped_column(index=True)
    recipient: Mapped[RecipientKind] = mapped_column(choice(RecipientKind))
    consent_id: Mapped[UUID | None]
    number: Mapped[int]
    provider: Mapped[str] = mapped_column(String(24))
    #: Whose number or service it went out from, where a practice has its own; empty: the common one.
    sender: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[AttemptState] = state_column(AttemptState, AttemptState.ATTEMPTING)
    started_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    reference: Mapped[str | None] = mapped_column(String(128))
    code: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(200))
    #: What settled it: "reply", "look_up", "event".
    evidence: Mapped[str | None] = mapped_column(String(12))


class DeliveryEvent(TenantRow, Base):
    """What a provider reported about an attempt; the key stops repeats."""

    __tablename__ = "delivery_event"
    __table_args__ = tenant("attempt", also=(UniqueConstraint("dedupe_key"),))

    attempt_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(24))
    code: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime]
    dedupe_key: Mapped[str] = mapped_column(String(128))


class LocalPost(TenantRow, Base):
    """The post box of an installation without a provider. Nothing here has left this machine."""

    __tablename__ = "local_post"
    __table_args__ = tenant("attempt", also=(UniqueConstraint("attempt_id"),))

    attempt_id: Mapped[UUID]

    message = Sealed(DATA)


class OptOut(Row, Base):
    """Numbers and addresses that want nothing, under a key of their own; says nothing of practices.

    The hash is of the contact alone (nobody of the alliance may write), or of the contact and one practice.
    """

    __tablename__ = "opt_out"
    __table_args__ = (
        Index(
            "uq_opt_out_standing",
            "channel",
            "contact_hash",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    channel: Mapped[str] = mapped_column(String(12))
    contact_hash: Mapped[bytes]
    how: Mapped[str] = mapped_column(String(24))
    #: When the person wanted messages again.
    ended_at: Mapped[datetime | None]


class ContactUse(Row, Base):
    """That something went to a number or address, of any practice: only its keyed hash and the time.

    The id is the attempt's; an attempt that was refused takes its row along. Kept for eight days.
    """

    __tablename__ = "contact_use"
    __table_args__ = (Index(None, "contact_hash", "at"),)

    contact_hash: Mapped[bytes]
    at: Mapped[datetime]


class Breaker(Base):
    """How a provider has answered of late, and until when nothing is handed to it.

    `sender` is empty for the whole provider. `results` are the last outcomes in order: [Unix time, good].
    """

    __tablename__ = "breaker"

    provider: Mapped[str] = mapped_column(String(24), primary_key=True)
    sender: Mapped[str] = mapped_column(String(40), primary_key=True)
    results: Mapped[list[Any]]
    opened_at: Mapped[datetime | None]
    #: Nothing goes out before this; then one message tries.
    until: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(200))


class Notice(TenantRow, Base):
    """A line for the clinicians of a client about how they can be reached; taken away by a press."""

    __tablename__ = "notice"
    __table_args__ = tenant("client", "contact_point", also=(Index(None, "client_id", "done_at"),))

    client_id: Mapped[UUID]
    contact_point_id: Mapped[UUID | None]
    kind: Mapped[NoticeKind] = mapped_column(choice(NoticeKind))
    at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
