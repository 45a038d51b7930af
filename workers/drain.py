"""The one RQ job: work off a queue of the ledger. Each row is held under a lease that a heartbeat extends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from delivery import jobs
from delivery.errors import LeaseLost, LightQError
from delivery.jobs import Claim
from workers import handoff, preview, report, risk, score, send
from workers.context import Context, context

HANDLERS: Final[dict[str, Callable[[Context, Claim], None]]] = {
    "send": send.run,
    "bulk_send": send.run,
    "settle": send.settle,
    "risk_check": risk.run,
    "score": score.run,
    "report": report.run,
    "preview": preview.run,
    "handoff": handoff.run,
}
#: A drain ends by itself after this long and rings again, so that a time-out only ever ends a hanging job.
LONGEST_SECONDS: Final = 10.0
#: Reports come one a job: a crash of the renderer then costs one lease.
MOST_ROWS: Final = {"report": 1}
log = structlog.get_logger()


def drain(queue: str) -> None:
    """Do the due work of one queue. Never raises: an error becomes a row that a person can see."""
    here = context()
    until, left = time.monotonic() + LONGEST_SECONDS, MOST_ROWS.get(queue, 1_000_000)
    while True:
        claim = _claim(here, queue)
        if claim is None:
            return
        work(here, claim)
        left -= 1
        if left == 0 or time.monotonic() > until:
            here.service.bell.ring([queue])
            return


def _claim(here: Context, queue: str) -> Claim | None:
    try:
        with here.service.db.write() as session:
            return jobs.claim(session, queue, here.service.settings.lease_seconds)
    except LightQError as error:
        log.warning("drain.no-claim", queue=queue, error=type(error).__name__)  # the sweep rings again
        return None


def work(here: Context, claim: Claim) -> None:
    """Do one claimed row."""
    with Lease(here, claim):
        try:
            HANDLERS[claim.kind](here, claim)
        except LeaseLost:
            log.warning("work.lease-lost", kind=claim.kind)
        except Exception as error:  # the row keeps what is needed to see and retry it
            log.error("work.error", kind=claim.kind, tries=claim.tries, error=jobs.where(error))
            _note(here, claim, error)


def _note(here: Context, claim: Claim, error: Exception) -> None:
    try:
        with here.service.db.write() as session:
            jobs.fail(session, claim, error)
    except LightQError:
        log.error("work.not-noted", kind=claim.kind)  # the lease runs out and the sweep takes over


class Lease:
    """Extends a claim's lease from a thread while the work lasts."""

    def __init__(self, here: Context, claim: Claim) -> None:
        self._here, self._claim = here, claim
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def _keep(self) -> None:
        seconds = self._here.service.settings.lease_seconds
        while not self._done.wait(seconds / 4):
            try:
                with self._here.service.db.write() as session:
                    jobs.extend(session, self._claim, seconds)
            except LeaseLost:
                return  # the fence stops whoever lost the lease; nothing to do here
            except LightQError as error:
                log.warning("lease.not-extended", error=type(error).__name__)  # tried again in a moment

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
