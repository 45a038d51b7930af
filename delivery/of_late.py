"""What many clients were asked or answered of late, in a few statements: nobody is asked twice in one act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.people import Person, Practice
from delivery.models.results import Submission
from delivery.recency import Recent
from delivery.roster import Bar, Entry
from delivery.states import OPEN_ASK
from questionnaires.schema import Instrument


def bars(
    session: Session, caller_id: UUID, entries: Sequence[Entry], instruments: Sequence[Instrument]
) -> dict[UUID, Bar]:
    """By client: one of these measures is asked and open, or was answered within its shortest interval."""
    who = {one.respondent.id: one for one in entries if one.respondent}
    found = _answered(session, caller_id, who, instruments)
    by_key = {one.key: one for one in instruments}
    asked = select(Assignment).where(Assignment.respondent_id.in_(who), Assignment.state.in_(OPEN_ASK))
    rows = session.scalars(asked.order_by(Assignment.id)).all()
    names = _colleagues(session, {row.requested_by for row in rows}, caller_id)
    for row in rows:
        same = [by_key[one["key"]] for one in row.instruments if one["key"] in by_key]
        if same:
            entry = who[row.respondent_id]
            recent = Recent(same[0], row.send_at, False, names.get(row.requested_by))
            found[entry.client.id] = Bar("asked", recent.words(_zone(session, entry)), row.id)
    return found


def _answered(
    session: Session, caller_id: UUID, who: dict[UUID, Entry], instruments: Sequence[Instrument]
) -> dict[UUID, Bar]:
    days = {one.key: one.shortest_interval_days for one in instruments if one.shortest_interval_days}
    if not days:
        return {}
    by_key = {one.key: one for one in instruments}
    rows = session.execute(
        select(
            Submission.respondent_id,
            Submission.instrument_key,
            Submission.answered_at,
            Assignment.requested_by,
            Assignment.id,
        )
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .where(
            Submission.respondent_id.in_(who),
            Submission.instrument_key.in_(days),
            Submission.answered_at > now() - timedelta(days=max(days.values())),
            Submission.voided_at.is_(None),
        )
        .order_by(Submission.answered_at)
    ).all()
    names = _colleagues(session, {row.requested_by for row in rows}, caller_id)
    found = {}
    for row in rows:
        if row.answered_at > now() - timedelta(days=days[row.instrument_key]):
            entry = who[row.respondent_id]
            recent = Recent(by_key[row.instrument_key], row.answered_at, True, names.get(row.requested_by))
            found[entry.client.id] = Bar("answered", recent.words(_zone(session, entry)), row.id)
    return found


def _colleagues(session: Session, ids: set[UUID], caller_id: UUID) -> dict[UUID, str]:
    """How others than the caller are known."""
    others = ids - {caller_id}
    if not others:
        return {}
    return {row.id: row.known_as for row in session.scalars(select(Person).where(Person.id.in_(others)))}


def _zone(session: Session, entry: Entry) -> str:
    return entry.client.time_zone or session.get_one(Practice, entry.client.practice_id).time_zone
