"""Going on with a begun form on another device: only with the code that the first one showed, or with digits
sent to the contact on file. Until then nothing of the draft is shown, and starting again is always possible.

The sitting moves to the new browser: the old one's secret opens nothing any more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import audit, codes, contacts, forms, sittings
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.clients import ContactPoint, Respondent
from delivery.models.messages import Dispatch
from delivery.models.portal import CodeFor, OneTimeCode
from delivery.sheets import Sheet
from delivery.signing import digest, fresh_secret
from delivery.states import FormState

#: Letters and digits that nobody takes for another one; eight of them are 36 bits.
ALPHABET: Final = "ACDEFGHJKMNPQRTUVWXY3479"
LENGTH: Final = 8
#: Wrong tries that end a code.
MOST_TRIES: Final = 5
#: Drafts of one ask that are looked at; who began it on more devices starts again.
MOST: Final = 3

_hasher = PasswordHasher()


@dataclass(frozen=True)
class Waiting:
    """Begun elsewhere: the drafts, newest first, tries left at a code (0: none was shown), and the contact
    that digits can go to."""

    drafts: list[FormSession]
    tries: int
    point: ContactPoint | None


def make() -> tuple[str, str]:
    """A new code ("ACDE FGHJ") and the hash that is kept of it. Takes time: no transaction is open."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{code[:4]} {code[4:]}", _hasher.hash(code)


def keep(sheet: Sheet, hash_: str) -> None:
    """A code opens this sitting elsewhere from now on; an older one no longer does."""
    sheet.form.resume_hash, sheet.form.resume_tries = hash_, 0


def waiting(session: Session, row: Assignment) -> Waiting | None:
    """What was begun and answered on other devices, or None. Reads only."""
    drafts = _drafts(session, row)
    if not drafts:
        return None
    tries = max((MOST_TRIES - form.resume_tries for form in drafts if form.resume_hash), default=0)
    return Waiting(drafts, max(tries, 0), _point(session, row))


def _drafts(session: Session, row: Assignment) -> list[FormSession]:
    """Sittings with answers in the client's own browsers, newest first."""
    found = session.scalars(
        select(FormSession)
        .where(
            FormSession.assignment_id == row.id,
            FormSession.state == FormState.OPEN,
            FormSession.first_answer_at.is_not(None),
            FormSession.typed_by.is_(None),
            FormSession.device_id.is_(None),
        )
        .order_by(FormSession.last_at.desc())
        .limit(MOST)
    )
    return list(found)


def _point(session: Session, row: Assignment) -> ContactPoint | None:
    """Where digits may go: confirmed, read by nobody else, and where the form was sent if that is such a one.

    None where a word was agreed in person: who reads the messages has not proved enough then.
    """
    respondent = session.get_one(Respondent, row.respondent_id)
    if respondent.passphrase_hash is not None:
        return None
    used = set(session.scalars(select(Dispatch.contact_point_id).where(Dispatch.assignment_id == row.id)))
    points = sorted(contacts.of_respondent(session, respondent.id), key=lambda one: one.id not in used)
    for point in points:
        if contacts.alone(session, point) and codes.barred(session, point) is None:
            return point
    return None


def begin_try(session: Session, found: Waiting, typed: str) -> list[tuple[UUID, str]]:
    """Count a try against each code that may be meant, before it is known whether it is right.

    What cannot be a code is none and counts nothing. The caller holds the ask.
    """
    if len(plain(typed)) != LENGTH:
        return []
    tried = []
    for form in found.drafts:
        session.refresh(form)
        if form.resume_hash is not None and form.resume_tries < MOST_TRIES:
            form.resume_tries += 1
            tried.append((form.id, form.resume_hash))
    return tried


def compare(tried: list[tuple[UUID, str]], typed: str) -> UUID | None:
    """The sitting that a typed code opens. Takes time: no transaction is open."""
    for form_id, hash_ in tried:
        try:
            if _hasher.verify(hash_, plain(typed)):
                return form_id
        except (VerificationError, InvalidHashError):
            continue
    return None


def plain(typed: str) -> str:
    """A code as it is compared: capitals, without spaces and dashes; empty where it can be none."""
    code = "".join(one for one in typed[:40].upper() if one not in " -")
    return code if set(code) <= set(ALPHABET) else ""


def send_digits(session: Session, found: Waiting) -> str:
    """Send digits for the newest draft; the secret of the page that asked. Raises Conflict, TooMany."""
    assert found.point is not None
    return codes.send(session, found.point, CodeFor.RESUME, found.drafts[0].id)


def check_digits(session: Session, row: Assignment, secret: str, typed: str) -> UUID | codes.Wrong:
    """The sitting of this ask that sent digits open, or how many tries are left."""
    found = codes.check(session, secret, typed, CodeFor.RESUME)
    if not isinstance(found, OneTimeCode):
        return found
    form = session.get(FormSession, found.form_id) if found.form_id else None
    return form.id if form is not None and form.assignment_id == row.id else codes.Wrong(0)


def take_over(session: Session, link: Link, form_id: UUID, how: str) -> tuple[FormSession, str] | None:
    """The sitting with a new secret, for the browser that knew the code; None where it has ended."""
    form = session.get_one(FormSession, form_id)
    row = sittings.lock(session, form.assignment_id)
    session.refresh(form)
    form.link_id = link.id
    if not forms.writable(Sheet(form, row, link, [], {})):
        return None
    secret = fresh_secret()
    form.secret_hash, form.resume_hash, form.resume_tries = digest(secret), None, 0
    audit.record(session, form.practice_id, audit.CLIENT, audit.Tag.FORM_RESUMED, row.id, {"how": how})
    return form, secret
