"""Who is reached at one e-mail address or phone number, in every practice of the installation."""

from __future__ import annotations

from sqlalchemy.orm import Session

from delivery import codes, contacts
from delivery.db import now
from delivery.models.clients import ContactKind, ContactPoint, Respondent


def at(session: Session, kind: ContactKind, value: str) -> list[ContactPoint]:
    """The contact points there that may be used now, oldest first; `value` is a normal contact.

    Who else reads there is `contacts.alone`.
    """
    found = [one for one in contacts.everywhere(session, kind, value) if _usable(session, one)]
    return sorted(found, key=lambda one: one.id)


def beside(session: Session, point: ContactPoint) -> list[ContactPoint]:
    """Everybody who is reached where this one is, itself included while it may be used."""
    return at(session, point.kind, point.value or "")


def _usable(session: Session, point: ContactPoint) -> bool:
    until = session.get_one(Respondent, point.respondent_id).until_at
    return (until is None or until > now()) and codes.barred(session, point) is None
