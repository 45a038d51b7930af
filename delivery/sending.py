"""The send page: who may be asked what through which channel, and one press that asks once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels import gsm7
from delivery import (
    access,
    assignments,
    audit,
    clients,
    consents,
    eligibility,
    letters,
    library,
    offers,
    results,
    signing,
)
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


#: Ways by which a message goes out, in the order of the page.
BY_MESSAGE: Final = (Way.EMAIL, Way.SMS)


@dataclass(frozen=True)
class Route:
    """Where a message on one channel would go and under which consent, or why (`barred`) none can."""

    point: ContactPoint | None
    consent: Consent | None
    barred: str | None


@dataclass(frozen=True)
class Who:
    """One who may answer, and the routes to them."""

    respondent: Respondent
    routes: dict[Way, Route]


@dataclass(frozen=True)
class Letter:
    """A message as it would go out; of a text also in how many parts, and its places of the 160."""

    subject: str
    text: str
    parts: int = 0
    places: int = 0


@dataclass(frozen=True)
class Choices:
    """What the page offers for one client, what has to be decided, and the messages as they would go out.

    `instead` has, for a measure without an official text, those that have one; `letters` only the channels
    on which somebody can be reached.
    """

    client: Client
    zone: str
    who: list[Who]
    respondent: Respondent
    occasion: Occasion
    offer: Offer
    doubts: Doubts
    instead: dict[str, list[Instrument]]
    letters: dict[Way, Letter]

    @property
    def way(self) -> Way:
        """What is marked unless somebody chooses: the first channel that reaches this person."""
        mine = next(one for one in self.who if one.respondent.id == self.respondent.id)
        return next((way for way, route in mine.routes.items() if route.point), Way.IN_PERSON)


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
    who = [_who(session, one) for one in respondents]
    return Choices(
        client=client,
        zone=zone,
        who=who,
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
        letters={
            way: _letter(practice, respondent, way, zone, settings)
            for way in BY_MESSAGE
            if any(one.routes[way].point for one in who)
        },
    )


def _who(session: Session, respondent: Respondent) -> Who:
    return Who(respondent, {way: _route(session, respondent, way) for way in BY_MESSAGE})


def _route(session: Session, respondent: Respondent, way: Way) -> Route:
    try:
        point = eligibility.reachable(session, respondent, way)
    except Invalid as error:
        return Route(None, None, str(error))
    return Route(point, consents.standing(session, respondent.id, way.value, point.id), None)


def _letter(practice: Practice, respondent: Respondent, way: Way, zone: str, settings: Settings) -> Letter:
    subject, text = letters.sample(practice, respondent, way.value, zone, settings)
    if way is not Way.SMS:
        return Letter(subject, text)
    sent = text.replace("/q/...", "/q/" + "x" * len(signing.SHAPE))
    return Letter(subject, text, gsm7.segments(sent), gsm7.septets(sent))


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
