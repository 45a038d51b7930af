"""What may be asked, of whom, through what: licences, settings, languages, contact points and consents.

Pages, batteries, programs and schedules all come through `choose`, so that no way around it is left.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import consents, library, opt_outs, recency, wordings
from delivery.errors import Invalid
from delivery.library import Library
from delivery.models.assignments import Assignment, Occasion, Way
from delivery.models.clients import (
    Client,
    ContactKind,
    ContactPoint,
    ContactState,
    Episode,
    Respondent,
    SafeFor,
)
from delivery.models.people import Practice
from delivery.models.results import Submission
from delivery.recency import Recent
from questionnaires.registry import UnknownInstrument
from questionnaires.schema import Instrument

#: The hour from which a Friday counts as weekend.
EVENING: Final = 17
#: What each channel asks of an instrument.
SETTING = {
    Way.EMAIL: "remote",
    Way.SMS: "remote",
    Way.PORTAL: "remote",
    Way.KIOSK: "kiosk",
    Way.IN_PERSON: "in_person",
    Way.PUBLIC: "public",
}
#: Channels that this version can use from end to end.
OFFERED = frozenset({Way.EMAIL, Way.SMS, Way.PORTAL, Way.KIOSK, Way.IN_PERSON})
#: Chosen in place of a language: in the room, with somebody who interprets.
INTERPRETER: Final = "interpreter"
LANGUAGES: Final = {"en": "English", "es": "Spanish"}
ANSWERED_BY: Final = {
    "self": "the client",
    "parent": "a parent",
    "teacher": "a teacher",
    "partner": "a partner",
    "clinician": "the clinician",
}


@dataclass(frozen=True)
class Wish:
    """What somebody would ask, and what they have decided about it.

    `languages` names, by instrument, another language than the reader's, or INTERPRETER; `reason` says why
    a measure made for screening is asked for progress.
    """

    instruments: Sequence[str]
    channel: Way
    occasion: Occasion
    asked_by: UUID
    languages: Mapping[str, str] = field(default_factory=dict)
    even_if_recent: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Doubts:
    """What somebody has to decide before a wish goes out, whether or not the wish decides it already."""

    no_text: list[Instrument]
    recent: list[Recent]
    screening: list[Instrument]

    def __bool__(self) -> bool:
        return bool(self.no_text or self.recent or self.screening)


def refused(there: Library, instrument: Instrument, channel: Way) -> str | None:
    """Why a measure can't be asked through a channel, in plain words; None where it can."""
    if why := there.barred(instrument):
        return f"{instrument.short_name} cannot be sent. {why}"
    if SETTING[channel] in instrument.settings:
        return None
    if SETTING[channel] == "remote":
        return f"{instrument.short_name} is never sent by link: it needs you in the room. Ask it together."
    return f"{instrument.short_name} may not be asked this way."


def choose(session: Session, client: Client, respondent: Respondent, wish: Wish) -> list[dict[str, Any]]:
    """The instruments as they are stored with an ask: key, version, language.

    Raises Invalid with every reason, by field: `instruments` (all), `instruments.KEY`, `language.KEY`,
    `even_if_recent`, `reason`, `channel`.
    """
    instruments = _allowed(session, client.practice_id, wish)
    found = doubts(session, respondent, instruments, wish)
    faults = {
        f"language.{one.key}": _no_text(one, respondent.language)
        for one in found.no_text
        if one.key not in wish.languages
    }
    for one in instruments:
        if (said := wish.languages.get(one.key)) and (why := _wrong_language(one, said, wish.channel)):
            faults[f"language.{one.key}"] = why
    if found.recent and not wish.even_if_recent:
        zone = client.time_zone or session.get_one(Practice, client.practice_id).time_zone
        faults["even_if_recent"] = " ".join(one.words(zone) for one in found.recent) + " Ask anyway?"
    if found.screening and not wish.reason.strip():
        faults["reason"] = _screening(found.screening)
    if faults:
        raise Invalid(next(iter(faults.values())) if len(faults) == 1 else "Please decide first.", faults)
    return [_stored(one, respondent.language, wish.languages.get(one.key)) for one in instruments]


def _allowed(session: Session, practice_id: UUID, wish: Wish) -> list[Instrument]:
    if wish.channel not in OFFERED:
        ways = "Choose e-mail, text, their own page, the tablet or in person."
        raise Invalid("This way of asking is not available yet.", {"channel": ways})
    if not wish.instruments:
        raise Invalid("Choose at least one measure.", {"instruments": "Choose at least one."})
    if len(set(wish.instruments)) != len(wish.instruments):
        raise Invalid("A measure is named twice.", {"instruments": "Name each measure once."})
    there, found, faults = library.of(session, practice_id), [], {}
    for key in wish.instruments:
        try:
            instrument = there.get(key)
        except UnknownInstrument:
            raise Invalid("There is no such measure.", {"instruments": "Unknown measure."}) from None
        found.append(instrument)
        if why := refused(there, instrument, wish.channel):
            faults[f"instruments.{key}"] = why
    if faults:
        everything = " ".join(faults.values())
        raise Invalid(next(iter(faults.values())), {"instruments": everything, **faults})
    return found


def doubts(session: Session, respondent: Respondent, instruments: Sequence[Instrument], wish: Wish) -> Doubts:
    """What has to be decided about measures that may be asked as such."""
    progress = wish.occasion is Occasion.PROGRESS
    return Doubts(
        no_text=[one for one in instruments if not wordings.fits(one, respondent.language)],
        recent=recency.recent(session, respondent.id, wish.asked_by, instruments),
        screening=[one for one in instruments if progress and set(one.purposes) == {"screening"}],
    )


