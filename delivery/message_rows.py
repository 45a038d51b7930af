"""The columns of each table that a message's facts are made of, as plain rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from delivery.models.assignments import Link
from delivery.models.clients import ContactPoint, ContactState, Respondent, SafeFor
from delivery.models.messages import Purpose, RecipientKind
from delivery.models.portal import OneTimeCode
from delivery.states import AssignmentState, ClientState, DispatchState


class Planned(NamedTuple):
    """The message itself: columns of Dispatch."""

    id: UUID
    practice_id: UUID
    purpose: Purpose
    recipient: RecipientKind
    assignment_id: UUID | None
    respondent_id: UUID | None
    contact_point_id: UUID | None
    person_id: UUID | None
    channel: str
    lane: str
    business_key: str
    state: DispatchState
    created_at: datetime


class Office(NamedTuple):
    """The practice that it comes from."""

    id: UUID
    sender_name: str
    time_zone: str
    sms_sender: str | None


class Staff(NamedTuple):
    """The person of the practice whom it goes to."""

    id: UUID
    email: str


class Asked(NamedTuple):
    """The ask that it is about."""

    id: UUID
    state: AssignmentState
    expires_at: datetime


class Patient(NamedTuple):
    """The client whom it is about."""

    id: UUID
    state: ClientState
    time_zone: str | None


class Answerer(NamedTuple):
    """Who is to answer."""

    id: UUID
    practice_id: UUID
    language: str
    refused_at: datetime | None
    in_person_only: bool
    recognition_word_sealed: bytes | None

    @property
    def recognition_word(self) -> str | None:
        return Respondent.recognition_word.open(self.recognition_word_sealed, self.practice_id, self.id)


class Point(NamedTuple):
    """Where it goes."""

    id: UUID
    practice_id: UUID
    state: ContactState
    safe_for: SafeFor
    safe_hours: dict[str, Any]
    blind_index: bytes
    value_sealed: bytes | None

    @property
    def value(self) -> str | None:
        return ContactPoint.value.open(self.value_sealed, self.practice_id, self.id)


class OpenLink(NamedTuple):
    """The link that it carries."""

    id: UUID
    practice_id: UUID
    expires_at: datetime
    token_id_sealed: bytes | None

    @property
    def token_id(self) -> bytes | None:
        return Link.token_id.open(self.token_id_sealed, self.practice_id, self.id)


class Code(NamedTuple):
    """The code that it carries, or the sign-in link."""

    id: UUID
    practice_id: UUID
    expires_at: datetime
    used_at: datetime | None
    code_sealed: bytes | None

    @property
    def digits(self) -> str | None:
        return OneTimeCode.code.open(self.code_sealed, self.practice_id, self.id)
