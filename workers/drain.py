"""The one RQ job: work off a queue of the ledger. Each row is held under a lease that a heartbeat extends."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from delivery import inbox, jobs
from delivery.errors import LeaseLost, LightQError
from delivery.jobs import Claim
from workers import bulk, feeds, handoff, preview, receipts, report, risk, score, send
from workers.context import Context, context
from workers.noted import noted

HANDLERS: Final[dict[str, Callable[[Context, Claim], None]]] = {
    "send": send.run,
    "bulk_send": send.run,
    "plan_bulk": bulk.run,
    "calendar": feeds.run,
    "settle": send.settle,
    "risk_check": risk.run,
    "score": score.run,
    "report": report.run,
    "preview": preview.run,
    "handoff": handoff.run,
}
#: A drain ends by itself after this long and rings again, so that a time-out only ever ends a hanging job.
LONGEST_SECONDS: Final = 10.0
#: Rows that are taken in one transaction. Messages of a bulk run are sent as a series.
AT_ONCE: Final = {"bulk": 50}
#: Reports come one a job: a crash of the renderer then costs one lease.
MOST_ROWS: Final = {"report": 1}
log = structlog.get_logger()


def drain(queue: str) -> None:
    """Do the due work of one queue. Never raises: an error becomes a row that a person can see."""
    here = context()
    if queue == inbox.QUEUE:
        receipts.drain(here, LONGEST_SECONDS)
        return
    until, left = time.monotonic() + LONGEST_SECONDS, MOST_ROWS.get(queue, 1_000_000)
    while True:
        claims = _claim(here, queue)
        if not claims:
            return
        work(here, *claims, until=until)
        left -= 1
        if left == 0 or time.monotonic() > until:
            here.service.bell.ring([queue])
            return


def _claim(here: Context, queue: str) -> list[Claim]:
    seconds, most = here.service.settings.lease_seconds, AT_ONCE.get(queue, 1)
    try:
        with here.service.db.write() as session:
            return jobs.claim_several(session, queue, seconds, most)
    except LightQError as error:
        log.warning("drain.no-claim", queue=queue, error=type(error).__name__)  # the sweep rings again
        return []


def work(here: Context, *claims: Claim, until: float = math.inf) -> None:
    """Do claimed rows one after the other; those not begun at `until` (monotonic seconds) are given back."""
    with Lease(here, *claims), send.Series(here) as series:
        for number, claim in enumerate(claims):
            if number and time.monotonic() > until:
                _give_back(here, claims[number:])
                return
            with noted(here, claim):
                handler = HANDLERS[claim.kind]
                if handler is send.run:
                    series.send(claim)
                else:
                    series.settle()
                    handler(here, claim)


def _give_back(here: Context, claims: Sequence[Claim]) -> None:
    try:
        with here.service.db.write() as session:
            jobs.give_back(session, claims)
    except LightQError as error:
        log.warning("drain.not-given-back", error=type(error).__name__)  # their lease runs out


class Lease:
    """Extends the leases of claims from a thread while the work lasts."""

    def __init__(self, here: Context, *claims: Claim) -> None:
        self._here, self._claims = here, claims
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def _keep(self) -> None:
        seconds = self._here.service.settings.lease_seconds
        while not self._done.wait(seconds / 4):
            try:
                with self._here.service.db.write() as session:
                    for claim in self._claims:
                        with suppress(LeaseLost):  # done by now, or the fence stops whoever lost it
                            jobs.extend(session, claim, seconds)
            except LightQError as error:
                log.warning("lease.not-extended", error=type(error).__name__)  # tried again in a moment

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
