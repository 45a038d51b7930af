"""What may be asked, of whom, through what: licences, settings, contact points and consents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.errors import Invalid
from delivery.library import library
from delivery.models.assignments import Way
from delivery.models.clients import Consent, ContactKind, ContactPoint, ContactState, Respondent, SafeFor
from questionnaires.registry import UnknownInstrument

#: What each channel asks of an instrument.
SETTING = {
    Way.EMAIL: "remote",
    Way.SMS: "remote",
    Way.PORTAL: "remote",
    Way.KIOSK: "kiosk",
    Way.IN_PERSON: "in_person",
}


#: Channels that this version can use from end to end.
OFFERED = frozenset({Way.EMAIL, Way.IN_PERSON})


def choose(keys: list[str], channel: Way) -> list[dict[str, Any]]:
    """The instruments as they are stored with an ask. Raises Invalid with the reason for each refusal."""
    if channel not in OFFERED:
        raise Invalid("This way of asking is not available yet.", {"channel": "Choose e-mail or in person."})
    if not keys:
        raise Invalid("Choose at least one measure.", {"instruments": "Choose at least one."})
    if len(set(keys)) != len(keys):
        raise Invalid("A measure is named twice.", {"instruments": "Name each measure once."})
    chosen = []
    for key in keys:
        try:
            instrument = library().get(key)
        except UnknownInstrument:
            raise Invalid("There is no such measure.", {"instruments": "Unknown measure."}) from None
        if not instrument.sendable:
            raise Invalid(
                f"{instrument.short_name} cannot be sent. {instrument.not_sendable}",
                {"instruments": f"{instrument.short_name}: {instrument.not_sendable}"},
            )
        if SETTING[channel] not in instrument.settings:
            raise Invalid(
                f"{instrument.short_name} may not be asked this way.",
                {"instruments": f"{instrument.short_name} is not for this channel."},
            )
        chosen.append({"key": instrument.key, "version": instrument.version})
    return chosen


def reachable(session: Session, respondent: Respondent, channel: Way) -> ContactPoint:
    """The contact point that a first message on this channel would use. Raises Invalid saying why none."""
    kind = ContactKind(channel.value)
    words = {"email": "e-mail address", "sms": "phone number"}[kind.value]
    points = [
        p
        for p in session.scalars(
            select(ContactPoint)
            .where(ContactPoint.respondent_id == respondent.id, ContactPoint.kind == kind)
            .order_by(ContactPoint.id)
        )
        if p.safe_for is not SafeFor.NOTHING and p.state not in (ContactState.BLOCKED, ContactState.DEAD)
    ]
    if not points:
        raise Invalid(f"There is no usable {words}.", {"channel": f"Add an {words} first."})
    if not consents(session, respondent.id, channel):
        raise Invalid(
            "No consent to this channel is on record.",
            {"channel": "Record the client’s consent first; without it nothing is sent."},
        )
    confirmed = [p for p in points if p.state is ContactState.CONFIRMED]
    return (confirmed or points)[0]


def consents(session: Session, respondent_id: UUID, channel: Way) -> bool:
    """Whether a consent to the channel stands."""
    return (
        session.scalars(
            select(Consent.id).where(
                Consent.respondent_id == respondent_id,
                Consent.channel == channel.value,
                Consent.withdrawn_at.is_(None),
            )
        ).first()
        is not None
    )
