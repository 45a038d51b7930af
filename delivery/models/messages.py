"""Planned messages, the calls made for them, and what providers said afterwards."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
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


class RecipientKind(StrEnum):
    """Clients need consent and have quiet hours; persons (alerts, hand-offs) do not."""

    CLIENT = "client"
    PERSON = "person"


class Dispatch(TenantRow, Base):
    """One planned message. `business_key` makes planning the same message twice impossible."""

    __tablename__ = "dispatch"
    __table_args__ = tenant(
        "assignment",
        "contact_point",
        "respondent",
        also=(
            UniqueConstraint("practice_id", "business_key"),
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
    """One call to a provider, written before the call is made."""

    __tablename__ = "attempt"
    __table_args__ = tenant(
        "dispatch", also=(UniqueConstraint("dispatch_id", "number"), Index(None, "state", "started_at"))
    )

    dispatch_id: Mapped[UUID] = mapped_column(index=True)
    number: Mapped[int]
    provider: Mapped[str] = mapped_column(String(24))
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
    """Numbers and addresses that want nothing, under a key of their own; says nothing of practices."""

    __tablename__ = "opt_out"
    __table_args__ = (UniqueConstraint("channel", "contact_hash"),)

    channel: Mapped[str] = mapped_column(String(12))
    contact_hash: Mapped[bytes]
    how: Mapped[str] = mapped_column(String(24))
