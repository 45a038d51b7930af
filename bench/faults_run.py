"""Phases of a fault run: plan messages while things break, wait until all is settled, compare."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bench import faults_invariants, faults_submits
from bench.faults_blows import Blow, nothing
from bench.faults_carrier import AMBIGUOUS, AMBIGUOUS_SMTP
from bench.faults_crash import POINTS, TIMES
from bench.faults_crowd import Person
from bench.faults_inbound import Stops
from bench.faults_people import Client, People
from bench.faults_site import ALL, Site
from bench.faults_truth import Verdict, compare, open_work
from delivery.messages import Lane
from delivery.models.assignments import Way
from tests.carrier import CallbackFaults, Faults
from tests.smtp_carrier import SmtpFaults

BATCH = 20
#: Reports of one phase may still be made while the next one runs; only the last one waits for all.
SLOW_WORK = ("report", "handoff", "risk_check")


@dataclass(frozen=True)
class Phase:
    """What breaks (`blow`, about every `every` seconds, at most `most` times) while messages go out.

    `share` of the run's messages, `submits` of the run's submits. `before` and `after` prepare and clear up;
    `sound`: nothing that hurts may go on when the last message was planned.
    """

    fault: str
    share: float = 1.0
    blow: Blow = nothing
    every: float = 1.0
    most: int = 1_000_000
    #: The messages are spread over so many blows, so that each finds some under way.
    least: int = 30
    ways: Sequence[Way] = (Way.EMAIL, Way.SMS)
    lanes: Sequence[Lane] = ("interactive", "bulk")
    faults: Faults = field(default_factory=Faults)
    mail: SmtpFaults = field(default_factory=SmtpFaults)
    callbacks: CallbackFaults = field(default_factory=CallbackFaults)
    submits: float = 0.0
    #: The share of answering clients' presses at which their network breaks off.
    cut: float = 0.0
    barred: float = 0.1
    dead: float = 0.06
    names: Sequence[str] = ALL
    more: dict[str, str] = field(default_factory=dict)
    before: Callable[[Site], object] = lambda _: None
    after: Callable[[Site], object] = lambda _: None
    #: Once all is planned and nothing is open: what then goes on without further blows.
    quiet_after: Callable[[Site], object] | None = None
    #: What `before` injects by itself, where that is the fault.
    once: str = ""
    #: A process of `names` dies at every line in turn.
    crashes: bool = False


@dataclass
class Result:
    """What a phase came to."""

    phase: Phase
    verdict: Verdict
    injections: Counter[str]
    seconds: float
    recovery: float
    still_open: int
    submits: int
    answers: dict[str, int]
    odd: list[str]
    ambiguous: int
    #: Lines at which a process died -> how often.
    crashed: dict[str, int]

    def row(self) -> dict[str, Any]:
        """The line of the table."""
        verdict, answers = self.verdict, self.answers
        bad = {key: answers[key] + len(set(getattr(verdict, key))) for key in answers}
        return {
            "fault": self.phase.fault,
            "injections": sum(self.injections.values()),
            "messages": verdict.messages,
            "submits": self.submits,
            **bad,
            "recovery_seconds": round(self.recovery, 2),
            "sent": verdict.sent,
            "listed": dict(verdict.listed),
            "both_ways": len(verdict.both),
            "unclear": len(verdict.unclear),
            "ambiguous": self.ambiguous,
            "untrue_state": len(verdict.untrue),
            "still_open": self.still_open,
            "seconds": round(self.seconds, 1),
            "targets": dict(self.injections),
            "points": len(self.crashed),
            "points_in_full": sum(times >= TIMES for times in self.crashed.values()),
            "odd": self.odd,
            "good": self.good,
        }

    @property
    def good(self) -> bool:
        """Whether every invariant held."""
        clean = self.verdict.clean and not any(self.answers.values())
        return clean and not self.odd and not self.still_open and len(self.verdict.unclear) <= self.ambiguous


def run(phase: Phase, site: Site, messages: int, submits: int, longest: float) -> Result:
    """Plan the phase's messages in small batches, break things until all is settled, compare.

    `longest`: seconds after which what is still open stays open, and counts against the run.
    """
    points = site.folder / f"points-{phase.fault[:2]}-{time.monotonic_ns()}.json"
    site.run(phase.names, {**phase.more, POINTS: str(points)} if phase.crashes else phase.more)
    site.carriers.rough(phase.faults, phase.mail, phase.callbacks)
    met, seen = len(site.carriers.met), len(site.carriers.accepted)
    phase.before(site)
    began = time.monotonic()
    crowd: list[Person] = []
    people, stops = People(12 if submits else 0, longest), Stops(site)
    clients: dict[UUID, Client] = {}
    hits: list[tuple[float, str]] = []
    injector, left, quiet = Injector(phase, site.chance), 1, 0
    while left and time.monotonic() - began < longest:
        if len(crowd) < (now_due := _so_far(phase, messages, len(hits))):
            crowd += _plan(phase, site, min(BATCH, now_due - len(crowd)))
        stops.send(crowd)
        seen = _answer(site, crowd, people, clients, submits, seen, phase.cut)
        site.machine.tick()
        if not quiet and (hit := injector.turn(site)):
            hits.append((time.time(), hit))
        left = (
            messages - len(crowd)
            or people.busy + stops.busy
            # Asked before the inbox is looked at: what is posted meanwhile waits there.
            or int(not site.carriers.web.settled(0.0))
            or open_work(site.service, but=SLOW_WORK, ahead=site.ahead)
        )
        if phase.crashes and not left:
            left = site.unpark()
        if not left and phase.quiet_after is not None and not quiet:
            phase.quiet_after(site)
            quiet = left = 1
    people.go_home()
    phase.after(site)
    injected = Counter(name for _, name in hits) + _by_carriers(site, met)
    crashed: dict[str, int] = json.loads(points.read_text()) if points.exists() else {}
    senders = sum(name.startswith(("send", "bulk")) for _, name in hits)
    injected["crash"] += sum(crashed.values())
    injected[phase.once] += bool(phase.once)
    injected += sum((client.cuts for client in clients.values()), Counter())
    injected = +injected
    asked = [ask for person in crowd for ask in person.asks]
    accepted = site.carriers.accepted
    verdict = compare(
        site.service, asked, accepted, site.crowd.by_address(), site.carriers.web.fates, site.ahead
    )
    odd = [*people.errors, *faults_invariants.broken(site.service, site.cast.practice, site.ahead)]
    return Result(
        phase,
        verdict,
        injected,
        time.monotonic() - began,
        _recovery([at for at, _ in hits], [entry["at"] for entry in accepted]),
        left,
        sum(client.saw_sent for client in clients.values()),
        faults_submits.check(site.service, clients, to_the_end=False),
        odd + [f"nobody saw “sent” at {n} forms" for n in [_unsent(clients)] if n],
        _ambiguous(site, met, senders + injected["crash"], phase.more),
        crashed,
    )


def _so_far(phase: Phase, messages: int, blows: int) -> int:
    """How many messages may be planned after so many blows."""
    spread = min(phase.least, phase.most, messages // 4) if phase.blow is not nothing else 0
    return messages if blows >= spread else messages * (blows + 1) // (spread + 1)


def _plan(phase: Phase, site: Site, count: int) -> list[Person]:
    ways = [site.chance.choice(tuple(phase.ways)) for _ in range(count)]
    made = site.crowd.make(ways, phase.barred, phase.dead)
    site.crowd.ask(made, ("gad7",), site.chance.choice(tuple(phase.lanes)))
    return made


def _answer(
    site: Site,
    crowd: list[Person],
    people: People,
    clients: dict[UUID, Client],
    most: int,
    seen: int,
    cut: float,
) -> int:
    """Those whose message came begin to answer, at most so many; returns how far the record was read."""
    if len(clients) >= most:
        return seen
    accepted = site.carriers.accepted
    mine = {to: person for person in crowd if len(person.asks) == 1 for to in person.addresses}
    for entry in accepted[seen:]:
        person = mine.get(entry["to"])
        if person is None or person.asks[0] in clients or len(clients) >= most or not entry["link"]:
            continue
        number = len(clients)
        client = Client(entry["link"], site.seed + number, ("gad7",), whole=number % 20 != 0, cut=cut)
        clients[person.asks[0]] = client
        people.add([client])
    return len(accepted)


def _unsent(clients: dict[UUID, Client]) -> int:
    return sum(not client.saw_sent for client in clients.values())


def _by_carriers(site: Site, met: int) -> Counter[str]:
    found = Counter(fault for fault, _ in site.carriers.met[met:])
    found += Counter(f"callback {name}" for name, _ in site.carriers.web.outgoing.met)
    site.carriers.web.outgoing.met.clear()
    return +found


def _ambiguous(site: Site, met: int, blows: int, more: Mapping[str, str]) -> int:
    """How many messages may stay unclear: those whose answer was cut off, where nobody can be asked."""
    if site.email == "smtp":
        faults = {f"smtp {name}" for name in AMBIGUOUS_SMTP}
    elif more.get("LIGHTQ_SENDGRID_ACTIVITY") == "False":
        faults = set(AMBIGUOUS)
    else:
        return 0
    # Every blow against a sender may end it with one message under way.
    return blows + sum(fault in faults for fault, _ in site.carriers.met[met:])


class Injector:
    """Says when the next blow falls: about every `every` seconds, never exactly."""

    def __init__(self, phase: Phase, chance: random.Random) -> None:
        self._phase, self._chance, self._done = phase, chance, 0
        self._next = time.monotonic() + phase.every * chance.uniform(0.3, 1.0)

    def turn(self, site: Site) -> str | None:
        """What was hit now, if anything."""
        if self._done >= self._phase.most or time.monotonic() < self._next:
            return None
        hit = self._phase.blow(site, self._chance)
        pause = self._phase.every * self._chance.uniform(0.5, 1.5) if hit else 0.1
        self._next = time.monotonic() + pause
        self._done += hit is not None
        return hit


def _recovery(hits: Collection[float], accepted: Collection[float]) -> float:
    """Seconds from a blow to the next message that arrived; the worst of all blows before the last one."""
    waits = [min((at - hit for at in accepted if at > hit), default=0.0) for hit in hits]
    return max(waits, default=0.0)
