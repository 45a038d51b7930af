"""What stands on a client's own page: what is due, what was sent, and how it has been going."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import audit, forms, links, sheets
from delivery.db import now
from delivery.errors import NotFound
from delivery.models.assignments import Assignment, FormSession, Link, Way
from delivery.models.clients import Client, PermittedUse, Respondent
from delivery.models.people import Practice
from delivery.portal import trend
from delivery.portal.sessions import SignedIn
from delivery.portal.trend import Trend
from delivery.signing import Tokens
from delivery.states import OPEN_ASK, OPEN_LINK, FormState
from questionnaires import sharing

#: Asks that a link opens. What is answered on a tablet or together stands on nobody's page.
BY_LINK: Final = (Way.EMAIL, Way.SMS, Way.PORTAL)


@dataclass(frozen=True)
class Due:
    """A form to fill in: for whom (the recognition word), how long, until when, in the client's zone.

    `begun`: some browser has begun it. `sender` is the neutral name of the practice.
    """

    ask_id: UUID
    word: str | None
    sender: str
    questions: int
    some_skip: bool
    minutes: int
    until: datetime
    zone: str
    begun: bool


@dataclass(frozen=True)
class Done:
    """A form that was sent: when, how, and its measures where the clinician shows results."""

    at: datetime
    way: Way
    measures: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """The page; without `full` only what is due. Lists newest first, due ones by their end."""

    practice: Practice
    zone: str
    due: list[Due]
    done: list[Done]
    trends: list[Trend]
    uses: PermittedUse | None


def read(session: Session, signed_in: SignedIn, language: str) -> Page:
    """The page of a signed-in browser. Writes the audit row first."""
    row, client = signed_in.row, signed_in.client
    audit.record(session, row.practice_id, audit.CLIENT, audit.Tag.PORTAL_READ, client.id)
    practice = session.get_one(Practice, row.practice_id)
    respondent, full = signed_in.respondent, signed_in.full
    return Page(
        practice=practice,
        zone=client.time_zone or practice.time_zone,
        due=due(session, {point.respondent_id for point in signed_in.there}),
        done=_done(session, respondent, language) if full else [],
        trends=trend.of(session, respondent, language) if full and respondent.portal_trends else [],
        uses=forms.uses_chosen(session, respondent.id) if full else None,
    )


def due(session: Session, respondent_ids: set[UUID]) -> list[Due]:
    """What these people are asked now and a link opens, soonest end first."""
    rows = session.execute(
        select(Assignment, Respondent, Client, Practice, Link)
        .join(Respondent, Respondent.id == Assignment.respondent_id)
        .join(Client, Client.id == Assignment.client_id)
        .join(Practice, Practice.id == Assignment.practice_id)
        .join(Link, Link.assignment_id == Assignment.id)
        .where(
            Assignment.respondent_id.in_(respondent_ids),
            Assignment.state.in_(OPEN_ASK),
            Assignment.channel.in_(BY_LINK),
            Assignment.send_at <= now(),
            Link.state.in_(OPEN_LINK),
            Link.expires_at > now(),
        )
        .order_by(Link.expires_at, Assignment.id)
    )
    return [_due(session, *row) for row in rows]


def _due(
    session: Session, row: Assignment, respondent: Respondent, client: Client, practice: Practice, link: Link
) -> Due:
    chosen = sheets.instruments(session, row)
    elsewhere = sharing.asked_elsewhere(chosen)
    items = [item for one in chosen for item in one.items if (one.key, item.id) not in elsewhere]
    return Due(
        ask_id=row.id,
        word=respondent.recognition_word,
        sender=practice.sender_name,
        questions=len(items),
        some_skip=any(item.asked_if for item in items),
        minutes=sum(one.minutes for one in chosen),
        until=link.expires_at,
        zone=client.time_zone or practice.time_zone,
        begun=_begun(session, link),
    )


def _begun(session: Session, link: Link) -> bool:
    begun = select(FormSession.id).where(
        FormSession.link_id == link.id,
        FormSession.state == FormState.OPEN,
        FormSession.first_answer_at.is_not(None),
    )
    return session.scalars(begun.limit(1)).first() is not None


def token_of(session: Session, signed_in: SignedIn, ask_id: UUID, tokens: Tokens) -> str:
    """The token of the open link of something due on this page. Raises NotFound for everything else."""
    if ask_id not in {one.ask_id for one in due(session, {p.respondent_id for p in signed_in.there})}:
        raise NotFound
    link = session.scalars(
        select(Link).where(Link.assignment_id == ask_id, Link.state.in_(OPEN_LINK)).limit(1)
    ).one()
    token = links.token(link, tokens)
    if token is None:
        raise NotFound
    return token


def _done(session: Session, respondent: Respondent, language: str) -> list[Done]:
    rows = session.scalars(
        select(Assignment)
        .where(Assignment.respondent_id == respondent.id, Assignment.completed_at.is_not(None))
        .order_by(Assignment.completed_at.desc())
    )
    found = []
    for row in rows:
        assert row.completed_at is not None
        names = trend.names(session, row, language) if respondent.portal_trends else ()
        found.append(Done(row.completed_at, row.channel, names))
    return found
