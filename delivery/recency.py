"""Asked again too soon: what the same person answered, or was asked, within a measure's shortest interval."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.people import Person
from delivery.models.results import Submission
from delivery.states import OPEN_ASK
from questionnaires.schema import Instrument


@dataclass(frozen=True)
class Recent:
    """The last time of a measure: answered, or asked and still open; by whom, where it was a colleague."""

    instrument: Instrument
    at: datetime
    answered: bool
    colleague: str | None

    def words(self, zone: str) -> str:
        """ "PCL-5 was answered on 3 March; it asks about the past month." `zone` is an IANA name."""
        local, today = self.at.astimezone(ZoneInfo(zone)), now().astimezone(ZoneInfo(zone))
        day = f"{local.day} {calendar.month_name[local.month]}"
        day += f" {local.year}" if local.year != today.year else ""
        by = f" by {self.colleague}" if self.colleague else ""
        if by and self.answered:
            by = f" (asked{by})"
        end = "" if self.answered else " and is still open"
        verb = "answered" if self.answered else "asked"
        return (
            f"{self.instrument.short_name} was {verb} on {day}{by}{end}; {_window(self.instrument.recall)}."
        )


def _window(recall: str) -> str:
    if recall.startswith(("Last ", "Past ")):
        return f"it asks about the {recall[0].lower()}{recall[1:]}"
    return f"it looks back: {recall[0].lower()}{recall[1:]}"


def recent(
    session: Session, respondent_id: UUID, caller_id: UUID, instruments: Iterable[Instrument]
) -> list[Recent]:
    """For each measure that it is too soon for, the last time. One asker of a practice sees the other's."""
    at = now()
    since = {
        one.key: at - timedelta(days=one.shortest_interval_days)
        for one in instruments
        if one.shortest_interval_days
    }
    if not since:
        return []
    last: dict[str, tuple[datetime, bool, UUID]] = {}
    answered = session.execute(
        select(Submission.instrument_key, Submission.answered_at, Assignment.requested_by)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(
            Submission.respondent_id == respondent_id,
            Submission.instrument_key.in_(since),
            Submission.answered_at > min(since.values()),
            Submission.voided_at.is_(None),
        )
        .order_by(Submission.answered_at)
    )
    for key, when, by in answered:
        if when > since[key]:
            last[key] = when, True, by
    still_open = select(Assignment).where(
        Assignment.respondent_id == respondent_id, Assignment.state.in_(OPEN_ASK)
    )
    for row in session.scalars(still_open.order_by(Assignment.created_at)):
        for key in since.keys() & {one["key"] for one in row.instruments}:
            last[key] = row.send_at, False, row.requested_by
    return [
        Recent(one, *last[one.key][:2], _colleague(session, last[one.key][2], caller_id))
        for one in instruments
        if one.key in last
    ]


def _colleague(session: Session, person_id: UUID, caller_id: UUID) -> str | None:
    return None if person_id == caller_id else session.get_one(Person, person_id).known_as
