"""Job `preview`: render one instrument's PDF with example answers."""

from __future__ import annotations

from delivery import jobs, previews, report_page
from delivery.jobs import Claim
from workers import pdf
from workers.context import Context


def run(here: Context, claim: Claim) -> None:
    """Render and store. One that can't be rendered is shown as such; who asked for it may ask again."""
    service = here.service
    with service.db.write() as session:
        found = previews.begin(session, claim.subject_id)
        if found is None:
            jobs.finish(session, claim)
            return
    try:
        made = pdf.render(report_page.page(previews.example(found)), found.paper)
    except Exception as error:
        with service.db.write() as session:
            previews.failed(session, claim.subject_id, jobs.where(error))
            jobs.finish(session, claim)
        return
    with service.db.write() as session:
        previews.ready(session, claim.subject_id, made)
        jobs.finish(session, claim)
