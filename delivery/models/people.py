"""The alliance, its practices, the people who work in them, and how they sign in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import TEXT, Base, Row, Sealed, TenantRow, choice, tenant


class Role(StrEnum):
    """What a grant allows. `officer` and `operator` are roles at the alliance, without a practice."""

    CLINICIAN = "clinician"
    OWNER = "owner"
    FRONT_DESK = "front_desk"
    OFFICER = "officer"
    OPERATOR = "operator"


class Practice(Row, Base):
    """The tenant: one record holder. Office-sharers are practices of their own."""

    __tablename__ = "practice"

    name: Mapped[str] = mapped_column(String(200))
    #: The neutral name in messages and on client pages; says nothing of a specialty.
    sender_name: Mapped[str] = mapped_column(String(60))
    time_zone: Mapped[str] = mapped_column(String(64), default="America/Los_Angeles")
    phone: Mapped[str | None] = mapped_column(String(32))
    #: When answers are read, as the client is told: "on weekdays".
    reads_answers: Mapped[str] = mapped_column(String(120), default="on weekdays")
    paper: Mapped[str] = mapped_column(String(6), default="letter")
    #: The accent of client pages, "#7a1f4b", checked for contrast when it was chosen; None: LightQ's own.
    colour: Mapped[str | None] = mapped_column(String(7))
    #: PNG, JPEG or WebP, at most 100 KB, and its media type.
    logo: Mapped[bytes | None]
    logo_type: Mapped[str | None] = mapped_column(String(24))
    #: Lines to call in distress beside 988 and 911: [{"name", "phone", "hours"}].
    help_lines: Mapped[list[Any]] = mapped_column(default=list)
    #: Where texts go out from, a number or messaging service of its own; None: the installation's.
    sms_sender: Mapped[str | None] = mapped_column(String(40))
    #: The number that clients' texts to this practice come to.
    sms_number: Mapped[str | None] = mapped_column(String(20), unique=True)


class PracticeKey(Row, Base):
    """A practice's data or index key, wrapped by the key-encryption key."""

    __tablename__ = "practice_key"
    __table_args__ = (UniqueConstraint("owner_id", "purpose", "number"),)

    #: A practice, or the all-zero id for the alliance's own rows.
    owner_id: Mapped[UUID] = mapped_column(index=True)
    purpose: Mapped[str] = mapped_column(String(8))
    number: Mapped[int]
    wrapped: Mapped[bytes]


class Person(Row, Base):
    """Somebody who signs in. A person may hold any set of roles, in any number of practices."""

    __tablename__ = "person"

    name: Mapped[str] = mapped_column(String(200))
    #: As clients know them: "Dr. Rivera".
    known_as: Mapped[str] = mapped_column(String(100))
    credentials: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    #: Routine messages: "daily" (one a day at most), "each" result, or "none". Risk is always told.
    routine_mail: Mapped[str] = mapped_column(String(8), default="daily")
    left_at: Mapped[datetime | None]

    phone = Sealed(TEXT)


class Grant(Row, Base):
    """Person × practice × role, for a time."""

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint(
            "(practice_id IS NULL) = (role IN ('officer', 'operator'))",
            name="alliance_roles_have_no_practice",
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practice.id"), index=True)
    role: Mapped[Role] = mapped_column(choice(Role))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]


class ConsoleSession(Row, Base):
    """A signed-in browser. Only a hash of its secret is kept; revoking works at once."""

    __tablename__ = "console_session"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    browser: Mapped[str] = mapped_column(String(60), default="")
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ApiToken(Row, Base):
    """A bearer token of a person for one practice. Only its hash is kept."""

    __tablename__ = "api_token"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignInThrottle(Base):
    """Counts wrong tries at sign-in, and openings of ended links, for a keyed hash of an e-mail address or
    network."""

    __tablename__ = "sign_in_throttle"

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]


class Cover(TenantRow, Base):
    """Who takes up a member's alerts in their absence; possibly a colleague of another practice."""

    __tablename__ = "cover"
    __table_args__ = tenant()

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    cover_person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    after_minutes: Mapped[int] = mapped_column(default=60)