def _no_text(instrument: Instrument, language: str) -> str:
    name = LANGUAGES.get(language, language)
    return (
        f"{instrument.short_name} has no official {name} text. Choose another measure, answer together with "
        f"an interpreter, or have it read in another language."
    )


def _wrong_language(instrument: Instrument, said: str, channel: Way) -> str | None:
    if said == INTERPRETER:
        return None if channel is Way.IN_PERSON else "With an interpreter you answer together: choose that."
    if said not in instrument.languages:
        return f"{instrument.short_name} has no text in “{said}”."
    return None


def _screening(instruments: Sequence[Instrument]) -> str:
    names = ", ".join(one.short_name for one in instruments)
    return f"{names}: made for screening, not to measure progress. Say why, or leave it out."


def _stored(instrument: Instrument, reads: str, said: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"key": instrument.key, "version": instrument.version}
    if said == INTERPRETER:
        return {**entry, "language": wordings.to_read_out(instrument), "interpreter": True}
    return {**entry, "language": said or reads}


def remarks(instrument: Instrument, respondent: Respondent, age: int | None) -> list[str]:
    """What may be wrong about asking this person: said, never refused. `age` of the client, in years."""
    said = []
    if respondent.role.value not in instrument.respondents:
        whom = " or ".join(ANSWERED_BY.get(one, one) for one in instrument.respondents)
        said.append(f"{instrument.short_name}: this one is for {whom}.")
    low, high = instrument.ages.low, instrument.ages.high
    if age is not None and (age < low or (high is not None and age > high)):
        span = f"ages {low} to {high}" if high is not None else f"age {low} and older"
        said.append(f"{instrument.short_name} is for {span}; this client is {age}.")
    return said


def remarks_on_ask(
    instruments: Iterable[Instrument], row: Assignment, respondent: Respondent, age: int | None, zone: str
) -> list[str]:
    """What may be wrong about an ask as it was made, and about its hour. `zone` is the client's."""
    asked = list(instruments)
    said = [remark for one in asked for remark in remarks(one, respondent, age)]
    told = [one.short_name for one in asked if one.critical]
    if told and row.channel is not Way.IN_PERSON and _weekend(row.send_at.astimezone(ZoneInfo(zone))):
        said.append(
            f"{' and '.join(told)}: a risk answer may come at the weekend. You are told at once; "
            "if you will not see that before Monday, sending on a weekday is safer."
        )
    return said


def _weekend(at: datetime) -> bool:
    """From Friday evening on, when an answer may find nobody at work until Monday."""
    friday = 4
    return at.weekday() > friday or (at.weekday() == friday and at.hour >= EVENING)


def usual_occasion(session: Session, client_id: UUID) -> Occasion:
    """Screening until something has been answered in the open episode, then progress."""
    answered = (
        select(Submission.id)
        .join(Episode, Episode.id == Submission.episode_id)
        .where(Episode.client_id == client_id, Episode.closed_at.is_(None), Submission.voided_at.is_(None))
        .limit(1)
    )
    return Occasion.SCREENING if session.scalars(answered).first() is None else Occasion.PROGRESS


def reachable(session: Session, respondent: Respondent, channel: Way) -> ContactPoint:
    """The contact point that a first message on this channel would use. Raises Invalid saying why none.

    What waits on their own page is announced by e-mail or else by text.
    """
    if channel is Way.PORTAL:
        return _announced(session, respondent)
    kind = ContactKind(channel.value)
    words = {"email": "e-mail address", "sms": "phone number"}[kind.value]
    if respondent.in_person_only:
        raise Invalid(
            "Nothing is sent to this client.",
            {"channel": "The client answers at the kiosk or in the room only. Ask it together."},
        )
    points = [
        p
        for p in session.scalars(
            select(ContactPoint)
            .where(ContactPoint.respondent_id == respondent.id, ContactPoint.kind == kind)
            .order_by(ContactPoint.state != ContactState.CONFIRMED, ContactPoint.id)
        )
        if p.safe_for is not SafeFor.NOTHING and p.state not in (ContactState.BLOCKED, ContactState.DEAD)
    ]
    if not points:
        article = "an" if kind is ContactKind.EMAIL else "a"
        raise Invalid(f"There is no usable {words}.", {"channel": f"Add {article} {words} first."})
    agreed = [p for p in points if consents.standing(session, respondent.id, kind.value, p.id)]
    if not agreed:
        raise Invalid(
            "No consent to this channel is on record.",
            {"channel": "Record the client’s consent first; without it nothing is sent."},
        )
    for point in agreed:
        if not opt_outs.stands(session, kind.value, point.value or "", point.practice_id):
            return point
    name = "Text messages are" if kind is ContactKind.SMS else "E-mail is"
    raise Invalid(f"{name} not possible.", {"channel": f"{name} not possible here. Choose another way."})


def _announced(session: Session, respondent: Respondent) -> ContactPoint:
    for way in (Way.EMAIL, Way.SMS):
        with contextlib.suppress(Invalid):
            return reachable(session, respondent, way)
    why = "They sign in by e-mail or text, and neither is possible yet. See “How to reach them”."
    raise Invalid("Nobody can sign in to this page yet.", {"channel": why})
