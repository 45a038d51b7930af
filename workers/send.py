"""Job `send`: hand one message to its provider. The attempt is committed before the call, and the
outcome after it; what happens in between is settled by evidence only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Self

import structlog
from sqlalchemy.orm import Session

from channels.base import OutcomeUnknown, Refused
from delivery import dispatch, jobs, outcomes, settling
from delivery.db import now
from delivery.dispatch import Outgoing
from delivery.errors import LeaseLost, NotSaved
from delivery.jobs import Claim
from workers.context import Context
from workers.noted import noted

WRITES: Final = 3
#: The clock may have been wrong when an attempt was written, and a message that is taken for missing goes out
#: twice; those of other attempts are told apart by being claimed.
CLOCK_ERROR: Final = timedelta(hours=26)
log = structlog.get_logger()


class NoAnswerYet(Exception):
    """The provider could not say what became of an attempt; it is asked again later."""


def run(here: Context, claim: Claim) -> None:
    """Send the message of a claim, or finish the claim where there is nothing to send."""
    with Series(here) as series:
        series.send(claim)


@dataclass(frozen=True)
class Outcome:
    """What became of a call that was made for a claim; `write` puts it into the ledger."""

    claim: Claim
    write: Callable[[Session], None]


class Series:
    """Messages sent one after the other: what became of one is committed together with the next attempt, or
    at once.

    At any moment there is at most one call whose outcome the ledger does not know. The last one is
    settled by leaving the `with` block.
    """

    def __init__(self, here: Context) -> None:
        self._here = here
        self._last: Outcome | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.settle()

    def send(self, claim: Claim) -> None:
        """Send the message of a claim, or finish the claim where there is nothing to send."""
        began = now()
        out = self._prepare(claim)
        if out is None:
            return
        if (now() - began).total_seconds() > self._here.service.settings.lease_seconds:
            # Asleep since the attempt was written: it may count as unknown already, and be sent by another.
            raise LeaseLost("Woken up too late to send.")
        self._last = Outcome(claim, _call(out, claim, self._here))
        if not self._here.service.db.is_sqlite:
            # Where rows are locked one by one, two messages in one transaction could wait for somebody who
            # waits for them. SQLite has one writer and dear commits.
            self.settle()

    def settle(self) -> None:
        """Commit what became of the last call by itself."""
        last, self._last = self._last, None
        if last is not None:
            with noted(self._here, last.claim):
                self._write(last)

    def _write(self, outcome: Outcome) -> None:
        """What a provider answered can't be asked for again, so a busy database is tried more than once."""
        for left in range(WRITES - 1, -1, -1):
            try:
                with self._here.service.db.write() as session:
                    outcome.write(session)
            except NotSaved:
                if not left:
                    raise
            else:
                return

    def _prepare(self, claim: Claim) -> Outgoing | None:
        if self._last is not None:
            try:
                out = self._commit(claim, self._last)
            except Exception as error:  # each by itself, so that neither takes the other along
                log.warning("send.apart", error=jobs.where(error))
                self.settle()
            else:
                self._last = None
                return out
        return self._commit(claim, None)

    def _commit(self, claim: Claim, last: Outcome | None) -> Outgoing | None:
        service = self._here.service
        with service.db.write() as session:
            if last is not None:
                last.write(session)
            return dispatch.prepare(session, claim, self._here.channels, service.settings, service.tokens)


def _call(out: Outgoing, claim: Claim, here: Context) -> Callable[[Session], None]:
    """Hand the message over; gives what is to be written about it."""
    settings, attempt_id = here.service.settings, out.attempt_id
    try:
        receipt = out.channel.send(out.message)
    except Refused as error:
        return partial(outcomes.refused, attempt_id=attempt_id, claim=claim, error=error)
    except OutcomeUnknown as error:
        reason = error.reason
    except Exception as error:  # a fault in the SDK leaves the outcome as open as a lost reply
        reason = type(error).__name__
    else:
        return partial(outcomes.accepted, attempt_id=attempt_id, claim=claim, receipt=receipt)
    return partial(outcomes.unknown, attempt_id=attempt_id, claim=claim, reason=reason, settings=settings)


def settle(here: Context, claim: Claim) -> None:
    """Ask the provider about an attempt whose outcome is unknown."""
    service = here.service
    with service.db.read() as session:
        found = settling.unsettled(session, claim, service.settings, service.tokens)
    answer = None
    if found is not None:
        channel = here.channels[found.message.kind]
        if found.attempt.provider == channel.provider:
            since = found.attempt.started_at - CLOCK_ERROR
            answer = channel.look_up(found.message, since, found.claimed)
            if answer is None and channel.evidence == "look_up":
                raise NoAnswerYet
    with service.db.write() as session:
        settling.settle(session, claim, answer)
