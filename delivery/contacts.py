"""Contact points: one spelling for each address and number, stored sealed, found by a keyed index."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import phonenumbers
from email_validator import validate_email
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from delivery import access, crypto, quiet
from delivery.access import Caller
from delivery.errors import Invalid
from delivery.models.clients import Client, ContactKind, ContactPoint, ContactState, Respondent, SafeFor
from delivery.models.people import Practice, Role


@dataclass(frozen=True)
class NewContact:
    """A contact point as a person types it."""

    kind: ContactKind
    value: str
    safe_for: SafeFor = SafeFor.REMINDERS
    #: {"from": "09:00", "to": "17:00"} in the client's zone, or empty.
    safe_hours: Mapping[str, Any] = field(default_factory=dict)
    #: May be used when the other way does not work.
    fallback: bool = False


#: Longer than any address (RFC 5321) or number; the rest is not read.
LONGEST: Final = 320
CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
#: Indexes looked up in one statement.
MANY: Final = 500
USABLE: Final = (ContactState.CONFIRMED, ContactState.UNCONFIRMED)


def kind_of(typed: str) -> ContactKind:
    """What somebody typed into the one field for both: with an @ an address, else a number."""
    return ContactKind.EMAIL if "@" in typed else ContactKind.SMS


def normal_hours(start: str, end: str) -> dict[str, str]:
    """Hours that are safe, as they are stored; both empty: any. Raises Invalid where none could be used."""
    if not start and not end:
        return {}
    hours = {"from": start or "00:00", "to": end or "23:59"}
    if not all(CLOCK.fullmatch(value) for value in hours.values()):
        raise Invalid("Check the hours.", {"safe_hours": "Write them like 09:00 and 17:00."})
    if hours["from"] >= hours["to"]:
        raise Invalid("Check the hours.", {"safe_hours": "The first hour comes before the second."})
    if quiet.window("UTC", hours) is None:
        words = "Nothing is sent at night: part of these hours has to lie between 8:00 and 21:00."
        raise Invalid("Check the hours.", {"safe_hours": words})
    return hours


def normal_contact(kind: ContactKind, value: str) -> str:
    """E.164 for phones (US numbers may be typed without prefix), NFKC and lower case for addresses."""
    words = "an e-mail address" if kind is ContactKind.EMAIL else "a phone number"
    told = f"That is not {words}."
    try:
        if len(value) > LONGEST:
            raise ValueError
        if kind is ContactKind.EMAIL:
            return validate_email(value.strip(), check_deliverability=False).normalized.lower()
        number = phonenumbers.parse(value, "US")
        possible = phonenumbers.is_possible_number_with_reason(number)
        if possible == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            told = "The area code is missing. Write it like 503 555 0118."
            raise ValueError
        if number.extension:
            told = "A number with an extension gets no texts. Write a mobile number."
            raise ValueError
        if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
            raise ValueError
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except (ValueError, phonenumbers.NumberParseException):
        # EmailNotValidError and what Unicode can't encode are ValueErrors.
        raise Invalid(told, {"contact": told}) from None


def blind(practice_id: UUID, kind: ContactKind, value: str) -> bytes:
    """The keyed index of a contact, however it was typed. Raises Invalid."""
    return crypto.vault().blind(practice_id, kind.value, normal_contact(kind, value))


def add(session: Session, respondent: Respondent, new: NewContact) -> ContactPoint:
    """A contact point, unconfirmed until the client has used it. Several people may share one."""
    row = ContactPoint(
        practice_id=respondent.practice_id,
        respondent_id=respondent.id,
        kind=new.kind,
        safe_for=new.safe_for,
        safe_hours=dict(new.safe_hours),
        fallback=new.fallback,
        blind_index=blind(respondent.practice_id, new.kind, new.value),
    )
    row.value = normal_contact(new.kind, new.value)
    session.add(row)
    return row


def of_respondent(session: Session, respondent_id: UUID) -> list[ContactPoint]:
    """A respondent's contact points, oldest first."""
    return list(
        session.scalars(
            select(ContactPoint).where(ContactPoint.respondent_id == respondent_id).order_by(ContactPoint.id)
        )
    )


def _same(point: ContactPoint) -> Any:
    """The condition on ContactPoint: somebody of the practice is reached at the same place, and it works."""
    return and_(
        ContactPoint.practice_id == point.practice_id,
        ContactPoint.blind_index == point.blind_index,
        ContactPoint.state.in_(USABLE),
    )


def shared(session: Session, point: ContactPoint) -> bool:
    """Whether somebody else of the practice is reached there too."""
    others = select(ContactPoint.id).where(_same(point), ContactPoint.respondent_id != point.respondent_id)
    return session.scalars(others.limit(1)).first() is not None


def everywhere(session: Session, kind: ContactKind, value: str) -> list[ContactPoint]:
    """Every contact point there in every practice, in any state; `value` is a normal contact.

    Each practice has an index of its own, so all are asked.
    """
    vault = crypto.vault()
    indexes = [vault.blind(one, kind.value, value) for one in session.scalars(select(Practice.id))]
    found: list[ContactPoint] = []
    for start in range(0, len(indexes), MANY):
        found += session.scalars(
            select(ContactPoint).where(ContactPoint.blind_index.in_(indexes[start : start + MANY]))
        )
    return found


def alone(session: Session, point: ContactPoint) -> bool:
    """Whether a contact is confirmed and nobody else's in any practice.

    Others count in any state: to whom nothing may be sent may still read what comes there.
    """
    if point.state is not ContactState.CONFIRMED or point.value is None:
        return False
    there = everywhere(session, point.kind, point.value)
    return {one.respondent_id for one in there} == {point.respondent_id}


def others_there(session: Session, caller: Caller, point: ContactPoint, client_id: UUID) -> int:
    """How many other clients of the caller's are reached there too: a count, never who."""
    return len(
        set(
            session.scalars(
                access.clients(caller)
                .with_only_columns(Client.id)
                .join(Respondent, Respondent.client_id == Client.id)
                .join(ContactPoint, ContactPoint.respondent_id == Respondent.id)
                .where(_same(point), Client.id != client_id)
            )
        )
    )


def reached_at(session: Session, caller: Caller, typed: str) -> set[UUID]:
    """Ids of clients in the caller's practices who are reached at just what was typed, if it is a contact.

    Whose record the caller may read is not decided here.
    """
    kind = kind_of(typed)
    try:
        indexes = {one: blind(one, kind, typed) for one in caller.practices(Role.CLINICIAN)}
    except Invalid:
        return set()
    here = [
        and_(ContactPoint.practice_id == practice, ContactPoint.blind_index == index)
        for practice, index in indexes.items()
    ]
    found = select(Respondent.client_id).join(ContactPoint, ContactPoint.respondent_id == Respondent.id)
    return set(session.scalars(found.where(or_(*here)))) if here else set()
