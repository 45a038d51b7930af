"""Whether a message may go out at this moment: never, not now, or now. Asked again just before every call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from delivery import caps, message_facts, quiet
from delivery.db import now
from delivery.message_facts import Facts
from delivery.models.clients import ContactState, SafeFor
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.settings import Settings
from delivery.states import OPEN_ASK, ClientState, DispatchState

#: What a contact point must be safe for.
ALLOWED: Final = {
    Purpose.INVITATION: (SafeFor.REMINDERS, SafeFor.INVITATIONS),
    Purpose.REMINDER: (SafeFor.REMINDERS,),
    Purpose.TEST: (SafeFor.REMINDERS, SafeFor.INVITATIONS),
    Purpose.CODE: (SafeFor.REMINDERS, SafeFor.INVITATIONS),
}

#: How long after the press of a test the client is taken to be there still.
IN_THE_ROOM: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Stop:
    """It must not go out: the state it gets, a machine word, and a sentence for the console.

    `elsewhere`: this address can't be used, another one that the client agreed to may be.
    """

    state: DispatchState
    code: str
    reason: str
    elsewhere: bool = False


@dataclass(frozen=True)
class Hold:
    """It waits until then."""

    until: datetime
    code: str
    reason: str


def barred(session: Session, row: Dispatch) -> Stop | None:
    """Why a message must not go out at all, or None."""
    facts = message_facts.read(session, row.id)
    return never(facts) if facts else None


def waiting(session: Session, row: Dispatch, settings: Settings) -> Hold | None:
    """Until when a message that may go out has to wait, or None."""
    facts = message_facts.read(session, row.id)
    return not_now(facts, settings) if facts else None


def never(facts: Facts) -> Stop | None:
    """Why it must not go out at all, or None."""
    if facts.row.recipient is RecipientKind.PERSON:
        return None
    return _by_ask(facts) or _by_person(facts) or _by_contact(facts)


def _by_ask(facts: Facts) -> Stop | None:
    cancelled = DispatchState.CANCELLED
    if facts.ask is not None and facts.ask.state not in OPEN_ASK:
        return Stop(cancelled, "ended", "The form was answered or taken back before this was sent.")
    if facts.client is None or facts.client.state is not ClientState.ACTIVE:
        return Stop(cancelled, "not-active", "The client is paused or closed.")
    if facts.ask is not None and facts.ask.expires_at <= now():
        return Stop(cancelled, "expired", "The link would already have ended.")
    if facts.ask is not None and (facts.link is None or facts.link.token_id_sealed is None):
        return Stop(cancelled, "ended", "The link ended before this was sent.")
    if facts.code is not None and (facts.code.used_at is not None or facts.code.expires_at <= now()):
        return Stop(cancelled, "ended", "The code or link was over before this was sent.")
    return None


def _by_person(facts: Facts) -> Stop | None:
    cancelled = DispatchState.CANCELLED
    refused = facts.respondent is None or facts.respondent.refused_at is not None
    if refused and facts.row.purpose is not Purpose.CODE:
        return Stop(cancelled, "refused", "The client does not want these forms now.")
    if facts.respondent is not None and facts.respondent.in_person_only:
        return Stop(cancelled, "in-person-only", "Nothing is sent to this client: kiosk or in the room only.")
    return None


def _by_contact(facts: Facts) -> Stop | None:
    cancelled, failed = DispatchState.CANCELLED, DispatchState.FAILED
    row, point = facts.row, facts.point
    if point is None or point.state in UNUSABLE:
        return UNUSABLE[point.state if point else ContactState.BLOCKED]
    if point.safe_for not in ALLOWED[row.purpose]:
        return Stop(cancelled, "not-safe", "The client did not want this kind of message here.")
    if row.purpose is not Purpose.CODE and quiet.window(facts.zone, point.safe_hours) is None:
        return Stop(failed, "no-hours", ALL_AT_NIGHT if facts.zone else NO_ZONE)
    if facts.opted_out:
        return Stop(failed, "opted-out", NOT_POSSIBLE[row.channel], elsewhere=row.channel == "sms")
    if facts.consent_id is None:
        return Stop(cancelled, "no-consent", "No consent to this channel is on record.")
    return None


ALL_AT_NIGHT: Final = "The hours named for this address are all at night."
NO_ZONE: Final = "The client's time zone is not noted, so nobody can tell when the hours named here are."
#: Contact points that nothing goes to.
UNUSABLE: Final = {
    ContactState.BLOCKED: Stop(DispatchState.FAILED, "blocked", "This address or number may not be used."),
    ContactState.DEAD: Stop(
        DispatchState.FAILED, "dead", "This address or number does not work.", elsewhere=True
    ),
}
NOT_POSSIBLE: Final = {
    "sms": "Text messages are not possible to this number.",
    "email": "E-mail is not possible to this address.",
}


def not_now(facts: Facts, settings: Settings) -> Hold | None:
    """Until when a message that may go out has to wait, or None: it may go now."""
    row, point = facts.row, facts.point
    if row.recipient is RecipientKind.PERSON or point is None:
        return None
    if not _at_any_hour(facts):
        allowed = quiet.next_allowed(now(), facts.zone, point.safe_hours)
        if allowed is not None and allowed > now():
            return Hold(allowed, "quiet", "It is night where the client is, or outside the hours they named.")
    full = caps.wait(facts, settings)
    return Hold(full.until, full.code, full.reason) if full else None


def _at_any_hour(facts: Facts) -> bool:
    """An e-mail that a person sends just now wakes nobody; a text does, and so does what goes by itself.

    A test goes out while the client is in the room, a code while somebody waits for it.
    """
    row = facts.row
    if row.purpose is Purpose.CODE:
        return True
    if row.purpose is Purpose.TEST:
        return row.created_at > now() - IN_THE_ROOM
    by_hand = row.channel == "email" and row.lane == "interactive" and row.purpose is not Purpose.REMINDER
    named = facts.point is not None and facts.point.safe_hours
    return bool(by_hand and not named)
