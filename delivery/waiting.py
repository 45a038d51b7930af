"""Open asks without an answer: what went out for each, and whether one more message may go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from delivery import roster
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Client, ContactPoint, Respondent, SafeFor
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.roster import CARRIED, NOT_POSSIBLE, UNUSABLE, Bar
from delivery.states import OPEN_ASK, OPEN_LINK, UNSENT, AssignmentState, DispatchState

#: A link that ends sooner than this is not sent once more.
TOO_LATE: Final = timedelta(hours=12)
#: Nobody is reminded twice within this time by a press.
ONE_DAY: Final = timedelta(hours=24)
#: A message in one of these states may have reached the client.
LEFT: Final = (DispatchState.HANDED_OVER, DispatchState.DELIVERED, DispatchState.UNCLEAR)


@dataclass(frozen=True)
class Waiting:
    """An ask with its messages to the client, oldest first; `point` is where the last one went."""

    ask: Assignment
    client: Client
    respondent: Respondent
    messages: list[Dispatch]
    point: ContactPoint | None
    agreed: bool
    stopped: bool
    link_until: datetime | None

    @property
    def last(self) -> Dispatch | None:
        """The newest message."""
        return self.messages[-1] if self.messages else None

    @property
    def reminders(self) -> int:
        """Reminders that have left."""
        return sum(row.purpose is Purpose.REMINDER and row.state in LEFT for row in self.messages)

    def reminded(self, at: datetime) -> Bar | None:
        """Why a press does not remind once more so soon, or None."""
        if any(row.handed_over_at and row.handed_over_at > at - ONE_DAY for row in self.messages):
            return Bar("so-soon", "A message went out in the last 24 hours.")
        return None

    def bar(self, at: datetime) -> Bar | None:
        """Why no reminder may be planned at `at`, or None. Caps and quiet hours are asked when it goes."""
        return self._by_ask() or self._by_address() or self._by_link(at)

    def _by_ask(self) -> Bar | None:
        if self.ask.state not in OPEN_ASK:
            return Bar("ended", "Answered or ended by now.")
        if (bar := roster.closed_to(self.client, self.respondent)) is not None:
            return bar
        if self.ask.channel not in CARRIED:
            return Bar("together", "Answered together or here: there is no message to repeat.")
        if self.last is None or self.last.state in UNSENT or self.ask.state is AssignmentState.PLANNED:
            return Bar("on-its-way", "A message is still on its way.")
        if self.last.state is DispatchState.FAILED:
            return Bar("failed", "The last message could not be sent. See “Stuck”.")
        return None

    def _by_address(self) -> Bar | None:
        if self.point is None or self.point.state in UNUSABLE:
            return Bar("blocked", "The address or number of the last message may not be used.")
        if self.point.safe_for is not SafeFor.REMINDERS:
            return Bar("not-safe", "No reminders may go to this address or number.")
        if self.stopped:
            return Bar("opted-out", NOT_POSSIBLE[Way(self.point.kind.value)])
        if not self.agreed:
            return Bar("no-consent", "No consent to this channel is on record.")
        return None

    def _by_link(self, at: datetime) -> Bar | None:
        if self.link_until is None:
            return Bar("no-link", "The link is closed. “Send again” makes a new one.")
        if self.link_until <= at + TOO_LATE:
            return Bar("too-late", "The link ends within 12 hours.")
        return None


def read(session: Session, asks: Sequence[Assignment]) -> list[Waiting]:
    """The asks in their order with what belongs to them. The caller has written the audit row."""
    ids = [ask.id for ask in asks]
    messages: dict[UUID, list[Dispatch]] = defaultdict(list)
    found = select(Dispatch).where(
        Dispatch.assignment_id.in_(ids), Dispatch.recipient == RecipientKind.CLIENT
    )
    for row in session.scalars(found.order_by(Dispatch.id).execution_options(populate_existing=True)):
        assert row.assignment_id is not None
        messages[row.assignment_id].append(row)
    last = {rows[-1].contact_point_id for rows in messages.values()}
    points = {row.id: row for row in session.scalars(select(ContactPoint).where(ContactPoint.id.in_(last)))}
    yes, no = roster.agreed(session, points.values()), roster.opted_out(session, points.values())
    of_clients = select(Client).where(Client.id.in_({ask.client_id for ask in asks}))
    clients = {row.id: row for row in session.scalars(of_clients)}
    answering = select(Respondent).where(Respondent.id.in_({ask.respondent_id for ask in asks}))
    respondents = {row.id: row for row in session.scalars(answering)}
    until = _links(session, ids)
    made = []
    for ask in asks:
        sent = messages[ask.id]
        point = points.get(sent[-1].contact_point_id) if sent and sent[-1].contact_point_id else None
        made.append(
            Waiting(
                ask=ask,
                client=clients[ask.client_id],
                respondent=respondents[ask.respondent_id],
                messages=sent,
                point=point,
                agreed=point is not None and point.id in yes,
                stopped=point is not None and point.id in no,
                link_until=until.get(ask.id),
            )
        )
    return made


def _links(session: Session, ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Until when the open link of each ask is good."""
    rows = session.execute(
        select(Link.assignment_id, func.max(Link.expires_at))
        .where(Link.assignment_id.in_(ids), Link.state.in_(OPEN_LINK))
        .group_by(Link.assignment_id)
    )
    return {row[0]: row[1] for row in rows}
