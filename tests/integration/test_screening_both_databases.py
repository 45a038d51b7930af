"""The records of public screening on both databases."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from delivery import library
from delivery.db import now, uuid7
from delivery.models.clients import Client
from delivery.models.ledger import OutboxEntry
from delivery.models.results import Alert, Submission
from delivery.models.screening import ScreeningCount
from delivery.screening import codes, forgetting, runs, storing
from delivery.screening.walks import Walk, Wanted
from delivery.service import Service
from tests import build
from tests.screening_visit import open_page


def test_a_walk_is_taken_step_by_step_stored_and_forgotten(migrated: Service) -> None:
    cast = build.cast(migrated)
    page = open_page(migrated, cast)
    draft = {"phq9": {f"phq9_{n}": "1" for n in range(1, 10)}}
    walk = Walk(page.id, uuid7(), "phq9", 1, "adult", "en", now().timestamp(), draft=draft)
    with migrated.db.write() as session:
        assert runs.begin(session, page, walk.run_id)
        assert not runs.begin(session, page, walk.run_id)
    with migrated.db.write() as session:
        assert runs.take(session, walk)
        runs.finish(session, page, walk.run_id)
        runs.finish(session, page, walk.run_id)
    walk = walk.after(wanted=Wanted("sms", "+15035550118", "Pat", "", now().timestamp()))
    assert walk.wanted is not None
    for _ in range(codes.A_DAY):
        with migrated.db.write() as session:
            codes.allow(session, page, walk.wanted, "192.0.2.1", b"k")
    with migrated.db.read() as session:
        sheet = storing.sheet_of(walk, page.practice_id, library.of(session, page.practice_id))
        assert sheet.answers("phq9")["phq9_9"] == "1"
    with migrated.db.write() as session:
        assert runs.take(session, walk)
        client = storing.store(session, page, walk)
        assert storing.store(session, page, replace(walk, step=9)) is client
        assert session.scalars(select(Submission.id).where(Submission.client_id == client.id)).one()
        assert session.scalars(select(Alert.item_id).where(Alert.client_id == client.id)).one() == "phq9_9"
    with migrated.db.write() as session:
        held = session.get_one(Client, client.id)
        assert held.prospect_until is not None
        held.prospect_until = now()
        session.flush()
        assert forgetting.forget_due(session) == 1
    with migrated.db.read() as session:
        assert session.get(Client, client.id) is None
        assert session.get(Client, cast.cy) is not None
        assert session.scalars(select(OutboxEntry)).all() == []
        row = session.scalars(select(ScreeningCount)).one()
        assert (row.started, row.finished, row.contacted) == (1, 1, 1)
