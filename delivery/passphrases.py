"""The word that a clinician and one who answers agreed on in person: the links then ask for it (R8).

Only its argon2id hash is kept, sealed. Hashing takes a good part of a second, so it is done outside of any
transaction; the try is settled inside one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, jobs, links, people
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Invalid, NotFound
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import CareScope, Respondent
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.models.people import Practice
from delivery.states import OPEN_LINK

#: Characters of a word, without spaces.
SHORTEST: Final = 4
LONGEST: Final = 100

_hasher = PasswordHasher()


def plain(word: str) -> str:
    """The word as it is compared: small letters, no spaces, one spelling of each accented letter."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().split())


def hashed(word: str) -> str:
    """What is stored of a word. Raises Invalid where it is too short or too long. Takes time."""
    if not SHORTEST <= len(plain(word)) <= LONGEST:
        why = f"{SHORTEST} to {LONGEST} letters or digits; spaces don’t count."
        raise Invalid("This word can’t be kept.", {"passphrase": why})
    return _hasher.hash(plain(word))


def keep(session: Session, caller: Caller, respondent_id: UUID, hash_: str | None) -> None:
    """Set, change or remove (None) the word of one who answers; each is an audit line. Raises NotFound."""
    respondent = session.get(Respondent, respondent_id)
    if respondent is None:
        raise NotFound
    client = access.client(session, caller, respondent.client_id)
    had = respondent.passphrase_hash is not None
    if hash_ is None and not had:
        return
    did = "removed" if hash_ is None else "changed" if had else "set"
    respondent.passphrase_hash = hash_
    detail = {"fields": ["passphrase"], "respondent": str(respondent.id), "did": did}
    audit.record(session, client.practice_id, caller.actor, audit.Tag.CLIENT_CHANGED, client.id, detail)


@dataclass(frozen=True)
class Held:
    """A typed word, held against one stored hash outside of any transaction."""

    against: str | None = None
    right: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why nobody gets in: `wrong` says that a try was counted, `left` how many more there are."""

    left: int
    wrong: bool


def hold(link: Link, respondent: Respondent, word: str) -> str | None:
    """The hash to hold a typed word against, or None where this is not a try: nothing typed, nothing agreed
    on, or a link that has ended. Robots that press a button without typing use up nothing."""
    if not plain(word) or links.state(link) not in OPEN_LINK:
        return None
    return respondent.passphrase_hash


def compare(against: str | None, word: str) -> Held:
    """Hold a typed word against a stored hash. Takes time: call it outside of any transaction."""
    if against is None:
        return Held()
    try:
        return Held(against, _hasher.verify(against, plain(word[: 4 * LONGEST])))
    except (VerificationError, InvalidHashError):
        return Held(against)


def admit(session: Session, link: Link, respondent: Respondent, held: Held) -> Refusal | None:
    """Settle a try: None lets the person in. A wrong word is counted on the link; the last one locks it.

    Holds the link's row, so that of any number of tries at once only the first `links.MOST_WRONG` wrong ones
    say anything. A link that ended meanwhile refuses nothing here: its own page tells.
    """
    session.refresh(link, with_for_update={"key_share": True})
    session.refresh(respondent)
    wanted = respondent.passphrase_hash
    if wanted is None or links.state(link) not in OPEN_LINK:
        return None
    if held.against != wanted:  # nothing was typed, or the word was changed in this moment
        return Refusal(links.MOST_WRONG - link.wrong_tries, wrong=False)
    if held.right:
        return None
    left = links.count_wrong(session, link)
    if not left:
        _tell(session, link)
    return Refusal(left, wrong=True)


def _tell(session: Session, link: Link) -> None:
    """Plan the neutral message that a link was locked, once a day and person at most.

    It asks for an act (the client waits for a new link), so it goes beside the routine message of the day;
    those who want no messages find the line in their console.
    """
    assignment = session.get_one(Assignment, link.assignment_id)
    practice = session.get_one(Practice, link.practice_id)
    day = now().astimezone(ZoneInfo(practice.time_zone)).date().isoformat()
    for person in people.care_team(session, assignment.client_id, CareScope.RECORD):
        key = f"locked|{person.id}|{day}"
        known = select(Dispatch.id).where(
            Dispatch.practice_id == link.practice_id, Dispatch.business_key == key
        )
        if person.routine_mail == "none" or session.scalars(known).first() is not None:
            continue
        dispatch = Dispatch(
            practice_id=link.practice_id,
            purpose=Purpose.LOCKED,
            recipient=RecipientKind.PERSON,
            assignment_id=assignment.id,
            person_id=person.id,
            channel="email",
            business_key=key,
            due_at=now(),
        )
        session.add(dispatch)
        session.flush()
        jobs.add(session, "send", dispatch.id, practice_id=link.practice_id)
