"""What programs get back. Answers to a POST hold ids and states only, because they are kept for repeats."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from delivery.models.assignments import Occasion, Way
from delivery.models.clients import CloseReason, RespondentRole
from delivery.states import AlertState, AssignmentState, ClientState, WorkState
from delivery.web.api.reach_answers import Consent, ContactPoint, PermittedUses


class Problem(BaseModel):
    """RFC 9457: what is wrong, and why field by field."""

    class Fault(BaseModel):
        """One field and its reason."""

        field: str
        reason: str

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None


class RespondentMade(BaseModel):
    """A respondent's id."""

    id: UUID
    role: RespondentRole


class ClientMade(BaseModel):
    """A client's id, and those of its respondents in the order they were sent."""

    id: UUID
    state: ClientState
    respondents: list[RespondentMade]


class ClientMoved(BaseModel):
    """A client's state after the act; `stopped` asks ended with it."""

    id: UUID
    state: ClientState
    stopped: int


class Respondent(BaseModel):
    """One who answers about the client."""

    id: UUID
    role: RespondentRole
    name: str | None
    language: str
    refused_at: datetime | None
    contact_points: list[ContactPoint]
    consents: list[Consent]
    permitted_uses: PermittedUses | None


class ClientShown(BaseModel):
    """A client's record, without answers."""

    id: UUID
    state: ClientState
    given_name: str | None
    family_name: str | None
    called_by: str | None
    report_label: str | None
    date_of_birth: date | None
    sex_for_scoring: str | None
    language: str
    time_zone: str | None
    county: str | None
    emergency_contact: str | None
    open_episode: UUID | None
    respondents: list[Respondent]


class Licence(BaseModel):
    """Terms of use, and the notice to show with the wording."""

    status: str
    notice: str


class Instrument(BaseModel):
    """One measure of this installation."""

    key: str
    version: int
    name: str
    items: int
    languages: list[str]
    settings: list[str]
    licence: Licence
    sendable: bool


class Instruments(BaseModel):
    """All measures."""

    instruments: list[Instrument]


class AssignmentMade(BaseModel):
    """A new ask. `link` is given only where the caller hands it over; otherwise the message carries it."""

    id: UUID
    status: AssignmentState
    link: str | None
    warnings: list[str] = Field([], description="Measures meant for another age, or for others to answer")


class AssignmentMoved(BaseModel):
    """An ask after an act."""

    id: UUID
    status: AssignmentState


class Step(BaseModel):
    """One line of an ask's history. `code` and `reason` say why, without personal data.

    Of a message: planned, due, held, refused, handed_over, deferred, delivered, failed, unclear, cancelled.
    """

    at: datetime
    what: str
    code: str | None = None
    reason: str | None = None
    channel: str | None = Field(None, description="email or sms, where the line is about a message")
    purpose: str | None = Field(None, description="invitation or reminder")
    instead: bool | None = Field(None, description="It took the place of a message that could not arrive")
    until: datetime | None = Field(None, description="Until when it waits")


class Chosen(BaseModel):
    """A measure in its version, and the language of its questions (null: asked before this was chosen)."""

    key: str
    version: int
    language: str | None = None
    interpreter: bool = False


class AssignmentShown(BaseModel):
    """An ask, what became of it, and its submissions once it is answered."""

    id: UUID
    client_id: UUID
    episode_id: UUID
    respondent_id: UUID
    instruments: list[Chosen]
    occasion: Occasion
    channel: Way
    status: AssignmentState
    send_at: datetime
    expires_at: datetime
    submissions: list[UUID]
    history: list[Step]


class SubmissionLine(BaseModel):
    """A submission in a list: nothing of what was answered."""

    id: UUID
    assignment_id: UUID
    client_id: UUID
    instrument: str
    version: int
    answered_at: datetime
    scored: bool
    report: WorkState | None


class Submissions(BaseModel):
    """A page of submissions, oldest first. Ask again with `since` = `next`; `more` says whether at once."""

    submissions: list[SubmissionLine]
    next: str | None
    more: bool


class RiskAnswer(BaseModel):
    """An alert and whether somebody has taken it up."""

    id: UUID
    item: str
    reason: str
    state: AlertState
    raised_at: datetime


class SubmissionShown(BaseModel):
    """One measure as answered, and its result in the shape of `./lightq score` (null until scored)."""

    id: UUID
    assignment_id: UUID
    client_id: UUID
    episode_id: UUID
    respondent_id: UUID
    instrument: str
    version: int
    content_sha256: str
    language: str
    channel: Way
    identity: str = Field(description="How sure it is who answered: seen, confirmed, likely, uncertain")
    typed_by: UUID | None
    started_at: datetime
    answered_at: datetime
    late: bool
    voided_at: datetime | None
    permitted_uses: dict[str, Any]
    answers: dict[str, str | None] = Field(description="Item id to option code; null = left blank")
    result: dict[str, Any] | None
    alerts: list[RiskAnswer]
    report: WorkState | None


class Point(BaseModel):
    """One filled-in measure on a trend; `scores` as `./lightq score` prints them, null until scored."""

    submission_id: UUID
    episode_id: UUID
    version: int
    language: str
    answered_at: datetime
    valid: bool | None
    scores: dict[str, Any] | None


class Series(BaseModel):
    """One respondent's points, oldest first. Different respondents are never one line."""

    respondent_id: UUID
    role: RespondentRole
    points: list[Point]


class Trend(BaseModel):
    """A measure over time."""

    client_id: UUID
    instrument: str
    series: list[Series]


class Summary(BaseModel):
    """Baseline, previous, latest and flags of one measure and respondent."""

    instrument: str
    respondent_id: UUID
    updated_at: datetime
    summary: dict[str, Any] | None


class EpisodeShown(BaseModel):
    """A course of care."""

    id: UUID
    client_id: UUID
    opened_at: datetime
    closed_at: datetime | None
    close_reason: CloseReason | None
    setting: str
    mandated: bool
    payer: str | None
    diagnosis_group: str | None
    summaries: list[Summary]
