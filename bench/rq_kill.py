"""What RQ does when a process is killed with SIGKILL: `python bench/rq_kill.py`.

Each case kills something while work is going on, has a small stand-in for the supervisor start it again
after a second, and takes the time until the job of the *next* ring starts. That is the figure that counts
here: the database is the ledger, so a job left behind as "started" is only litter.
Writes bench/results/rq_kill.json; takes about five minutes, most of it waiting.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.rq_jobs import Broker, Ears, start_worker  # noqa: E402
from bench.rq_kinds import machine  # noqa: E402

RUNS = 3
JOB = {"result_ttl": 0, "failure_ttl": 3600, "job_timeout": 30, "description": "bench"}


class Bench:
    """One broker, one worker that is started again a second after it ends, and a way to ring."""

    def __init__(self, kind: str, *, warm: bool = False, cap: float = 60.0) -> None:
        self.kind, self.warm, self.cap = kind, warm, cap
        self.broker = Broker()
        self.ears, self.ready = Ears(self.broker.folder), Ears(self.broker.folder / "ready")
        self.starts, self.open, self.exits = 0, True, list[int]()
        self.worker = start_worker(self.broker, self.ready, kind, warm=warm, cap=cap)
        self.keeper = threading.Thread(target=self._keep, daemon=True)
        self.keeper.start()
        time.sleep(0.7)

    def _keep(self) -> None:
        while self.open:
            if self.worker.poll() is None:
                time.sleep(0.01)
                continue
            self.exits.append(self.worker.returncode)
            time.sleep(1.0)
            if not self.open:
                return
            try:
                self.worker = start_worker(self.broker, self.ready, self.kind, warm=self.warm, cap=self.cap)
                self.starts += 1
            except TimeoutError:
                continue

    def ring(self, label: str, job: str = "mark", *rest: object, **how: Any) -> str:
        job_id: str = (
            self.broker.queue().enqueue(f"bench.rq_jobs.{job}", self.ears.path, label, *rest, **JOB | how).id
        )
        return job_id

    def horses(self) -> list[psutil.Process]:
        return psutil.Process(self.worker.pid).children()

    def next_ring(self, since: float, within: float = 100.0) -> float:
        """Ring, and give the seconds from `since` to the start of that job."""
        self.ring("next")
        return round(float(self.ears.hear("start", "next", within)["at"]) - since, 3)

    def status(self, job_id: str) -> str:
        try:
            return str(Job.fetch(job_id, self.broker.connection(), JSONSerializer).get_status().value)
        except Exception as fault:  # the name of the fault is the finding
            return type(fault).__name__

    def close(self) -> None:
        self.open = False
        horses = self.horses() if self.worker.poll() is None else []
        self.worker.kill()
        self.worker.wait()
        for horse in horses:
            horse.kill()
        self.keeper.join(40)
        self.broker.__exit__()


def kill_worker(kind: str, target: str) -> dict[str, Any]:
    """Kill horse, parent, both or a SimpleWorker 0.5 s into a 3 s job, ring at once, look at the old job."""
    bench = Bench(kind)
    try:
        job_id = bench.ring("long", "mark", 3.0)
        bench.ears.hear("start", "long")
        time.sleep(0.5)
        horses = bench.horses()
        since = time.monotonic()
        if target in ("parent", "both", "worker"):
            bench.worker.kill()
        if target in ("horse", "both"):
            for horse in horses:
                horse.kill()
        seconds = bench.next_ring(since)
        time.sleep(max(0.0, 4.5 - (time.monotonic() - since)))
        return {
            "next_ring_s": seconds,
            "old_job": bench.status(job_id),
            "old_job_ended": bench.ears.told("end", "long"),
            "run_again": bench.ears.told("start", "long") - 1,
        }
    finally:
        bench.close()


def segfault(kind: str, warm: bool) -> dict[str, Any]:
    bench = Bench(kind, warm=warm)
    try:
        bench.ring("boom", "crash")
        since = float(bench.ears.hear("start", "boom")["at"])
        return {"next_ring_s": bench.next_ring(since), "worker_restarts": bench.starts}
    finally:
        bench.close()


def broker_gone(kind: str, *, busy: bool, down: float, wipe: bool, cap: float) -> dict[str, Any]:
    """Kill the broker under a waiting or working worker, start it after `down` seconds, ring at once."""
    bench = Bench(kind, cap=cap)
    try:
        if busy:
            bench.ring("long", "mark", 1.0)
            bench.ears.hear("start", "long")
        else:
            bench.broker.queue("unheard").enqueue("bench.rq_jobs.noop", **JOB)
            time.sleep(1.2)
        bench.broker.kill(wipe=wipe)
        time.sleep(down)
        bench.broker.start()
        since = time.monotonic()
        seconds = bench.next_ring(since)
        time.sleep(0.3)
        return {
            "next_ring_s": seconds,
            "worker_exit_codes": bench.exits,
            "other_jobs_kept": None if busy else bench.broker.queue("unheard").count,
            "workers_listed_by_rq": len(BaseWorker.all(bench.broker.connection())),
        }
    finally:
        bench.close()


def outage(found: dict[str, Any], kind: str, case: tuple[bool, float, bool, float]) -> None:
    busy, down, wipe, cap = case
    state, store = "busy" if busy else "idle", "wiped" if wipe else "AOF"
    name = f"{kind}: {state}, down {down} s, {store}, wait cap {cap:.0f} s"
    found[name] = broker_gone(kind, busy=busy, down=down, wipe=wipe, cap=cap)


def unique_stays_blocked(limit: float) -> dict[str, Any]:
    """A ring with a fixed id and unique=True after its worker was killed: how long is it refused?"""
    bench = Bench("simple")
    try:
        bench.ring("fixed", "mark", 60.0, job_id="drain-send", unique=True)
        bench.ears.hear("start", "fixed")
        bench.worker.kill()
        since = time.monotonic()
        while time.monotonic() - since < limit:
            try:
                bench.ring("fixed", "mark", job_id="drain-send", unique=True)
                return {"refused_for_s": round(time.monotonic() - since, 1), "gave_up": False}
            except DuplicateJobError:
                time.sleep(0.5)
        return {"refused_for_s": limit, "gave_up": True, "status": bench.status("drain-send")}
    finally:
        bench.close()


def fixed_name() -> dict[str, Any]:
    """Start a worker under the name of one that was killed."""
    with Broker() as broker:
        ears = Ears(broker.folder)
        first = start_worker(broker, ears, "simple", name="send-1")
        time.sleep(0.7)
        first.kill()
        first.wait()
        second = start_worker(broker, ears, "simple", name="send-1")
        try:
            code: int | None = second.wait(5)
        except subprocess.TimeoutExpired:
            code = None
            second.kill()
        lines = (broker.folder / "worker.log").read_text().strip().splitlines()
        return {"exit_code": code, "reason": next((x for x in lines if x.startswith("ValueError")), None)}


def ring_without_broker() -> dict[str, Any]:
    """Seconds an enqueue takes to give up, with redis-py's defaults and with a bell's settings."""
    found: dict[str, Any] = {}
    with Broker() as broker:
        ways: dict[str, Callable[[], Redis]] = {
            "defaults": broker.connection,
            "bell": lambda: Redis(
                unix_socket_path=broker.path,
                socket_timeout=0.5,
                socket_connect_timeout=0.25,
                retry=Retry(NoBackoff(), 1),
            ),
        }

        def timed(label: str) -> None:
            for way, connect in ways.items():
                queue, before = Queue("q", connection=connect(), serializer=JSONSerializer), time.monotonic()
                try:
                    queue.enqueue("bench.rq_jobs.noop", **JOB)
                    outcome = "rung"
                except RedisError as fault:
                    outcome = type(fault).__name__
                seconds = round(time.monotonic() - before, 3)
                found[f"{label}, {way}"] = {"seconds": seconds, "outcome": outcome}

        assert broker.process
        broker.process.send_signal(signal.SIGSTOP)
        timed("broker hangs")
        broker.process.send_signal(signal.SIGCONT)
        broker.kill()
        timed("broker down")
        broker.start()
    return found


def stop_gently() -> dict[str, Any]:
    """SIGTERM in the middle of a job."""
    found = {}
    for kind in ("fork", "simple"):
        bench = Bench(kind)
        try:
            bench.ring("long", "mark", 1.0)
            bench.ears.hear("start", "long")
            bench.open = False
            bench.worker.terminate()
            code = bench.worker.wait(10)
            found[kind] = {"exit_code": code, "job_finished": bench.ears.told("end", "long") == 1}
        finally:
            bench.close()
    return found


def main() -> None:
    blocked: dict[str, Any] = {}
    outages: dict[str, Any] = {}
    background = [
        threading.Thread(target=lambda: blocked.update(unique_stays_blocked(240.0))),
        threading.Thread(target=outage, args=(outages, "simple", (False, 90.0, False, 60.0))),
        threading.Thread(target=outage, args=(outages, "simple", (False, 90.0, False, 1.0))),
    ]
    for one in background:
        one.start()
    result: dict[str, Any] = {"machine": machine(), "job_timeout": JOB["job_timeout"], "restart_after_s": 1.0}
    result |= {"worker": {}, "segfault": {}, "broker": {}}
    for _ in range(RUNS):
        for kind, target in (("fork", "horse"), ("fork", "parent"), ("fork", "both"), ("simple", "worker")):
            result["worker"].setdefault(f"{kind}: {target}", []).append(kill_worker(kind, target))
        for kind, warm in (("fork", True), ("simple", True)):
            result["segfault"].setdefault(f"{kind}, pre-warmed", []).append(segfault(kind, warm))
    for kind in ("fork", "simple"):
        for case in (
            (False, 0.5, False, 60.0),
            (False, 0.5, True, 60.0),
            (False, 12.0, False, 60.0),
            (True, 0.5, False, 60.0),
            (True, 8.0, False, 60.0),
        ):
            outage(result["broker"], kind, case)
    result |= {"fixed_worker_name": fixed_name(), "enqueue": ring_without_broker()}
    for one in background:
        one.join()
    result["broker"] |= outages
    result |= {"sigterm": stop_gently(), "unique_after_kill": blocked}
    target_file = ROOT / "bench/results/rq_kill.json"
    target_file.parent.mkdir(exist_ok=True)
    target_file.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
