"""Job `report`: render one report's PDF from its sealed input and store it sealed."""

from __future__ import annotations

from rq import get_current_job

from delivery import jobs, report_page, reports
from delivery.jobs import Claim
from workers import pdf
from workers.context import Context


def run(here: Context, claim: Claim) -> None:
    """Assemble, render, store. A page that cannot be rendered shows as failed and is tried again."""
    service, job = here.service, get_current_job()
    with service.db.write() as session:
        found = reports.begin(session, claim.subject_id, job.id if job else None)
        if found is None:
            jobs.finish(session, claim)
            return
    made_from, paper = found
    try:
        made = pdf.render(report_page.page(made_from), paper)
    except Exception as error:
        with service.db.write() as session:
            reports.failed(session, claim.subject_id, jobs.where(error))
        raise
    with service.db.write() as session:
        reports.ready(session, claim.subject_id, made)
        jobs.finish(session, claim)
