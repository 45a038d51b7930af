"""Every process says from time to time that it runs; `/readyz` reads it."""

from __future__ import annotations

import os
import socket
import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from delivery.db import Database, now
from delivery.errors import LightQError
from delivery.models.ledger import Heartbeat

EVERY_SECONDS = 5.0
log = structlog.get_logger()

#: No fork while a line is written: a lock that this thread holds then would be held in the child for ever.
_writing = threading.Lock()
os.register_at_fork(
    before=_writing.acquire, after_in_parent=_writing.release, after_in_child=_writing.release
)


def beat(db: Database, kind: str, name: str) -> None:
    """Write this process's line."""
    with _writing, db.write() as session:
        session.merge(Heartbeat(process=name, kind=kind, pid=os.getpid(), at=now()))


def start(db: Database, kind: str, stop: threading.Event, label: str = "") -> threading.Thread:
    """Beat from a thread until `stop` is set."""
    name = f"{kind}{label and '-' + label}@{socket.gethostname()}:{os.getpid()}"[:80]

    def run() -> None:
        while True:
            try:
                beat(db, kind, name)
            except (LightQError, SQLAlchemyError) as error:
                log.warning("heartbeat.missed", error=type(error).__name__)
            if stop.wait(EVERY_SECONDS):
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
