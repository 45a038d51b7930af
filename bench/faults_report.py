"""The table of a fault run, and what it was run on."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.faults_carrier import WatchedCarrier
from bench.faults_run import Result

COLUMNS = (
    ("fault", 40),
    ("injections", 10),
    ("messages", 8),
    ("submits", 7),
    ("lost", 5),
    ("doubled", 7),
    ("wrong_person", 12),
    ("recovery_seconds", 16),
)
NAMES = {
    "drop_reply": "carrier: accepted, reply lost",
    "server_error": "carrier: 500, accepted or not",
    "too_many": "carrier: 429 with Retry-After",
    "slow": "carrier: slow answer",
    "reset": "carrier: connection reset",
}


def carrier_rows(carrier: WatchedCarrier, results: Sequence[Result]) -> list[dict[str, Any]]:
    """One line for each fault of the carrier, over all phases: the messages that met it."""
    rows = []
    for fault, words in NAMES.items():
        met = [to for name, to in carrier.met if name == fault]
        counts = [result.verdict.of(met) for result in results]
        rows.append(
            {
                "fault": words,
                "injections": len(met),
                "messages": len(set(met)),
                "submits": 0,
                **{
                    key: sum(one[key] for one in counts)
                    for key in ("lost", "doubled", "wrong_person", "unclear")
                },
                "recovery_seconds": None,
                "untrue_state": 0,
                "still_open": 0,
            }
        )
    return rows


def stamp(given: argparse.Namespace, messages: int) -> dict[str, Any]:
    """When, where and from what the figures come."""
    root = Path(__file__).resolve().parent.parent
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": found.stdout.strip() if found.returncode == 0 else None,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load": round(os.getloadavg()[0], 1),
        "database": given.database,
        "seed": given.seed,
        "messages": messages,
        "broken": given.broken,
    }


def table(report: dict[str, Any]) -> str:
    """The lines of a report as text."""
    head = "  ".join(name.rjust(width) if width < 40 else name.ljust(width) for name, width in COLUMNS)
    lines = [head]
    extra = [report["ledger_off"]] if "ledger_off" in report else []
    for row in [*report["rows"], *extra]:
        cells = ["-" if row[name] is None else str(row[name]) for name, _ in COLUMNS]
        lines.append(
            "  ".join(
                cell.rjust(width) if width < 40 else cell.ljust(width)
                for cell, (_, width) in zip(cells, COLUMNS, strict=True)
            )
        )
    lines += [f"odd: {line}" for line in report["oddities"]]
    lines += [
        f"{row['fault']}: {row[key]} {words}"
        for row in report["rows"]
        for key, words in (
            ("unclear", "unclear in the end"),
            ("untrue_state", "arrived but marked otherwise"),
            ("still_open", "still open"),
        )
        if row.get(key)
    ]
    broken = report["broken"] is not None
    lines.append(
        ("doubles appear without the ledger, as they must" if report["good"] else "this run proved nothing")
        if broken
        else ("nothing lost, nothing doubled" if report["good"] else "the promise did not hold")
    )
    return "\n".join(lines)
