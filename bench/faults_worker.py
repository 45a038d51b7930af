"""`python -m bench.faults_worker KIND`: the service's own worker, with the waits of a fault run.

After a refusal that may pass a message waits seconds instead of minutes, so that a run ends. With
`LIGHTQ_FAULTS_BREAK=ledger` sending is "send, then mark": no attempt is written before the call, and what
is not marked is sent again. That is the fault the ledger exists for, and a run must be able to see it.
"""

from __future__ import annotations

import os
import random
import sys
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

from bench import faults_clock  # noqa: F401 - before anything of the service
from channels.base import OutcomeUnknown, Refused
from channels.registry import ChannelConfig
from delivery import breaker, channel_settings, events, inbox, jobs, letters, message_facts, outcomes
from delivery.db import now
from delivery.jobs import Claim
from delivery.models.messages import Dispatch
from delivery.settings import Settings
from delivery.states import UNSENT, DispatchState, move
from workers import drain
from workers.__main__ import main
from workers.context import Context

#: The waits of a fault run, in seconds; docs/reliability.md lists them beside the real ones.
FIRST_WAIT, LONGEST_WAIT = 1.0, 8.0  # after a refusal that may pass
BREAKER_PAUSE = 2.0
ERROR_WAIT = 2.0  # longest pause of a piece of work that went wrong
INBOX_RESTS = (1, 2, 4, 8, 8, 8, 8)
SECOND_TRY = 4.0  # of a text to a phone that was off
CONNECT, READ = 1.0, 1.5  # how long a provider may stay silent


def short_waits() -> None:
    """Put the waits above in the place of the service's own. Which message goes when is all that changes."""
    outcomes.FIRST_WAIT = timedelta(seconds=FIRST_WAIT)
    outcomes.LONGEST_WAIT = timedelta(seconds=LONGEST_WAIT)
    breaker.PAUSE = breaker.ACCOUNT_PAUSE = timedelta(seconds=BREAKER_PAUSE)
    events.SECOND_TRY = timedelta(seconds=SECOND_TRY)  # type: ignore[misc]
    inbox.RESTS = tuple(timedelta(seconds=n) for n in INBOX_RESTS)  # type: ignore[misc]
    jobs.random = SimpleNamespace(  # type: ignore[assignment, attr-defined]
        uniform=lambda low, high: random.uniform(low, min(high, ERROR_WAIT))
    )
    real = channel_settings.of

    def config(settings: Settings) -> ChannelConfig:
        return replace(real(settings), connect_timeout=CONNECT, read_timeout=READ)

    channel_settings.of = config


def send_then_mark(here: Context, claim: Claim) -> None:
    """What a worker without a ledger does."""
    service = here.service
    with service.db.write() as session:
        facts = message_facts.read(session, claim.subject_id)
        if facts is None or facts.row.state not in UNSENT:
            jobs.finish(session, claim)
            return
        message = letters.compose(facts, UUID(bytes=uuid4().bytes), service.settings, service.tokens)
        channel = here.channels[facts.row.channel]
    try:
        channel.send(message)
    except (Refused, OutcomeUnknown):
        with service.db.write() as session:
            jobs.again(session, claim, now() + timedelta(seconds=1))
        return
    with service.db.write() as session:
        move(session, Dispatch, claim.subject_id, DispatchState.DUE)
        move(session, Dispatch, claim.subject_id, DispatchState.HANDED_OVER, handed_over_at=now())
        jobs.finish(session, claim)


if __name__ == "__main__":
    short_waits()
    if os.environ.get("LIGHTQ_FAULTS_BREAK") == "ledger":
        for kind in ("send", "bulk_send"):
            drain.HANDLERS[kind] = send_then_mark
    sys.exit(main(sys.argv[1:]))
