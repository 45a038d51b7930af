"""What SQLite and PostgreSQL do differently, and what we make of it."""

from __future__ import annotations

import contextlib
import threading
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from delivery import accounts, forms, results, submissions
from delivery.db import insert, now, taken
from delivery.models.assignments import Assignment, Way
from delivery.models.ledger import Tick
from delivery.models.results import EpisodeSummary, Submission
from delivery.service import Service
from tests import build


def test_an_insert_leaves_an_equal_row_as_it_is(migrated: Service) -> None:
    at = now()
    made = []
    for _ in range(2):
        with migrated.db.write() as session:
            fresh = insert(session, Tick).values(name="t", at=at).on_conflict_do_nothing()
            made.append(session.scalars(fresh.returning(Tick.name)).one_or_none())
    assert made == ["t", None]


def test_an_equal_row_counts_as_taken_and_another_refusal_does_not(migrated: Service) -> None:
    at = now()
    for values, equal in (({"name": "t", "at": at}, True), ({"name": "u", "at": None}, False)):
        with pytest.raises(IntegrityError) as caught, migrated.db.write() as session:
            session.execute(insert(session, Tick).values(name="t", at=at))
            session.execute(insert(session, Tick).values(**values))
        assert taken(caught.value) is equal


@pytest.mark.parametrize("email", ["ada@example.org\x00", "\x00", "ada\n@example.org"])
def test_an_address_with_control_characters_signs_nobody_in(migrated: Service, email: str) -> None:
    build.cast(migrated)
    assert accounts.sign_in(migrated.db, email, build.PASSWORD, network="n", throttle_key=b"k") is None


def _sent(service: Service, cast: build.Cast) -> UUID:
    """A PHQ-9 of Cy that is submitted and not scored yet."""
    asked = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"], way=Way.IN_PERSON)
    with service.db.write() as session:
        row = session.get_one(Assignment, asked.id)
        sheet = forms.typed_in(session, row, cast.ada)
        forms.keep(session, sheet, "phq9", {f"phq9_{n}": "1" for n in range(1, 10)}, place="review")
    with service.db.write() as session:
        row = session.get_one(Assignment, asked.id)
        assert (
            submissions.accept(session, forms.typed_in(session, row, cast.ada), blank_rest=True).kind
            == "sent"
        )
    with service.db.read() as session:
        return session.scalars(select(Submission.id).where(Submission.assignment_id == asked.id)).one()


@pytest.mark.parametrize("before", [0, 1])
def test_of_two_scores_at_once_the_summary_counts_both(
    migrated: Service, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    cast = build.cast(migrated)
    for _ in range(before):
        first = _sent(migrated, cast)
        with migrated.db.write() as session:
            results.store(session, first)
    waiting = [_sent(migrated, cast) for _ in range(2)]
    together, course = threading.Barrier(2), results.course

    def slow(*asked: Any) -> Any:
        found = course(*asked)
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(1)  # both have looked, unless one has to wait for the other
        return found

    monkeypatch.setattr(results, "course", slow)

    def score(submission_id: UUID) -> None:
        with migrated.db.write() as session:
            results.store(session, submission_id)

    threads = [threading.Thread(target=score, args=(one,)) for one in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with migrated.db.read() as session:
        row = session.scalars(select(EpisodeSummary)).one()
        assert row.summary is not None
        assert row.summary["n"] == before + 2
