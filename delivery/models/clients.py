"""Clients, those who answer for them, how they may be reached, what they agreed to, and their episodes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import DATA, DATE, TEXT, Base, Sealed, TenantRow, choice, state_column, tenant
from delivery.states import ClientState


class CareRole(StrEnum):
    """Why somebody is on a care team."""

    PRIMARY = "primary"
    COLLEAGUE = "colleague"
    SUPERVISOR = "supervisor"
    COVER = "cover"


class CareScope(StrEnum):
    """What somebody on a care team may see: the whole record, or open alerts only."""

    RECORD = "record"
    ALERTS = "alerts"


class RespondentRole(StrEnum):
    """Who answers about the client."""

    SELF = "self"
    PARENT = "parent"
    TEACHER = "teacher"
    PARTNER = "partner"
    OTHER = "other"


class ContactKind(StrEnum):
    """How a contact point is reached."""

    EMAIL = "email"
    SMS = "sms"


class ContactState(StrEnum):
    """Whether a contact point may be used."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    BLOCKED = "blocked"
    DEAD = "dead"


class SafeFor(StrEnum):
    """What may be sent to a contact point: everything, first invitations only, or nothing."""

    REMINDERS = "reminders"
    INVITATIONS = "invitations"
    NOTHING = "nothing"


class CloseReason(StrEnum):
    """Why an episode ended."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    REFERRED = "referred"
    MOVED = "moved"
    DIED = "died"
    NEVER_STARTED = "never_started"


class Client(TenantRow, Base):
    """A person in care at one practice."""

    __tablename__ = "client"
    __table_args__ = tenant()

    state: Mapped[ClientState] = state_column(ClientState, ClientState.ACTIVE)
    state_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(8), default="en")
    time_zone: Mapped[str | None] = mapped_column(String(64))
    interpreter: Mapped[bool] = mapped_column(default=False)
    #: Not a client yet: sent a screening, and is forgotten then unless the member makes them a client.
    prospect_until: Mapped[datetime | None]

    given_name = Sealed(TEXT)
    family_name = Sealed(TEXT)
    called_by = Sealed(TEXT)
    report_label = Sealed(TEXT)
    date_of_birth = Sealed(DATE)
    #: "female", "male", or None for "not recorded".
    sex_for_scoring = Sealed(TEXT)
    county = Sealed(TEXT)
    address = Sealed(TEXT)
    emergency_contact = Sealed(TEXT)
    tags = Sealed(DATA)
    safety_plan = Sealed(DATA)
    #: Stands in the clinician's own calendar in place of a name.
    calendar_code = Sealed(TEXT)


class CareTeam(TenantRow, Base):
    """Who treats the client, in which role, from when to when: the door inside the practice wall."""

    __tablename__ = "care_team"
    __table_args__ = tenant("client")

    client_id: Mapped[UUID] = mapped_column(index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[CareRole] = mapped_column(choice(CareRole))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    scope: Mapped[CareScope] = mapped_column(choice(CareScope), default=CareScope.RECORD)


class Respondent(TenantRow, Base):
    """One who answers: the client, a parent, a teacher, a partner."""

    __tablename__ = "respondent"
    __table_args__ = tenant("client")

    client_id: Mapped[UUID] = mapped_column(index=True)
    role: Mapped[RespondentRole] = mapped_column(choice(RespondentRole), default=RespondentRole.SELF)
    language: Mapped[str] = mapped_column(String(8), default="en")
    #: Which roles may see these answers beside the care team; empty = the care team only.
    who_may_see: Mapped[list[Any]] = mapped_column(default=list)
    #: "I don't want these forms": set by the client, undone only with a noted conversation.
    refused_at: Mapped[datetime | None]
    #: Nothing is sent, whoever asks: kiosk or in the room only.
    in_person_only: Mapped[bool] = mapped_column(default=False)
    #: The portal may show earlier results as a graph.
    portal_trends: Mapped[bool] = mapped_column(default=False)
    until_at: Mapped[datetime | None]

    name = Sealed(TEXT)
    #: A colour or nickname the client chose, shown on the start page so that families can tell.
    recognition_word = Sealed(TEXT)
    #: argon2id of the word agreed in person, which the start page of a link then asks for; None: no word.
    passphrase_hash = Sealed(TEXT)


class ContactPoint(TenantRow, Base):
    """An e-mail address or a phone number. Several people may share one, so nothing here is unique."""

    __tablename__ = "contact_point"
    __table_args__ = tenant("respondent", also=(Index(None, "practice_id", "blind_index"),))

    respondent_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[ContactKind] = mapped_column(choice(ContactKind))
    state: Mapped[ContactState] = mapped_column(choice(ContactState), default=ContactState.UNCONFIRMED)
    state_reason: Mapped[str | None] = mapped_column(String(60))
    confirmed_at: Mapped[datetime | None]
    #: "test" (a test message arrived), "in person" …
    confirmed_how: Mapped[str | None] = mapped_column(String(24))
    safe_for: Mapped[SafeFor] = mapped_column(choice(SafeFor), default=SafeFor.REMINDERS)
    #: {"from": "09:00", "to": "17:00"} in the client's zone; empty = the usual quiet hours only.
    safe_hours: Mapped[dict[str, Any]] = mapped_column(default=dict)
    fallback: Mapped[bool] = mapped_column(default=False)
    blind_index: Mapped[bytes]

    value = Sealed(TEXT)


class Consent(TenantRow, Base):
    """Agreement to a channel, at one address or (none named) at any of this person's.

    Without a row that stands, no attempt can be inserted.
    """

    __tablename__ = "consent"
    __table_args__ = tenant("respondent", "contact_point")

    respondent_id: Mapped[UUID] = mapped_column(index=True)
    contact_point_id: Mapped[UUID | None]
    channel: Mapped[str] = mapped_column(String(12))
    wording: Mapped[str] = mapped_column(String(60))
    given_at: Mapped[datetime]
    #: "signed on paper", "in the portal", "by phone" …
    how: Mapped[str] = mapped_column(String(60))
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]


class PermittedUse(TenantRow, Base):
    """What the client lets the answers be used for; a new row for every choice, the latest counts."""

    __tablename__ = "permitted_use"
    __table_args__ = tenant("respondent")

    respondent_id: Mapped[UUID] = mapped_column(index=True)
    own_statistics: Mapped[bool]
    alliance_figures: Mapped[bool]
    wording: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(8))
    chosen_at: Mapped[datetime]


class Episode(TenantRow, Base):
    """A course of care, opened and closed by a person's act."""

    __tablename__ = "episode"
    __table_args__ = tenant(
        "client",
        also=(
            Index(
                "uq_episode_open",
                "client_id",
                unique=True,
                sqlite_where=text("closed_at IS NULL"),
                postgresql_where=text("closed_at IS NULL"),
            ),
        ),
    )

    client_id: Mapped[UUID] = mapped_column(index=True)
    opened_at: Mapped[datetime]
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[CloseReason | None] = mapped_column(choice(CloseReason))
    setting: Mapped[str] = mapped_column(String(12), default="individual")
    mandated: Mapped[bool] = mapped_column(default=False)

    payer = Sealed(TEXT)
    diagnosis_group = Sealed(TEXT)
