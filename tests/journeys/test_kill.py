"""`kill -9` in the middle of the work, with real processes: nothing is lost and nothing happens twice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bench.faults_carrier import SLOW, WatchedCarrier
from bench.faults_machine import Machine, installation
from bench.faults_truth import compare, open_work
from delivery import forms, submissions
from delivery.models.assignments import Assignment, Link
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Attempt, Dispatch
from delivery.models.results import Handoff, Report, ReportFile, Score
from delivery.service import Service
from delivery.states import AttemptState, DispatchState, OutboxState, WorkState
from tests import build
from tests.carrier import Faults

pytestmark = pytest.mark.journey


@dataclass
class World:
    """An installation, its people, and the carrier that it sends through."""

    service: Service
    cast: build.Cast
    carrier: WatchedCarrier

    def ask(self, *instruments: str) -> Assignment:
        """Dr. Ada asks Cy."""
        return build.ask(
            self.service, self.cast.caller(self.service, self.cast.ada), self.cast.cy, [*instruments]
        )

    @property
    def state(self) -> DispatchState:
        """Of the message to Cy."""
        with self.service.db.read() as session:
            return session.scalars(select(Dispatch.state).where(Dispatch.assignment_id.is_not(None))).one()

    @property
    def settled(self) -> bool:
        return not open_work(self.service)

    @property
    def arrived(self) -> list[str]:
        return [entry["to"] for entry in list(self.carrier.accepted)]

    def count(self, model: Any) -> int:
        with self.service.db.read() as session:
            return len(session.scalars(select(model)).all())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    faults = Faults(slow_seconds=SLOW)
    with WatchedCarrier(tmp_path / "carrier.jsonl", faults=faults) as carrier:
        service = installation(tmp_path, carrier.url)
        yield World(service, build.cast(service), carrier)
        service.db.close()


@pytest.fixture
def start(world: World) -> Iterator[Callable[..., Machine]]:
    """Start the processes that a test names."""
    with ExitStack() as stack:
        yield lambda *names, broken=False: stack.enter_context(
            Machine(world.service, names, python=sys.executable, broken=broken)
        )


def test_a_worker_killed_in_the_middle_of_its_call_sends_nothing_twice(
    world: World, start: Callable[..., Machine]
) -> None:
    machine = start("broker", "send", "scheduler")
    world.carrier.script("slow")
    world.ask("phq9")
    machine.wait_until(lambda: world.carrier.calls("/v3/mail/send") == 1)
    assert machine.kill("send")
    machine.wait_until(lambda: world.settled)
    assert world.arrived == ["cy@example.org"]
    assert world.state is DispatchState.HANDED_OVER
    with world.service.db.read() as session:
        attempt = session.scalars(select(Attempt)).one()
    assert (attempt.state, attempt.evidence) == (AttemptState.ACCEPTED, "look_up")


def test_without_the_ledger_the_same_kill_sends_twice(world: World, start: Callable[..., Machine]) -> None:
    """Otherwise the test above would prove nothing."""
    machine = start("broker", "send", "scheduler", broken=True)
    world.carrier.script("slow")
    world.ask("phq9")
    machine.wait_until(lambda: world.carrier.calls("/v3/mail/send") == 1)
    assert machine.kill("send")
    machine.wait_until(lambda: world.settled)
    assert world.arrived == ["cy@example.org"] * 2


def test_a_worker_that_sleeps_past_its_lease_and_wakes_up_sends_nothing_twice(
    world: World, start: Callable[..., Machine]
) -> None:
    machine = start("broker", "send-1", "send-2", "scheduler")
    world.carrier.script("slow")
    assert machine.kill("send-2")  # so that the other one gets the message; it is back when that one sleeps
    world.ask("phq9")
    machine.wait_until(lambda: world.carrier.calls("/v3/mail/send") == 1)
    assert machine.sleep("send-1", 8)
    machine.wait_until(lambda: world.state is DispatchState.UNCLEAR)  # the other one took it for dead
    machine.wait_until(lambda: world.settled)
    assert world.arrived == ["cy@example.org"]
    assert world.state is DispatchState.HANDED_OVER


def test_a_wiped_broker_loses_nothing(world: World, start: Callable[..., Machine]) -> None:
    machine = start("broker", "send", "scheduler")
    assert machine.kill("send")
    asked = [world.ask("phq9").id]
    assert machine.wipe_broker()
    machine.wait_until(lambda: world.settled)
    verdict = compare(world.service, asked, world.carrier.accepted)
    assert verdict.clean
    assert world.arrived == ["cy@example.org"]


def test_a_killed_report_worker_makes_one_report_and_tells_its_clinician_once(
    world: World, start: Callable[..., Machine]
) -> None:
    machine = start("broker", "score", "report", "send", "scheduler")
    asked = world.ask("gad7")
    machine.wait_until(lambda: world.arrived == ["cy@example.org"] and world.settled)
    _answer(world.service, asked)
    machine.wait_until(lambda: _begun(world.service, "report"))
    assert machine.kill("report", "children")
    machine.wait_until(lambda: _begun(world.service, "report") or world.settled)
    assert machine.kill("report")
    machine.wait_until(lambda: world.settled)
    assert world.count(Score) == world.count(Report) == world.count(ReportFile) == world.count(Handoff) == 1
    with world.service.db.read() as session:
        assert session.scalars(select(Report.state)).one() is WorkState.READY
    assert world.arrived == ["cy@example.org", "ada@example.org"]


def _begun(service: Service, kind: str) -> bool:
    with service.db.read() as session:
        held = OutboxEntry.state.in_((OutboxState.CLAIMED, OutboxState.DONE))
        return (
            session.scalars(select(OutboxEntry.id).where(OutboxEntry.kind == kind, held)).first() is not None
        )


def _answer(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == asked.id)).one()
        row = session.get(Assignment, asked.id)
        assert row is not None
        form, secret = forms.begin(session, link, row, language="en")
    with service.db.write() as session:
        sheet = forms.find(session, form.ref, secret)
        for one in sheet.instruments:
            forms.keep(session, sheet, one.key, {item.id: "1" for item in one.items}, place="review")
    with service.db.write() as session:
        assert submissions.accept(session, forms.find(session, form.ref, secret)).kind == "sent"
