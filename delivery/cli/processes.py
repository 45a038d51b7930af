"""One process that is kept running, with its own session and its own bounded log file.

The process writes its log itself, so that it neither stops nor loses a line when its supervisor does.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
#: Seconds after which a process counts as healthy, and its next end as the first.
HEALTHY = 30.0
#: Bytes; beyond them the log becomes `<name>.log.1`.
LOG_SIZE = 5_000_000
READ_SIZE = 1_000_000
PR_SET_PDEATHSIG = 1

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process to keep running.

    `ready` is asked until it says yes; with `others_wait` the next process starts only then. A process with
    `restart=False` is the purpose of the run: when it ends, everything stops, with its exit code.
    `longest_delay` bounds the pause before it is started again, in seconds.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    ready_within: float = 30.0
    others_wait: bool = False
    restart: bool = True
    longest_delay: float = LONGEST_DELAY


class Child:
    """One process through its restarts, and the reading end of its log."""

    def __init__(self, process: Process, log_dir: Path) -> None:
        self.process = process
        self.log = log_dir / f"{process.name}.log"
        self.log.touch(mode=0o600)
        self.read_to = self.log.stat().st_size
        self.running: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.ends = 0
        self.delay = FIRST_DELAY
        self.started_at = 0.0
        self.start_at = 0.0

    def start(self) -> None:
        """Start it, or note in its log why the system would not."""
        self.started_at = time.monotonic()
        with self.log.open("ab") as log:
            try:
                self.running = subprocess.Popen(  # noqa: S603 - our own commands
                    list(self.process.argv),
                    env={**os.environ, **self.process.env},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_end_with(os.getpid()),  # noqa: PLW1509 - it takes no lock, it only calls prctl
                )
            except OSError as error:
                log.write(f"{self.process.argv[0]}: {error.strerror}\n".encode())
                self._ended()

    def reap(self) -> int | None:
        """Its exit code if it has ended since the last look; what it left in its group is ended too."""
        if self.running is None or (code := self.running.poll()) is None:
            return None
        self.kill()
        self._ended()
        return code if code >= 0 else 128 - code

    def _ended(self) -> None:
        healthy = time.monotonic() - self.started_at >= HEALTHY
        wanted = FIRST_DELAY if healthy or not self.ends else self.delay * 2
        self.delay = min(wanted, self.process.longest_delay)
        self.start_at = time.monotonic() + self.delay
        self.running, self.ready, self.ends = None, False, self.ends + 1

    def look(self) -> None:
        """Ask whether it is ready, until it once was."""
        if self.running is not None and not self.ready:
            self.ready = self.process.ready is None or self.process.ready()

    def kill(self) -> None:
        """End the whole process group at once."""
        if self.running is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, signal.SIGKILL)

    def new_lines(self) -> list[str]:
        """The whole lines written since the last call. A log that has grown too long is moved aside."""
        with self.log.open("rb") as log:
            log.seek(self.read_to)
            piece = log.read(READ_SIZE)
        if len(piece) < READ_SIZE or b"\n" in piece:
            piece = piece[: piece.rfind(b"\n") + 1]
        self.read_to += len(piece)
        if self.read_to > LOG_SIZE:
            # The process keeps its file, opened for appending: copy, then cut it to nothing.
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)
            self.read_to = 0
        return piece.decode(errors="replace").splitlines()

    def last_lines(self, count: int = 5) -> list[str]:
        """How its log ends."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8_000))
            return log.read().decode(errors="replace").splitlines()[-count:]


def _end_with(parent: int) -> Callable[[], None] | None:
    """Runs in the child before exec: SIGTERM when the supervisor is gone, even by kill -9 (Linux)."""
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it went before we asked
            os._exit(1)

    return arrange
