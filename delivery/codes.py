"""Six digits sent to a contact on file: to open the portal, or to go on with a form on another device.

Whoever asks for one gets a secret for that browser beside it, so that nobody else's tries count against it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from delivery import audit, consents, contacts, crypto, jobs, messages, opt_outs
from delivery.clearance import ALLOWED, NOT_POSSIBLE
from delivery.db import now
from delivery.errors import Conflict, TooMany
from delivery.models.clients import Client, ContactPoint, Respondent
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.models.portal import CodeFor, OneTimeCode
from delivery.signing import fresh_secret, same
from delivery.states import ClientState

DIGITS: Final = 6
LIVES: Final = timedelta(minutes=10)
MOST_TRIES: Final = 5
#: Codes of one kind for one contact in a day, whoever of a family asks.
MOST_A_DAY: Final = 5
ONE_DAY: Final = timedelta(hours=24)
#: A code to the portal that is no older is not followed by another one.
YOUNG: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class Wrong:
    """Not the code: how many tries are left. 0: it is over (time, tries, used, or never there)."""

    left: int


def send(session: Session, point: ContactPoint, opens: CodeFor, form_id: UUID | None = None) -> str:
    """Plan a code to a contact at once; returns the secret for the browser that asked.

    Caps and quiet hours do not apply: the person asks for it now. Raises Conflict where nothing may be sent
    there, TooMany above `MOST_A_DAY`.
    """
    if why := barred(session, point):
        raise Conflict(why)
    _not_too_many(session, point, opens)
    secret, digits = fresh_secret(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    row = OneTimeCode(
        practice_id=point.practice_id,
        opens=opens,
        respondent_id=point.respondent_id,
        contact_point_id=point.id,
        form_id=form_id,
        secret_hash=_named(secret),
        code_hash=_hash(point.practice_id, secret, digits),
        expires_at=now() + LIVES,
    )
    row.code = digits
    session.add(row)
    session.flush()
    dispatch = Dispatch(
        practice_id=point.practice_id,
        purpose=Purpose.CODE,
        recipient=RecipientKind.CLIENT,
        respondent_id=point.respondent_id,
        contact_point_id=point.id,
        code_id=row.id,
        channel=point.kind.value,
        lane="interactive",
        business_key=f"code|{row.id}",
        due_at=now(),
    )
    session.add(dispatch)
    session.flush()
    jobs.add(session, messages.WORK["interactive"], dispatch.id, practice_id=row.practice_id)
    audit.record(session, row.practice_id, audit.CLIENT, audit.Tag.CODE_SENT, row.id, {"opens": opens.value})
    return secret


def barred(session: Session, point: ContactPoint) -> str | None:
    """Why no code can go to a contact, in plain words; None where one can."""
    respondent = session.get_one(Respondent, point.respondent_id)
    client = session.get_one(Client, respondent.client_id)
    channel = point.kind.value
    if client.state is not ClientState.ACTIVE:
        return "The client is paused or closed: nothing is sent."
    if respondent.in_person_only:
        return "Nothing is sent to this client: kiosk or in the room only."
    if point.state not in contacts.USABLE or point.safe_for not in ALLOWED[Purpose.CODE]:
        return "Nothing may be sent here."
    if opt_outs.stands(session, channel, point.value or "", point.practice_id):
        return NOT_POSSIBLE[channel]
    if consents.standing(session, respondent.id, channel, point.id) is None:
        return "No consent to this channel is on record."
    return None


def young(session: Session, point: ContactPoint) -> OneTimeCode | None:
    """The code to the portal that was sent to this contact just now and still opens, if there is one."""
    _hold(session, point)
    return session.scalars(
        select(OneTimeCode)
        .where(
            OneTimeCode.opens == CodeFor.PORTAL,
            OneTimeCode.contact_point_id.in_(_there(point)),
            # Neither a link, which has no digits, nor one whose tries are used up.
            OneTimeCode.__table__.c.code_sealed.is_not(None),
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > now(),
            OneTimeCode.created_at > now() - YOUNG,
        )
        .order_by(OneTimeCode.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def renew(row: OneTimeCode, held: str) -> str:
    """A new secret for a browser that asks again. The digits open with it only if it `held` the old one."""
    secret = fresh_secret()
    if row.code is not None and same(row.secret_hash, _named(held)):
        row.code_hash = _hash(row.practice_id, secret, row.code)
        row.secret_hash = _named(secret)
    return secret


def _there(point: ContactPoint) -> Select[UUID]:
    return select(ContactPoint.id).where(
        ContactPoint.practice_id == point.practice_id, ContactPoint.blind_index == point.blind_index
    )


def _hold(session: Session, point: ContactPoint) -> None:
    """Hold the contact, so that of many who ask at once each is counted."""
    session.scalars(select(ContactPoint.id).where(ContactPoint.id == point.id).with_for_update()).one()


def _not_too_many(session: Session, point: ContactPoint, opens: CodeFor) -> None:
    """Raise TooMany where this contact has had its codes of the day. Links for a press are not counted.

    Each kind is counted apart, so that nobody's asking for the portal keeps a form from going on elsewhere.
    """
    _hold(session, point)
    sent = session.execute(
        select(func.count(Dispatch.id), func.min(Dispatch.created_at))
        .join(OneTimeCode, OneTimeCode.id == Dispatch.code_id)
        .where(
            Dispatch.purpose == Purpose.CODE,
            Dispatch.contact_point_id.in_(_there(point)),
            Dispatch.created_at > now() - ONE_DAY,
            OneTimeCode.opens == opens,
        )
    ).one()
    if sent[0] >= MOST_A_DAY:
        oldest: datetime = sent[1]
        wait = int((oldest + ONE_DAY - now()).total_seconds()) + 1
        raise TooMany("Enough codes were sent for one day. Please try again tomorrow.", wait)


def check(session: Session, secret: str, digits: str, opens: CodeFor) -> OneTimeCode | Wrong:
    """The code that these digits open, now used up; or how many tries are left.

    A wrong try is returned and never raised: a transaction that is rolled back would forget it. Spaces and
    dashes between the digits don't count.
    """
    row = session.scalars(
        select(OneTimeCode)
        .where(OneTimeCode.secret_hash == _named(secret), OneTimeCode.opens == opens)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= now() or row.tries >= MOST_TRIES:
        return Wrong(0)
    typed = "".join(one for one in digits[:40] if one in "0123456789")
    if not same(row.code_hash, _hash(row.practice_id, secret, typed)):
        row.tries += 1
        if row.tries >= MOST_TRIES:
            row.code = None
            audit.record(session, row.practice_id, audit.CLIENT, audit.Tag.CODE_TRIES, row.id)
        session.flush()
        return Wrong(MOST_TRIES - row.tries)
    row.used_at, row.code = now(), None
    session.flush()
    return row


def end_all(session: Session, respondent_id: UUID) -> None:
    """End whatever a respondent's codes and sign-in links would still open."""
    at = now()
    session.execute(
        update(OneTimeCode)
        .where(
            OneTimeCode.respondent_id == respondent_id,
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > at,
        )
        .values(expires_at=at, code_sealed=None)
        .execution_options(synchronize_session=False)
    )


def wipe_old(session: Session) -> None:
    """Wipe the digits of codes that are used or over."""
    session.execute(
        update(OneTimeCode)
        .where(
            OneTimeCode.__table__.c.code_sealed.is_not(None),
            or_(OneTimeCode.expires_at <= now(), OneTimeCode.used_at.is_not(None)),
        )
        .values(code_sealed=None)
        .execution_options(synchronize_session=False)
    )


def _named(secret: str) -> bytes:
    return crypto.vault().blind(crypto.ALLIANCE, "code-secret", secret)


def _hash(practice_id: UUID, secret: str, digits: str) -> bytes:
    return crypto.vault().blind(practice_id, "code", f"{secret}|{digits}")
