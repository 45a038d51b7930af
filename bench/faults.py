"""The fault run: real messages and forms while everything breaks, and nobody is forgotten or asked twice.

    python -m bench.faults [--quick] [--json] [--break=ledger] [--messages N] [--submits N]
                           [--phase NAME] [--database sqlite|postgresql] [--seed N]

Everything is real: database, Valkey, supervisor, workers, two schedulers, web, and HTTP and SMTP to local
carriers that lose replies, refuse, dawdle, reset, and call back in any order. Ends with code 1 where a
message or an answer was lost, doubled, sent to somebody who must not get it, or left open. With
`--break=ledger` it must end with doubles, otherwise it proved nothing (code 1). The full run sends 10,000
messages, runs the broken ledger as a control, and writes bench/results/faults.json and docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import faults_clock, faults_database
from bench.faults_document import write
from bench.faults_phases import CONTROL, GROUPS, IDLE, QUICK, Group
from bench.faults_report import merged, stamp, table

RESULTS = Path(__file__).resolve().parent / "results" / "faults.json"
#: Groups at work at the same time: most of a group's time is spent in waiting.
AT_ONCE = 2
#: Messages and submits of the full run, and of the quick one.
FULL, SHORT = (10_000, 2_000), (40, 6)
IDLE_SENDS = 300

Json = dict[str, Any]


def group(chosen: Group, given: argparse.Namespace, messages: int, submits: int, *more: str) -> list[Json]:
    """Run one group in a process of its own (its keys and its clock are the process's); its rows."""
    words = [
        "--messages",
        str(round(messages * chosen.share)),
        "--submits",
        str(round(submits * chosen.submits)),
    ]
    words += ["--phase", given.phase, "--seed", str(given.seed), "--seconds", str(given.seconds), *more]
    if given.database:
        words += ["--database", given.database]
    with (
        tempfile.TemporaryDirectory(prefix="lightq-faults-clock-") as folder,
        subprocess.Popen(
            [sys.executable, "-P", "-m", "bench.faults_group", chosen.name, *words],
            env={**os.environ, faults_clock.FILE: str(Path(folder) / "own")},
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        rows = [_told(json.loads(line)) for line in process.stdout if line.startswith("{")]
    if process.returncode:
        rows.append(broken_off(chosen.name, process.returncode))
    return rows


def _told(row: Json) -> Json:
    """The row, after a word to whoever watches."""
    if "fault" in row:
        sys.stderr.write(f"done: {row['fault']} ({row['seconds']} s)\n")
        if not row["good"]:
            sys.stderr.write(f"NOT GOOD: {json.dumps(row)}\n")
    return row


def broken_off(name: str, code: int) -> Json:
    """The row of a group that did not come to its end."""
    counts = dict.fromkeys(("injections", "messages", "submits", "lost", "doubled", "wrong_person"), 0)
    odd = [f"the group {name} ended with code {code}"]
    return {"fault": name, **counts, "recovery_seconds": None, "odd": odd, "good": False}


def groups(given: argparse.Namespace) -> list[Group]:
    """Those that have a phase that is asked for, and can be run here."""
    found = [
        one
        for one in (QUICK if given.quick else GROUPS)
        if any(phase.fault.startswith(given.phase) for phase in one.phases)
    ]
    return [one for one in found if one.database == "sqlite" or faults_database.possible()]


def proof(given: argparse.Namespace, messages: int, submits: int) -> Json:
    """The run with the ledger."""
    idle: Json = {}
    if not given.quick and not given.phase:
        # Before anything else, so that nobody else is at work.
        idle = next(
            (row["idle"] for row in group(IDLE, given, 0, 0, "--idle", str(IDLE_SENDS)) if "idle" in row), {}
        )
    chosen = groups(given)
    limits = ["--most", "8"] if given.quick else []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda one: group(one, given, messages, submits, *limits), chosen)
        rows = merged([row for rows in found for row in rows])
    good = bool(rows) and all(row["good"] for row in rows) and idle.get("good", True)
    return {"rows": rows, "idle": idle, "good": good}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and say by the exit code whether the promise held."""
    parser = argparse.ArgumentParser(prog="faults", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the main faults in less than a minute")
    parser.add_argument("--json", action="store_true", help="the result as JSON instead of a table")
    parser.add_argument("--break", dest="broken", choices=["ledger"], help="must produce doubles")
    parser.add_argument("--messages", type=int, help=f"messages to send ({FULL[0]:,}; quick: {SHORT[0]})")
    parser.add_argument("--submits", type=int, help=f"forms to fill in ({FULL[1]:,}; quick: {SHORT[1]})")
    parser.add_argument("--phase", default="", help="only the phases whose name begins so (F14)")
    parser.add_argument("--seconds", type=float, default=1200, help="longest time for one phase")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one for all phases")
    parser.add_argument("--seed", type=int, default=20261122)
    given = parser.parse_args(arguments)
    usual = SHORT if given.quick else FULL
    messages = usual[0] if given.messages is None else given.messages
    submits = usual[1] if given.submits is None else given.submits
    if given.broken:
        rows = group(CONTROL, given, given.messages or 150, 0, "--broken")
        report: Json = {"rows": rows, "idle": {}, "good": any(row["doubled"] for row in rows)}
    else:
        report = proof(given, messages, submits)
    report = {**stamp(given, messages, submits), **report}
    whole = not (given.broken or given.quick or given.phase)
    if whole:
        off = group(CONTROL, given, max(150, messages // 20), 0, "--broken")
        report["ledger_off"] = off[0]
        report["good"] = report["good"] and off[0]["doubled"] > 0
    if whole and usual == (messages, submits):
        RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        write(report)
    print(json.dumps(report) if given.json else table(report))
    return 0 if report["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
