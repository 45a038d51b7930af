"""The database compared with what the carriers really took: nobody is asked twice, nobody is forgotten."""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.faults_crowd import Person
from bench.faults_recipients import barred, both_ways
from delivery import links
from delivery.db import now
from delivery.models.clients import ContactPoint
from delivery.models.ledger import InboxEntry, OutboxEntry
from delivery.models.messages import Attempt, Dispatch
from delivery.service import Service
from delivery.states import DispatchState, OutboxState
from tests.carrier import Json

#: A person sees that it did not go, may not have gone, or waits and until when.
SEEN = (DispatchState.FAILED, DispatchState.CANCELLED, DispatchState.UNCLEAR, DispatchState.HELD)
#: What is planned for later than this (tomorrow's digest) is no part of a run.
SOON = timedelta(minutes=1)
NOT_YET = (DispatchState.CANCELLED, DispatchState.HELD)
UNDONE = (OutboxState.NEW, OutboxState.CLAIMED)


@dataclass
class Verdict:
    """Addresses by what went wrong, and the number of messages looked at."""

    messages: int = 0
    #: Different messages that arrived.
    sent: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    #: Another person's link, or a message to somebody who must get none.
    wrong_person: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    #: The ledger says otherwise than what happened.
    untrue: list[str] = field(default_factory=list)
    #: Why messages were not sent: state and code, with how many.
    listed: Counter[str] = field(default_factory=Counter)
    #: Both ways within a day though the first was not proven dead.
    both: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """True where nobody was forgotten, asked twice, sent what was not theirs or told a lie about."""
        wrong = (self.lost, self.doubled, self.wrong_person, self.untrue, self.both)
        return not any(wrong) and self.sent == self.messages - sum(self.listed.values())

    def of(self, addresses: Collection[str]) -> dict[str, int]:
        """The counts among some of the addresses."""
        return {
            name: len(set(getattr(self, name)) & set(addresses))
            for name in ("lost", "doubled", "wrong_person", "unclear")
        }


def compare(
    service: Service,
    assignments: Collection[UUID],
    accepted: list[Json],
    people: Mapping[str, Person] | None = None,
    fates: Mapping[str, str] | None = None,
    ahead: float = 0.0,
) -> Verdict:
    """The messages of these asks against the carriers' record; `people` by address, `fates` as the carrier's.

    `ahead`: seconds between the carriers' clock and the service's.
    """
    verdict = Verdict()
    with service.db.read() as session:
        rows = _messages(session, assignments)
        came = _arrivals(session, service, accepted, rows, verdict)
        for row, to in rows.values():
            _one(verdict, row, to, came[row.id], (fates or {}).get(to, ""))
    if people:
        mine = {to for _, to in rows.values()}
        verdict.wrong_person += [
            entry["to"] for entry in barred(accepted, people, ahead) if entry["to"] in mine
        ]
        verdict.both += both_ways([(row, to, came[row.id]) for row, to in rows.values()], fates or {})
    return verdict


def _messages(session: Session, assignments: Collection[UUID]) -> dict[UUID, tuple[Dispatch, str]]:
    found, wanted = {}, list(assignments)
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        for row, point in session.execute(
            select(Dispatch, ContactPoint)
            .join(ContactPoint, ContactPoint.id == Dispatch.contact_point_id)
            .where(Dispatch.assignment_id.in_(some))
        ):
            found[row.id] = row, point.value or ""
    return found


def _arrivals(
    session: Session,
    service: Service,
    accepted: list[Json],
    rows: Mapping[UUID, tuple[Dispatch, str]],
    verdict: Verdict,
) -> defaultdict[UUID, list[Json]]:
    """What arrived of each message; notes what has the link of another ask, or reached another address."""
    of_attempt = {one.id: one.dispatch_id for one in session.execute(select(Attempt.id, Attempt.dispatch_id))}
    by_ask = {(row.assignment_id, to): row.id for row, to in rows.values()}
    addresses = {to for _, to in rows.values()}
    came: defaultdict[UUID, list[Json]] = defaultdict(list)
    for entry in accepted:
        if entry["to"] not in addresses:
            continue
        token = str(entry["link"]).rpartition("/")[2]
        link = links.look(session, token, service.tokens)
        # Without a ledger the attempt is nowhere: then the link tells whose message it was.
        by_link = by_ask.get((link.assignment_id, entry["to"])) if link else None
        message = of_attempt.get(attempt_of(entry["attempt"]), by_link)
        if message is None:
            verdict.wrong_person.append(entry["to"])
            continue
        came[message].append(entry)
        if message in rows:
            row, to = rows[message]
            if link is None or link.assignment_id != row.assignment_id or to != entry["to"]:
                verdict.wrong_person.append(entry["to"])
    return came


def attempt_of(text: str) -> UUID:
    """The attempt as a carrier was told it: a UUID, or the beginning of a callback's token."""
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        return UUID(bytes=base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return UUID(int=0)


def _one(verdict: Verdict, row: Dispatch, to: str, came: list[Json], fate: str) -> None:
    state, verdict.messages = row.state, verdict.messages + 1
    verdict.sent += bool(came)
    if len(came) > 1:
        verdict.doubled.append(to)
    if not came:
        if state in SEEN:
            verdict.listed[f"{state.value}: {row.code}"] += 1
        else:
            verdict.lost.append(to)
        if state in (DispatchState.HANDED_OVER, DispatchState.DELIVERED):
            verdict.untrue.append(to)
    elif (state is DispatchState.FAILED and not fate) or state in NOT_YET:
        verdict.untrue.append(to)
    if fate and state is DispatchState.DELIVERED:
        verdict.untrue.append(to)
    if state is DispatchState.UNCLEAR:
        verdict.unclear.append(to)


def open_work(service: Service, *, but: Collection[str] = (), ahead: float = 0.0) -> int:
    """Rows of the ledger that are under way or soon due, and callbacks that wait; kinds may be left out."""
    soon = OutboxEntry.due_at < now() + SOON + timedelta(seconds=ahead)
    with service.db.read() as session:
        undone = select(func.count()).where(
            OutboxEntry.state.in_(UNDONE), soon, OutboxEntry.kind.not_in(list(but))
        )
        waiting = select(func.count()).where(InboxEntry.done_at.is_(None))
        return (session.scalar(undone) or 0) + (session.scalar(waiting) or 0)
