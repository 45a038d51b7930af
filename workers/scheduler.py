"""The scheduler: rings for work that is due or stuck, and does the periodic acts, each once.

Two schedulers at once are harmless: ringing twice wakes a worker that finds nothing, and a periodic act
belongs to whoever inserts its tick.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from delivery import assignments, forms, jobs, links
from delivery.db import now
from delivery.errors import LightQError
from delivery.models.ledger import Heartbeat, Tick
from delivery.service import Service
from workers import heartbeat

log = structlog.get_logger()
PACE_SECONDS = 0.5
SWEEP_EVERY = timedelta(seconds=10)


def take_tick(session: Session, name: str, every: timedelta) -> bool:
    """True for exactly one of all callers in each period."""
    seconds = every.total_seconds()
    at = datetime.fromtimestamp(now().timestamp() // seconds * seconds, UTC)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    taken = session.execute(
        insert(Tick).values(name=name, at=at).on_conflict_do_nothing().returning(Tick.name)
    ).one_or_none()
    return taken is not None


def sweep(session: Session) -> None:
    """What has run out: worn-out work, links, asks, drafts, old ticks and heartbeats."""
    parked = jobs.park_worn_out(session)
    links.expire_due(session)
    assignments.expire_due(session)
    forms.wipe_old(session)
    session.execute(delete(Tick).where(Tick.at < now() - timedelta(days=2)))
    session.execute(delete(Heartbeat).where(Heartbeat.at < now() - timedelta(hours=1)))
    if parked:
        log.error("work.parked", rows=parked)


def step(service: Service) -> None:
    """One round: ring what waits; every `SWEEP_EVERY` one scheduler sweeps."""
    with service.db.read() as session:
        queues = jobs.ready_queues(session)
    if queues:
        service.bell.ring(queues)
    with service.db.read() as session:
        last = session.get(Tick, ("sweep", _period()))
    if last is None:
        with service.db.write() as session:
            if take_tick(session, "sweep", SWEEP_EVERY):
                sweep(session)


def _period() -> datetime:
    seconds = SWEEP_EVERY.total_seconds()
    return datetime.fromtimestamp(now().timestamp() // seconds * seconds, UTC)


def run(service: Service, stop: threading.Event) -> None:
    """Round after round until `stop` is set. A round that goes wrong is noted and the next one goes on."""
    heartbeat.start(service.db, "scheduler", stop)
    while not stop.is_set():
        try:
            step(service)
        except LightQError as error:
            log.warning("scheduler.round", error=type(error).__name__)
        stop.wait(PACE_SECONDS)
