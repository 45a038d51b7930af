"""How a respondent is reached, and what they agreed to, as programs get it back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from delivery.models.clients import ContactKind, ContactState, SafeFor


class ContactPoint(BaseModel):
    """Where a respondent can be reached."""

    id: UUID
    kind: ContactKind
    value: str
    safe_for: SafeFor
    safe_hours: dict[str, str] = Field({}, description="From and to, in the client's time zone")
    fallback: bool = Field(False, description="May be used when the other way does not work")
    state: ContactState
    state_reason: str | None = None
    confirmed_at: datetime | None = None
    confirmed_how: str | None = None


class Consent(BaseModel):
    """Agreement to a channel, or one that was withdrawn."""

    channel: str
    contact_point_id: UUID | None = Field(None, description="The one it is for; null: any on the channel")
    wording: str
    given_at: datetime
    how: str
    withdrawn_at: datetime | None


class PermittedUses(BaseModel):
    """The latest choice."""

    own_statistics: bool
    alliance_figures: bool
    wording: str
    chosen_at: datetime
