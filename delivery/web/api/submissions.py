"""What came back: answers, results, reports, trends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, clients
from delivery.access import Caller
from delivery.db import now
from delivery.models.results import Alert, Report, Score, Submission
from delivery.web.api import answers
from delivery.web.api.routes import route
from delivery.web.api.schemas import SubmissionsQuery, TrendQuery
from delivery.web.zones import service

#: On PostgreSQL a row may become visible after a later one; the list stays this far behind, and skips none.
SETTLED: Final = timedelta(seconds=2)


@route("GET", "/submissions", query=SubmissionsQuery, answer=answers.Submissions)
def list_submissions(session: Session, caller: Caller, query: SubmissionsQuery) -> answers.Submissions:
    """Submissions of the caller's clients in the order they were stored, page by page."""
    start = query.start()
    chosen = access.of_client(caller, Submission).order_by(Submission.id).limit(query.limit + 1)
    if isinstance(start, UUID):
        chosen = chosen.where(Submission.id > start)
    elif start is not None:
        chosen = chosen.where(Submission.created_at >= start)
    if not service().db.is_sqlite:
        chosen = chosen.where(Submission.created_at < now() - SETTLED)
    found = list(session.scalars(chosen))
    rows = found[: query.limit]
    for practice_id in {row.practice_id for row in rows}:
        detail = {"submissions": [str(row.id) for row in rows if row.practice_id == practice_id]}
        audit.record(session, practice_id, caller.actor, audit.Tag.RESULT_READ, detail=detail)
    ids = [row.id for row in rows]
    scored = set(session.scalars(select(Score.submission_id).where(Score.submission_id.in_(ids))))
    reports = {
        row.submission_id: row.state
        for row in session.scalars(select(Report).where(Report.submission_id.in_(ids)))
    }
    last = str(rows[-1].id) if rows else query.since
    return answers.Submissions(
        submissions=[
            answers.SubmissionLine(
                id=row.id,
                assignment_id=row.assignment_id,
                client_id=row.client_id,
                instrument=row.instrument_key,
                version=row.instrument_version,
                answered_at=row.answered_at,
                scored=row.id in scored,
                report=reports.get(row.id),
            )
            for row in rows
        ],
        next=last,
        more=len(found) > len(rows),
    )


@route("GET", "/submissions/<uuid:submission_id>", answer=answers.SubmissionShown)
def show_submission(session: Session, caller: Caller, submission_id: UUID) -> answers.SubmissionShown:
    """One measure as answered, with its result."""
    row = access.one(session, caller, Submission, submission_id)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.RESULT_READ, row.id)
    alerts = session.scalars(select(Alert).where(Alert.submission_id == row.id).order_by(Alert.raised_at))
    score = _score(session, row.id)
    report = session.scalars(select(Report).where(Report.submission_id == row.id)).one_or_none()
    return answers.SubmissionShown(
        id=row.id,
        assignment_id=row.assignment_id,
        client_id=row.client_id,
        episode_id=row.episode_id,
        respondent_id=row.respondent_id,
        instrument=row.instrument_key,
        version=row.instrument_version,
        content_sha256=row.content_hash,
        language=row.language,
        channel=row.channel,
        identity=row.identity,
        typed_by=row.typed_by,
        started_at=row.started_at,
        answered_at=row.answered_at,
        late=row.late,
        voided_at=row.voided_at,
        permitted_uses=row.uses,
        answers=row.answers or {},
        result=score.result if score else None,
        alerts=[
            answers.RiskAnswer(
                id=alert.id,
                item=alert.item_id,
                reason=str((alert.detail or {}).get("reason", "")),
                state=alert.state,
                raised_at=alert.raised_at,
            )
            for alert in alerts
        ],
        report=report.state if report else None,
    )


@route("GET", "/submissions/<uuid:submission_id>/report.pdf", answer=None)
def open_report(session: Session, caller: Caller, submission_id: UUID) -> bytes:
    """The report as PDF; 409 while it is being made."""
    from delivery import reports  # noqa: PLC0415 - with its templates, only where a report is opened

    return reports.open_pdf(session, caller, submission_id)


@route("GET", "/clients/<uuid:client_id>/trend", query=TrendQuery, answer=answers.Trend)
def show_trend(session: Session, caller: Caller, client_id: UUID, query: TrendQuery) -> answers.Trend:
    """One measure over time, for each who answered it. Withdrawn submissions are left out."""
    client = access.client(session, caller, client_id)
    rows = list(
        session.scalars(
            access.of_client(caller, Submission)
            .where(
                Submission.client_id == client.id,
                Submission.instrument_key == query.instrument,
                Submission.voided_at.is_(None),
            )
            .order_by(Submission.answered_at, Submission.id)
        )
    )
    detail: dict[str, Any] = {"trend": query.instrument, "submissions": [str(row.id) for row in rows]}
    audit.record(session, client.practice_id, caller.actor, audit.Tag.RESULT_READ, client.id, detail)
    series = [
        answers.Series(
            respondent_id=who.id,
            role=who.role,
            points=[_point(session, row) for row in rows if row.respondent_id == who.id],
        )
        for who in clients.respondents(session, client.id)
    ]
    return answers.Trend(
        client_id=client.id, instrument=query.instrument, series=[one for one in series if one.points]
    )


def _point(session: Session, row: Submission) -> answers.Point:
    score = _score(session, row.id)
    result = (score.result if score else None) or {}
    return answers.Point(
        submission_id=row.id,
        episode_id=row.episode_id,
        version=row.instrument_version,
        language=row.language,
        answered_at=row.answered_at,
        valid=result.get("valid"),
        scores=result.get("scores"),
    )


def _score(session: Session, submission_id: UUID) -> Score | None:
    return session.scalars(select(Score).where(Score.submission_id == submission_id)).one_or_none()
