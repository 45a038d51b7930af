"""A client's own page: the codes that are sent to a contact on file, and signed-in browsers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import TEXT, Base, Sealed, TenantRow, choice, tenant


class CodeFor(StrEnum):
    """What a code opens."""

    PORTAL = "portal"
    RESUME = "resume"


class OneTimeCode(TenantRow, Base):
    """Six digits sent to a contact on file, good for minutes, once, and five wrong tries."""

    __tablename__ = "one_time_code"
    __table_args__ = tenant("respondent", "contact_point", ("form_id", "form_session"))

    opens: Mapped[CodeFor] = mapped_column(choice(CodeFor))
    respondent_id: Mapped[UUID]
    contact_point_id: Mapped[UUID] = mapped_column(index=True)
    #: The sitting to go on with.
    form_id: Mapped[UUID | None]
    #: Keyed; names the browser that asked, so that nobody else's tries count against it.
    secret_hash: Mapped[bytes] = mapped_column(index=True)
    code_hash: Mapped[bytes]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]

    #: The digits for the message; wiped when used or over.
    code = Sealed(TEXT)


class PortalSession(TenantRow, Base):
    """A browser in which a client is signed in. Only a hash of its secret is kept; revoking works at once."""

    __tablename__ = "portal_session"
    __table_args__ = tenant("respondent", "contact_point")

    respondent_id: Mapped[UUID] = mapped_column(index=True)
    contact_point_id: Mapped[UUID]
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    #: Over a confirmed contact that nobody else reads: more than what is due may be shown.
    full: Mapped[bool] = mapped_column(default=False)
    browser: Mapped[str] = mapped_column(String(60), default="")
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
