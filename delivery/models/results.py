"""What came back: answers, scores, alerts, reports and their way to the clinician."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.assignments import Way
from delivery.models.base import BYTES, DATA, TEXT, Base, Sealed, TenantRow, choice, state_column, tenant
from delivery.states import AlertState, HandoffState, WorkState


class Submission(TenantRow, Base):
    """One instrument as answered. A battery's submissions are stored in one transaction."""

    __tablename__ = "submission"
    __table_args__ = tenant(
        "assignment",
        "client",
        "episode",
        "respondent",
        also=(UniqueConstraint("assignment_id", "instrument_key"),),
    )

    assignment_id: Mapped[UUID] = mapped_column(index=True)
    client_id: Mapped[UUID] = mapped_column(index=True)
    episode_id: Mapped[UUID] = mapped_column(index=True)
    respondent_id: Mapped[UUID]
    instrument_key: Mapped[str] = mapped_column(String(40))
    instrument_version: Mapped[int]
    #: sha256 of the instrument's definition at that moment.
    content_hash: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    #: sha256 of the words that were answered; None on rows older than this column.
    wording_hash: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[Way] = mapped_column(choice(Way))
    #: How sure we are who answered: seen, confirmed, likely, uncertain.
    identity: Mapped[str] = mapped_column(String(12))
    typed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime]
    late: Mapped[bool] = mapped_column(default=False)
    #: The client's permitted uses as they stood: {"own_statistics": …, "alliance_figures": …, "wording": …}.
    uses: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]

    #: {item id: option code, or null for left blank}.
    answers = Sealed(DATA)


class Score(TenantRow, Base):
    """The result of one submission by one version of the engine."""

    __tablename__ = "score"
    __table_args__ = tenant("submission", also=(UniqueConstraint("submission_id"),))

    submission_id: Mapped[UUID]
    engine_version: Mapped[str] = mapped_column(String(12))
    #: Whether the measure's missing-item rule allows a score.
    valid: Mapped[bool]

    #: The engine's result as `./lightq score` prints it.
    result = Sealed(DATA)


class EpisodeSummary(TenantRow, Base):
    """Baseline, previous, latest and flags per instrument, respondent and episode: lists read this."""

    __tablename__ = "episode_summary"
    __table_args__ = tenant(
        "episode", "respondent", also=(UniqueConstraint("episode_id", "instrument_key", "respondent_id"),)
    )

    episode_id: Mapped[UUID] = mapped_column(index=True)
    respondent_id: Mapped[UUID]
    instrument_key: Mapped[str] = mapped_column(String(40))
    updated_at: Mapped[datetime]

    #: {"baseline": {...}, "previous": {...}, "latest": {...}, "n": 3, "flags": [...]}.
    summary = Sealed(DATA)


class Alert(TenantRow, Base):
    """A risk answer. It stays until somebody writes what was done."""

    __tablename__ = "alert"
    __table_args__ = tenant(
        "assignment", "client", "submission", also=(UniqueConstraint("assignment_id", "item_id"),)
    )

    assignment_id: Mapped[UUID]
    client_id: Mapped[UUID] = mapped_column(index=True)
    submission_id: Mapped[UUID | None]
    instrument_key: Mapped[str] = mapped_column(String(40))
    item_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[AlertState] = state_column(AlertState, AlertState.RAISED)
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

    #: {"code", "label", "value", "reason", "earlier": [...], "unfinished": bool}.
    detail = Sealed(DATA)
    note = Sealed(TEXT)


class Report(TenantRow, Base):
    """The PDF of one submission (or, with no submission, of a whole battery)."""

    __tablename__ = "report"
    __table_args__ = tenant(
        "assignment", "submission", also=(UniqueConstraint("assignment_id", "submission_id"),)
    )

    assignment_id: Mapped[UUID] = mapped_column(index=True)
    submission_id: Mapped[UUID | None] = mapped_column(index=True)
    state: Mapped[WorkState] = state_column(WorkState, WorkState.DUE)
    made_at: Mapped[datetime | None]
    #: The queue's job that made it, for tracing one report through the logs.
    job_id: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(String(80))
    size: Mapped[int | None]

    #: What the page is made from; the same input always gives the same bytes.
    input = Sealed(DATA)
    sha256 = Sealed(TEXT)


class ReportFile(TenantRow, Base):
    """The PDF's bytes, apart from the row that lists read; kept for a time and re-made on demand."""

    __tablename__ = "report_file"
    __table_args__ = tenant("report", also=(UniqueConstraint("report_id"),))

    report_id: Mapped[UUID]
    keep_until: Mapped[datetime]

    pdf = Sealed(BYTES)


class Handoff(TenantRow, Base):
    """One report's way to one clinician."""

    __tablename__ = "handoff"
    __table_args__ = tenant("report", "dispatch", also=(UniqueConstraint("report_id", "person_id"),))

    report_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    dispatch_id: Mapped[UUID | None]
    state: Mapped[HandoffState] = state_column(HandoffState, HandoffState.DUE)
    handed_over_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(80))
