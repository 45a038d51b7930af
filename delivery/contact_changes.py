"""What a member changes about one address or number of a client: consent, safety, another in its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, consents, contacts
from delivery.access import Caller
from delivery.contacts import NewContact
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.clients import Client, Consent, ContactPoint, ContactState, Respondent, SafeFor

#: Why an address is no longer used: another one has taken its place.
REPLACED: Final = "replaced"


@dataclass(frozen=True)
class Given:
    """A consent as a member records it."""

    at: datetime
    how: str
    wording: str = consents.WORDING


def find(session: Session, caller: Caller, point_id: UUID) -> tuple[ContactPoint, Respondent, Client]:
    """A contact point of a client of the caller's. Raises NotFound."""
    point = session.get(ContactPoint, point_id)
    respondent = session.get(Respondent, point.respondent_id) if point else None
    if point is None or respondent is None:
        raise NotFound
    return point, respondent, access.client(session, caller, respondent.client_id)


def add(
    session: Session, caller: Caller, respondent: Respondent, new: NewContact, given: Given | None
) -> ContactPoint:
    """A new address or number, unconfirmed, with its consent where there is one. Raises Invalid, Conflict.

    The same one again is no second: it keeps what is known of it, and takes the consent.
    """
    index = contacts.blind(respondent.practice_id, new.kind, new.value)
    there = [p for p in contacts.of_respondent(session, respondent.id) if p.blind_index == index]
    point = there[-1] if there else contacts.add(session, respondent, new)
    if there and point.state is ContactState.BLOCKED and point.state_reason == REPLACED:
        point.state, point.state_reason = ContactState.UNCONFIRMED, None
    elif there and (given is None or point.state not in contacts.USABLE):
        raise Conflict("This one is on the list already. See what stands beside it there.")
    session.flush()
    if given is not None:
        _give(session, caller, respondent, point, given)
    note(session, caller, respondent, "contact", point, added=True)
    return point


def _give(session: Session, caller: Caller, who: Respondent, point: ContactPoint, given: Given) -> None:
    if not given.wording.strip():
        raise Invalid("Which wording?", {"wording": "Name it, such as consent-1."})
    consents.give(
        session,
        who,
        point.kind.value,
        given_at=given.at,
        how=given.how,
        wording=given.wording.strip()[:60],
        recorded_by=caller.person_id,
        point=point,
    )


def agree(session: Session, caller: Caller, point_id: UUID, given: Given) -> None:
    """Record the consent to one address. Raises NotFound, Invalid."""
    point, respondent, _client = find(session, caller, point_id)
    _give(session, caller, respondent, point, given)
    note(session, caller, respondent, "consent", point, given=True)


def disagree(session: Session, caller: Caller, point_id: UUID) -> None:
    """Take back every consent that stands for an address, one for the whole channel too. What waits stops."""
    point, respondent, _client = find(session, caller, point_id)
    rows = session.scalars(
        select(Consent).where(consents.stands(respondent.id, point.kind.value, point.id))
    ).all()
    if not rows:
        raise Conflict("No consent stands here.")
    if any(row.contact_point_id is None for row in rows):
        consents.withdraw(session, respondent, point.kind.value, caller.actor)
        return
    for row in rows:
        row.withdrawn_at = now()
    note(session, caller, respondent, "consent", point, withdrawn=True)


def protect(
    session: Session,
    caller: Caller,
    point_id: UUID,
    *,
    safe_for: SafeFor,
    safe_hours: dict[str, str],
    fallback: bool,
) -> None:
    """What may be sent there, between which hours, and whether in place of the other way."""
    point, respondent, _client = find(session, caller, point_id)
    changed: dict[str, Any] = {"safe_for": safe_for, "safe_hours": safe_hours, "fallback": fallback}
    for name, value in changed.items():
        setattr(point, name, value)
    note(session, caller, respondent, "contact", point, **changed)


def replace(
    session: Session, caller: Caller, point_id: UUID, typed: str, given: Given | None
) -> ContactPoint:
    """A changed address or number: a new one with the old one's safety; the old one is not used any more."""
    old, respondent, _client = find(session, caller, point_id)
    new = NewContact(old.kind, typed, old.safe_for, old.safe_hours, old.fallback)
    if contacts.blind(respondent.practice_id, new.kind, new.value) == old.blind_index:
        raise Invalid("That is the same one.", {"contact": "Write the new one."})
    made = add(session, caller, respondent, new, given)
    old.state, old.state_reason = ContactState.BLOCKED, REPLACED
    return made


def try_anew(session: Session, caller: Caller, point_id: UUID) -> None:
    """After a talk: it does work, or it is the right one after all. It counts as unconfirmed again."""
    point, respondent, _client = find(session, caller, point_id)
    if point.state in contacts.USABLE:
        raise Conflict("This one is in use already.")
    before = point.state_reason or point.state.value
    point.state, point.state_reason = ContactState.UNCONFIRMED, None
    point.confirmed_at = point.confirmed_how = None
    note(session, caller, respondent, "contact", point, talked_after=before)


def note(
    session: Session, caller: Caller, respondent: Respondent, field: str, point: ContactPoint, **what: Any
) -> None:
    """The audit line of a change: which contact point by its id, and what was decided."""
    tag = audit.Tag.CLIENT_CHANGED
    detail = {"fields": [field], "point": str(point.id), **what}
    audit.record(session, respondent.practice_id, caller.actor, tag, respondent.client_id, detail)
