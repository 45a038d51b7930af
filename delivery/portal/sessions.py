"""Browsers in which a client is signed in: short-lived, revocable, over as soon as the client is paused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from delivery import audit, codes, contacts
from delivery.audit import Actor
from delivery.db import now
from delivery.errors import LightQError
from delivery.models.clients import Client, ContactPoint, Respondent
from delivery.models.portal import OneTimeCode, PortalSession
from delivery.portal import reached
from delivery.signing import digest, fresh_secret

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
#: How exactly the last use is known.
STEP: Final = timedelta(minutes=1)


class NotSignedIn(LightQError):
    """No browser of a client's, or not any more."""

    status = 401
    code = "not-signed-in"


@dataclass(frozen=True)
class SignedIn:
    """A browser and whom it may see. `there` are all who are reached at the contact that it came by.

    `full`: that contact is confirmed and nobody else's, so more than what is due may be shown.
    """

    row: PortalSession
    respondent: Respondent
    client: Client
    there: list[ContactPoint]
    full: bool


def begin(session: Session, code: OneTimeCode, browser: str) -> str:
    """A signed-in browser by a code or link that was just used up; returns its secret. Raises NotSignedIn."""
    point = session.get_one(ContactPoint, code.contact_point_id)
    if codes.barred(session, point) is not None:
        raise NotSignedIn("Please sign in.")
    at, secret = now(), fresh_secret()
    row = PortalSession(
        practice_id=code.practice_id,
        respondent_id=code.respondent_id,
        contact_point_id=point.id,
        secret_hash=digest(secret),
        full=contacts.alone(session, point),
        browser=browser[:60],
        last_seen_at=at,
        expires_at=at + LONGEST,
    )
    session.add(row)
    session.flush()
    audit.record(session, row.practice_id, audit.CLIENT, audit.Tag.PORTAL_OPENED, code.respondent_id)
    return secret


def find(session: Session, secret: str | None) -> SignedIn:
    """The browser that holds this secret. Raises NotSignedIn; a pause, a block or an opt-out ends it too."""
    row = session.scalars(
        select(PortalSession).where(PortalSession.secret_hash == digest(secret or ""))
    ).one_or_none()
    if row is None or not _lives(row):
        raise NotSignedIn("Please sign in.")
    point = session.get_one(ContactPoint, row.contact_point_id)
    there = reached.beside(session, point)
    if point.id not in {one.id for one in there}:
        raise NotSignedIn("Please sign in.")
    respondent = session.get_one(Respondent, row.respondent_id)
    client = session.get_one(Client, respondent.client_id)
    if row.last_seen_at < now() - STEP:
        row.last_seen_at = now()
    return SignedIn(row, respondent, client, there, row.full and contacts.alone(session, point))


def _lives(row: PortalSession) -> bool:
    at = now()
    return row.revoked_at is None and row.expires_at > at and row.last_seen_at > at - IDLE


def end(session: Session, signed_in: SignedIn) -> None:
    """Sign out."""
    signed_in.row.revoked_at = now()
    practice, tag = signed_in.row.practice_id, audit.Tag.PORTAL_CLOSED
    audit.record(session, practice, audit.CLIENT, tag, signed_in.respondent.id)


def living(session: Session, respondent_ids: Iterable[UUID]) -> list[PortalSession]:
    """Browsers in which these people are signed in now."""
    rows = session.scalars(
        select(PortalSession).where(
            PortalSession.respondent_id.in_(list(respondent_ids)),
            PortalSession.revoked_at.is_(None),
            PortalSession.expires_at > now(),
        )
    )
    return [row for row in rows if _lives(row)]


def revoke_all(session: Session, respondent: Respondent, actor: Actor) -> None:
    """Sign a person out everywhere; codes and sign-in links that are still under way open nothing either."""
    session.execute(
        update(PortalSession)
        .where(PortalSession.respondent_id == respondent.id, PortalSession.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    codes.end_all(session, respondent.id)
    audit.record(session, respondent.practice_id, actor, audit.Tag.PORTAL_REVOKED, respondent.client_id)
