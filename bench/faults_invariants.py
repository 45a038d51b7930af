"""What must hold in the whole installation after every phase (trust.md 6.1), whatever was broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from delivery import audit, inbox, results
from delivery.db import now
from delivery.models import Base
from delivery.models.ledger import InboxEntry, OutboxEntry
from delivery.models.messages import Attempt
from delivery.models.results import Score, Submission
from delivery.service import Service
from delivery.states import AttemptState, OutboxState
from questionnaires.scoring import score

#: What only sealed columns may hold: names, addresses and numbers of the run's clients.
CANARIES = re.compile(rb"Canaryquill|client-\d{5}@example\.net|\+1503[2-9]\d{6}")
STUCK = timedelta(seconds=60)


def broken(service: Service, practice: UUID, ahead: float = 0.0) -> list[str]:
    """One line for each thing that is not as it must be; I1 to I4 are the truth's part."""
    with service.db.read() as session:
        return [
            *_plain_text(service, session),
            *audit.verify(session, practice),
            *_stuck(session, ahead),
            *_scores(session),
            *_sums(session),
        ]


def _plain_text(service: Service, session: Session) -> Iterator[str]:
    """I6: no name or address in the database, the broker's file or a log."""
    folder = service.settings.data_dir
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and one.suffix != ".sock"):
        if found := CANARIES.search(_bytes(path)):
            yield f"I6: {path.relative_to(folder)} holds {found.group().decode()[:12]}…"
    if not service.db.is_sqlite:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(text(f'SELECT CAST(t AS text) FROM "{table.name}" t'))
            if any(CANARIES.search(str(row[0]).encode()) for row in rows):
                yield f"I6: table {table.name} holds a name or an address"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _stuck(session: Session, ahead: float) -> Iterator[str]:
    """I8: no work is held beyond its lease, no call is without an outcome."""
    before = now() + timedelta(seconds=ahead) - STUCK
    held = (OutboxEntry.state == OutboxState.CLAIMED, OutboxEntry.lease_until < before)
    hanging = (Attempt.state == AttemptState.ATTEMPTING, Attempt.started_at < before)
    for words, model, where in (("rows of work", OutboxEntry, held), ("calls", Attempt, hanging)):
        if count := session.scalar(select(func.count()).select_from(model).where(*where)):
            yield f"I8: {count} {words} are stuck"


def _scores(session: Session) -> Iterator[str]:
    """I9: each stored score is what its stored answers give."""
    for one, stored in session.execute(
        select(Submission, Score).join(Score, Score.submission_id == Submission.id)
    ):
        fresh = score(results.instrument_of(session, one), dict(one.answers or {}))
        if stored.result != fresh.to_json():
            yield f"I9: the score of {one.instrument_key} is not that of its answers"


def _sums(session: Session) -> Iterator[str]:
    """I10: every piece of work and every callback is done, planned, or given up where a person sees it."""
    parked = session.scalar(select(func.count()).where(OutboxEntry.state == OutboxState.PARKED))
    if parked:
        yield f"I10: {parked} rows of work gave up"
    if worn := inbox.worn_out(session):
        yield f"I10: {worn} callbacks gave up"
    done = select(func.count()).where(OutboxEntry.state == OutboxState.DONE, OutboxEntry.done_at.is_(None))
    if odd := session.scalar(done):
        yield f"I10: {odd} rows of work count as done, but nobody did them"
    left = select(func.count()).where(InboxEntry.done_at.is_(None))
    if waiting := session.scalar(left):
        yield f"I10: {waiting} callbacks still wait"
    twice = session.scalars(
        select(Attempt.dispatch_id)
        .where(Attempt.state == AttemptState.ACCEPTED)
        .group_by(Attempt.dispatch_id)
        .having(func.count() > 1)
    ).all()
    if twice:
        yield f"I3: {len(twice)} messages count as taken twice"
