from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workers import heartbeat


class SlowDatabase:
    """A database whose writes take a while under a lock that a fork would leave behind locked."""

    def __init__(self) -> None:
        self.lock, self.writing = threading.Lock(), threading.Event()

    @contextmanager
    def write(self) -> Iterator[Any]:
        with self.lock:
            self.writing.set()
            time.sleep(0.2)
            yield self

    def merge(self, _row: object) -> None:
        """Nothing is kept."""


def test_a_child_never_begins_with_a_lock_that_the_heartbeat_holds() -> None:
    db = SlowDatabase()
    beating = threading.Thread(target=heartbeat.beat, args=[db, "worker", "here"])
    beating.start()
    assert db.writing.wait(5)
    child = os.fork()
    if child == 0:
        os._exit(0 if db.lock.acquire(timeout=1) else 1)
    beating.join()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
