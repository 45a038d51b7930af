"""How a client may be reached from now on: a new address with its consent, and an end to "not now"."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from delivery import access, audit, clients, contacts
from delivery.access import Caller
from delivery.contacts import NewContact
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.clients import Client, Consent, ContactKind, ContactPoint, Respondent

WORDING: Final = "consent-1"
ON_PAPER: Final = "signed on paper"


def signed(on: date, zone: str) -> datetime:
    """Noon of a day in a zone, as the moment of a consent on paper. Raises Invalid for a day to come."""
    moment = datetime.combine(on, time(12), ZoneInfo(zone))
    if on > now().astimezone(ZoneInfo(zone)).date() or on.year < 2000:
        raise Invalid("Check the day of the consent.", {"consent_on": "A day that has been."})
    return moment


def add_email(
    session: Session, caller: Caller, respondent_id: UUID, email: str, consent_on: date | None
) -> ContactPoint:
    """An e-mail address, unconfirmed, with the consent on paper where there is one.

    Raises NotFound, Invalid.
    """
    respondent, client = _respondent(session, caller, respondent_id)
    try:
        point = contacts.add(session, respondent, NewContact(ContactKind.EMAIL, email))
    except Invalid as error:
        raise Invalid(str(error), {"email": "Write it like name@example.org."}) from None
    if consent_on is not None:
        session.add(
            Consent(
                practice_id=client.practice_id,
                respondent_id=respondent.id,
                channel=ContactKind.EMAIL.value,
                wording=WORDING,
                given_at=signed(consent_on, clients.zone(session, client)),
                how=ON_PAPER,
                recorded_by=caller.person_id,
            )
        )
    _note(session, caller, client, "contact")
    return point


def wants_again(session: Session, caller: Caller, respondent_id: UUID) -> None:
    """After a talk the client wants forms again. Raises NotFound, Conflict where nothing was refused."""
    respondent, client = _respondent(session, caller, respondent_id)
    if respondent.refused_at is None:
        raise Conflict("Nothing was refused here.")
    respondent.refused_at = None
    _note(session, caller, client, "refused_at")


def _respondent(session: Session, caller: Caller, respondent_id: UUID) -> tuple[Respondent, Client]:
    respondent = session.get(Respondent, respondent_id)
    if respondent is None:
        raise NotFound
    return respondent, access.client(session, caller, respondent.client_id)


def _note(session: Session, caller: Caller, client: Client, field: str) -> None:
    detail = {"fields": [field]}
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_CHANGED, client.id, detail)
