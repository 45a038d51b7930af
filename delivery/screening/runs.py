"""Which step of a walk is its newest. An older page, from Back, a reload or another tab, opens nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import CursorResult, and_, case, delete, or_, update
from sqlalchemy.orm import Session

from delivery.db import insert, now
from delivery.models.screening import ScreeningPage, ScreeningRun
from delivery.screening import counts
from delivery.screening.walks import LIFE, Walk

#: A press that comes twice within this time is one: a double click, whose second reply is what a browser
#: shows.
TWICE: Final = timedelta(seconds=2)


def begin(session: Session, page: ScreeningPage, run_id: UUID) -> bool:
    """A visitor starts; False where this run has begun before."""
    at = now()
    fresh = insert(session, ScreeningRun).values(
        id=run_id, created_at=at, page_id=page.id, step=0, last_at=at
    )
    made = session.scalars(fresh.on_conflict_do_nothing().returning(ScreeningRun.id)).one_or_none()
    if made is not None:
        counts.add(session, page, "started")
    return made is not None


def take(session: Session, walk: Walk, *, twice: bool = True) -> bool:
    """Take the walk's step; False where it is not the newest, or too old.

    With `twice` the second press of a double click takes it too, counted from the first one.
    """
    at = now()
    newest = ScreeningRun.step == walk.step
    pressed_again = and_(ScreeningRun.step == walk.step + 1, ScreeningRun.last_at > at - TWICE)
    moved = session.execute(
        update(ScreeningRun)
        .where(
            ScreeningRun.id == walk.run_id,
            ScreeningRun.page_id == walk.page_id,
            ScreeningRun.last_at > at - LIFE,
            or_(newest, pressed_again) if twice else newest,
        )
        .values(step=walk.step + 1, last_at=case((newest, at), else_=ScreeningRun.last_at))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(moved, CursorResult)
    return moved.rowcount == 1


def finish(session: Session, page: ScreeningPage, run_id: UUID) -> None:
    """The visitor has come to the result; counted once."""
    done = session.execute(
        update(ScreeningRun)
        .where(ScreeningRun.id == run_id, ScreeningRun.finished_at.is_(None))
        .values(finished_at=now())
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    if done.rowcount:
        counts.add(session, page, "finished")


def end(session: Session, run_id: UUID) -> None:
    """Forget a run: none of its pages opens anything any more."""
    session.execute(delete(ScreeningRun).where(ScreeningRun.id == run_id))


def forget_old(session: Session) -> None:
    """Delete runs whose last page has run out."""
    session.execute(delete(ScreeningRun).where(ScreeningRun.last_at <= now() - LIFE))
