"""The fault run: real messages and real forms while processes die, and nobody is forgotten or asked twice.

    python -m bench.faults [--quick] [--json] [--break=ledger] [--messages N] [--seconds S]
                           [--database sqlite|postgresql] [--seed N]

Everything is real: database, Valkey, supervisor, workers, two schedulers, web, HTTP to a local carrier that
loses replies, answers 500 or 429, dawdles and resets. Ends with code 1 where anything was lost, doubled,
sent to another person or left open. With `--break=ledger` it must end with doubles, otherwise it proved
nothing (code 1). The full run sends 1,000 messages and then runs the broken ledger as a control; it writes
bench/results/faults.json.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import faults_submits as submits
from bench.faults_carrier import WatchedCarrier
from bench.faults_database import database
from bench.faults_machine import Machine, installation
from bench.faults_report import carrier_rows, stamp, table
from bench.faults_run import Crowd, Phase, Result, kills, nothing, run, sleeps, wipe
from bench.faults_truth import oddities
from delivery import logs
from tests import build

SENDING = ("send-1", "send-2")
SCHEDULERS = ("scheduler-1", "scheduler-2")
SENDERS = ("broker", *SENDING, *SCHEDULERS, "web")
RESULTS = Path(__file__).resolve().parent / "results" / "faults.json"


def phases(messages: int, most: int) -> list[Phase]:
    """The phases of sending, with the messages shared out among them; at most `most` kills."""
    small = max(10, messages // 20)
    return [
        Phase("kill -9 of a random process", messages - 3 * small, kills(SENDERS), most=most),
        Phase("worker stopped past its lease", small, sleeps(SENDING), every=1.5, most=max(2, small // 10)),
        Phase("broker wiped", small, wipe, every=1.5, most=max(1, small // 20)),
        Phase("two schedulers, nothing killed", small, nothing),
    ]


def sending(
    plan: Sequence[Phase], seed: int, longest: float, kind: str, *, broken: bool = False
) -> tuple[list[Result], list[dict[str, Any]], list[str]]:
    """Run phases on an installation of their own: results, rows of the carrier's faults, oddities."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="lightq-faults-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        url = stack.enter_context(database(kind))
        carrier = stack.enter_context(WatchedCarrier(folder / "carrier.jsonl", seed=seed))
        service = installation(folder, carrier.url, url)
        stack.callback(service.db.close)
        cast = build.cast(service)
        crowd = Crowd(service, cast.caller(service, cast.ada))
        crowd.grow(sum(phase.messages for phase in plan))
        machine = stack.enter_context(Machine(service, SENDERS, python=sys.executable, broken=broken))
        results = [run(phase, machine, carrier, crowd, chance, longest) for phase in plan]
        odd = [] if broken else oddities(service, cast.practice)
        return results, carrier_rows(carrier, results), odd


def control(seed: int, longest: float, kind: str, messages: int) -> Result:
    """The same blows with the ledger switched off."""
    plan = [Phase("kill -9, ledger switched off", messages, kills(SENDERS))]
    return sending(plan, seed, longest, kind, broken=True)[0][0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and say by the exit code whether the promise held."""
    parser = argparse.ArgumentParser(prog="faults", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="about 150 messages in less than a minute")
    parser.add_argument("--json", action="store_true", help="the result as JSON instead of a table")
    parser.add_argument("--break", dest="broken", choices=["ledger"], help="must produce doubles")
    parser.add_argument("--messages", type=int, help="messages to send (1,000; quick: 120)")
    parser.add_argument("--submits", type=int, help="forms to fill in (60; quick: 6)")
    parser.add_argument("--seconds", type=float, default=600, help="longest time for one phase")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=20261122)
    given = parser.parse_args(arguments)
    logs.install()  # to standard error: standard output is the result
    messages = given.messages or (120 if given.quick else 1000)
    forms = given.submits if given.submits is not None else (6 if given.quick else 60)
    blows = 12 if given.quick else 10_000
    odd: list[str] = []
    if given.broken:
        result = control(given.seed, given.seconds, given.database, messages)
        rows = [result.row()]
        good = rows[0]["doubled"] > 0
    else:
        results, of_carrier, odd = sending(phases(messages, blows), given.seed, given.seconds, given.database)
        rows = [*(result.row() for result in results), *of_carrier]
        if forms:
            rows.append(submits.sitting(forms, forms, given.seed, given.seconds, given.database))
            odd = [*odd, *rows[-1].pop("odd")]
        good = not odd and not any(
            row[key]
            for row in rows
            for key in ("lost", "doubled", "wrong_person", "untrue_state", "still_open")
        )
    report = {**stamp(given, messages), "rows": rows, "oddities": odd, "good": good}
    if not given.broken and not given.quick:
        off = control(given.seed, given.seconds, given.database, max(150, messages // 5)).row()
        report["ledger_off"] = off
        report["good"] = good = good and off["doubled"] > 0
        RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report) if given.json else table(report))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
