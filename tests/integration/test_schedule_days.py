"""The check of `bench/schedule_days.py` on few days, and two schedulers at once on both databases."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from bench import schedule_days
from delivery import access
from delivery.calendars import wall
from delivery.errors import NotSaved
from delivery.models.assignments import Assignment
from delivery.models.schedules import Occurrence
from delivery.schedules import turning, turns
from delivery.service import Service
from tests import build, planning
from workers import scheduler

#: Three weeks around the change of clocks of 12 March 2028, with the leap day before.
SPRING = datetime(2028, 2, 25, 12, tzinfo=UTC)


def simulated(folder: Path, seed: int = 1) -> dict[str, Any]:
    return schedule_days.simulate(folder, ("America/New_York", "America/Phoenix"), SPRING, 24, seed)


def test_around_a_change_of_clocks_every_turn_comes_at_its_wall_time_once(tmp_path: Path) -> None:
    result = simulated(tmp_path)
    assert result["first_faults"] == []
    assert result["made"] >= 10
    assert result["missed"] >= 1


def test_the_check_sees_a_wrong_wall_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        turns, "moment", lambda day, clock, _zone: wall.moment(day, clock, "America/New_York")
    )
    assert "due at a wrong time" in str(simulated(tmp_path)["first_faults"])


def test_the_check_sees_a_lost_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = turns.coming
    monkeypatch.setattr(turns, "coming", lambda *a, **k: [t for t in real(*a, **k) if t.key != "2028-03-07"])
    assert "lost: " in str(simulated(tmp_path)["first_faults"])


def test_the_check_sees_what_an_outage_does_not_excuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turning, "chosen", lambda pending, _at: {(one, turn.key) for one, turn in pending})
    assert simulated(tmp_path)["faults"] > 0


def test_two_schedulers_at_once_do_what_one_does(migrated: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "BATCH", 4)
    cast = build.cast(migrated)
    with planning.at(planning.MONDAY):
        with migrated.db.write() as session:
            ada = access.caller(session, cast.ada)
            clients = [
                build.add_client(session, ada, f"C{n}", "Twin", f"twin{n}@example.org").id for n in range(12)
            ]
        for client_id in clients:
            for key in ("gad7", "phq9"):
                what = planning.wanted(cast, client_id=client_id, instruments=[key], rule="FREQ=DAILY")
                planning.plan(migrated, cast, what)
    broken: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                for batch in scheduler.BATCHES:
                    # A busy database is tried again, as in the next sweep.
                    with contextlib.suppress(NotSaved), migrated.db.write() as session:
                        batch(session, migrated.settings)
        except BaseException as error:
            broken.append(error)

    first = planning.wanted(cast).starts_on
    for day in range(3):
        at = datetime(first.year, first.month, first.day, 17, 0, 5, tzinfo=UTC) + timedelta(days=day)
        with time_machine.travel(at, tick=False):
            threads = [threading.Thread(target=work) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert broken == []
    with migrated.db.read() as session:
        outcomes = session.execute(
            select(Occurrence.key, Occurrence.outcome, func.count()).group_by(
                Occurrence.key, Occurrence.outcome
            )
        ).all()
        asks = session.scalar(select(func.count()).select_from(Assignment))
    assert sorted((key, outcome.value, n) for key, outcome, n in outcomes) == [
        ("2027-01-05", "made", 24),
        ("2027-01-06", "made", 24),
        ("2027-01-07", "made", 24),
    ]
    assert asks == 72
