"""How many small mistakes in the scoring modules the tests notice: one operator, constant, branch at a time.

    ./lightq bench mutants                a sample, the same in every run
    python -m bench.mutants --all         every mutant
    python -m bench.mutants --module scales --sample 40

Works on copies of the tree in a temporary folder, two at a time. Writes bench/results/mutants.json;
exit code 1 where fewer than nine in ten are noticed.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from bench.mutations import Change, changes, mutated
from bench.stamp import ROOT, stamp

RESULT = Path(__file__).parent / "results" / "mutants.json"
MODULES = ("conditions", "scales", "program", "answers", "scoring", "change", "sharing")
TESTS = Path("tests/unit/questionnaires")
#: The tests of single rules are quick and notice most; the whole library is asked about the rest.
RULED = ("conditions", "scales", "scoring", "answers", "change", "sharing")
RULES = tuple(f"test_{name}.py" for name in RULED)
LIBRARY = tuple(f"test_{name}.py" for name in ("traps", "properties", "independent", "stream", "verify"))
COPIED = ("questionnaires", "tests/golden", "tests/independent", "tests/unit/questionnaires")
GOAL, SAMPLE, SEED, PROCESSES = 0.9, 150, 2022, 2


class Mutant(NamedTuple):
    module: str
    change: Change


def copy_tree(folder: Path) -> None:
    """What the tests of the engine need, with nothing of the rest of the service."""
    for part in COPIED:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("*.pyc", "*.tmp"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(ROOT / "tests" / "__init__.py", folder / "tests")


def noticed(folder: Path, files: tuple[str, ...], seconds: float) -> bool:
    """Whether one of these test files does not pass, or does not come to an end."""
    arguments = [
        "-m",
        "pytest",
        "-x",
        "-q",
        "--no-header",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    tests = [str(TESTS / name) for name in files]
    try:
        done = subprocess.run(
            [sys.executable, *arguments, f"--basetemp={folder / 'pytest'}", *tests],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


class Workshop:
    """Copies of the tree, each used for one mutant at a time."""

    def __init__(self, folder: Path, many: int) -> None:
        self._free: queue.Queue[Path] = queue.Queue()
        self._clock = int(time.time())
        self.seconds = 600.0
        for number in range(many):
            copy = folder / str(number)
            copy.mkdir()
            copy_tree(copy)
            self._free.put(copy)

    def check_untouched(self) -> None:
        """The tests pass before anything is changed; how long they take bounds each mutant."""
        folder = self._free.get()
        began = time.monotonic()
        if noticed(folder, RULES + LIBRARY, self.seconds):
            raise SystemExit("the tests do not pass on the tree as it is")
        self.seconds = max(60.0, 5 * (time.monotonic() - began))
        self._free.put(folder)

    def survives(self, mutant: Mutant) -> bool:
        folder = self._free.get()
        path = folder / "questionnaires" / f"{mutant.module}.py"
        original = path.read_text(encoding="utf-8")
        try:
            path.write_text(mutated(original, mutant.change.number), encoding="utf-8")
            self._date(path)
            survived = not (noticed(folder, RULES, self.seconds) or noticed(folder, LIBRARY, self.seconds))
        finally:
            path.write_text(original, encoding="utf-8")
            self._date(path)
            self._free.put(folder)
        return survived

    def _date(self, path: Path) -> None:
        # Python knows a compiled file by the second and the size of its source; no two writes share both.
        self._clock += 1
        os.utime(path, (self._clock, self._clock))


def every_mutant(modules: tuple[str, ...]) -> list[Mutant]:
    """All changes of these modules, in the order of their lines."""
    return [
        Mutant(module, change)
        for module in modules
        for change in changes((ROOT / "questionnaires" / f"{module}.py").read_text(encoding="utf-8"))
    ]


def report(tried: list[Mutant], survivors: list[Mutant], possible: int) -> dict[str, Any]:
    by_module = {
        module: {
            "tried": sum(one.module == module for one in tried),
            "survived": sum(one.module == module for one in survivors),
        }
        for module in MODULES
    }
    killed = len(tried) - len(survivors)
    return {
        "what": "mutants of the scoring modules that the unit tests notice",
        "possible": possible,
        "tried": len(tried),
        "killed": killed,
        "share": round(killed / len(tried), 4),
        "goal": GOAL,
        "seed": SEED,
        "modules": by_module,
        "survivors": [
            f"questionnaires/{one.module}.py:{one.change.line}: {one.change.what}" for one in survivors
        ],
    }


def main() -> int:
    """Try the mutants and say which survived. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Small mistakes in the scoring modules that tests notice")
    parser.add_argument("--all", action="store_true", help="every mutant, not a sample")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"how many mutants ({SAMPLE})")
    parser.add_argument("--module", choices=MODULES, help="mutants of one module; writes no result file")
    options = parser.parse_args()
    os.nice(10)
    origin = stamp()
    possible = every_mutant((options.module,) if options.module else MODULES)
    tried = possible
    if not options.all and options.sample < len(possible):
        chosen = random.Random(SEED).sample(range(len(possible)), options.sample)
        tried = [possible[number] for number in sorted(chosen)]
    with tempfile.TemporaryDirectory(prefix="lightq-mutants-") as folder:
        workshop = Workshop(Path(folder), PROCESSES)
        workshop.check_untouched()
        with ThreadPoolExecutor(PROCESSES) as pool:
            survived = []
            for lives in pool.map(workshop.survives, tried):
                survived.append(lives)
                if len(survived) % 10 == 0:
                    print(f"{len(survived)} of {len(tried)}, {sum(survived)} survived", flush=True)
    survivors = [one for one, lives in zip(tried, survived, strict=True) if lives]
    result = {**report(tried, survivors, len(possible)), **origin}
    if not options.module:
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    return 0 if result["share"] >= GOAL else 1


if __name__ == "__main__" and main():
    sys.exit(1)
