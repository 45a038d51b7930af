"""The database compared with what the carrier really took: nobody is asked twice, nobody is forgotten."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from delivery import audit, letters, links
from delivery.db import now
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Attempt, Dispatch
from delivery.service import Service
from delivery.states import AttemptState, DispatchState, OutboxState
from tests.carrier import Json

#: A person sees that it did not go, or may not have gone.
SEEN = (DispatchState.FAILED, DispatchState.CANCELLED, DispatchState.UNCLEAR)
#: What is planned for later than this (tomorrow's digest) is no part of a run.
SOON = timedelta(minutes=1)
UNDONE = (OutboxState.NEW, OutboxState.CLAIMED)


@dataclass
class Verdict:
    """Addresses by what went wrong, and the number of messages looked at."""

    messages: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong_person: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    #: Marked as not sent although it arrived.
    untrue: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """True where nobody was forgotten, asked twice, sent another person's link or told a lie about."""
        return not (self.lost or self.doubled or self.wrong_person or self.untrue)

    def of(self, addresses: Collection[str]) -> dict[str, int]:
        """The counts among some of the addresses."""
        return {
            name: len(set(getattr(self, name)) & set(addresses))
            for name in ("lost", "doubled", "wrong_person", "unclear")
        }


def compare(service: Service, assignments: Collection[UUID], accepted: list[Json]) -> Verdict:
    """Each ask's one invitation against the carrier's record."""
    arrivals: defaultdict[str, list[Json]] = defaultdict(list)
    for entry in accepted:
        arrivals[entry["to"]].append(entry)
    verdict = Verdict()
    with service.db.read() as session:
        of_attempt = {str(i): d for i, d in session.execute(select(Attempt.id, Attempt.dispatch_id))}
        for row in session.scalars(select(Dispatch).where(Dispatch.assignment_id.in_(assignments))):
            to = letters.address(session, row)
            came = arrivals[to]
            verdict.messages += 1
            verdict.states[row.state.value] += 1
            for entry in came:
                token = str(entry["link"]).rpartition("/")[2]
                link = links.look(session, token, service.tokens)
                foreign = of_attempt.get(entry["attempt"], row.id) != row.id
                if link is None or link.assignment_id != row.assignment_id or foreign:
                    verdict.wrong_person.append(to)
            if len(came) > 1:
                verdict.doubled.append(to)
            if not came and row.state not in SEEN:
                verdict.lost.append(to)
            if came and row.state in (DispatchState.FAILED, DispatchState.CANCELLED):
                verdict.untrue.append(to)
            if row.state is DispatchState.UNCLEAR:
                verdict.unclear.append(to)
    return verdict


def open_work(service: Service, *, but: str = "") -> int:
    """Rows of the ledger that are under way or soon due; those of one kind may be left out."""
    soon = OutboxEntry.due_at < now() + SOON
    with service.db.read() as session:
        undone = select(func.count()).where(OutboxEntry.state.in_(UNDONE), soon, OutboxEntry.kind != but)
        return session.scalar(undone) or 0


def oddities(service: Service, practice: UUID) -> list[str]:
    """What must never be there in the end: parked work, open attempts, a broken audit chain."""
    with service.db.read() as session:
        parked = session.scalar(select(func.count()).where(OutboxEntry.state == OutboxState.PARKED))
        hanging = session.scalar(select(func.count()).where(Attempt.state == AttemptState.ATTEMPTING))
        twice = session.scalars(
            select(Attempt.dispatch_id)
            .where(Attempt.state == AttemptState.ACCEPTED)
            .group_by(Attempt.dispatch_id)
            .having(func.count() > 1)
        ).all()
        found = [f"{parked} rows of work gave up"] if parked else []
        found += [f"{hanging} attempts never ended"] if hanging else []
        found += [f"{len(twice)} messages count as accepted twice"] if twice else []
        return [*found, *audit.verify(session, practice)]
