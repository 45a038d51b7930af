from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from delivery import jobs
from delivery.db import Database, now
from delivery.models.ledger import StoredReply
from delivery.service import Service
from tests import build
from workers import heartbeat, scheduler


def test_a_tick_belongs_to_one_caller_in_each_period(service: Service) -> None:
    every = timedelta(seconds=10)
    with time_machine.travel(now(), tick=False) as clock:
        clock.move_to(scheduler.period(every))
        got = []
        for seconds in (0, 9, 10, 19.9, 20):
            moment = time_machine.travel(now() + timedelta(seconds=seconds), tick=False)
            with moment, service.db.write() as session:
                got.append(scheduler.take_tick(session, "sweep", every))
    assert got == [True, False, True, False, True]


def test_stored_replies_are_kept_for_two_days_and_no_longer(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        row = StoredReply(token_id=uuid4(), key_hash=b"k", request_hash=b"r", status=201)
        row.body = {"id": "x"}
        session.add(row)
    for hours, kept in ((24, 1), (47, 1), (49, 0)):
        with time_machine.travel(now() + timedelta(hours=hours)):
            scheduler.sweep(service)
        with service.db.read() as session:
            assert len(session.scalars(select(StoredReply.id)).all()) == kept


def test_a_part_of_the_sweep_that_goes_wrong_does_not_stop_the_others(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def broken(_session: object) -> None:
        done.append("broken")
        raise RuntimeError

    def whole(_session: object) -> None:
        done.append("whole")

    monkeypatch.setattr(scheduler, "PARTS", (broken, whole))
    scheduler.sweep(service)
    assert done == ["broken", "whole"]


def test_a_round_that_goes_wrong_is_noted_and_the_next_one_goes_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, rounds = threading.Event(), []

    def silent(_session: object) -> list[str]:
        rounds.append(1)
        if len(rounds) == 3:
            stop.set()
        if len(rounds) == 2:
            raise RuntimeError
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    def no_beat(_db: Database, _kind: str, _stop: threading.Event) -> None:
        return None

    monkeypatch.setattr(jobs, "ready_queues", silent)
    monkeypatch.setattr(heartbeat, "start", no_beat)
    monkeypatch.setattr(scheduler, "PACE_SECONDS", 0)
    scheduler.run(service, stop)
    assert len(rounds) == 3
