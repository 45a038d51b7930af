"""How quickly a message is handed to the provider when nothing is wrong and nobody else sends."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import select

from bench.faults_run import Phase, run
from bench.faults_site import Site
from delivery.models.messages import Dispatch
from tests.carrier import CallbackFaults, Faults
from tests.smtp_carrier import SmtpFaults

#: Seconds from due to handed over, at most, for this share of messages; messages a second.
GOAL, SHARE, PACE = 2.0, 0.99, 5.0


def measure(site: Site, count: int, longest: float) -> dict[str, Any]:
    """`count` interactive sends, evenly spread: seconds from due to handed over, by the ledger."""
    phase = Phase("idle: nothing is broken", lanes=("interactive",), barred=0.0, dead=0.0)
    site.run(phase.names)
    site.carriers.rough(Faults(), SmtpFaults(), CallbackFaults())
    run(phase, site, 10, 0, longest)  # so that everything is up and warm
    people = site.crowd.make([site.chance.choice(tuple(phase.ways)) for _ in range(count)], 0.0, 0.0)
    began = time.monotonic()
    for number, person in enumerate(people):
        site.crowd.ask([person], ("gad7",))
        while time.monotonic() < began + (number + 1) / PACE:
            site.machine.tick()
    until = time.monotonic() + 30
    while len(waits := _waits(site, [ask for one in people for ask in one.asks])) < count:
        site.machine.tick()
        if time.monotonic() > until:
            break
    sorted_waits = sorted(waits)
    at = sorted_waits[min(len(waits) - 1, int(len(waits) * SHARE))] if waits else None
    return {
        "messages": count,
        "handed_over": len(waits),
        "median_seconds": round(sorted_waits[len(waits) // 2], 3) if waits else None,
        "p99_seconds": None if at is None else round(at, 3),
        "goal_seconds": GOAL,
        "good": len(waits) == count and at is not None and at <= GOAL,
    }


def _waits(site: Site, asks: list[Any]) -> list[float]:
    with site.service.db.read() as session:
        rows = session.execute(
            select(Dispatch.due_at, Dispatch.handed_over_at).where(
                Dispatch.assignment_id.in_(asks), Dispatch.handed_over_at.is_not(None)
            )
        )
        return [(handed - due).total_seconds() for due, handed in rows if handed is not None]
