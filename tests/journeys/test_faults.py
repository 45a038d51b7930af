"""The short form of the fault run, as `./lightq faults --quick --json` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("fault", "injections", "messages", "submits", "lost", "doubled", "wrong_person", "recovery_seconds")


def test_a_short_fault_run_loses_and_doubles_nothing_on_any_transport() -> None:
    words = [sys.executable, "-P", "-m", "bench.faults", "--quick", "--json"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
    report = json.loads(done.stdout)
    rows = report["rows"]
    assert done.returncode == 0, rows
    assert report["good"]
    assert len(rows) == 2
    assert all(set(KEYS) <= set(row) for row in rows)
    assert [sum(row[key] for row in rows) for key in ("lost", "doubled", "wrong_person")] == [0, 0, 0]
    assert sum(row["messages"] for row in rows) >= 40
    assert sum(row["submits"] for row in rows) >= 6
    assert all(row["injections"] > 0 for row in rows)
