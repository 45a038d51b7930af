"""Job `handoff`: put a finished report into its clinicians' consoles and plan the message that tells them."""

from __future__ import annotations

from delivery import handoffs, jobs
from delivery.jobs import Claim
from workers.context import Context


def run(here: Context, claim: Claim) -> None:
    """Bring it in the transaction that finishes the claim."""
    with here.service.db.write() as session:
        handoffs.bring(session, claim.subject_id)
        jobs.finish(session, claim)
