"""A bulk send before it goes: who gets it and about when, who does not and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import bulk_choice, eligibility, of_late, quiet, roster, wordings
from delivery.access import Caller
from delivery.bulk_choice import Plan, Whom
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.assignments import Occasion, Way
from delivery.models.clients import Client, ContactPoint, Episode
from delivery.models.people import Practice
from delivery.models.results import Submission
from delivery.roster import Bar, Entry
from questionnaires.schema import Instrument

#: Clients in one act.
MOST: Final = 1000


@dataclass(frozen=True)
class Line:
    """One client: where and about when it goes, or the bar that keeps it from going."""

    client: Client
    zone: str
    point: ContactPoint | None
    at: datetime | None
    bar: Bar | None

    @property
    def channel(self) -> Way:
        """How it goes."""
        assert self.point is not None
        return Way(self.point.kind.value)


def preview(session: Session, caller: Caller, plan: Plan, whom: Whom) -> list[Line]:
    """What would become of each client that is meant. Raises Forbidden, Invalid by field."""
    instruments = bulk_choice.check(session, plan)
    meant = [client for client in bulk_choice.caseload(session, caller, plan.practice_id) if whom.has(client)]
    if not meant:
        raise Invalid("Choose at least one client.", {"whom": "Nobody is chosen yet."})
    if len(meant) > MOST:
        raise Invalid("Too many at once.", {"whom": f"At most {MOST} clients: choose by tag."})
    return lines(session, caller, plan, instruments, meant)


def lines(
    session: Session, caller: Caller, plan: Plan, instruments: Sequence[Instrument], clients: Sequence[Client]
) -> list[Line]:
    """One line for each client, in their order. The caller has written the audit row. Raises Invalid."""
    entries = roster.read(session, clients)
    soon = of_late.bars(session, caller.person_id, entries, instruments)
    progress = _in_progress(session, plan, clients)
    zone = session.get_one(Practice, plan.practice_id).time_zone
    screening = [one.short_name for one in instruments if set(one.purposes) == {"screening"}]
    if screening and not plan.reason.strip() and progress:
        words = f"{', '.join(screening)}: made for screening, not to measure progress. Say why."
        raise Invalid("Please decide first.", {"reason": words})
    return [_line(one, plan, one.client.time_zone or zone, instruments, soon) for one in entries]


def _line(
    entry: Entry, plan: Plan, zone: str, instruments: Sequence[Instrument], soon: dict[UUID, Bar]
) -> Line:
    found = entry.reached(plan.channel)
    if isinstance(found, Bar):
        return Line(entry.client, zone, None, None, found)
    assert entry.respondent is not None
    reads = entry.respondent.language
    without = [one.short_name for one in instruments if not wordings.fits(one, reads)]
    if without:
        language = eligibility.LANGUAGES.get(reads, reads)
        bar = Bar("no-text", f"{', '.join(without)}: no official {language} text.")
        return Line(entry.client, zone, found, None, bar)
    if entry.client.id in soon:
        return Line(entry.client, zone, found, None, soon[entry.client.id])
    wanted = max(now(), plan.send_at(zone) or now())
    at = quiet.next_allowed(wanted, entry.client.time_zone, found.safe_hours)
    if at is None:
        return Line(
            entry.client, zone, found, None, Bar("no-hours", "The hours they named are all at night.")
        )
    return Line(entry.client, zone, found, at, None)


def _in_progress(session: Session, plan: Plan, clients: Sequence[Client]) -> Collection[UUID]:
    """Clients of whom it would be asked to see how it goes."""
    ids = {client.id for client in clients}
    if plan.occasion is not None:
        return ids if plan.occasion is Occasion.PROGRESS else set()
    answered = (
        select(Episode.client_id)
        .join(Submission, Submission.episode_id == Episode.id)
        .where(Episode.client_id.in_(ids), Episode.closed_at.is_(None), Submission.voided_at.is_(None))
    )
    return set(session.scalars(answered.distinct()))
