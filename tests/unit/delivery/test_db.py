"""Identifiers, times, and sessions that commit whole or not at all."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError, StatementError

from delivery import db
from delivery.db import uuid7
from delivery.errors import NotSaved
from delivery.models.ledger import Tick
from delivery.service import Service


def test_ids_are_version_7_and_rise_with_time() -> None:
    made = [uuid7() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == 5000
    assert {i.version for i in made} == {7}
    assert {i.variant for i in made} == {"specified in RFC 4122"}
    stamp = datetime.fromtimestamp((made[0].int >> 80) / 1000, UTC)
    assert abs(stamp - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_time_comes_back_in_utc(service: Service) -> None:
    at = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=-8)))
    with service.db.write() as session:
        session.add(Tick(name="t", at=at))
    with service.db.read() as session:
        found = session.scalars(select(Tick.at)).one()
    assert found == at
    assert found.utcoffset() == timedelta(0)


def test_a_time_without_zone_is_refused(service: Service) -> None:
    with pytest.raises(StatementError, match="without zone"), service.db.write() as session:
        session.add(Tick(name="t", at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_a_failed_transaction_leaves_nothing(service: Service) -> None:
    with pytest.raises(RuntimeError), service.db.write() as session:
        session.add(Tick(name="t", at=db.now()))
        session.flush()
        raise RuntimeError
    with service.db.read() as session:
        assert session.scalars(select(Tick)).all() == []


def test_sqlite_commits_are_durable_and_keys_are_checked(service: Service) -> None:
    with service.db.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_many_writers_wait_for_each_other(service: Service) -> None:
    def write(number: int) -> None:
        for step in range(10):
            with service.db.write() as session:
                session.add(Tick(name=f"{number}-{step}", at=db.now()))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with service.db.read() as session:
        assert len(session.scalars(select(Tick)).all()) == 80


def test_a_writer_that_cannot_get_in_says_that_nothing_was_saved(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.05)
    with service.db.write() as session:
        session.add(Tick(name="first", at=db.now()))
        session.flush()
        with pytest.raises(NotSaved), service.db.write() as other:
            other.add(Tick(name="second", at=db.now()))


def test_a_database_that_does_not_answer_a_reader_is_said_in_words(service: Service) -> None:
    with pytest.raises(NotSaved) as caught, service.db.read():
        raise OperationalError("SELECT secret", {}, sqlite3.OperationalError("disk I/O error"))
    assert "looked up" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert db.driver_error(caught.value) == "OperationalError"
