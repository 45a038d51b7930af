"""The send page: who may be asked what through which channel, and one press that asks once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, assignments, audit, clients, eligibility, letters, library, offers, results
from delivery.access import Caller
from delivery.assignments import Ask
from delivery.db import now
from delivery.eligibility import Doubts
from delivery.errors import Invalid
from delivery.models.assignments import Assignment, Occasion, Way
from delivery.models.clients import Client, Consent, ContactPoint, Respondent
from delivery.models.people import Practice
from delivery.offers import Offer
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
class Choices:
    """What the page offers for one client, what has to be decided, and the message as it would go out.

    `instead` has, for a measure without an official text, those that have one.
    """

    client: Client
    zone: str
    who: list[Who]
    respondent: Respondent
    occasion: Occasion
    offer: Offer
    doubts: Doubts
    instead: dict[str, list[Instrument]]
    subject: str
    text: str


def choices(
    session: Session, caller: Caller, wanted: Ask, settings: Settings, *, sought: str = ""
) -> Choices:
    """What may be sent to one client, with what `wanted` leaves to decide. Raises NotFound.

    Writes the audit row first.
    """
    client = access.client(session, caller, wanted.client_id)
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_READ, client.id)
    practice = session.get_one(Practice, client.practice_id)
    respondents = clients.respondents(session, client.id)
    respondent = next((one for one in respondents if one.id == wanted.respondent_id), respondents[0])
    there = library.of(session, client.practice_id)
    instruments = [
        one
        for one in offers.known(there, wanted.instruments)
        if eligibility.refused(there, one, wanted.channel) is None
    ]
    wish = assignments.wish_of(session, caller, wanted)
    doubts = eligibility.doubts(session, respondent, instruments, wish)
    zone = clients.zone(session, client)
    subject, text = letters.sample(practice, zone, settings)
    return Choices(
        client=client,
        zone=zone,
        who=[_who(session, one) for one in respondents],
        respondent=respondent,
        occasion=wish.occasion,
        offer=offers.to(
            session, respondent, results.age(client, now().date()), chosen=wanted.instruments, sought=sought
        ),
        doubts=doubts,
        instead={
            one.key: offers.instead(session, respondent, one, wanted.channel, wanted.instruments)
            for one in doubts.no_text
        },
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
