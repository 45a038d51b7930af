"""Job `risk_check`: two minutes after a critical mark, tell of what still stands in an unsent form."""

from __future__ import annotations

from delivery import jobs, sittings
from delivery.jobs import Claim
from workers.context import Context


def run(here: Context, claim: Claim) -> None:
    """Raise the alerts in the transaction that finishes the claim."""
    with here.service.db.write() as session:
        sittings.check_unfinished(session, claim.subject_id)
        jobs.finish(session, claim)
