"""Reports: what goes on the page, the sealed PDF, and who may open it."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, jobs, report_data
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict
from delivery.models.people import Practice
from delivery.models.results import Report, ReportFile, Submission
from delivery.report_input import ReportInput
from delivery.states import WorkState, move

KEPT: Final = timedelta(days=548)


def begin(session: Session, report_id: UUID, job_id: str | None) -> tuple[ReportInput, str] | None:
    """Seal what the page is made from, on first use, and give it with the paper; None where it is ready.

    The input is assembled once: what was known when the report was made does not change afterwards.
    """
    row = session.get(Report, report_id)
    if row is None or row.state is WorkState.READY:
        return None
    move(session, Report, row.id, WorkState.MAKING, job_id=job_id, error=None)
    practice = session.get(Practice, row.practice_id)
    assert practice is not None
    if row.input is None:
        assert row.submission_id is not None
        row.input = report_data.assemble(session, row.submission_id).to_json()
    return ReportInput.from_json(row.input), practice.paper


def ready(session: Session, report_id: UUID, pdf: bytes) -> None:
    """Store the PDF and plan its way to the clinicians. Safe to run twice."""
    row = session.get(Report, report_id)
    assert row is not None
    if not move(
        session,
        Report,
        row.id,
        WorkState.READY,
        Report.state == WorkState.MAKING,
        made_at=now(),
        size=len(pdf),
    ):
        return
    row.sha256 = sha256(pdf).hexdigest()
    _keep(session, row, pdf)
    jobs.add(session, "handoff", row.id, practice_id=row.practice_id)
    audit.record(session, row.practice_id, audit.WORKER, audit.Tag.REPORT_MADE, row.id)


def _keep(session: Session, row: Report, pdf: bytes) -> None:
    file = session.scalars(select(ReportFile).where(ReportFile.report_id == row.id)).one_or_none()
    if file is None:
        file = ReportFile(practice_id=row.practice_id, report_id=row.id, keep_until=now() + KEPT)
        session.add(file)
    file.pdf = pdf


def failed(session: Session, report_id: UUID, error: str) -> None:
    """Show on the console that rendering did not work; the work itself is tried again by the ledger."""
    move(session, Report, report_id, WorkState.FAILED, error=error[:80])


def of_submission(session: Session, submission_id: UUID) -> Report | None:
    """The report of a submission, or None before it was scored."""
    return session.scalars(select(Report).where(Report.submission_id == submission_id)).one_or_none()


def open_pdf(session: Session, caller: Caller, submission_id: UUID) -> bytes:
    """The PDF, after its audit row. Raises NotFound, or Conflict while it is being made."""
    submission = access.one(session, caller, Submission, submission_id)
    row = of_submission(session, submission.id)
    file = (
        session.scalars(select(ReportFile).where(ReportFile.report_id == row.id)).one_or_none()
        if row
        else None
    )
    if row is None or file is None or file.pdf is None:
        raise Conflict("The PDF is being made. It is usually there within a few seconds.")
    audit.record(session, row.practice_id, caller.actor, audit.Tag.REPORT_READ, row.id)
    return file.pdf


def retry(session: Session, caller: Caller, submission_id: UUID) -> None:
    """Make a report that is missing or could not be made. Raises NotFound, Conflict."""
    submission = access.one(session, caller, Submission, submission_id)
    row = of_submission(session, submission.id)
    if row is None:
        plan(session, submission)
        return
    if row.state is WorkState.READY:
        raise Conflict("The PDF is there already.")
    if not jobs.retry(session, "report", row.id):
        raise Conflict("It is being tried again already.")
    audit.record(session, row.practice_id, caller.actor, audit.Tag.WORK_RETRIED, row.id)


def plan(session: Session, submission: Submission) -> Report:
    """A report row for a scored submission, and the work to make it."""
    row = Report(
        practice_id=submission.practice_id,
        assignment_id=submission.assignment_id,
        submission_id=submission.id,
    )
    session.add(row)
    session.flush()
    jobs.add(session, "report", row.id, practice_id=submission.practice_id)
    return row
