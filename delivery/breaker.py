"""A pause for a provider that does not answer well: nothing is handed to it, and nothing is lost.

It opens after five bad outcomes in a row, or ten of twenty within a minute, at once where our account is at
fault, and for as long as a provider asks us to wait. When the pause is over one message tries; the others
wait for what becomes of it: taken is good enough, except where messages were taken before and then reported
as stopped on their way. There it has to be reported as delivered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from delivery.db import execute, insert, now
from delivery.models.messages import Breaker

IN_A_ROW: Final = 5
OF_LATE: Final = 20
WINDOW: Final = timedelta(seconds=60)
#: How long it pauses, and how long one try may take before the next one.
PAUSE = timedelta(seconds=30)
#: Where our account is at fault: waiting is no remedy, but somebody may mend it at any time.
ACCOUNT_PAUSE = timedelta(minutes=5)
#: From then on another channel is used where the client agreed to one.
LONG: Final = timedelta(minutes=30)
#: In `code`: a report began the pause, not an answer.
REPORTED: Final = "reported:"


@dataclass(frozen=True)
class Open:
    """Nothing goes out before `until`; `since` when it has been so."""

    until: datetime
    since: datetime
    reason: str


def _row(session: Session, provider: str, sender: str) -> Breaker | None:
    which = (Breaker.provider == provider, Breaker.sender == sender)
    return session.scalars(
        select(Breaker).where(*which).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()


def paused(session: Session, provider: str, sender: str) -> Open | None:
    """Whether a message has to wait. None also for the one that tries after a pause."""
    row = execute(session, _NOW, name=provider, whose=sender).one_or_none()
    if row is None or row.opened_at is None or row.until is None:
        return None
    at = now()
    if row.until <= at:
        # One of all workers moves the time on, and tries.
        tried = session.execute(
            update(Breaker)
            .where(Breaker.provider == provider, Breaker.sender == sender, Breaker.until == row.until)
            .values(until=at + (ACCOUNT_PAUSE if _by_report(row.code) else PAUSE))
            .returning(Breaker.provider)
        ).one_or_none()
        if tried is not None:
            return None
        row = execute(session, _NOW, name=provider, whose=sender).one()
        if row.opened_at is None:
            return None
    return Open(row.until or at, row.opened_at, row.reason or "")


_NOW: Final = select(Breaker.opened_at, Breaker.until, Breaker.code, Breaker.reason, Breaker.results).where(
    Breaker.provider == bindparam("name"), Breaker.sender == bindparam("whose")
)


def _by_report(code: str | None) -> bool:
    return (code or "").startswith(REPORTED)


def good(session: Session, provider: str, sender: str) -> None:
    """It took a message: a pause is over, unless a report began it."""
    seen = execute(session, _NOW, name=provider, whose=sender).one_or_none()
    if seen is None or (seen.opened_at is None and not seen.results) or _by_report(seen.code):
        return
    row = _row(session, provider, sender)
    if row is None or _by_report(row.code):
        return
    recent = [] if row.opened_at is not None else _recent(row, good=True)
    # Where nothing bad is left there is nothing to remember, and the next good one writes nothing.
    row.results = [] if all(good for _, good in recent) else recent
    row.opened_at = row.until = row.code = row.reason = None


def delivered(session: Session, provider: str, sender: str, started_at: datetime) -> None:
    """A message that was handed over at `started_at` arrived: a pause that a report began before is over."""
    seen = execute(session, _NOW, name=provider, whose=sender).one_or_none()
    if seen is None or not _by_report(seen.code) or started_at <= seen.opened_at:
        return
    row = _row(session, provider, sender)
    if row is not None and _by_report(row.code):
        row.results = []
        row.opened_at = row.until = row.code = row.reason = None


def bad(
    session: Session,
    provider: str,
    sender: str,
    *,
    code: str,
    reason: str,
    account: bool = False,
    reported: bool = False,
    retry_after: float | None = None,
) -> None:
    """It did not answer, or not well. `account`: it does not accept us; `reported`: it said so only after it
    had taken a message; `retry_after` in seconds."""
    at = now()
    fresh = insert(session, Breaker).values(provider=provider, sender=sender, results=[])
    session.execute(fresh.on_conflict_do_nothing())
    row = _row(session, provider, sender)
    assert row is not None
    row.results = _recent(row, good=False)
    code = f"{REPORTED}{code}" if reported else code
    said = [good for _, good in row.results]
    worn = said[-IN_A_ROW:] == [False] * IN_A_ROW or (
        len(said) >= OF_LATE and said.count(False) >= OF_LATE // 2
    )
    if retry_after is not None:
        _open(row, at, timedelta(seconds=min(retry_after, 86400)), code, reason)
    elif account:
        _open(row, at, ACCOUNT_PAUSE, code, reason)
    elif worn or row.opened_at is not None:
        _open(row, at, PAUSE, code, reason)


def _open(row: Breaker, at: datetime, pause: timedelta, code: str, reason: str) -> None:
    row.opened_at = row.opened_at or at
    row.until = max(row.until or at, at + pause)
    if _by_report(code) or not _by_report(row.code):
        row.code, row.reason = code[:40], reason[:200]


def _recent(row: Breaker, *, good: bool) -> list[list[float | bool]]:
    since = (now() - WINDOW).timestamp()
    kept = [one for one in row.results if one[0] > since]
    return [*kept, [now().timestamp(), good]][-OF_LATE:]


def open_ones(session: Session) -> list[Breaker]:
    """Providers that get nothing just now, for the page that a person sees."""
    return list(session.scalars(select(Breaker).where(Breaker.opened_at.is_not(None))))
