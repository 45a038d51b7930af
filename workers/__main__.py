"""`python -m workers send|bulk|score|report|scheduler`: one process of docs/adr/0003."""

from __future__ import annotations

import gc
import logging
import os
import resource
import signal
import sys
import threading
import time
from typing import Any, Final

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker, Worker
from rq.worker import BaseWorker

from delivery import logs
from delivery import settings as configuration
from delivery.errors import LightQError
from delivery.service import start
from workers import heartbeat, scheduler

#: Process -> the queues it hears, in order of precedence.
QUEUES: Final = {
    "send": ["send", "receipts"],
    "bulk": ["bulk"],
    "score": ["score", "handoff"],
    "report": ["report"],
}
log = structlog.get_logger()


#: Of one report's process: bytes of address space, seconds of processor time.
MEMORY: Final = 2 * 1024**3
CPU_SECONDS: Final = 60


class _Patient:
    """A worker that looks for a broker every second instead of waiting a minute after a long outage."""

    max_connection_wait_time = 1.0


class PlainWorker(_Patient, SimpleWorker):
    """Does its jobs in its own process: milliseconds each."""


class ForkingWorker(_Patient, Worker):
    """Does each job in a fork, so that a fault in the renderer ends one job and not the worker."""

    def main_work_horse(self, *args: Any, **kwargs: Any) -> Any:
        """As in RQ, but the fork ends with its parent (an orphan would go on beside the new worker) and
        cannot eat the machine: a page of ours needs a tenth of these limits."""
        _die_with_parent()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        return super().main_work_horse(*args, **kwargs)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - Linux only

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _await(broker: Redis) -> None:
    """Wait for a broker that is still starting or has just gone; ending would only cost another start."""
    silent = False
    while True:
        try:
            broker.ping()
        except (RedisError, OSError) as error:
            if not silent:
                log.warning("worker.no-broker", error=type(error).__name__)
            silent = True
            time.sleep(0.25)
        else:
            return


def worker(kind: str) -> int:
    """Run a worker until it is told to stop."""
    settings = configuration.load()
    stop = threading.Event()
    if kind == "report":
        _warm()
    else:
        _import_jobs()
    service = start(settings)
    heartbeat.start(service.db, "worker", stop, kind)
    made: type[BaseWorker] = ForkingWorker if kind == "report" else PlainWorker
    broker = Redis.from_url(settings.redis_url)
    _await(broker)
    process = made(
        QUEUES[kind],
        connection=broker,
        serializer="json",
        worker_ttl=30,
        job_monitoring_interval=5,
        log_job_description=False,
    )
    try:
        process.work(with_scheduler=False, logging_level="WARNING")
    finally:
        stop.set()
    return 0


def _import_jobs() -> None:
    import workers.drain  # noqa: F401, PLC0415 - pays the import before the first ring


def _warm() -> None:
    """Import the renderer, render once, read the instruments; keep all out of the collector's way."""
    from delivery import library  # noqa: PLC0415 - only this process needs it
    from workers import pdf  # noqa: PLC0415 - the same

    _import_jobs()
    pdf.warm()
    library.shipped()  # otherwise every fork reads all files anew
    gc.collect()
    gc.freeze()


def main(arguments: list[str]) -> int:
    """Start the process that the command line names."""
    logs.install()
    logging.getLogger("rq").setLevel(logging.ERROR)
    if len(arguments) != 1 or arguments[0] not in (*QUEUES, "scheduler"):
        sys.stderr.write("use: python -m workers send|bulk|score|report|scheduler\n")
        return 2
    os.environ.setdefault("OBJC_DISABLE_INITIALIZE_FORK_SAFETY", "YES")
    try:
        if arguments[0] != "scheduler":
            return worker(arguments[0])
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        scheduler.run(start(configuration.load()), stop)
    except LightQError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
