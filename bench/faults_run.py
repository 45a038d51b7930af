"""Phases of a fault run: plan messages while things break, wait until all is settled, compare."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bench.faults_carrier import WatchedCarrier
from bench.faults_machine import SLEEP, Machine
from bench.faults_truth import Verdict, compare, open_work
from delivery import assignments
from delivery.access import Caller
from delivery.assignments import Ask
from delivery.models.assignments import Way
from delivery.service import Service
from tests import build

BATCH = 10
Injection = Callable[[Machine, random.Random], str | None]


@dataclass
class Crowd:
    """Clients who wait to be asked; each has an address of its own."""

    service: Service
    caller: Caller
    waiting: list[UUID] = field(default_factory=list)

    def grow(self, count: int) -> None:
        """Add clients, a hundred in a transaction."""
        have = len(self.waiting)
        while len(self.waiting) < have + count:
            size = min(100, have + count - len(self.waiting))
            with self.service.db.write() as session:
                for _ in range(size):
                    number = f"{len(self.waiting):05d}"
                    made = build.add_client(
                        session, self.caller, "Client", number, f"client-{number}@example.org"
                    )
                    self.waiting.append(made.id)

    def ask(self, count: int, instruments: Sequence[str] = ("phq9",)) -> list[UUID]:
        """Ask the next clients, in one transaction; the assignments' ids."""
        chosen, self.waiting = self.waiting[:count], self.waiting[count:]
        with self.service.db.write() as session:
            return [
                assignments.ask(
                    session,
                    self.caller,
                    Ask(client_id=client, instruments=list(instruments), channel=Way.EMAIL),
                    self.service.settings,
                    undo=False,
                ).id
                for client in chosen
            ]


@dataclass(frozen=True)
class Phase:
    """What breaks (`inject`, about every `every` seconds, at most `most` times) while messages go out."""

    fault: str
    messages: int
    inject: Injection
    every: float = 1.0
    most: int = 1_000_000


@dataclass
class Result:
    """What a phase came to."""

    phase: Phase
    verdict: Verdict
    injections: Counter[str]
    seconds: float
    recovery: float
    still_open: int
    assignments: list[UUID]
    submits: int = 0

    def row(self) -> dict[str, Any]:
        """The line of the table."""
        bad = self.verdict.of([*self.verdict.lost, *self.verdict.doubled, *self.verdict.wrong_person])
        return {
            "fault": self.phase.fault,
            "injections": sum(self.injections.values()),
            "messages": self.verdict.messages,
            "submits": self.submits,
            "lost": bad["lost"],
            "doubled": bad["doubled"],
            "wrong_person": bad["wrong_person"],
            "recovery_seconds": round(self.recovery, 2),
            "unclear": len(self.verdict.unclear),
            "untrue_state": len(self.verdict.untrue),
            "still_open": self.still_open,
            "seconds": round(self.seconds, 1),
            "targets": dict(self.injections),
        }


def run(
    phase: Phase,
    machine: Machine,
    carrier: WatchedCarrier,
    crowd: Crowd,
    chance: random.Random,
    longest: float,
) -> Result:
    """Plan the phase's messages in small batches, break things until all is settled, compare.

    `longest`: seconds after which what is still open stays open, and counts as lost.
    """
    began = time.monotonic()
    planned: list[UUID] = []
    hits: list[tuple[float, str]] = []
    injector = Injector(phase, chance)
    left = 1
    while left and time.monotonic() - began < longest:
        if len(planned) < phase.messages:
            planned += crowd.ask(min(BATCH, phase.messages - len(planned)))
        machine.tick()
        if hit := injector.turn(machine):
            hits.append((time.time(), hit))
        left = phase.messages - len(planned) or open_work(machine.service)
    injected = Counter(name for _, name in hits)
    verdict = compare(machine.service, planned, list(carrier.accepted))
    recovery = _recovery([at for at, _ in hits], [entry["at"] for entry in carrier.accepted])
    return Result(phase, verdict, injected, time.monotonic() - began, recovery, left, planned)


class Injector:
    """Says when the next blow falls: about every `every` seconds, never exactly."""

    def __init__(self, phase: Phase, chance: random.Random) -> None:
        self._phase, self._chance, self._done = phase, chance, 0
        self._next = time.monotonic() + phase.every * chance.uniform(0.3, 1.0)

    def turn(self, machine: Machine) -> str | None:
        """What was hit now, if anything."""
        if self._done >= self._phase.most or time.monotonic() < self._next:
            return None
        hit = self._phase.inject(machine, self._chance)
        pause = self._phase.every * self._chance.uniform(0.5, 1.5) if hit else 0.1
        self._next = time.monotonic() + pause
        self._done += hit is not None
        return hit


def _recovery(hits: Collection[float], accepted: Collection[float]) -> float:
    """Seconds from a blow to the next message that arrived; the worst of all blows before the last one."""
    waits = [min((at - hit for at in accepted if at > hit), default=0.0) for hit in hits]
    return max(waits, default=0.0)


def kills(names: Sequence[str]) -> Injection:
    """`kill -9` of a random one of these, of its children, or of both.

    Mostly one that is at work, sometimes one that is still starting; never one that was hit lately, so that
    the quickest to come up (the broker) does not take all the blows.
    """
    lately: deque[str] = deque(maxlen=len(names) // 3)
    hits = 0

    def inject(machine: Machine, chance: random.Random) -> str | None:
        nonlocal hits
        ready = machine.alive(names) if hits % 7 == 6 else machine.at_work(names)
        fair = [name for name in ready if name not in lately]
        name = chance.choice(fair) if fair else None
        if name is None or not machine.kill(name, chance.choice(("itself", "children", "all"))):
            return None
        lately.append(name)
        hits += 1
        return name

    return inject


def sleeps(names: Sequence[str]) -> Injection:
    """A random one of these stopped past its lease, then woken."""

    def inject(machine: Machine, chance: random.Random) -> str | None:
        running = machine.alive(names)
        name = chance.choice(running) if running else None
        return name if name and machine.sleep(name, SLEEP) else None

    return inject


def wipe(machine: Machine, _chance: random.Random) -> str | None:
    """The broker emptied, killed, and its file deleted."""
    return "broker" if machine.wipe_broker() else None


def nothing(_machine: Machine, _chance: random.Random) -> str | None:
    """Only what runs anyway: the carrier's faults and two schedulers at once."""
    return None
