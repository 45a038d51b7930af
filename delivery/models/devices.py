"""Waiting-room tablets. A device belongs to no practice; grants let it serve several."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import Base, Row, TenantRow, tenant


class KioskDevice(Row, Base):
    """A tablet: waiting for its enrolment code, in use, or revoked.

    It proves itself by signing every request with a key that its browser does not give away, so nothing that
    can be copied from it is of use elsewhere.
    """

    __tablename__ = "kiosk_device"

    name: Mapped[str] = mapped_column(String(60))
    #: P-256, as SubjectPublicKeyInfo (DER); None until it is enrolled.
    public_key: Mapped[bytes | None]
    enrol_hash: Mapped[bytes | None] = mapped_column(unique=True)
    enrol_expires_at: Mapped[datetime | None]
    #: The number of its last request: each is higher, so that none can be repeated.
    last_count: Mapped[int] = mapped_column(BigInteger, default=0)
    enrolled_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    last_seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class KioskGrant(TenantRow, Base):
    """This practice's clients may answer on that device."""

    __tablename__ = "kiosk_grant"
    __table_args__ = tenant(also=(UniqueConstraint("practice_id", "device_id"),))

    device_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk_device.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]


class KioskTicket(TenantRow, Base):
    """A short code that opens one assignment on one device, once."""

    __tablename__ = "kiosk_ticket"
    __table_args__ = tenant("assignment", ("form_id", "form_session"))

    assignment_id: Mapped[UUID] = mapped_column(index=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk_device.id"), index=True)
    made_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    code_hash: Mapped[bytes] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    wrong_tries: Mapped[int] = mapped_column(default=0)
    #: The sitting that it opened.
    form_id: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    #: "sent", "time-out", "tries", "not-me", "replaced", "revoked" …
    end_reason: Mapped[str | None] = mapped_column(String(24))


class DeskCall(TenantRow, Base):
    """Somebody at a tablet asks the front desk to fetch their clinician."""

    __tablename__ = "desk_call"
    __table_args__ = tenant("client", "assignment")

    client_id: Mapped[UUID]
    assignment_id: Mapped[UUID]
    device_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk_device.id"))
    at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    done_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
