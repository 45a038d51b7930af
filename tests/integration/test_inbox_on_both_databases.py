"""Callbacks and texts on SQLite and PostgreSQL, also many at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from sqlalchemy import func, select

from channels.base import Event
from channels.twilio_hooks import Inbound
from delivery import inbox, notices, opt_outs, replies
from delivery.models.ledger import InboxEntry
from delivery.models.messages import Notice, NoticeKind, OptOut
from delivery.service import Service
from tests import build

NUMBER = "+15035550123"


def event(n: int) -> Event:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Event("a", "sent", "c", "", "", "SM1", f"SM{n}|sent|", at, permanent=False, stops_provider=False)


def at_once(act: object, threads: int = 4) -> None:
    running = [threading.Thread(target=act) for _ in range(threads)]  # type: ignore[arg-type]
    for one in running:
        one.start()
    for one in running:
        one.join()


def test_every_entry_is_taken_by_one_worker(migrated: Service) -> None:
    build.cast(migrated)
    with migrated.db.write() as session:
        assert inbox.keep_events(session, "twilio", map(event, range(40))) == 40
    taken: list[str] = []

    def work() -> None:
        while True:
            with migrated.db.write() as session:
                entry = inbox.take(session)
                if entry is None:
                    return
                taken.append(inbox.event(entry).dedupe)
                inbox.finish(entry)

    at_once(work)
    assert sorted(taken) == sorted(event(n).dedupe for n in range(40))


def test_the_same_batch_from_many_at_once_is_kept_once(migrated: Service) -> None:
    build.cast(migrated)
    fresh: list[int] = []

    def keep() -> None:
        with migrated.db.write() as session:
            fresh.append(inbox.keep_events(session, "sendgrid", map(event, range(20))))

    at_once(keep)
    assert sorted(fresh) == [0, 0, 0, 20]
    with migrated.db.read() as session:
        assert session.scalar(select(func.count()).select_from(InboxEntry)) == 20


def test_a_stop_that_comes_many_times_at_once_is_one_and_is_confirmed_once(migrated: Service) -> None:
    cast = build.cast(migrated)
    answers: list[str] = []

    def stop() -> None:
        sid = f"SM{threading.get_ident()}"
        with migrated.db.write() as session:
            text = Inbound(sid, "AC1", NUMBER, "+15035550100", "STOP")
            answers.append(replies.hear(session, text, migrated.settings))

    at_once(stop)
    assert sum(answer != "" for answer in answers) == 1
    with migrated.db.write() as session:
        assert session.scalar(select(func.count()).select_from(OptOut)) == 1
        assert opt_outs.start(session, "sms", NUMBER)
        assert not opt_outs.stands(session, "sms", NUMBER, cast.practice)
        assert opt_outs.stop(session, "sms", NUMBER, "text")


def test_a_line_that_many_write_at_once_stands_once(migrated: Service) -> None:
    cast = build.cast(migrated)

    def tell() -> None:
        with migrated.db.write() as session:
            notices.add(session, cast.practice, cast.cy, NoticeKind.TEXT_REPLY)

    at_once(tell)
    with migrated.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == 1
