"""Migrations up and down, with data, on both databases; and the models equal the head."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from delivery import clients
from delivery.cli.database import config
from delivery.db import make_engine
from delivery.models import Base
from delivery.models.clients import Client
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


def test_a_record_survives_every_later_revision(url: str, tmp_path: Path) -> None:
    revisions = list(ScriptDirectory.from_config(config(url)).walk_revisions())[::-1]
    command.upgrade(config(url), revisions[0].revision)
    service = start(build.settings(tmp_path, database_url=url))
    cast = build.cast(service)
    command.upgrade(config(url), "head")
    with service.db.read() as session:
        found = session.scalars(select(Client).where(Client.id == cast.cy)).one()
        assert (found.given_name, found.family_name) == ("Cyan", "Canary")
    service.db.close()


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
