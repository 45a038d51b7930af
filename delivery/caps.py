"""How many messages a person and a number get: at most so many a day and a week, whoever asks.

The day is counted per number over all practices, and only ever delays, so that nobody learns that somebody
else wrote. The week is counted within the practice, per person, and for a number that a family shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from delivery import crypto, quiet
from delivery.db import execute, now
from delivery.message_facts import COUNTED, WEEK, Facts
from delivery.models.messages import ContactUse
from delivery.settings import Settings

#: People of one family who are counted apart on the number that they share.
FAMILY: Final = 3
KEPT: Final = timedelta(days=8)


@dataclass(frozen=True)
class Wait:
    """A message is too many now: until when it waits, with a machine word and a sentence."""

    until: datetime
    code: str
    reason: str


def limits(channel: str, settings: Settings) -> tuple[int, int]:
    """Messages a day and a week."""
    if channel == "sms":
        return settings.sms_per_day, settings.sms_per_week
    return settings.email_per_day, settings.email_per_week


def wait(facts: Facts, settings: Settings) -> Wait | None:
    """Whether this message would be one too many at this moment."""
    row, point = facts.row, facts.point
    if row.purpose not in COUNTED or point is None:
        return None
    a_day, a_week = limits(row.channel, settings)
    people = max(1, min(facts.sharing, FAMILY))
    full = [
        sent[most - 1] + WEEK
        for sent, most in ((facts.week, a_week), (facts.family_week, a_week * people))
        if len(sent) >= most
    ]
    if full:
        word = "texts" if row.channel == "sms" else "e-mails"
        words = f"This client has had {a_week} {word} in seven days, the most allowed."
        if len(facts.week) < a_week:  # it is the others of a family: nobody is told how many there are
            words = "Enough for one week: it goes at the next allowed time."
        return Wait(max(full), "weekly-cap", words)
    if facts.sent_today < a_day * people:
        return None
    tomorrow = quiet.next_day(now(), facts.zone, point.safe_hours)
    words = "Enough for one day: it goes at the next allowed time."
    return Wait(tomorrow, "daily-cap", words) if tomorrow else None


def use(session: Session, attempt_id: UUID, facts: Facts) -> None:
    """Count an attempt, in its own transaction."""
    if facts.row.purpose in COUNTED and facts.point is not None:
        contact = crypto.contact_hash(facts.row.channel, facts.to)
        at = now()
        execute(session, _USE, id=attempt_id, created_at=at, contact_hash=contact, at=at)


_USE: Final = insert(ContactUse)


def release(session: Session, attempt_id: UUID) -> None:
    """An attempt that reached nobody does not count."""
    session.execute(delete(ContactUse).where(ContactUse.id == attempt_id))


def forget_old(session: Session) -> None:
    """Drop what no day counts any more."""
    session.execute(delete(ContactUse).where(ContactUse.at < now() - KEPT))
