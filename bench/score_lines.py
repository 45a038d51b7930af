"""Lines a second through `./lightq score`, start-up included; every line is a different set of answers.

`python -m bench.score_lines` writes bench/results/score_lines.json.
"""

from __future__ import annotations

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
from delivery.library import library

RESULT = Path(__file__).parent / "results" / "score_lines.json"
LINES = {"phq9": 100_000, "gad7": 15_000, "pcl5": 60_000}


def lines(key: str, count: int) -> bytes:
    """`count` different lines of answers, some with blanks."""
    instrument = library().get(key)
    chance = random.Random(1)
    seen: set[str] = set()
    while len(seen) < count:
        answers = {
            item.id: chance.choice(item.options).code if chance.random() > 0.01 else None
            for item in instrument.items
        }
        seen.add(json.dumps(answers))
    return ("\n".join(itertools.islice(seen, count)) + "\n").encode()


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


def main() -> None:
    """Three runs each, the median counts."""
    found: dict[str, Any] = {}
    for key, count in LINES.items():
        data = lines(key, count)
        found[key] = {
            "lines": count,
            "per_second": round(statistics.median(measure(key, data, count) for _ in range(3))),
        }
    result = {"instruments": found, **stamp()}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
