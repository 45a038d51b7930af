"""Job `send`: hand one message to its provider. The attempt is committed before the call, and the
outcome after it; what happens in between is settled by evidence only."""

from __future__ import annotations

from channels.base import OutcomeUnknown, Refused
from delivery import dispatch, outcomes
from delivery.db import now
from delivery.errors import LeaseLost
from delivery.jobs import Claim
from workers.context import Context


class NoAnswerYet(Exception):
    """The provider could not say what became of an attempt; it is asked again later."""


def run(here: Context, claim: Claim) -> None:
    """Send the message of a claim, or finish the claim where there is nothing to send."""
    service, channel = here.service, here.channels["email"]
    began = now()
    with service.db.write() as session:
        out = dispatch.prepare(session, claim, channel, service.settings, service.tokens)
    if out is None:
        return
    if (now() - began).total_seconds() > service.settings.lease_seconds:
        # Asleep since the attempt was written: it may count as unknown already, and be sent by another.
        raise LeaseLost("Woken up too late to send.")
    try:
        receipt = channel.send(out.message)
    except Refused as error:
        with service.db.write() as session:
            outcomes.refused(session, out.attempt_id, claim, error)
    except OutcomeUnknown as error:
        with service.db.write() as session:
            outcomes.unknown(session, out.attempt_id, claim, error.reason, service.settings)
    except Exception as error:  # a fault in the SDK leaves the outcome as open as a lost reply
        with service.db.write() as session:
            outcomes.unknown(session, out.attempt_id, claim, type(error).__name__, service.settings)
    else:
        with service.db.write() as session:
            outcomes.accepted(session, out.attempt_id, claim, receipt)


def settle(here: Context, claim: Claim) -> None:
    """Ask the provider about an attempt whose outcome is unknown."""
    service, channel = here.service, here.channels["email"]
    with service.db.read() as session:
        found = outcomes.unsettled(session, claim)
    answer = None
    if found is not None:
        attempt, _, to = found
        if attempt.provider == channel.provider:
            answer = channel.look_up(str(attempt.id), to, attempt.started_at)
            if answer is None and channel.evidence == "look_up":
                raise NoAnswerYet
    with service.db.write() as session:
        outcomes.settle(session, claim, answer)
