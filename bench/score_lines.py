"""Lines a second through `./lightq score`, start-up included; every line is a different set of answers.

`python -m bench.score_lines` writes bench/results/score_lines.json; with `--all` every instrument is measured
(bench/results/score_lines_all.json, exit code 1 where one is slower than the goal).
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.stamp import ROOT, stamp
from delivery import library
from questionnaires.schema import Item

RESULT = Path(__file__).parent / "results" / "score_lines.json"
RESULT_ALL = RESULT.with_name("score_lines_all.json")
LINES = {"phq9": 100_000, "gad7": 15_000, "pcl5": 60_000}
EACH = 30_000
GOAL = 8_000


def answer(item: Item, chance: random.Random) -> str:
    """One of the answers that the item takes."""
    if item.whole_number:
        return str(chance.randint(*item.whole_number))
    if item.free_text:
        return f"{chance.random()}: as typed in"
    return chance.choice(item.options).code


def form(key: str, chance: random.Random) -> str:
    """One set of answers, some with blanks."""
    items = library.shipped().get(key).items
    return json.dumps({item.id: answer(item, chance) if chance.random() > 0.01 else None for item in items})


def lines(key: str, count: int) -> bytes:
    """`count` different lines of answers."""
    chance, seen = random.Random(1), set[str]()
    while len(seen) < count:
        seen.add(form(key, chance))
    return ("\n".join(itertools.islice(seen, count)) + "\n").encode()


def repeating_lines(key: str, count: int) -> bytes:
    """`count` lines of answers; of a short instrument some are the same."""
    chance = random.Random(1)
    return "".join(form(key, chance) + "\n" for _ in range(count)).encode()


def measure(key: str, data: bytes, count: int) -> float:
    """Lines a second of one run in a process of its own."""
    began = time.monotonic()
    reply = subprocess.run(
        [sys.executable, "-P", "-m", "questionnaires", "score", key],
        input=data,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        check=True,
    )
    seconds = time.monotonic() - began
    assert reply.stdout.count(b"\n") == count
    return count / seconds


def median(key: str, data: bytes, count: int) -> int:
    """Three runs, the median counts."""
    return round(statistics.median(measure(key, data, count) for _ in range(3)))


def some() -> dict[str, Any]:
    """The instruments that the goals name."""
    return {
        key: {"lines": count, "per_second": median(key, lines(key, count), count)}
        for key, count in LINES.items()
    }


def every() -> dict[str, int]:
    """Every instrument, the slowest first."""
    keys = [one.key for one in library.shipped().list()]
    found = {key: median(key, repeating_lines(key, EACH), EACH) for key in keys}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def main() -> int:
    """Measure and write the result file. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Lines a second through score, start-up included")
    parser.add_argument("--all", action="store_true", help="every instrument")
    result: dict[str, Any]
    if parser.parse_args().all:
        found = every()
        slowest = list(found)[:3]
        result = {"lines": EACH, "goal": GOAL, "slowest": slowest, "per_second": found, **stamp()}
        path, reached = RESULT_ALL, found[slowest[0]] >= GOAL
    else:
        result = {"instruments": some(), **stamp()}
        path, reached = RESULT, True
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    return 0 if reached else 1


if __name__ == "__main__" and main():
    sys.exit(1)
