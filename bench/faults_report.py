"""The table of a fault run, and what it was run on."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]

COLUMNS = (
    ("fault", 58),
    ("injections", 10),
    ("messages", 8),
    ("submits", 7),
    ("lost", 5),
    ("doubled", 7),
    ("wrong_person", 12),
    ("recovery_seconds", 16),
)
#: Summed over phases of one name, and the largest of them.
SUMS = (
    *("injections", "messages", "submits", "lost", "doubled", "wrong_person", "sent", "both_ways", "unclear"),
    *("ambiguous", "untrue_state", "still_open", "seconds", "points", "points_in_full"),
)
MAILED = " (SMTP)"


def merged(rows: Sequence[Json]) -> list[Json]:
    """One row for each fault, over all its transports, in the order of their numbers."""
    by_fault: dict[str, list[Json]] = {}
    for row in rows:
        by_fault.setdefault(row["fault"].removesuffix(MAILED), []).append(row)
    return sorted(
        (_sum(name, of_it) for name, of_it in by_fault.items()), key=lambda row: _order(row["fault"])
    )


def _order(fault: str) -> tuple[int, str]:
    number = fault[1:].split(" ", maxsplit=1)[0].split("-", maxsplit=1)[0]
    return (int(number) if number.isdigit() else 0, fault)


def _sum(name: str, rows: Sequence[Json]) -> Json:
    recoveries = [row["recovery_seconds"] for row in rows if row["recovery_seconds"] is not None]
    summed: Json = {"fault": name, **{key: round(sum(row.get(key, 0) for row in rows), 1) for key in SUMS}}
    for key in ("listed", "targets"):
        counts = Counter[str]()
        for row in rows:
            counts.update(row.get(key, {}))
        summed[key] = dict(counts)
    return {
        **summed,
        "recovery_seconds": max(recoveries, default=None),
        "odd": [line for row in rows for line in row["odd"]],
        "good": all(row["good"] for row in rows),
    }


def stamp(given: argparse.Namespace, messages: int, submits: int) -> Json:
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
        "database": given.database or "SQLite, and PostgreSQL for its own faults",
        "seed": given.seed,
        "messages": messages,
        "submits": submits,
        "broken": given.broken,
    }


def table(report: Json) -> str:
    """The lines of a report as text."""
    extra = [report["ledger_off"]] if "ledger_off" in report else []
    rows = [*report["rows"], total(report["rows"]), *extra]
    lines = [
        _line([name for name, _ in COLUMNS]),
        *(_line([cell(row, name) for name, _ in COLUMNS]) for row in rows),
    ]
    lines += [f"{row['fault']}: {line}" for row in report["rows"] for line in notes(row)]
    if idle := report["idle"]:
        lines.append(
            f"idle: {idle['messages']} sends, 99 % handed over {idle['p99_seconds']} s after they were due"
        )
    return "\n".join([*lines, verdict(report)])


def _line(cells: Sequence[str]) -> str:
    return "  ".join(
        text.ljust(width) if name == "fault" else text.rjust(width)
        for text, (name, width) in zip(cells, COLUMNS, strict=True)
    )


def cell(row: Json, name: str) -> str:
    """One value as the table shows it."""
    return "-" if row[name] is None else str(row[name])


def total(rows: Sequence[Json]) -> Json:
    """The last line: sums, and the longest recovery."""
    return _sum("all", rows) if rows else broken_total()


def broken_total() -> Json:
    """The sum of nothing."""
    return {"fault": "all", **dict.fromkeys((name for name, _ in COLUMNS[1:]), 0)}


def notes(row: Json) -> list[str]:
    """What else is to be said of a row, good or bad."""
    said = [f"odd: {line}" for line in row["odd"]]
    if row.get("points"):
        said.append(f"{row['points_in_full']} of {row['points']} points crashed three times")
    if row.get("unclear"):
        said.append(f"{row['unclear']} unclear in the end, {row['ambiguous']} ambiguous outcomes injected")
    for key, words in (
        ("both_ways", "reached both ways within a day"),
        ("untrue_state", "marked otherwise than they went"),
        ("still_open", "still open"),
    ):
        if row.get(key):
            said.append(f"{row[key]} {words}")
    if not row["good"]:
        said.append("the promise did not hold here")
    return said


def verdict(report: Json) -> str:
    """The last sentence."""
    if report["broken"] is not None:
        return (
            "doubles appear without the ledger, as they must" if report["good"] else "this run proved nothing"
        )
    return "nothing lost, nothing doubled" if report["good"] else "the promise did not hold"
