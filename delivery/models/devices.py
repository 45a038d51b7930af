"""Waiting-room tablets. A device belongs to no practice; grants let it serve several."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import Base, Row, TenantRow, tenant


class KioskDevice(Row, Base):
    """An enrolled tablet."""

    __tablename__ = "kiosk_device"

    name: Mapped[str] = mapped_column(String(60))
    secret_hash: Mapped[bytes | None] = mapped_column(unique=True)
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
    __table_args__ = tenant("assignment")

    assignment_id: Mapped[UUID] = mapped_column(index=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk_device.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    wrong_tries: Mapped[int] = mapped_column(default=0)
