"""Job `score`: score one submission, update its episode's summary, plan its report."""

from __future__ import annotations

from delivery import jobs, reports, results
from delivery.jobs import Claim
from delivery.models.results import Submission
from workers.context import Context


def run(here: Context, claim: Claim) -> None:
    """Store the score in the transaction that finishes the claim."""
    with here.service.db.write() as session:
        results.store(session, claim.subject_id)
        if reports.of_submission(session, claim.subject_id) is None:
            submission = session.get(Submission, claim.subject_id)
            assert submission is not None
            reports.plan(session, submission)
        jobs.finish(session, claim)
