"""The `calendar` job: read one calendar address, follow what changed, and come back in an hour."""

from __future__ import annotations

from delivery import feeds, jobs
from delivery.jobs import Claim
from workers.context import Context


def run(here: Context, claim: Claim) -> None:
    """Read outside of any transaction; what was read and the next reading commit together."""
    with here.service.db.write() as session:
        wanted = feeds.reading(session, claim.subject_id)
        if wanted is None:
            jobs.finish(session, claim)
            return
    found = feeds.fetched(wanted, here.service.settings)
    with here.service.db.write() as session:
        next_at, _ = feeds.take(session, claim.subject_id, wanted, found)
        jobs.again(session, claim, next_at)
