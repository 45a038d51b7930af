"""The scheduler: rings for work that is due or stuck, and does the periodic acts, each once.

Two schedulers at once are harmless: ringing twice wakes a worker that finds nothing, and a periodic act
belongs to whoever inserts its tick.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete
from sqlalchemy.orm import Session

from delivery import assignments, codes, forms, inbox, jobs, links, previews, reminders, throttle
from delivery.db import insert, now
from delivery.kiosk import clock
from delivery.models.ledger import Heartbeat, StoredReply, Tick
from delivery.schedules import turning
from delivery.screening import forgetting, runs
from delivery.service import Service
from delivery.settings import Settings
from workers import heartbeat

log = structlog.get_logger()
PACE_SECONDS = 0.5
SWEEP_EVERY = timedelta(seconds=10)
#: How long a request to the API may be repeated with the same key.
REPLIES_KEPT = timedelta(hours=48)


def period(every: timedelta) -> datetime:
    """When the present period of this length began; the same for every caller."""
    seconds = every.total_seconds()
    return datetime.fromtimestamp(now().timestamp() // seconds * seconds, UTC)


def take_tick(session: Session, name: str, every: timedelta) -> bool:
    """True for exactly one of all callers in each period."""
    fresh = insert(session, Tick).values(name=name, at=period(every))
    return session.scalars(fresh.on_conflict_do_nothing().returning(Tick.name)).one_or_none() is not None


def _park(session: Session) -> None:
    if parked := jobs.park_worn_out(session):
        log.error("work.parked", rows=parked)


def _forget(session: Session) -> None:
    session.execute(delete(StoredReply).where(StoredReply.created_at < now() - REPLIES_KEPT))
    session.execute(delete(Tick).where(Tick.at < now() - timedelta(days=2)))
    session.execute(delete(Heartbeat).where(Heartbeat.at < now() - timedelta(hours=1)))


#: What runs out: worn-out work, links, asks, drafts, sittings on tablets, codes, counters, previews,
#: callbacks, public screenings, replies, old ticks, heartbeats. `inbox.wake` rings for callbacks that wait.
PARTS: Final[tuple[Callable[[Session], object], ...]] = (
    _park,
    links.expire_due,
    assignments.expire_due,
    reminders.plan_due,
    forms.wipe_old,
    clock.let_go,
    codes.wipe_old,
    throttle.forget_old,
    previews.forget_old,
    inbox.wake,
    inbox.forget_old,
    runs.forget_old,
    forgetting.forget_due,
    _forget,
)


#: What comes in large numbers at one time of day: so many at a time, True where there may be more.
BATCHES: Final[tuple[Callable[[Session, Settings], bool], ...]] = (turning.realign, turning.take)
MOST_BATCHES: Final = 100


def sweep(service: Service) -> None:
    """Every part in a transaction of its own: none holds another's locks, and none stops another."""
    for part in PARTS:
        try:
            with service.db.write() as session:
                part(session)
        except Exception as error:
            log.error("scheduler.sweep", part=part.__name__, error=jobs.where(error))
    for batch in BATCHES:
        try:
            for _ in range(MOST_BATCHES):
                with service.db.write() as session:
                    more = batch(session, service.settings)
                if not more:
                    break
        except Exception as error:
            log.error("scheduler.sweep", part=batch.__name__, error=jobs.where(error))


def step(service: Service) -> None:
    """One round: ring what waits; every `SWEEP_EVERY` one scheduler sweeps."""
    with service.db.read() as session:
        queues = jobs.ready_queues(session)
    if queues:
        service.bell.ring(queues)
    with service.db.read() as session:
        last = session.get(Tick, ("sweep", period(SWEEP_EVERY)))
    if last is None:
        with service.db.write() as session:
            mine = take_tick(session, "sweep", SWEEP_EVERY)
        if mine:
            sweep(service)


def run(service: Service, stop: threading.Event) -> None:
    """Round after round until `stop` is set. A round that goes wrong is noted and the next one goes on."""
    heartbeat.start(service.db, "scheduler", stop)
    while not stop.is_set():
        try:
            step(service)
        except Exception as error:
            log.error("scheduler.round", error=jobs.where(error))
        stop.wait(PACE_SECONDS)
