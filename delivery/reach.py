"""How one who answers may be reached from now on: the word they know their forms by, kiosk only, and an end
to "not now"."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, assignments, audit, consents, recognition
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.assignments import Assignment
from delivery.models.clients import Client, Respondent
from delivery.states import OPEN_ASK

WORDING: Final = consents.WORDING
ON_PAPER: Final = consents.ON_PAPER
IN_THE_ROOM: Final = "given in the room"


def signed(on: date, zone: str) -> datetime:
    """Noon of a day in a zone, as the moment of a consent on paper. Raises Invalid for a day to come."""
    today = now().astimezone(ZoneInfo(zone)).date()
    if on > today or on.year < 2000:
        raise Invalid("Check the day of the consent.", {"consent_on": "A day that has been."})
    return min(datetime.combine(on, time(12), ZoneInfo(zone)), now())


def choose_word(session: Session, caller: Caller, respondent_id: UUID, word: str, *, insist: bool) -> None:
    """The word that stands in messages and on the start page; empty: none. Raises NotFound, Invalid."""
    respondent, client = find(session, caller, respondent_id)
    names = [client.given_name, client.family_name, client.called_by, respondent.name]
    chosen = recognition.checked(word, [one for one in names if one], insist=insist) if word.strip() else None
    respondent.recognition_word = chosen
    detail = {"set": chosen is not None, "own_name": insist}
    _note(session, caller, client, "recognition_word", **detail)


def in_person_only(session: Session, caller: Caller, respondent_id: UUID, *, only: bool) -> int:
    """Kiosk or in the room only, or not any more; gives how many open forms' messages were stopped."""
    respondent, client = find(session, caller, respondent_id)
    assignments.lock(session, client.id)
    respondent.in_person_only = only
    _note(session, caller, client, "in_person_only", only=only)
    if not only:
        return 0
    asks = session.scalars(
        select(Assignment.id).where(Assignment.respondent_id == respondent.id, Assignment.state.in_(OPEN_ASK))
    ).all()
    for one in asks:
        assignments.stop_messages(session, one, "in-person-only")
    return len(asks)


def wants_again(session: Session, caller: Caller, respondent_id: UUID) -> None:
    """After a talk the client wants forms again. Raises NotFound, Conflict where nothing was refused."""
    respondent, client = find(session, caller, respondent_id)
    if respondent.refused_at is None:
        raise Conflict("Nothing was refused here.")
    respondent.refused_at = None
    _note(session, caller, client, "refused_at")


def find(session: Session, caller: Caller, respondent_id: UUID) -> tuple[Respondent, Client]:
    """One who answers about a client of the caller's. Raises NotFound."""
    respondent = session.get(Respondent, respondent_id)
    if respondent is None:
        raise NotFound
    return respondent, access.client(session, caller, respondent.client_id)


def _note(session: Session, caller: Caller, client: Client, field: str, **what: bool) -> None:
    detail = {"fields": [field], **what}
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_CHANGED, client.id, detail)
