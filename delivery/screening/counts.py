"""How many visitors began, came to the end and sent their answers each month; small numbers are withheld."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.db import insert, now
from delivery.models.people import Practice
from delivery.models.screening import ScreeningCount, ScreeningPage

What = Literal["started", "finished", "contacted"]
#: From here on a number is shown.
SHOWN_FROM: Final = 11
MONTHS: Final = 12


@dataclass(frozen=True)
class Month:
    """One month as the member sees it: numbers from 11 on, 0, or None for "fewer than 11"."""

    name: str
    started: int | None
    finished: int | None
    contacted: int | None


def add(session: Session, page: ScreeningPage, what: What) -> None:
    """Count one more in the present month of the practice's zone."""
    zone = session.get_one(Practice, page.practice_id).time_zone
    month = f"{now().astimezone(ZoneInfo(zone)):%Y-%m}"
    fresh = ScreeningCount(practice_id=page.practice_id, page_id=page.id, month=month)
    values = {"started": 0, "finished": 0, "contacted": 0, what: 1}
    session.execute(
        insert(session, ScreeningCount)
        .values(
            id=fresh.id,
            created_at=now(),
            practice_id=page.practice_id,
            page_id=page.id,
            month=month,
            **values,
        )
        .on_conflict_do_update(
            index_elements=["page_id", "month"],
            set_={what: getattr(ScreeningCount, what) + 1},
        )
    )


def months(session: Session, page: ScreeningPage) -> list[Month]:
    """The last twelve months that had visitors, newest first.

    A smaller number is also withheld where it could be worked out: "finished" of 30 visitors tells how many
    did not finish, so a difference below 11 hides the smaller number too.
    """
    rows = session.scalars(
        select(ScreeningCount)
        .where(ScreeningCount.page_id == page.id)
        .order_by(ScreeningCount.month.desc())
        .limit(MONTHS)
    )
    return [_month(row) for row in rows]


def _month(row: ScreeningCount) -> Month:
    started = _shown(row.started)
    finished = _of(row.finished, row.started, started)
    contacted = _of(row.contacted, row.finished, finished)
    return Month(row.month, started, finished, contacted)


def _shown(number: int) -> int | None:
    return number if number == 0 or number >= SHOWN_FROM else None


def _of(part: int, whole: int, whole_shown: int | None) -> int | None:
    """A part of a number: withheld where it, or what is left of the whole, is small."""
    if whole == 0:
        return 0
    if whole_shown is None or 0 < whole - part < SHOWN_FROM:
        return None
    return _shown(part)
