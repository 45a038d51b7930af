"""Runs the processes of one machine: starts them in order, restarts what ends, stops them in reverse.

What `./lightq up` and `./lightq demo` stand on. Larger installations use systemd or containers instead.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from delivery.cli.processes import Child, Process
from delivery.errors import LightQError

TICK = 0.1
#: Ends during the start that are put up with; one may be an earlier run that still holds the port.
START_TRIES = 3
#: Seconds that all processes together have to finish their work when stopped, and the least for each.
GRACE, LEAST_GRACE = 25.0, 2.0


class AlreadyRunning(LightQError):
    """Another supervisor holds this data directory."""


class NotStarted(LightQError):
    """A process did not get ready; the text names it and ends with its last log lines."""


@dataclass(frozen=True)
class Status:
    """What can be told of one process: its pid while it runs, whether it is ready, how often it ended."""

    pid: int | None
    ready: bool
    ends: int


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for this process; AlreadyRunning if another one does.

    The lock ends with the process however it ends, so there is no stale one to clear.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "supervisor.pid").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            pid = file.read().strip() or "unknown"
            raise AlreadyRunning(
                f"LightQ already runs on {data_dir.resolve()} (process {pid}). Stop that one first, or "
                "choose another data directory with LIGHTQ_DATA_DIR"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


class Supervisor:
    """Keeps the given processes running, in this order, with their logs in `log_dir`.

    `run` does all; `start`, `step` (about ten times a second) and `stop` are its parts, for a caller who has
    something else to do meanwhile. `echo` gets each log line with the name of its process before it.
    All of it belongs to one thread: Linux ends the processes when the thread that started them ends.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        log_dir: Path,
        *,
        echo: Callable[[str], None] | None = None,
        grace: float = GRACE,
    ) -> None:
        log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._children = [Child(process, log_dir) for process in processes]
        self._begun: list[Child] = []
        self._echo = echo
        self._grace = grace
        self._width = max((len(process.name) for process in processes), default=0)
        self._code: int | None = None
        self._stops = 0

    def run(self) -> int:
        """Start, keep running until a signal, `ask_to_stop` or the end of a `restart=False` process; stop.

        Returns that process's exit code, otherwise 0; raises NotStarted, with everything stopped again.
        """
        with self._signals():
            try:
                self.start()
                while self._going():
                    self.step()
                    time.sleep(TICK)
            finally:
                self.stop()
        return self._code or 0

    def start(self) -> None:
        """Start all in order and wait until all are ready; raises NotStarted (and leaves `stop` to you)."""
        for child in self._children:
            if not self._going():
                return
            child.start()
            self._begun.append(child)
            if child.process.others_wait:
                self._wait_for([child])
        self._wait_for(self._children)

    def step(self) -> None:
        """One turn: pass on log lines, see who has ended, start again who is due, ask who is ready."""
        for child in self._begun:
            self._pass_on(child)
            if (code := child.reap()) is not None:
                self._pass_on(child)
                if not child.process.restart:
                    self._code = code
                    return
                self._tell(f"{child.process.name} ended with code {code}; again in {child.delay:.0f} s")
            elif child.running is None and time.monotonic() >= child.start_at:
                child.start()
            child.look()

    def stop(self) -> None:
        """Stop in reverse order, each after the last has gone; who is not gone in time is killed."""
        deadline = time.monotonic() + self._grace
        for child in reversed(self._begun):
            if child.running is not None:
                child.running.terminate()
            until = max(deadline, time.monotonic() + min(LEAST_GRACE, self._grace))
            while child.running is not None and child.reap() is None:
                if time.monotonic() > until or self._stops > 1:
                    child.kill()
                time.sleep(TICK / 5)
            self._pass_on(child)
        self._begun.clear()

    def ask_to_stop(self) -> None:
        """End `run` soon; asked twice, without waiting for anybody to finish."""
        self._stops += 1

    def status(self) -> dict[str, Status]:
        """What runs and is ready, by name, in starting order."""
        return {
            child.process.name: Status(
                pid=child.running.pid if child.running else None, ready=child.ready, ends=child.ends
            )
            for child in self._children
        }

    def _going(self) -> bool:
        return not self._stops and self._code is None

    def _wait_for(self, children: Sequence[Child]) -> None:
        began = time.monotonic()
        while self._going() and not all(child.ready for child in children):
            self.step()
            for child in children:
                late = time.monotonic() - began > child.process.ready_within
                if not child.ready and (late or child.ends >= START_TRIES):
                    raise NotStarted(
                        "\n  ".join([f"{child.process.name} did not start:", *child.last_lines()])
                    )
            time.sleep(TICK / 5)

    def _pass_on(self, child: Child) -> None:
        for line in child.new_lines():
            self._say(child.process.name, line)

    def _tell(self, line: str) -> None:
        self._say("-", line)

    def _say(self, name: str, line: str) -> None:
        if self._echo is not None:
            with suppress(OSError):  # a closed terminal is no reason to stop the service
                self._echo(f"{name:<{self._width}} | {line}")

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """While running in the main thread, the usual signals ask to stop."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.ask_to_stop()

        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
