"""One throw-away installation of a fault run with all that surrounds it: database, carriers, clients."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import select

from bench import faults_clock
from bench.faults_carrier import Carriers
from bench.faults_crowd import Crowd
from bench.faults_database import Server, database
from bench.faults_machine import Machine, installation
from delivery import jobs
from delivery.models.ledger import OutboxEntry
from delivery.service import Service
from delivery.states import OutboxState
from tests import build

SENDING = ("send-1", "send-2", "bulk-1")
SCHEDULERS = ("scheduler-1", "scheduler-2")
ALL = ("broker", *SENDING, *SCHEDULERS, "web", "score", "report")


class Site:
    """`with Site("sqlite", "sendgrid", seed) as site:`; `email` is "sendgrid" or "smtp"."""

    def __init__(self, kind: str, email: str, seed: int) -> None:
        self.kind, self.email, self.seed = kind, email, seed
        self.chance = random.Random(seed)
        self._stack, self._running = ExitStack(), ExitStack()
        self._has: tuple[tuple[str, ...], dict[str, str]] | None = None
        #: Run the workers without the ledger.
        self.broken = False
        self.folder: Path
        self.server: Server
        self.carriers: Carriers
        self.service: Service
        self.cast: build.Cast
        self.crowd: Crowd
        self.machine: Machine

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        folder = self.folder = Path(tempfile.mkdtemp(prefix="lightq-faults-"))
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self.server = enter(database(self.kind))
        self.carriers = enter(Carriers(folder, self.seed))
        web = self.carriers.web
        mail = {"email": "smtp", "smtp_url": self.carriers.mail.url} if self.email == "smtp" else {}
        keys = web.sendgrid_public_key
        self.service = installation(folder, web.url, self.server.url, sendgrid_webhook_keys=keys, **mail)
        self._stack.callback(self.service.db.close)
        web.sendgrid_hook = f"{self.service.settings.base_url}/hooks/sendgrid"
        web.twilio_inbound = f"{self.service.settings.base_url}/hooks/twilio/inbound"
        self.cast = build.cast(self.service)
        self.crowd = Crowd(self.service, self.cast.caller(self.service, self.cast.ada), web.fates)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()
        self._stack.close()

    def run(self, names: Sequence[str], more: Mapping[str, str] | None = None) -> Machine:
        """The machine with just these processes and variables; others are stopped, running ones stay."""
        wanted = (tuple(names), dict(more or {}))
        if self._has != wanted:
            self._running.close()
            self._has = wanted
            machine = Machine(self.service, names, python=sys.executable, broken=self.broken, more=more)
            self.machine = self._running.enter_context(machine)
        return self.machine

    def set_clocks(self, seconds: float, names: Sequence[str] = ()) -> None:
        """Put the clocks of these processes (none named: of all, and ours) so far ahead of the true time."""
        for name in names or self.machine.names:
            faults_clock.write(self.machine.clocks / name, seconds)
        own = faults_clock.own_file()
        if not names and own is not None:
            faults_clock.write(own, seconds)

    @property
    def ahead(self) -> float:
        """How far our own clock is ahead of the true time, which the carriers keep."""
        own = faults_clock.own_file()
        return faults_clock.read(own) if own is not None else 0.0

    def unpark(self) -> int:
        """Press "Try again" on all work that gave up, as a person would; returns how many."""
        with self.service.db.read() as session:
            parked = OutboxEntry.state == OutboxState.PARKED
            rows = session.execute(select(OutboxEntry.kind, OutboxEntry.subject_id).where(parked)).all()
        for kind, subject in rows:
            with self.service.db.write() as session:
                jobs.retry(session, kind, subject)
        return len(rows)
