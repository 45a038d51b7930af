"""Who is reached at one e-mail address or phone number, in every practice of the installation."""

from __future__ import annotations

from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from delivery import codes, contacts, crypto
from delivery.db import now
from delivery.models.clients import ContactKind, ContactPoint, ContactState, Respondent

#: Indexes looked up in one statement.
MANY: Final = 500


def at(session: Session, kind: ContactKind, value: str) -> list[ContactPoint]:
    """The contact points there that may be used now, oldest first; `value` is a normal contact.

    Each practice has an index of its own, so all are asked.
    """
    practices = session.scalars(select(ContactPoint.practice_id).distinct()).all()
    vault = crypto.vault()
    indexes = [vault.blind(one, kind.value, value) for one in practices]
    found: list[ContactPoint] = []
    for start in range(0, len(indexes), MANY):
        found += session.scalars(
            select(ContactPoint)
            .join(Respondent, Respondent.id == ContactPoint.respondent_id)
            .where(
                ContactPoint.blind_index.in_(indexes[start : start + MANY]),
                ContactPoint.state.in_(contacts.USABLE),
                or_(Respondent.until_at.is_(None), Respondent.until_at > now()),
            )
        )
    return sorted((one for one in found if codes.barred(session, one) is None), key=lambda one: one.id)


def beside(session: Session, point: ContactPoint) -> list[ContactPoint]:
    """Everybody who is reached where this one is, itself included while it may be used."""
    return at(session, point.kind, point.value or "")


def alone(point: ContactPoint, there: list[ContactPoint]) -> bool:
    """Whether just one person reads what comes there, and that is confirmed."""
    others = [one for one in there if one.respondent_id != point.respondent_id]
    return point.state is ContactState.CONFIRMED and not others
