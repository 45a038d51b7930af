"""Signing in: passwords (argon2id), throttling, revocable browser sessions, API tokens."""

from __future__ import annotations

import hmac
import os
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from delivery import access, audit
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Invalid, NotFound, TooMany
from delivery.models.people import ApiToken, ConsoleSession, Grant, Person, Role, SignInThrottle
from delivery.signing import digest, encode

IDLE: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=12)
#: Wrong tries before waiting begins; each further one doubles the wait, up to an hour.
FREE_TRIES: Final = 5
SHORTEST_PASSWORD: Final = 12

_hasher = PasswordHasher()
#: Checked when the address is unknown, so that both cases take the same time.
_DUMMY = _hasher.hash("nobody has this password")


def set_password(person: Person, password: str) -> None:
    """Store a password's hash. Raises Invalid where it is too short or too plain."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            f"A password needs at least {SHORTEST_PASSWORD} characters.",
            {"password": "Three or four unrelated words are easy to remember and hard to guess."},
        )
    local = person.email.split("@")[0]
    if len(set(password)) < 6 or (len(local) > 3 and local in password.lower()):
        raise Invalid("This password is too easy to guess.", {"password": "Choose unrelated words."})
    person.password_hash = _hasher.hash(password)


def sign_in(
    session: Session, email: str, password: str, *, network: str, throttle_key: bytes, browser: str = ""
) -> tuple[ConsoleSession, str] | None:
    """A session and its cookie secret, or None for a wrong pair. Raises TooMany while throttled.

    `network` is the caller's address, counted beside the e-mail address; both only as keyed hashes.
    Call it in a transaction that commits also on None: the count must stay.
    """
    address = email.strip().lower()[:254]
    keys = [_throttle_key(throttle_key, part) for part in (f"email|{address}", f"network|{network}")]
    counters = [_counter(session, key) for key in keys]
    at = now()
    blocked = max((c.blocked_until for c in counters if c.blocked_until), default=at)
    if blocked > at:
        raise TooMany(
            "Too many tries. Please wait a little and try again.", int((blocked - at).total_seconds()) + 1
        )
    person = session.scalars(select(Person).where(Person.email == address)).one_or_none()
    known = person.password_hash if person and person.left_at is None and person.password_hash else _DUMMY
    if not _right(known, password) or known is _DUMMY or person is None:
        for counter, free in zip(counters, (FREE_TRIES, FREE_TRIES * 6), strict=True):
            _count(counter, at, free)
        if person is not None:
            _note(session, person.id, audit.Tag.SIGN_IN_REFUSED)
        return None
    counters[0].failures, counters[0].blocked_until = 0, None
    if _hasher.check_needs_rehash(known):
        person.password_hash = _hasher.hash(password)
    secret = encode(os.urandom(24))
    row = ConsoleSession(
        person_id=person.id,
        secret_hash=digest(secret),
        browser=browser[:60],
        last_seen_at=at,
        expires_at=at + LONGEST,
    )
    session.add(row)
    _note(session, person.id, audit.Tag.SIGNED_IN)
    return row, secret


def _right(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, password[:1000])
    except (VerificationError, InvalidHashError):
        return False


def _throttle_key(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), sha256).digest()


def _counter(session: Session, key: bytes) -> SignInThrottle:
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = insert(SignInThrottle).values(key_hash=key, failures=0, last_at=now())
    session.execute(fresh.on_conflict_do_nothing())
    row = session.get_one(SignInThrottle, key, with_for_update=True)
    if row.last_at < now() - timedelta(hours=24):
        row.failures = 0
    return row


def _count(row: SignInThrottle, at: datetime, free: int) -> None:
    row.failures += 1
    row.last_at = at
    if row.failures >= free:
        row.blocked_until = at + timedelta(seconds=min(3600, 15 * 2 ** (row.failures - free)))


def _note(session: Session, person_id: UUID, tag: audit.Tag) -> None:
    """One audit line in each of the person's practices."""
    practices = session.scalars(
        select(Grant.practice_id)
        .where(Grant.person_id == person_id, Grant.practice_id.is_not(None))
        .distinct()
    ).all()
    for practice_id in practices:
        if practice_id is not None:
            audit.record(session, practice_id, audit.Actor("person", person_id), tag)


def live(row: ConsoleSession | None) -> bool:
    """Whether the session stands: not revoked, not idle too long, not too old."""
    at = now()
    return row is not None and row.revoked_at is None and row.expires_at > at and row.last_seen_at + IDLE > at


def resume(session: Session, secret: str) -> tuple[ConsoleSession, Caller] | None:
    """The session of a cookie with its caller, or None. Notes that it was seen, at most once a minute."""
    row = session.scalars(
        select(ConsoleSession).where(ConsoleSession.secret_hash == digest(secret))
    ).one_or_none()
    if row is None or not live(row):
        return None
    try:
        return row, access.caller(session, row.person_id)
    except NotFound:
        return None


def seen(session: Session, row_id: UUID) -> None:
    """Move the idle limit on."""
    session.execute(update(ConsoleSession).where(ConsoleSession.id == row_id).values(last_seen_at=now()))


def sign_out(session: Session, row: ConsoleSession) -> None:
    """Revoke this session at once."""
    session.execute(
        update(ConsoleSession)
        .where(ConsoleSession.id == row.id, ConsoleSession.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    _note(session, row.person_id, audit.Tag.SIGNED_OUT)


def revoke_all(session: Session, person_id: UUID) -> int:
    """Revoke every session of a person; returns how many stood."""
    rows = session.scalars(
        select(ConsoleSession).where(
            ConsoleSession.person_id == person_id, ConsoleSession.revoked_at.is_(None)
        )
    ).all()
    for row in rows:
        row.revoked_at = now()
    return len(rows)


def make_token(session: Session, email: str, name: str, practice_id: UUID | None = None) -> str:
    """A fresh API token, shown once. Raises NotFound for an unknown person, Invalid without a practice."""
    person = session.scalars(select(Person).where(Person.email == email.strip().lower())).one_or_none()
    if person is None:
        raise NotFound("There is nobody with this e-mail address.")
    caller = access.caller(session, person.id)
    practice = practice_id or next(iter(caller.practices(Role.CLINICIAN)), None)
    if practice is None:
        raise Invalid("A token belongs to a clinician of a practice.")
    secret = "lq_" + encode(os.urandom(24))
    session.add(
        ApiToken(person_id=person.id, practice_id=practice, name=name[:60], secret_hash=digest(secret))
    )
    audit.record(session, practice, audit.OPERATOR, audit.Tag.TOKEN_MADE, person.id)
    return secret


def bearer(session: Session, secret: str) -> tuple[ApiToken, Caller] | None:
    """The token and its caller, limited to the token's practice; None for an unknown or revoked one."""
    row = session.scalars(
        select(ApiToken).where(ApiToken.secret_hash == digest(secret), ApiToken.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    try:
        return row, access.caller(session, row.person_id, row.practice_id)
    except NotFound:
        return None
