"""E-mails through the queue against a bare loop over smtplib, in turns, to the same server.

`python -m bench.bulk_email [--messages 10000]` on an idle machine writes bench/results/bulk_email.json. The
queue is real: SQLite, Valkey, and the worker `bulk` as the supervisor starts it; the asks are planned before,
and each round makes a share of them due. The loops build an EmailMessage of the same words for each message;
one of them makes two commits a message (a row before, its state after) on the same kind of SQLite file. Ends
with code 1 where a message was lost or doubled.
"""

from __future__ import annotations

import argparse
import json
import shutil
import smtplib
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
from sqlalchemy import func, select, update

from bench.smtp_sink import Sink
from bench.stamp import stamp
from channels.base import Message
from delivery import assignments, letters, message_facts
from delivery.assignments import Ask
from delivery.bell import Bell
from delivery.cli import machine
from delivery.cli.supervisor import Supervisor
from delivery.db import now, uuid7
from delivery.models.assignments import Way
from delivery.models.ledger import Heartbeat, OutboxEntry
from delivery.models.messages import Attempt, Dispatch
from delivery.service import Service
from delivery.states import DispatchState
from tests import build

RESULT = Path(__file__).parent / "results" / "bulk_email.json"
#: A round has a tenth of the messages, and enough that how a worker wakes up does not count.
ROUNDS, LEAST = 10, 500
#: Seconds without a new message after which the rest counts as lost.
PATIENCE = 60.0
NEVER = timedelta(days=1)


@dataclass(frozen=True)
class Pace:
    """How a number of messages went: seconds on the wall and of the sender's processor time, each."""

    wall: float
    cpu: float


class Queue:
    """An installation with its messages planned, and the process that sends them."""

    def __init__(self, folder: Path, port: int, messages: int) -> None:
        self.service = build.service(folder, email="smtp", smtp_url=f"smtp://127.0.0.1:{port}")
        self._planned = _plan(self.service, messages)
        processes, env = machine.processes(self.service.settings, port)
        wanted = [one for one in processes if one.name in ("broker", "worker-bulk")]
        self._supervisor = Supervisor(wanted, self.service.settings.data_dir / "logs")
        self._bell = Bell(env["LIGHTQ_REDIS_URL"])

    def __enter__(self) -> Queue:
        self._supervisor.start()
        beats = select(func.count()).select_from(Heartbeat)
        self._wait(lambda: self._count(beats) > 0, lambda: 0)
        return self

    def __exit__(self, *_: object) -> None:
        self._supervisor.stop()
        self.service.db.close()

    def send(self, count: int, sink: Sink) -> Pace:
        """Make the next messages due, ring, and wait until all are with the server and in the ledger."""
        due, self._planned = self._planned[:count], self._planned[count:]
        with self.service.db.write() as session:
            session.execute(
                update(OutboxEntry).where(OutboxEntry.subject_id.in_(due)).values(due_at=now()),
                execution_options={"synchronize_session": False},
            )
        before, cpu, began = self.handed_over(), self._cpu(), time.monotonic()
        self._wait(lambda: sink.total() >= count, sink.total)
        self._wait(lambda: self.handed_over() >= before + count, self.handed_over)
        return Pace((time.monotonic() - began) / count, (self._cpu() - cpu) / count)

    def handed_over(self) -> int:
        """How many messages count as handed over."""
        done = Dispatch.state == DispatchState.HANDED_OVER
        return self._count(select(func.count()).select_from(Dispatch).where(done))

    def attempts(self) -> int:
        """How many calls were made."""
        return self._count(select(func.count()).select_from(Attempt))

    def words(self) -> Message:
        """A message as it goes out."""
        with self.service.db.read() as session:
            facts = message_facts.read(session, self._planned[0])
            assert facts is not None
            return letters.compose(facts, uuid7(), self.service.settings, self.service.tokens)

    def _count(self, statement: Any) -> int:
        with self.service.db.read() as session:
            return session.scalar(statement) or 0

    def _cpu(self) -> float:
        pid = self._supervisor.status()["worker-bulk"].pid
        used = psutil.Process(pid).cpu_times() if pid else None
        return used.user + used.system if used else 0.0

    def _wait(self, done: Callable[[], bool], progress: Callable[[], int]) -> None:
        """Ring as the scheduler does until it is done, or nothing has moved for long."""
        seen, at, rung = -1, time.monotonic(), 0.0
        while not done():
            if time.monotonic() - rung > 0.5:
                self._bell.ring(["bulk"])
                self._supervisor.step()
                rung = time.monotonic()
            if (there := progress()) != seen:
                seen, at = there, time.monotonic()
            if time.monotonic() - at > PATIENCE:
                return
            time.sleep(0.02)


def _address(number: int) -> str:
    return f"client-{number:05d}@example.org"


