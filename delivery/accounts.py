"""Signing in: passwords (argon2id), revocable browser sessions, API tokens."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from delivery import access, audit, throttle
from delivery.access import Caller
from delivery.db import Database, now
from delivery.errors import Invalid, NotFound
from delivery.models.people import ApiToken, ConsoleSession, Grant, Person, Role
from delivery.signing import digest, encode

IDLE: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=12)
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
    database: Database, email: str, password: str, *, network: str, throttle_key: bytes, browser: str = ""
) -> str | None:
    """The cookie secret of a new session, or None for a wrong pair. Raises TooMany while throttled.

    The password is checked outside of any transaction: that takes a good part of a second, and nobody's
    answers may wait for it. A wrong pair is only counted, which is the same work for a known address as
    for an unknown one.
    """
    address = email.strip().lower()[:254]
    tried = throttle.tries(throttle_key, address, network)
    with database.read() as session:
        tried.check(session)
        known = _hash_of(session, address)
    right = _right(known or _DUMMY, password) and known is not None
    fresh = _hasher.hash(password) if known and right and _hasher.check_needs_rehash(known) else known
    with database.write() as session:
        tried.lock(session)
        # Once more: the password may have been changed, or the person have left, a moment ago.
        if not right or _hash_of(session, address) != known:
            tried.wrong(session)
            return None
        tried.right(session)
        person = session.scalars(select(Person).where(Person.email == address)).one()
        person.password_hash = fresh
        return _new_session(session, person.id, browser)


def _hash_of(session: Session, address: str) -> str | None:
    """The password hash of somebody who may sign in."""
    if not address.isprintable():
        return None  # no address; PostgreSQL would not even take it
    return session.scalars(
        select(Person.password_hash).where(Person.email == address, Person.left_at.is_(None))
    ).one_or_none()


def _right(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, password[:1000])
    except (VerificationError, InvalidHashError):
        return False


def _new_session(session: Session, person_id: UUID, browser: str) -> str:
    secret, at = encode(os.urandom(24)), now()
    session.add(
        ConsoleSession(
            person_id=person_id,
            secret_hash=digest(secret),
            browser=browser[:60],
            last_seen_at=at,
            expires_at=at + LONGEST,
        )
    )
    _note(session, person_id, audit.Tag.SIGNED_IN)
    return secret


def _note(session: Session, person_id: UUID, tag: audit.Tag, actor: audit.Actor | None = None) -> None:
    """One audit line in each of the person's practices; done by themselves unless told otherwise."""
    practices = session.scalars(
        select(Grant.practice_id)
        .where(Grant.person_id == person_id, Grant.practice_id.is_not(None))
        .distinct()
        .order_by(Grant.practice_id)
    ).all()
    for practice_id in practices:
        if practice_id is not None:
            audit.record(session, practice_id, actor or audit.Actor("person", person_id), tag, person_id)


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
    """Revoke every session of a person for the operator; returns how many stood."""
    rows = session.scalars(
        select(ConsoleSession).where(
            ConsoleSession.person_id == person_id, ConsoleSession.revoked_at.is_(None)
        )
    ).all()
    standing = sum(live(row) for row in rows)
    for row in rows:
        row.revoked_at = now()
    _note(session, person_id, audit.Tag.SESSIONS_REVOKED, audit.OPERATOR)
    return standing


def revoke_tokens(session: Session, person_id: UUID) -> int:
    """Revoke every API token of a person for the operator; returns how many stood."""
    rows = session.scalars(
        select(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    ).all()
    for row in rows:
        row.revoked_at = now()
    _note(session, person_id, audit.Tag.TOKENS_REVOKED, audit.OPERATOR)
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
