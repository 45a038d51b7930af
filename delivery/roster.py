"""How each of many clients can be reached: read for a whole caseload in a few statements.

The ask itself goes through `eligibility` once more; this is what a page needs to say beforehand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import crypto
from delivery.models.assignments import Way
from delivery.models.clients import (
    Client,
    Consent,
    ContactKind,
    ContactPoint,
    ContactState,
    Respondent,
    RespondentRole,
    SafeFor,
)
from delivery.models.messages import OptOut
from delivery.states import ClientState

#: The channels that carry a message, in the order in which "each client's own" takes them.
CARRIED: Final = (Way.EMAIL, Way.SMS)
NAMES: Final = {Way.EMAIL: "e-mail", Way.SMS: "text"}
#: An opt-out, said without telling whose it was: a number may be shared.
NOT_POSSIBLE: Final = {
    Way.EMAIL: "E-mail is not possible to this address.",
    Way.SMS: "Text messages are not possible to this number.",
}
UNUSABLE: Final = (ContactState.BLOCKED, ContactState.DEAD)


@dataclass(frozen=True)
class Bar:
    """Why nothing goes out to a client: a machine word and a sentence; `ask` is an open ask it names."""

    code: str
    words: str
    ask: UUID | None = None


IN_PERSON: Final = Bar("in-person", "In person only: nothing may be sent to them.")


@dataclass(frozen=True)
class Entry:
    """A client with the one who answers and where they are reached. `agreed` and `stopped` are addresses
    (ids of contact points) with a consent that stands, and with an opt-out."""

    client: Client
    respondent: Respondent | None
    points: list[ContactPoint]
    agreed: Collection[UUID]
    stopped: Collection[UUID]

    def reached(self, channel: Way | None) -> ContactPoint | Bar:
        """Where a first message would go, or why none does; without a channel by e-mail, else by text."""
        if self.respondent is None:
            return Bar("nobody", "Nobody is named who answers.")
        if (bar := closed_to(self.client, self.respondent)) is not None:
            return bar
        if self.points and not any(_usable(point) for point in self.points):
            return IN_PERSON
        tried = [self._through(one) for one in (CARRIED if channel is None else (channel,))]
        bars = [one for one in tried if isinstance(one, Bar)]
        if len(bars) < len(tried):
            return next(one for one in tried if isinstance(one, ContactPoint))
        if channel is None and all(one.code == "no-address" for one in bars):
            return Bar("no-address", "No e-mail address and no phone number is on record.")
        return next((one for one in bars if one.code != "no-address"), bars[0])

    def _through(self, channel: Way) -> ContactPoint | Bar:
        kind = ContactKind(channel.value)
        points = [one for one in self.points if one.kind is kind and _usable(one)]
        if not points:
            what = "e-mail address" if kind is ContactKind.EMAIL else "phone number"
            return Bar("no-address", f"No {what} that may be used is on record.")
        agreed = [one for one in points if one.id in self.agreed]
        if not agreed:
            return Bar("no-consent", f"No consent to {NAMES[channel]} is on record.")
        wanted = [one for one in agreed if one.id not in self.stopped]
        if not wanted:
            return Bar("opted-out", NOT_POSSIBLE[channel])
        return next((one for one in wanted if one.state is ContactState.CONFIRMED), wanted[0])


def closed_to(client: Client, respondent: Respondent) -> Bar | None:
    """Why nothing at all may be sent to somebody, whatever their addresses."""
    if client.state is not ClientState.ACTIVE:
        return Bar("paused", "Paused: nothing is sent.")
    if respondent.refused_at is not None:
        return Bar("refused", "Said “I don’t want these forms now”. Talk about it first.")
    return IN_PERSON if respondent.in_person_only else None


def _usable(point: ContactPoint) -> bool:
    return point.safe_for is not SafeFor.NOTHING and point.state not in UNUSABLE


def read(session: Session, clients: Sequence[Client]) -> list[Entry]:
    """An entry for each client, in their order. The caller has written the audit row."""
    ids = [client.id for client in clients]
    who: dict[UUID, list[Respondent]] = defaultdict(list)
    for row in session.scalars(
        select(Respondent).where(Respondent.client_id.in_(ids)).order_by(Respondent.id)
    ):
        who[row.client_id].append(row)
    chosen = {client_id: _self(rows) for client_id, rows in who.items()}
    points: dict[UUID, list[ContactPoint]] = defaultdict(list)
    found = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.respondent_id.in_([row.id for row in chosen.values()]))
        .order_by(ContactPoint.id)
    ).all()
    for point in found:
        points[point.respondent_id].append(point)
    yes, no = agreed(session, found), opted_out(session, found)
    entries = []
    for client in clients:
        respondent = chosen.get(client.id)
        there = points[respondent.id] if respondent else []
        entries.append(Entry(client, respondent, there, yes, no))
    return entries


def _self(rows: Sequence[Respondent]) -> Respondent:
    """The client where they answer themselves, else who was noted first: as an ask without a name does."""
    return next((row for row in rows if row.role is RespondentRole.SELF), rows[0])


def agreed(session: Session, points: Iterable[ContactPoint]) -> set[UUID]:
    """Ids of the contact points for which a consent stands."""
    rows = list(points)
    found = session.execute(
        select(Consent.respondent_id, Consent.channel, Consent.contact_point_id).where(
            Consent.respondent_id.in_({row.respondent_id for row in rows}), Consent.withdrawn_at.is_(None)
        )
    )
    given = {(who, channel, point) for who, channel, point in found}
    return {
        row.id
        for row in rows
        if given & {(row.respondent_id, row.kind.value, place) for place in (None, row.id)}
    }


def opted_out(session: Session, points: Iterable[ContactPoint]) -> set[UUID]:
    """Ids of the contact points that want nothing, from anybody or from their practice."""
    places: dict[tuple[str, bytes], set[UUID]] = defaultdict(set)
    for row in points:
        for practice_id in (None, row.practice_id):
            kind = row.kind.value
            places[kind, crypto.contact_hash(kind, row.value or "", practice_id)].add(row.id)
    stopped = session.execute(
        select(OptOut.channel, OptOut.contact_hash).where(
            OptOut.contact_hash.in_([contact for _, contact in places]), OptOut.ended_at.is_(None)
        )
    )
    return {point_id for channel, contact in stopped for point_id in places.get((channel, contact), ())}