def _plan(service: Service, messages: int) -> list[UUID]:
    """Clients for whom it is day, each with an ask in the bulk lane that is not due yet; their messages."""
    cast, zone = build.cast(service), build.zone_at(9, 14)
    caller = cast.caller(service, cast.ada)
    for first in range(0, messages, 100):
        with service.db.write() as session:
            for number in range(first, min(first + 100, messages)):
                client = build.add_client(session, caller, "Client", f"{number:05d}", _address(number))
                client.time_zone = zone
                wanted = Ask(client_id=client.id, instruments=["phq9"], channel=Way.EMAIL)
                assignments.ask(session, caller, wanted, service.settings, undo=False, lane="bulk")
    with service.db.write() as session:
        held = update(OutboxEntry).where(OutboxEntry.kind == "bulk_send").values(due_at=now() + NEVER)
        session.execute(held, execution_options={"synchronize_session": False})
        return list(session.scalars(select(Dispatch.id).order_by(Dispatch.id)))


def _letter(words: Message, to: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = f"{words.sender_name} <{words.sender_address}>"
    made["To"] = to
    made["Subject"] = words.subject
    made["Date"] = formatdate()
    made["Message-ID"] = make_msgid(domain="example.org")
    made["Auto-Submitted"] = "auto-generated"
    made["List-Unsubscribe"] = f"<{words.unsubscribe_url}>"
    made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(words.text)
    made.add_alternative(words.html, subtype="html")
    return made


def loop(port: int, words: Message, numbers: Sequence[int], ledger: sqlite3.Connection | None) -> Pace:
    """The bare loop; with a ledger, a row is committed before each message and its state after it."""
    began, cpu = time.monotonic(), time.process_time()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in numbers:
            if ledger is not None:
                row = ledger.execute("INSERT INTO message (state) VALUES ('attempting')").lastrowid
            smtp.send_message(_letter(words, _address(number)))
            if ledger is not None:
                ledger.execute("UPDATE message SET state = 'accepted' WHERE id = ?", (row,))
    return Pace((time.monotonic() - began) / len(numbers), (time.process_time() - cpu) / len(numbers))


def _ledger(path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"):
        made.execute(statement)
    made.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, state TEXT)")
    return made


def run(messages: int) -> dict[str, Any]:
    """All rounds; each sends the same number of messages in the three ways, in turning order."""
    paces: dict[str, list[Pace]] = {"queue": [], "two_commits": [], "no_commit": []}
    lost = doubled = 0
    origin = stamp()
    size = max(LEAST, messages // ROUNDS)
    folder = Path(tempfile.mkdtemp(prefix="lightq-bulk-"))
    try:
        with (
            Sink() as sink,
            Queue(folder, sink.port, messages) as queue,
            closing(_ledger(folder / "loop.db")) as ledger,
        ):
            words, left = queue.words(), list(range(messages))
            for turn in range(-(-messages // size)):
                numbers, left = left[:size], left[size:]
                ways: dict[str, Callable[[], Pace]] = {
                    "queue": lambda: queue.send(len(numbers), sink),  # noqa: B023 - called in this turn
                    "two_commits": lambda: loop(sink.port, words, numbers, ledger),  # noqa: B023
                    "no_commit": lambda: loop(sink.port, words, numbers, None),  # noqa: B023
                }
                names = list(ways)
                for name in names[turn % 3 :] + names[: turn % 3]:
                    paces[name].append(ways[name]())
                    taken = sink.taken()
                    wanted = Counter(_address(number) for number in numbers)
                    lost += (wanted - taken).total()
                    doubled += (taken - wanted).total()
            unsettled, calls = messages - queue.handed_over(), queue.attempts()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "messages": messages,
        **_figures(paces),
        "lost": lost,
        "doubled": doubled,
        "not_settled": unsettled,
        "calls": calls,
        **origin,
    }


def _figures(paces: dict[str, list[Pace]]) -> dict[str, Any]:
    """Messages a second and milliseconds of processor time each; ratios are medians over the rounds."""

    def ratio(name: str) -> float:
        pairs = zip(paces["queue"], paces[name], strict=True)
        return round(statistics.median(other.wall / ours.wall for ours, other in pairs), 3)

    per_second = {name: round(1 / statistics.mean(one.wall for one in paces[name]), 1) for name in paces}
    cpu = {name: round(1000 * statistics.mean(one.cpu for one in paces[name]), 3) for name in paces}
    return {
        "per_second": per_second,
        "cpu_ms": cpu,
        "ratio_to_two_commits": ratio("two_commits"),
        "ratio_to_no_commit": ratio("no_commit"),
    }


def main() -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    result = run(parser.parse_args().messages)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))
    return 1 if result["lost"] or result["doubled"] or result["not_settled"] else 0


if __name__ == "__main__":
    sys.exit(main())
