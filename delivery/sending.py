"""The send page: who may be asked what through which channel, and one press that asks once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, assignments, audit, clients, eligibility, letters
from delivery.access import Caller
from delivery.assignments import Ask
from delivery.db import now
from delivery.errors import Invalid
from delivery.library import library
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client, Consent, ContactPoint, Respondent
from delivery.models.people import Practice
from delivery.settings import Settings
from delivery.states import OPEN_ASK
from questionnaires.schema import Instrument

#: A second press within this time on the same choice is the same press.
ONE_PRESS: Final = timedelta(seconds=10)


@dataclass(frozen=True)
class Who:
    """One who may answer; `point` is where an e-mail would go, `barred` why none can be sent."""

    respondent: Respondent
    point: ContactPoint | None
    consent: Consent | None
    barred: str | None


@dataclass(frozen=True)
class What:
    """A measure on offer; `barred` says why it can't be asked, `together_only` that no link may carry it."""

    instrument: Instrument
    barred: str | None
    together_only: bool
    other_language: bool


@dataclass(frozen=True)
class Choices:
    """What the page offers for one client, and the message as it would go out."""

    client: Client
    who: list[Who]
    what: list[What]
    subject: str
    text: str


def choices(session: Session, caller: Caller, client_id: UUID, settings: Settings) -> Choices:
    """What may be sent to one client, the measures of the last time first. Raises NotFound.

    Writes the audit row first.
    """
    client = access.client(session, caller, client_id)
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_READ, client.id)
    practice = session.get(Practice, client.practice_id)
    assert practice is not None
    last = session.scalars(
        select(Assignment).where(Assignment.client_id == client.id).order_by(Assignment.id.desc()).limit(1)
    ).first()
    place = {one["key"]: n for n, one in enumerate(last.instruments)} if last else {}
    subject, text = letters.sample(practice, clients.zone(session, client), settings)
    return Choices(
        client=client,
        who=[_who(session, respondent) for respondent in clients.respondents(session, client.id)],
        what=[
            What(
                instrument=one,
                barred=one.not_sendable,
                together_only=eligibility.SETTING[Way.EMAIL] not in one.settings,
                other_language=client.language not in one.languages,
            )
            for one in sorted(library().list(), key=lambda one: place.get(one.key, len(place)))
        ],
        subject=subject,
        text=text,
    )


def _who(session: Session, respondent: Respondent) -> Who:
    consent = session.scalars(
        select(Consent)
        .where(
            Consent.respondent_id == respondent.id,
            Consent.channel == Way.EMAIL.value,
            Consent.withdrawn_at.is_(None),
        )
        .order_by(Consent.id.desc())
        .limit(1)
    ).first()
    try:
        return Who(respondent, eligibility.reachable(session, respondent, Way.EMAIL), consent, None)
    except Invalid as error:
        return Who(respondent, None, consent, str(error))


def send(session: Session, caller: Caller, wanted: Ask, settings: Settings) -> Assignment:
    """Ask, with time to undo; a second press on the same choice finds the first ask.

    Raises NotFound, Invalid, Conflict.
    """
    access.client(session, caller, wanted.client_id)
    assignments.lock(session, wanted.client_id)
    of_late = session.scalars(
        select(Assignment).where(
            Assignment.client_id == wanted.client_id,
            Assignment.requested_by == caller.person_id,
            Assignment.channel == wanted.channel,
            Assignment.created_at > now() - ONE_PRESS,
            Assignment.state.in_(OPEN_ASK),
        )
    )
    for row in of_late:
        same_person = wanted.respondent_id in (None, row.respondent_id)
        if same_person and [i["key"] for i in row.instruments] == wanted.instruments:
            return row
    return assignments.ask(session, caller, wanted, settings)
