"""A link in a message that signs a client in to their own page with one press, once.

Opening it shows a button and changes nothing, so that scanners and previews are harmless.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from delivery.db import now
from delivery.models.clients import ContactPoint
from delivery.models.portal import CodeFor, OneTimeCode
from delivery.settings import Settings
from delivery.signing import Purpose, Tokens

LIVES: Final = timedelta(days=3)
#: Of a hash that nothing typed can have.
NO_DIGITS: Final = 32


def make(session: Session, point: ContactPoint, due_at: datetime) -> OneTimeCode:
    """A sign-in for whoever reads a message that is due then at this contact. It has no digits."""
    row = OneTimeCode(
        practice_id=point.practice_id,
        opens=CodeFor.PORTAL,
        respondent_id=point.respondent_id,
        contact_point_id=point.id,
        secret_hash=os.urandom(NO_DIGITS),
        code_hash=os.urandom(NO_DIGITS),
        expires_at=due_at + LIVES,
    )
    session.add(row)
    session.flush()
    return row


def token(code_id: UUID, tokens: Tokens) -> str:
    """The token of a sign-in link."""
    return tokens.make(Purpose.PORTAL, code_id.bytes)


def url(token: str, settings: Settings) -> str:
    """Where the client opens it."""
    return f"{settings.client_url}/portal/{token}"


def look(session: Session, token: str, tokens: Tokens, *, lock: bool = False) -> OneTimeCode | None:
    """The sign-in of a token while it still opens; None for anything forged, used or over."""
    raw = tokens.read(Purpose.PORTAL, token)
    # Looked up either way: the time says no more than the answer.
    found = session.get(OneTimeCode, UUID(bytes=raw or bytes(16)), with_for_update={} if lock else None)
    if raw is None or found is None or found.used_at is not None or found.expires_at <= now():
        return None
    return found if found.opens is CodeFor.PORTAL else None
