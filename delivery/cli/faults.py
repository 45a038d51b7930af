"""`./lightq demo --faults`: the demo against a carrier that loses replies, while its workers are killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
from sqlalchemy import func, select

from delivery import access, assignments, clients, consents
from delivery.assignments import Ask
from delivery.cli.machine import WORKERS
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import ContactKind, RespondentRole
from delivery.models.ledger import Heartbeat
from delivery.models.messages import Dispatch, RecipientKind
from delivery.models.people import Person, Practice
from delivery.service import Service, start
from delivery.settings import ROOT, Settings
from delivery.states import DispatchState

#: How likely each fault is for one message, and for one report about it.
FAULTS: Final = {
    "drop_reply": 0.1,
    "server_error": 0.1,
    "too_many": 0.03,
    "reset": 0.05,
    "slow": 0.02,
    "slow_seconds": 3,
}
CALLBACK_FAULTS: Final = {"lost": 0.1, "repeated": 0.05, "reordered": 0.1, "forged": 0.05, "times": 5}
MESSAGES: Final = 40
#: Seconds between two lines, and between two kills.
LINE, KILL = 2.0, 5.0
OPEN: Final = (DispatchState.PLANNED, DispatchState.DUE, DispatchState.HELD, DispatchState.UNCLEAR)


class Carrier:
    """The test carrier of this repository in a process of its own; `truth` is the file of what it took."""

    def __init__(self, folder: Path, base_url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.truth = folder / "carrier.jsonl"
        self.truth.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.carrier", "--log", str(self.truth), "--port", "0"]
        command += ["--faults", json.dumps(FAULTS), "--callback-faults", json.dumps(CALLBACK_FAULTS)]
        command += ["--sendgrid-hook", f"{base_url}/hooks/sendgrid"]
        command += ["--twilio-inbound", f"{base_url}/hooks/twilio/inbound"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
        assert self._process.stdout is not None
        said: dict[str, str] = json.loads(self._process.stdout.readline())
        self.settings: dict[str, Any] = {
            "email": "sendgrid",
            "sender_address": "forms@example.org",
            "sendgrid_api_key": "SG.demo",
            "sendgrid_api_base": said["url"],
            "sendgrid_ack": "yes",
            "sendgrid_activity": True,
            "sendgrid_webhook_keys": said["sendgrid_public_key"],
            "sms": "twilio",
            "twilio_account_sid": said["twilio_account"],
            "twilio_auth_token": said["twilio_token"],
            "twilio_number": "+15035550100",
            "twilio_api_base": said["url"],
            "lease_seconds": 3,
            "quarantine_seconds": 15,
            "sms_quarantine_seconds": 10,
        }

    def took(self) -> list[str]:
        """To whom each message went, in order."""
        lines = self.truth.read_text(encoding="utf-8").splitlines() if self.truth.exists() else []
        return [json.loads(line)["to"] for line in lines]

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(10)


def watch(settings: Settings, carrier: Carrier) -> None:
    """Plan messages, kill workers, print a line every two seconds until every message is settled."""
    service = start(settings)
    chance = random.Random()  # noqa: S311 - which worker dies
    _plan(service)
    began, next_kill, kills = time.monotonic(), time.monotonic() + KILL, 0
    click.echo(f"\n  {MESSAGES} messages, half of them texts. Workers are killed while they go out.")
    while True:
        killed = ""
        if time.monotonic() > next_kill:
            killed, next_kill = _kill(service, chance), time.monotonic() + KILL
            kills += bool(killed)
        states = _states(service)
        click.echo(_line(time.monotonic() - began, states, carrier.took(), killed))
        if not any(states[state.value] for state in OPEN) or time.monotonic() - began > 180:
            break
        time.sleep(LINE)
    took = Counter(carrier.took())
    click.echo(
        f"  {kills} kills. The carrier took {sum(took.values())} messages for {len(took)} people; "
        f"{sum(n > 1 for n in took.values())} got one twice. "
        f"Look at them in the console: {settings.base_url}/console\n"
    )
    service.db.close()


def _plan(service: Service) -> None:
    stamp = int(time.time()) % 100
    day = next(
        z for z in (f"Etc/GMT{n:+d}" for n in range(-12, 13)) if 9 <= now().astimezone(ZoneInfo(z)).hour < 19
    )
    with service.db.write() as session:
        person = session.scalars(select(Person).order_by(Person.id)).first()
        assert person is not None
        caller = access.caller(session, person.id)
        practice = session.scalars(select(Practice)).first()
        assert practice is not None
        for n in range(MESSAGES):
            way = Way.SMS if n % 2 else Way.EMAIL
            address = f"+1503555{stamp:02d}{n:02d}" if n % 2 else f"watch-{stamp}-{n}@example.net"
            client = clients.add(
                session,
                caller,
                given_name="Watch",
                family_name=f"{stamp:02d}-{n:02d}",
                time_zone=day,
                respondents=[
                    NewRespondent(
                        RespondentRole.SELF,
                        contacts=[NewContact(ContactKind(way.value), address)],
                        consents=[
                            (way.value, consents.WORDING, now() - timedelta(days=1), consents.ON_PAPER)
                        ],
                    )
                ],
            )
            wanted = Ask(client_id=client.id, instruments=["phq9"], channel=way)
            assignments.ask(session, caller, wanted, service.settings, undo=False)


def _states(service: Service) -> Counter[str]:
    with service.db.read() as session:
        rows = session.execute(
            select(Dispatch.state, func.count())
            .join(Assignment, Assignment.id == Dispatch.assignment_id)
            .where(Dispatch.recipient == RecipientKind.CLIENT)
            .group_by(Dispatch.state)
        ).all()
    return Counter({state.value: count for state, count in rows})


def _kill(service: Service, chance: random.Random) -> str:
    with service.db.read() as session:
        since = now() - timedelta(seconds=15)
        beats = session.scalars(
            select(Heartbeat).where(Heartbeat.kind == "worker", Heartbeat.at > since)
        ).all()
    living = [beat for beat in beats if any(beat.process.startswith(kind) for kind in WORKERS)] or list(beats)
    if not living:
        return ""
    one = chance.choice(living)
    with suppress(ProcessLookupError):
        os.kill(one.pid, signal.SIGKILL)
        return one.process
    return ""


def _line(seconds: float, states: Counter[str], took: list[str], killed: str) -> str:
    parts = [
        f"{states[state.value]} {state.value.replace('_', ' ')}"
        for state in DispatchState
        if states[state.value]
    ]
    twice = sum(n > 1 for n in Counter(took).values())
    end = f"   killed {killed}" if killed else ""
    return f"  {seconds:5.0f} s  {' · '.join(parts)}   | carrier: {len(took)}, twice: {twice}{end}"
