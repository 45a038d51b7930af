"""The second half of a fault run: forms are sent while web, workers and broker die."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from bench.faults_carrier import WatchedCarrier
from bench.faults_database import database
from bench.faults_machine import Machine, installation
from bench.faults_people import Client, People
from bench.faults_run import Crowd, Injector, Phase, kills
from bench.faults_truth import oddities, open_work
from delivery import links
from delivery.models.assignments import Link
from delivery.models.messages import Attempt
from delivery.models.results import Alert, Handoff, Report, ReportFile, Score, Submission
from delivery.service import Service
from delivery.states import HandoffState, WorkState
from tests import build

DONE = HandoffState.HANDED_OVER
INSTRUMENTS = ("phq9", "gad7")
PROCESSES = ("broker", "web", "send-1", "scheduler-1", "score", "report")
HIT = ("web", "score", "report", "broker", "scheduler-1")


def sitting(count: int, blows: int, seed: int, longest: float, kind: str) -> dict[str, Any]:
    """`count` clients answer two measures each while at most `blows` processes are killed; a table's line."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="lightq-faults-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        url = stack.enter_context(database(kind))
        carrier = stack.enter_context(WatchedCarrier(folder / "carrier.jsonl", seed=seed))
        service = installation(folder, carrier.url, url)
        stack.callback(service.db.close)
        cast = build.cast(service)
        crowd = Crowd(service, cast.caller(service, cast.ada))
        crowd.grow(count)
        machine = stack.enter_context(Machine(service, PROCESSES, python=sys.executable))
        asked = crowd.ask(count, INSTRUMENTS)
        clients = {one: Client(address(service, one), seed + n) for n, one in enumerate(asked)}
        began, injections = time.monotonic(), Counter[str]()
        people = People(list(clients.values()), 4, longest)
        injector = Injector(Phase("", count, kills(HIT), most=blows), chance)
        open_rows = 1
        while open_rows and time.monotonic() - began < longest:
            machine.tick()
            if hit := injector.turn(machine):
                injections[hit] += 1
            open_rows = 1 if people.busy else open_work(service, but="risk_check")
        found = check(service, clients)
        odd = [*people.errors, *oddities(service, cast.practice), *told_twice(service, carrier)]
        return {
            "fault": "web and workers killed, forms being sent",
            "injections": sum(injections.values()),
            "messages": len(carrier.accepted),
            "submits": sum(client.saw_sent for client in clients.values()),
            **found,
            "recovery_seconds": round(max(client.longest_gap for client in clients.values()), 2),
            "unclear": 0,
            "untrue_state": len(odd),
            "still_open": open_rows + sum(not client.saw_sent for client in clients.values()),
            "seconds": round(time.monotonic() - began, 1),
            "targets": dict(injections),
            "odd": odd,
        }


def address(service: Service, assignment: UUID) -> str:
    """The link that the client's message carries."""
    with service.db.read() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == assignment)).one()
        token = links.token(link, service.tokens)
    assert token is not None
    return links.url(token, service.settings)


def check(service: Service, clients: dict[UUID, Client]) -> dict[str, int]:
    """Who saw "sent" must be stored as typed, with one score, one report and one hand-off a measure."""
    lost = doubled = wrong = 0
    with service.db.read() as session:
        for assignment, client in clients.items():
            if not client.saw_sent:
                continue
            stored = session.scalars(select(Submission).where(Submission.assignment_id == assignment)).all()
            ids = [one.id for one in stored]
            typed = {f"{s.instrument_key}:{i}": c for s in stored for i, c in (s.answers or {}).items()}
            made = session.scalars(select(Report).where(Report.submission_id.in_(ids))).all()
            reports = [one.id for one in made]
            counts = [
                len(stored),
                _count(session, Score, Score.submission_id.in_(ids)),
                sum(one.state is WorkState.READY for one in made),
                _count(session, ReportFile, ReportFile.report_id.in_(reports)),
                _count(
                    session,
                    Handoff,
                    Handoff.report_id.in_(reports),
                    Handoff.state == HandoffState.HANDED_OVER,
                ),
            ]
            risk = any(place == "phq9:phq9_9" and code != "0" for place, code in client.marks.items())
            alerts = _count(session, Alert, Alert.assignment_id == assignment)
            lost += any(n < len(INSTRUMENTS) for n in counts) or alerts < risk
            doubled += any(n > len(INSTRUMENTS) for n in counts) or alerts > risk
            wrong += typed != client.marks
    return {"lost": lost, "doubled": doubled, "wrong_person": wrong}


def _count(session: Any, model: Any, *where: Any) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def told_twice(service: Service, carrier: WatchedCarrier) -> list[str]:
    """Messages, to clients or clinicians, that the carrier took more than once."""
    with service.db.read() as session:
        of_attempt = {str(i): d for i, d in session.execute(select(Attempt.id, Attempt.dispatch_id))}
    times = Counter(of_attempt.get(entry["attempt"]) for entry in list(carrier.accepted))
    return [f"a message went out {n} times" for n in times.values() if n > 1]
