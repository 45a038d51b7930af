"""A service whose tables come from the migrations, on each of the two databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command

from delivery.cli.database import config
from delivery.service import Service, start
from tests import build, postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
    else:
        with postgres.database(request.getfixturevalue("postgres_server")) as found:
            yield found


@pytest.fixture
def migrated(url: str, tmp_path: Path) -> Iterator[Service]:
    """A service on that database, brought up by the migrations."""
    command.upgrade(config(url), "head")
    made = start(build.settings(tmp_path, database_url=url))
    yield made
    made.db.close()
