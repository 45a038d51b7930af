"""One throw-away installation with its real processes, and the ways to hurt them."""

from __future__ import annotations

import shutil
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import psutil
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select

from bench import faults_clock
from delivery.cli.broker import broker_process, broker_url
from delivery.cli.machine import environment, web_process
from delivery.cli.processes import Process
from delivery.cli.supervisor import TICK, Supervisor
from delivery.models.ledger import Heartbeat
from delivery.service import Service
from tests import build
from tests.carrier import ACCOUNT, TOKEN

#: Seconds. A stopped worker sleeps longer than its lease; the quarantine outlasts the sleep, the
#: carrier's slowest answer and the lag of its list (docs: trust.md E10).
LEASE, SLEEP, QUARANTINE = 1.5, 2.5, 5.0
#: Seconds until a killed process is started again.
PAUSE = 0.3
#: The installation's own number for texts.
NUMBER = "+15005550006"
Relatives = Literal["itself", "children", "all"]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def installation(folder: Path, carrier_url: str, database_url: str = "", **more: Any) -> Service:
    """Settings, keys and an empty database below `folder`, sending through the carrier."""
    port = free_port()
    values = {
        "base_url": f"http://127.0.0.1:{port}",
        "client_url": f"http://localhost:{port}",
        "redis_url": broker_url(folder / "data"),
        "database_url": database_url,
        "email": "sendgrid",
        "sendgrid_api_key": "SG.local",
        "sendgrid_api_base": carrier_url,
        "sendgrid_ack": "yes",
        "sendgrid_activity": True,
        "sms": "twilio",
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": TOKEN,
        "twilio_number": NUMBER,
        "twilio_api_base": carrier_url,
        "lease_seconds": LEASE,
        "quarantine_seconds": QUARANTINE,
        "sms_quarantine_seconds": QUARANTINE,
    }
    return build.service(folder, **{**values, **more})


class Machine:
    """The processes of an installation under the service's own supervisor; `tick()` often, in one thread.

    `names`: `broker`, `web`, or a worker kind with an optional number (`send-2`, `scheduler-1`);
    `crash_send` and `crash_web` are those that die at every line in turn. `more` variables for all of them.
    """

    def __init__(
        self,
        service: Service,
        names: Sequence[str],
        *,
        python: str,
        broken: bool = False,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.service = service
        self.names = names
        self.clocks = service.settings.data_dir / "clocks"
        self.clocks.mkdir(exist_ok=True)
        self._asleep: dict[int, float] = {}
        self._up_at: dict[tuple[int, float], float] = {}
        self._python = python
        folder = service.settings.data_dir
        broker, url = broker_process(folder)
        env = {**environment(service.settings, url), **(more or {})}
        if broken:
            env["LIGHTQ_FAULTS_BREAK"] = "ledger"
        made = [self._process(name, broker, env) for name in names]
        self._supervisor = Supervisor(made, folder / "log")

    def _process(self, name: str, broker: Process, env: dict[str, str]) -> Process:
        env = {**env, faults_clock.FILE: str(self.clocks / name)}
        port = int(self.service.settings.base_url.rpartition(":")[2])
        kind = name.partition("-")[0]
        if name == "broker":
            made = broker
        elif name == "web":
            made = web_process(self.service.settings, env, port)
            made = replace(made, argv=[*made.argv[:-1], "bench.faults_web:app"])
        elif kind.startswith("crash"):
            argv = [self._python, "-P", "-m", "bench.faults_crash", kind.partition("_")[2], str(port)]
            made = Process(name=name, argv=argv, env=env)
        else:
            argv = [self._python, "-P", "-m", "bench.faults_worker", kind]
            made = Process(name=name, argv=argv, env=env)
        return replace(made, longest_delay=PAUSE)

    def __enter__(self) -> Self:
        self._supervisor.start()
        until = time.monotonic() + 60
        while len(self.up(self.names)) < len(self.names) and time.monotonic() < until:
            self.tick()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wake(everybody=True)
        self._supervisor.stop()

    def tick(self) -> None:
        """Start again what ended, wake who has slept long enough, and wait a moment."""
        self._wake()
        self._supervisor.step()
        time.sleep(TICK / 2)

    def wait_until(self, happened: Callable[[], bool], seconds: float = 60) -> None:
        """Tick until it has happened; TimeoutError if it does not."""
        until = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > until:
                raise TimeoutError(f"not within {seconds} s")
            self.tick()

    def alive(self, names: Sequence[str]) -> list[str]:
        """Which of these have a process just now."""
        status = self._supervisor.status()
        return [name for name in names if status[name].pid is not None]

    def kill(self, name: str, who: Relatives = "all") -> bool:
        """`kill -9` of a process, of its children, or of both; False where it was down already."""
        family = self._family(name)
        if not family:
            return False
        chosen = {"itself": family[:1], "children": family[1:] or family, "all": family}[who]
        for one in chosen:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        return True

    def sleep(self, name: str, seconds: float = SLEEP) -> bool:
        """SIGSTOP now, SIGCONT after `seconds`: a worker that wakes up without its lease."""
        family = self._family(name)
        for one in family[:1]:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGSTOP)
                self._asleep[one.pid] = time.monotonic() + seconds
        return bool(family)

    def wipe_broker(self) -> bool:
        """Empty the broker, kill it, and take its file away."""
        with suppress(RedisError):
            Redis.from_url(self.service.settings.redis_url).flushall()
        killed = self.kill("broker")
        shutil.rmtree(self.service.settings.data_dir / "broker" / "appendonlydir", ignore_errors=True)
        return killed

    def at_work(self, names: Sequence[str]) -> list[str]:
        """Which of these have come up and have been left to work for half as long as it took to start.

        On a busy machine blows that fall faster would only ever hit starting processes: the run would test
        nothing and never end.
        """
        at = time.time()
        return [name for name, (begun, up) in self.up(names).items() if at - up >= (up - begun) / 2]

    def up(self, names: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Which of these answer or have written their heartbeat: name -> Unix times of start, coming up."""
        with self.service.db.read() as session:
            beating = set(session.scalars(select(Heartbeat.pid)))
        status = self._supervisor.status()
        found = {}
        for name in names:
            pid, ready = status[name].pid, status[name].ready
            told = ready if name in ("broker", "web") or name.startswith("crash") else pid in beating
            if pid is None or not told:
                continue
            with suppress(psutil.NoSuchProcess):
                begun = psutil.Process(pid).create_time()
                found[name] = begun, self._up_at.setdefault((pid, begun), time.time())
        return found

    def _family(self, name: str) -> list[psutil.Process]:
        pid = self._supervisor.status()[name].pid
        try:
            head = psutil.Process(pid) if pid else None
            return [head, *head.children(recursive=True)] if head else []
        except psutil.NoSuchProcess:
            return []

    def _wake(self, *, everybody: bool = False) -> None:
        for pid, until in list(self._asleep.items()):
            if everybody or time.monotonic() > until:
                del self._asleep[pid]
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(pid).send_signal(signal.SIGCONT)
