"""Job `plan_bulk`: make the asks or reminders of one bulk send, a chunk of clients a transaction."""

from __future__ import annotations

from delivery import bulk_making
from delivery.jobs import Claim
from workers.context import Context


def run(here: Context, claim: Claim) -> None:
    """Go on until no client is left; what an earlier run has done stays done."""
    left = True
    while left:
        with here.service.db.write() as session:
            left = bulk_making.chunk(session, claim, here.service.settings)
