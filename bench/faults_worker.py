"""`python -m bench.faults_worker KIND`: the service's own worker, with the waits of a fault run.

After a refusal that may pass a message waits seconds instead of minutes, so that a run ends. With
`LIGHTQ_FAULTS_BREAK=ledger` sending is "send, then mark": no attempt is written before the call, and what
is not marked is sent again. That is the fault the ledger exists for, and a run must be able to see it.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from uuid import uuid4

from channels.base import OutcomeUnknown, Refused
from delivery import jobs, letters, outcomes
from delivery.db import now
from delivery.jobs import Claim
from delivery.models.messages import Dispatch
from delivery.states import UNSENT, DispatchState, move
from workers import drain
from workers.__main__ import main
from workers.context import Context

WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 1, 2, 2, 4, 4, 8))


def send_then_mark(here: Context, claim: Claim) -> None:
    """What a worker without a ledger does."""
    service, channel = here.service, here.channels["email"]
    with service.db.read() as session:
        row = session.get(Dispatch, claim.subject_id)
        waits = row is not None and row.state in UNSENT
        if waits and row is not None:
            message = letters.write(session, row, uuid4().hex, service.settings, service.tokens)
    if waits:
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
    outcomes.WAITS = WAITS  # type: ignore[assignment]
    if os.environ.get("LIGHTQ_FAULTS_BREAK") == "ledger":
        drain.HANDLERS["send"] = send_then_mark
    sys.exit(main(sys.argv[1:]))
