"""The ledger's work list: planned once, held by one, finished with its result or not at all."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import select

from delivery import jobs
from delivery.db import now
from delivery.errors import LeaseLost
from delivery.models.ledger import OutboxEntry
from delivery.models.people import Practice
from delivery.service import Service
from delivery.states import OutboxState
from tests import build


@pytest.fixture
def practice(service: Service, cast: build.Cast) -> Practice:
    with service.db.read() as session:
        found = session.get(Practice, cast.practice)
    assert found is not None
    return found


def _plan(service: Service, practice: Practice, **more: object) -> None:
    with service.db.write() as session:
        jobs.add(session, "score", uuid4(), practice_id=practice.id, **more)  # type: ignore[arg-type]


def _claim(service: Service, seconds: float = 20) -> jobs.Claim | None:
    with service.db.write() as session:
        return jobs.claim(session, "score", seconds)


def _rows(service: Service) -> list[OutboxEntry]:
    with service.db.read() as session:
        return list(session.scalars(select(OutboxEntry).order_by(OutboxEntry.id)))


def test_the_same_work_is_planned_once(service: Service, practice: Practice) -> None:
    for _ in range(3):
        _plan(service, practice, key="twice")
    assert len(_rows(service)) == 1


def test_work_that_rolls_back_was_never_planned(service: Service, practice: Practice) -> None:
    with pytest.raises(RuntimeError), service.db.write() as session:
        jobs.add(session, "score", uuid4(), practice_id=practice.id)
        raise RuntimeError
    assert _rows(service) == []


def test_the_bell_rings_after_the_commit_and_only_for_due_work(service: Service, practice: Practice) -> None:
    rung: list[list[str]] = []
    service.db._ring = lambda queues: rung.append([*queues, str(len(_rows(service)))])
    _plan(service, practice, due_at=now() + timedelta(hours=1))
    assert rung == []
    _plan(service, practice)
    assert rung == [["score", "2"]]


def test_a_row_is_held_by_one_worker(service: Service, practice: Practice) -> None:
    _plan(service, practice)
    assert _claim(service) is not None
    assert _claim(service) is None


def test_work_for_later_waits(service: Service, practice: Practice) -> None:
    _plan(service, practice, due_at=now() + timedelta(minutes=5))
    assert _claim(service) is None
    with time_machine.travel(now() + timedelta(minutes=6)):
        assert _claim(service) is not None


def test_a_lease_that_ran_out_goes_to_the_next_and_fences_off_the_first(
    service: Service, practice: Practice
) -> None:
    _plan(service, practice)
    first = _claim(service)
    assert first is not None
    with time_machine.travel(now() + timedelta(seconds=30)):
        second = _claim(service)
        assert second is not None
        assert second.id == first.id
        with pytest.raises(LeaseLost), service.db.write() as session:
            jobs.finish(session, first)
        with pytest.raises(LeaseLost), service.db.write() as session:
            jobs.extend(session, first, 20)
        with service.db.write() as session:
            jobs.finish(session, second)
    assert [row.state for row in _rows(service)] == [OutboxState.DONE]


def test_a_lease_that_is_kept_up_is_not_taken(service: Service, practice: Practice) -> None:
    _plan(service, practice)
    held = _claim(service)
    assert held is not None
    with time_machine.travel(now() + timedelta(seconds=15)), service.db.write() as session:
        jobs.extend(session, held, 20)
    with time_machine.travel(now() + timedelta(seconds=30)):
        assert _claim(service) is None


def test_an_error_is_tried_again_later_and_parked_in_the_end(service: Service, practice: Practice) -> None:
    _plan(service, practice)
    at = now()
    for number in range(jobs.MOST_TRIES):
        at += timedelta(hours=1)
        with time_machine.travel(at):
            held = _claim(service)
            assert held is not None
            with service.db.write() as session:
                parked = jobs.fail(session, held, ValueError("Ana Canary, cy@example.org"))
            assert parked is (number == jobs.MOST_TRIES - 1)
    (row,) = _rows(service)
    assert row.state is OutboxState.PARKED
    assert row.error == "ValueError"
    with service.db.write() as session:
        assert jobs.retry(session, "score", row.subject_id)
    assert _claim(service) is not None


def test_a_row_whose_worker_dies_every_time_is_parked(service: Service, practice: Practice) -> None:
    _plan(service, practice)
    at = now()
    for _ in range(jobs.MOST_TRIES):
        with time_machine.travel(at):
            assert _claim(service, 10) is not None
        at += timedelta(minutes=1)
    with time_machine.travel(at):
        assert _claim(service) is None
        with service.db.write() as session:
            assert jobs.park_worn_out(session) == 1
            assert [row.error for row in jobs.parked(session, [practice.id])] == ["WorkerDied"]


def test_giving_back_is_not_a_try(service: Service, practice: Practice) -> None:
    _plan(service, practice)
    for _ in range(jobs.MOST_TRIES + 3):
        held = _claim(service)
        assert held is not None
        with service.db.write() as session:
            jobs.again(session, held, now())


def test_ready_queues_names_what_waits(service: Service, practice: Practice) -> None:
    with service.db.read() as session:
        assert jobs.ready_queues(session) == []
        assert jobs.oldest_due(session) is None
    _plan(service, practice)
    with service.db.read() as session:
        assert jobs.ready_queues(session) == ["score"]
        assert jobs.oldest_due(session) is not None


def _several(service: Service, most: int = 10) -> list[jobs.Claim]:
    with service.db.write() as session:
        return jobs.claim_several(session, "score", 20, most)


def test_several_rows_are_taken_at_once_longest_due_first(service: Service, practice: Practice) -> None:
    for minutes in (3, 1, 2):
        _plan(service, practice, due_at=now() - timedelta(minutes=minutes))
    due = [row.id for row in sorted(_rows(service), key=lambda row: row.due_at)]
    first = _several(service, 2)
    assert [claim.id for claim in first] == due[:2]
    assert [claim.id for claim in _several(service)] == due[2:]
    with service.db.write() as session:
        for claim in first:
            jobs.finish(session, claim)


def test_a_row_that_was_tried_before_is_taken_alone(service: Service, practice: Practice) -> None:
    for _ in range(3):
        _plan(service, practice)
    assert len(_several(service)) == 3
    with time_machine.travel(now() + timedelta(minutes=1)):
        assert [len(_several(service)) for _ in range(4)] == [1, 1, 1, 0]


def test_rows_that_are_given_back_are_due_as_before_and_untried(service: Service, practice: Practice) -> None:
    for _ in range(3):
        _plan(service, practice)
    before = [(row.due_at, row.tries) for row in _rows(service)]
    taken = _several(service)
    with service.db.write() as session:
        jobs.finish(session, taken[0])
        jobs.give_back(session, taken)
    rows = _rows(service)
    assert [row.state for row in rows] == [OutboxState.DONE, OutboxState.NEW, OutboxState.NEW]
    assert [(row.due_at, row.tries) for row in rows[1:]] == before[1:]
