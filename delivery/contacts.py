"""Contact points: one spelling for each address and number, stored sealed, found by a keyed index."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from delivery import crypto
from delivery.access import Caller
from delivery.errors import Invalid
from delivery.models.clients import ContactKind, ContactPoint, Respondent, SafeFor
from delivery.models.people import Role


@dataclass(frozen=True)
class NewContact:
    """A contact point as a person types it."""

    kind: ContactKind
    value: str
    safe_for: SafeFor = SafeFor.REMINDERS


def normal_contact(kind: ContactKind, value: str) -> str:
    """E.164 for phones (US numbers may be typed without prefix), NFKC and lower case for addresses."""
    try:
        if kind is ContactKind.EMAIL:
            return validate_email(value.strip(), check_deliverability=False).normalized.lower()
        number = phonenumbers.parse(value, "US")
        if not phonenumbers.is_possible_number(number):
            raise phonenumbers.NumberParseException(0, "")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except (EmailNotValidError, phonenumbers.NumberParseException):
        words = "an e-mail address" if kind is ContactKind.EMAIL else "a phone number"
        raise Invalid(f"That is not {words}.", {"contact": f"Check it: this is not {words}."}) from None


def add(session: Session, respondent: Respondent, new: NewContact) -> ContactPoint:
    """A contact point, unconfirmed until the client has used it. Several people may share one."""
    value = normal_contact(new.kind, new.value)
    row = ContactPoint(
        practice_id=respondent.practice_id,
        respondent_id=respondent.id,
        kind=new.kind,
        safe_for=new.safe_for,
        blind_index=crypto.vault().blind(respondent.practice_id, new.kind.value, value),
    )
    row.value = value
    session.add(row)
    return row


def of_respondent(session: Session, respondent_id: UUID) -> list[ContactPoint]:
    """A respondent's contact points, oldest first."""
    return list(
        session.scalars(
            select(ContactPoint).where(ContactPoint.respondent_id == respondent_id).order_by(ContactPoint.id)
        )
    )


def reached_at(session: Session, caller: Caller, typed: str) -> set[UUID]:
    """Ids of clients in the caller's practices who are reached at just what was typed, if it is a contact.

    Whose record the caller may read is not decided here.
    """
    kind = ContactKind.EMAIL if "@" in typed else ContactKind.SMS
    try:
        value = normal_contact(kind, typed)
    except Invalid:
        return set()
    here = [
        and_(
            ContactPoint.practice_id == practice,
            ContactPoint.blind_index == crypto.vault().blind(practice, kind.value, value),
        )
        for practice in caller.practices(Role.CLINICIAN)
    ]
    found = select(Respondent.client_id).join(ContactPoint, ContactPoint.respondent_id == Respondent.id)
    return set(session.scalars(found.where(or_(*here)))) if here else set()
