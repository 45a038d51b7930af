"""One ask as the console shows it: what, to whom, through what, what became of it, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import (
    access,
    audit,
    clients,
    eligibility,
    history,
    links,
    result_lines,
    results,
    sheets,
    submissions,
)
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Client, ContactPoint, Respondent
from delivery.models.messages import Dispatch, RecipientKind
from delivery.result_lines import ResultLine
from delivery.states import OPEN_ASK, UNSENT, DispatchState
from questionnaires.schema import Instrument

#: The page looks again by itself for this long after a message was planned.
LIVELY: Final = timedelta(minutes=2)
BY_LINK: Final = (Way.EMAIL, Way.SMS)


@dataclass(frozen=True)
class Again:
    """A channel through which the link can go once more: where to, or why not."""

    way: Way
    point: ContactPoint | None
    barred: str | None


@dataclass(frozen=True)
class Asked:
    """`undo_until` is set while the message still waits; `fetched` says that something loaded the link,
    `locked` that too many wrong words were tried at it."""

    assignment: Assignment
    client: Client
    #: IANA zone of the client's times.
    zone: str
    respondent: Respondent
    instruments: list[Instrument]
    contact: ContactPoint | None
    message: Dispatch | None
    history: list[dict[str, Any]]
    fetched: bool
    locked: bool
    undo_until: datetime | None
    results: list[ResultLine]
    #: What may be wrong about asking this person this.
    remarks: list[str]
    #: The channels for sending again, the ask's own first; none where it is not open or has no link.
    again: list[Again]

    @property
    def open(self) -> bool:
        """Whether it can still be answered."""
        return self.assignment.state in OPEN_ASK

    @property
    def together(self) -> bool:
        """Whether it is answered together in the room."""
        return self.assignment.channel is Way.IN_PERSON

    def language(self, instrument: Instrument) -> str | None:
        """The language that was chosen for an instrument; None on asks older than this choice."""
        return sheets.asked_in(self.assignment).get(instrument.key)

    def interpreted(self, instrument: Instrument) -> bool:
        """Whether it is answered together with an interpreter."""
        return instrument.key in sheets.interpreted(self.assignment)

    @property
    def may_send_again(self) -> bool:
        """Whether a person may send the same link once more: the last message is not waiting to go."""
        waiting = self.message is not None and self.message.state in UNSENT
        return self.open and not self.together and not waiting and not self.unclear

    @property
    def unclear(self) -> bool:
        """Whether nobody knows if the last message went out."""
        return self.message is not None and self.message.state is DispatchState.UNCLEAR

    @property
    def went_wrong(self) -> bool:
        """Whether the last message did not arrive, so that another channel is worth a press."""
        gone = (DispatchState.FAILED, DispatchState.CANCELLED)
        return self.message is None or self.message.state in gone

    @property
    def moving(self) -> bool:
        """Whether something is about to change: a message on its way, in its first minutes."""
        if not self.open or self.message is None or self.message.created_at < now() - LIVELY:
            return False
        row = self.message
        if row.state in UNSENT:
            return max(row.due_at, row.held_until or row.due_at) < now() + LIVELY
        return row.state is DispatchState.HANDED_OVER and row.code != "local-post"


def read(session: Session, caller: Caller, assignment_id: UUID) -> Asked:
    """An ask about a client of the caller's. Writes the audit row first. Raises NotFound."""
    row = access.one(session, caller, Assignment, assignment_id)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.ASSIGNMENT_READ, row.id)
    client, respondent = session.get(Client, row.client_id), session.get(Respondent, row.respondent_id)
    assert client is not None
    assert respondent is not None
    message = session.scalars(
        select(Dispatch)
        .where(Dispatch.assignment_id == row.id, Dispatch.recipient == RecipientKind.CLIENT)
        .order_by(Dispatch.id.desc())
        .limit(1)
    ).first()
    instruments = sheets.instruments(session, row)
    fetched = session.scalars(select(Link.id).where(Link.assignment_id == row.id, Link.fetches > 0)).first()
    waits = message is not None and message.state in UNSENT and message.due_at > now()
    return Asked(
        assignment=row,
        client=client,
        zone=clients.zone(session, client),
        respondent=respondent,
        instruments=instruments,
        contact=session.get(ContactPoint, message.contact_point_id) if message else None,
        message=message,
        history=history.of_ask(session, row),
        fetched=fetched is not None and row.started_at is None,
        locked=row.state in OPEN_ASK and bool(links.locked(session, [row.id])),
        undo_until=message.due_at if message is not None and waits else None,
        results=result_lines.lines(session, submissions.of_assignment(session, row.id)),
        remarks=eligibility.remarks_on_ask(
            instruments, row, respondent, results.age(client, now().date()), clients.zone(session, client)
        ),
        again=_again(session, row, respondent),
    )


def _again(session: Session, row: Assignment, respondent: Respondent) -> list[Again]:
    if row.state not in OPEN_ASK or row.channel not in (*BY_LINK, Way.PORTAL):
        return []
    found = []
    ways = BY_LINK if row.channel in BY_LINK else (Way.PORTAL,)
    for way in sorted(ways, key=lambda one: one is not row.channel):
        try:
            found.append(Again(way, eligibility.reachable(session, respondent, way), None))
        except Invalid as error:
            found.append(Again(way, None, str(error)))
    return found
