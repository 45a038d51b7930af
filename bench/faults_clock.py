"""Clocks that a fault run can set: each process adds the seconds that its own file says to the true time.

Import this before anything of `delivery`, whose modules take `now` by name. `LIGHTQ_FAULTS_CLOCK` names the
file; without it nothing is changed.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from delivery import db

FILE = "LIGHTQ_FAULTS_CLOCK"


def read(path: Path) -> float:
    """Seconds that a process's clock is ahead of the true time (negative: behind)."""
    try:
        return float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0.0


def write(path: Path, seconds: float) -> None:
    """Set a clock, in one step."""
    fresh = path.with_suffix(".new")
    fresh.write_text(str(seconds), encoding="ascii")
    fresh.rename(path)


def install(path: Path) -> None:
    """Let this process's time be the one of its file from now on."""
    true_now = db.now

    db.now = lambda: true_now() + timedelta(seconds=read(path))
    db.time = SimpleNamespace(  # type: ignore[assignment, attr-defined]
        time_ns=lambda: time.time_ns() + int(read(path) * 1e9), monotonic=time.monotonic, sleep=time.sleep
    )


def own_file() -> Path | None:
    """The file of this process's clock, where it has one."""
    return Path(os.environ[FILE]) if os.environ.get(FILE) else None


if (_own := own_file()) is not None:
    install(_own)
