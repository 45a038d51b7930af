"""Migrations up and down, with data, on both databases; and the models equal the head."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from delivery import clients, passphrases
from delivery.cli.database import config
from delivery.db import make_engine, now
from delivery.models import Base
from delivery.models.clients import Client, Respondent
from delivery.models.messages import Attempt, Dispatch, Purpose, RecipientKind
from delivery.service import Service, start
from tests import build


def test_the_models_equal_the_head(url: str) -> None:
    command.upgrade(config(url), "head")
    engine = make_engine(url)
    with engine.connect() as connection:
        difference = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata
        )
    engine.dispose()
    assert difference == []


def test_up_and_down_leave_nothing_behind(url: str) -> None:
    command.upgrade(config(url), "head")
    command.downgrade(config(url), "base")
    engine = make_engine(url)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    command.upgrade(config(url), "head")


def _rows(url: str) -> dict[str, int]:
    """Rows of every table, counted without our models."""
    engine = make_engine(url)
    with engine.connect() as connection:
        tables = set(inspect(engine).get_table_names()) - {"alembic_version"}
        counted = {one: connection.scalar(text(f'SELECT count(*) FROM "{one}"')) for one in tables}
    engine.dispose()
    return counted


def test_a_record_survives_every_revision_down_and_up(url: str, tmp_path: Path) -> None:
    command.upgrade(config(url), "head")
    service = start(build.settings(tmp_path, database_url=url))
    cast = build.cast(service)
    build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"])
    with service.db.write() as session:
        respondent = session.scalars(select(Respondent).where(Respondent.client_id == cast.cy)).one()
        respondent.passphrase_hash = passphrases.hashed("blue heron")
        _message_with_an_attempt(session, cast)
    service.db.close()  # no connection of ours remembers the shape of before
    before = _rows(url)
    assert before["attempt"] == 1 and before["dispatch"] == 2
    for revision in list(ScriptDirectory.from_config(config(url)).walk_revisions())[1:]:
        command.downgrade(config(url), revision.revision)
        assert _rows(url).items() <= before.items(), "tables may go, rows of those that stay may not"
    command.upgrade(config(url), "head")
    assert _rows(url) == before
    with service.db.read() as session:
        found = session.scalars(select(Client).where(Client.id == cast.cy)).one()
        assert (found.given_name, found.family_name) == ("Cyan", "Canary")
        purposes = session.scalars(select(Dispatch.purpose).order_by(Dispatch.id)).all()
        assert purposes == [Purpose.INVITATION, Purpose.RESULT], "0001 does not know of locked links"
    service.db.close()


def _message_with_an_attempt(session: Session, cast: build.Cast) -> None:
    row = Dispatch(
        practice_id=cast.practice,
        purpose=Purpose.LOCKED,
        recipient=RecipientKind.PERSON,
        person_id=cast.ada,
        channel="email",
        business_key="locked",
        due_at=now(),
    )
    session.add(row)
    session.flush()
    attempt = Attempt(
        practice_id=cast.practice,
        dispatch_id=row.id,
        recipient=row.recipient,
        number=1,
        provider="outbox",
        started_at=now(),
    )
    session.add(attempt)


def test_the_checks_of_a_table_that_was_made_anew_still_hold(migrated: Service) -> None:
    cast = build.cast(migrated)
    build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["gad2"])
    for change in ("purpose = 'lost'", "recipient = 'nobody'", "state = 'lost'", "person_id = practice_id"):
        with pytest.raises(IntegrityError), migrated.db.engine.begin() as connection:
            connection.execute(text(f"UPDATE dispatch SET {change}"))
    for change in ("practice_id = id", "assignment_id = id", "contact_point_id = id"):
        with pytest.raises(IntegrityError), migrated.db.engine.begin() as connection:
            connection.execute(text(f"UPDATE dispatch SET {change}"))


def test_a_revision_that_would_leave_rows_pointing_at_nothing_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    command.upgrade(config(url), "0001")
    engine = make_engine(url)
    driver = engine.raw_connection().driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")
    day = "2026-01-01"
    driver.execute(
        f"INSERT INTO care_team VALUES ('c', 'p', 'primary', '{day}', NULL, 'record', 'x', 'i', '{day}')"
    )
    engine.dispose()
    with pytest.raises(RuntimeError, match="care_team would point at nothing"):
        command.upgrade(config(url), "head")
    engine = make_engine(url)
    assert "passphrase_hash_sealed" not in {c["name"] for c in inspect(engine).get_columns("respondent")}
    engine.dispose()


def test_names_are_found_on_both_databases(migrated: Service) -> None:
    cast = build.cast(migrated)
    with migrated.db.write() as session:
        found = clients.caseload(session, cast.caller(migrated, cast.ada), "can")
    assert [client.id for client in found] == [cast.cy]


def test_the_database_checks_states_on_both(url: str) -> None:
    command.upgrade(config(url), "head")
    engine = make_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            sql = connection.execute(
                text("SELECT sql FROM sqlite_master WHERE name = 'assignment'")
            ).scalar_one()
            assert re.search(r"CHECK \(state IN \('planned'", sql)
        else:
            names = {c["name"] for c in inspect(engine).get_check_constraints("assignment")}
            assert "ck_assignment_assignmentstate" in names
    engine.dispose()


def test_there_is_one_head_and_revisions_are_numbered() -> None:
    scripts = ScriptDirectory.from_config(config("sqlite://"))
    assert len(scripts.get_heads()) == 1
    assert all(re.fullmatch(r"\d{4}", revision.revision) for revision in scripts.walk_revisions())
