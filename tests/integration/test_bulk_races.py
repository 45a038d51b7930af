"""Bulk sends and reminders on both databases, with several workers and schedulers at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from delivery import access, bulk, bulk_preview, jobs, reminders
from delivery.bulk_choice import Plan, Whom
from delivery.db import now, uuid7
from delivery.models.assignments import Assignment
from delivery.models.clients import Client, ContactKind
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch, Purpose
from delivery.models.schedules import BulkItem, BulkSend
from delivery.service import Service
from delivery.states import ItemState
from tests import build, bulk_acts
from workers import drain, scheduler
from workers.context import Context


def together(act: Callable[[], object], times: int) -> list[BaseException]:
    """The act in several threads at once; what they raised."""
    raised: list[BaseException] = []
    start = threading.Barrier(times)

    def one() -> None:
        start.wait()
        try:
            act()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def _caseload(service: Service, many: int) -> build.Cast:
    cast = build.cast(service)
    with service.db.write() as session:
        ada = cast.caller(service, cast.ada)
        for number in range(many):
            bulk_acts.client(session, ada, f"Client {number}", ContactKind.EMAIL)
    return cast


def test_presses_at_the_same_time_make_one_bulk_send_and_two_workers_ask_each_once(migrated: Service) -> None:
    cast = _caseload(migrated, 30)
    ada, form = cast.caller(migrated, cast.ada), uuid7()
    plan = Plan(cast.practice, ["phq9"])
    with migrated.db.write() as session:
        shown = {line.client.id for line in bulk_preview.preview(session, ada, plan, Whom())}
    assert len(shown) == 31

    def press() -> None:
        with migrated.db.write() as session:
            bulk.send(session, ada, form, plan, Whom(), shown)

    assert together(press, 4) == []
    with migrated.db.read() as session:
        assert [row.id for row in session.scalars(select(BulkSend))] == [form]
        assert len(session.scalars(select(OutboxEntry).where(OutboxEntry.kind == "plan_bulk")).all()) == 1

    here = Context(migrated, {})
    with migrated.db.write() as session:
        first = jobs.claim(session, "bulk", 0)
    with migrated.db.write() as session:
        second = jobs.claim(session, "bulk", 20)
    assert first is not None
    assert second is not None
    assert first.id == second.id, "the second worker took over"
    claims = [first, second]
    assert together(lambda: drain.work(here, claims.pop()), 2) == []
    with migrated.db.read() as session:
        states = session.scalars(select(BulkItem.state)).all()
        asked = session.scalars(select(Assignment.client_id)).all()
    assert set(states) == {ItemState.MADE}
    assert len(asked) == len(set(asked)) == 31


def test_schedulers_at_the_same_time_plan_each_reminder_once(migrated: Service) -> None:
    cast = _caseload(migrated, 5)
    ada = cast.caller(migrated, cast.ada)
    with migrated.db.read() as session:
        ids = session.scalars(access.clients(ada).with_only_columns(Client.id)).all()
    assert len(ids) == 6
    for client_id in ids:
        build.ask(migrated, ada, client_id, ["phq9"], reminders=1)
    bulk_acts.hand_over_all(migrated)
    with migrated.db.write() as session:
        for row in session.scalars(select(Dispatch)):
            row.handed_over_at = now() - timedelta(days=4)
        for ask in session.scalars(select(Assignment)):
            ask.send_at = now() - timedelta(days=4)

    def sweep() -> None:
        with migrated.db.write() as session:
            reminders.plan_due(session)

    assert together(sweep, 4) == []
    scheduler.sweep(migrated)
    with migrated.db.read() as session:
        made = session.scalars(
            select(Dispatch.assignment_id).where(Dispatch.purpose == Purpose.REMINDER)
        ).all()
    assert len(made) == len(set(made)) == len(ids)
