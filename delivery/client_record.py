"""One client's page: facts, who answers and how they are reached, what was asked, what came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, clients, contact_lines, dispatch, forms, notices, people, result_lines
from delivery.access import Caller
from delivery.contact_lines import ContactLine
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.clients import Client, Consent, Episode, PermittedUse, Respondent
from delivery.models.messages import Dispatch
from delivery.models.people import Person
from delivery.models.results import Submission
from delivery.notices import Line
from delivery.result_lines import ResultLine
from delivery.states import UNSENT

#: The page looks again by itself for this long after a test was sent.
LIVELY: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Reach:
    """One who answers, their contact points, the consents that stand, and their choice of uses."""

    respondent: Respondent
    contacts: list[ContactLine]
    consents: list[Consent]
    uses: PermittedUse | None


@dataclass(frozen=True)
class Record:
    """Everything on the page; lists newest first."""

    client: Client
    #: IANA zone of the client's times.
    zone: str
    episode: Episode | None
    team: list[Person]
    reach: list[Reach]
    asks: list[Assignment]
    newest: dict[UUID, Dispatch]
    results: list[ResultLine]
    notices: list[Line]

    @property
    def testing(self) -> bool:
        """Whether a test message is on its way, in its first minutes."""
        tests = [line.test for one in self.reach for line in one.contacts if line.test]
        return any(row.state in UNSENT and row.created_at > now() - LIVELY for row in tests)


def read(session: Session, caller: Caller, client_id: UUID) -> Record:
    """The record of a client of the caller's. Writes the audit row first. Raises NotFound."""
    client = access.client(session, caller, client_id)
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_READ, client.id)
    asks = session.scalars(
        select(Assignment).where(Assignment.client_id == client.id).order_by(Assignment.id.desc())
    ).all()
    submissions = session.scalars(
        select(Submission)
        .where(Submission.client_id == client.id, Submission.voided_at.is_(None))
        .order_by(Submission.answered_at.desc(), Submission.id)
    ).all()
    episode = session.scalars(
        select(Episode).where(Episode.client_id == client.id).order_by(Episode.opened_at.desc()).limit(1)
    ).first()
    return Record(
        client=client,
        zone=clients.zone(session, client),
        episode=episode,
        team=people.care_team(session, client.id),
        reach=[_reach(session, caller, client, one) for one in clients.respondents(session, client.id)],
        asks=list(asks),
        newest=dispatch.newest(session, [row.id for row in asks]),
        results=result_lines.lines(session, submissions),
        notices=notices.open_for(session, caller, client.id),
    )


def _reach(session: Session, caller: Caller, client: Client, respondent: Respondent) -> Reach:
    consents = session.scalars(
        select(Consent)
        .where(Consent.respondent_id == respondent.id, Consent.withdrawn_at.is_(None))
        .order_by(Consent.given_at)
    ).all()
    return Reach(
        respondent=respondent,
        contacts=contact_lines.lines(session, caller, client, respondent, consents),
        consents=list(consents),
        uses=forms.uses_chosen(session, respondent.id),
    )
