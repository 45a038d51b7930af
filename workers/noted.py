"""What goes wrong with a row of the ledger becomes a note on that row; the worker goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from delivery import jobs
from delivery.errors import LeaseLost, LightQError
from delivery.jobs import Claim
from workers.context import Context

log = structlog.get_logger()


@contextmanager
def noted(here: Context, claim: Claim) -> Iterator[None]:
    """Work on a claimed row. Never raises an error: the row keeps what is needed to see and retry it."""
    try:
        yield
    except LeaseLost:
        log.warning("work.lease-lost", kind=claim.kind)
    except Exception as error:  # whatever it is, the next row has nothing to do with it
        log.error("work.error", kind=claim.kind, tries=claim.tries, error=jobs.where(error))
        _note(here, claim, error)


def _note(here: Context, claim: Claim, error: Exception) -> None:
    try:
        with here.service.db.write() as session:
            jobs.fail(session, claim, error)
    except LightQError:
        log.error("work.not-noted", kind=claim.kind)  # the lease runs out and the sweep takes over
