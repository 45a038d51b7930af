"""Call codes: a few digits that open one ask on one tablet, once. They die on use, on time-out, on five wrong
tries at that tablet, and when the desk gives a new one."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from delivery import audit, forms, sittings
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict
from delivery.models.assignments import Assignment, FormSession
from delivery.models.clients import Respondent
from delivery.models.devices import KioskDevice, KioskTicket
from delivery.signing import digest, fresh_secret, same
from delivery.states import OPEN_ASK, FormState

DIGITS: Final = 5
LIFE: Final = timedelta(minutes=10)
WRONG: Final = 5
#: So long an unfinished sitting goes on with a new code, counted from the moment its screen was wiped.
RESUMED_WITHIN: Final = timedelta(hours=2)
#: Before the first press on Start and after every touch.
QUIET: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class Opened:
    """What a code opened; `secret` is for the page that typed it, and for no other."""

    ticket: KioskTicket
    form: FormSession
    secret: str
    resumed: bool


def make(
    session: Session, caller: Caller, row: Assignment, device: KioskDevice, key: bytes
) -> tuple[KioskTicket, str]:
    """A code for an ask on a tablet, in place of an earlier one. Returns it with its digits, kept nowhere.

    `key` keys the stored hash: so few digits would not stay secret otherwise. What is being answered of the
    ask somewhere else stops there and goes on with the new code. Raises Conflict.
    """
    sittings.lock(session, row.id)
    if row.state not in OPEN_ASK or row.completed_at is not None:
        raise Conflict("This form has been answered meanwhile, or has ended.")
    for old in session.scalars(_alive(KioskTicket.assignment_id == row.id)):
        close(session, old, "replaced")
    taken = {one.code_hash for one in waiting(session, device.id)}
    while True:
        digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        code_hash = _hash(key, device.id, digits)
        if code_hash not in taken:
            break
    ticket = KioskTicket(
        practice_id=row.practice_id,
        assignment_id=row.id,
        device_id=device.id,
        made_by=caller.person_id,
        code_hash=code_hash,
        expires_at=now() + LIFE,
        wrong_tries=0,
    )
    session.add(ticket)
    session.flush()
    audit.record(session, row.practice_id, caller.actor, audit.Tag.DESK_CODE, row.id)
    return ticket, digits


def waiting(session: Session, device_id: UUID) -> Sequence[KioskTicket]:
    """Codes that the tablet would take now."""
    return session.scalars(
        _alive(
            KioskTicket.device_id == device_id, KioskTicket.used_at.is_(None), KioskTicket.expires_at > now()
        )
    ).all()


def take(
    session: Session, device: KioskDevice, granted: Sequence[UUID], digits: str, key: bytes, language: str
) -> Opened | None:
    """Use a code up: a sitting for the page that typed it; None for a wrong code, which is counted.

    `granted` are the practices whose clients may answer here. `language` was chosen on the tablet, or is ""
    for the respondent's own.
    """
    code_hash = _hash(key, device.id, digits)
    there = waiting(session, device.id)
    found = next((one for one in there if same(one.code_hash, code_hash)), None)
    if found is None or found.practice_id not in granted:
        _count_wrong(session, device.id)
        return None
    row = sittings.lock(session, found.assignment_id)
    used = session.execute(
        update(KioskTicket)
        .where(KioskTicket.id == found.id, KioskTicket.used_at.is_(None), KioskTicket.ended_at.is_(None))
        .values(used_at=now(), expires_at=now() + QUIET)
    )
    assert isinstance(used, CursorResult)
    if not used.rowcount or row.state not in OPEN_ASK:
        return None
    session.refresh(found)
    # Whatever stood on this tablet before belongs to somebody who has gone.
    for old in session.scalars(_alive(KioskTicket.device_id == device.id, KioskTicket.used_at.is_not(None))):
        if old.id != found.id:
            close(session, old, "replaced")
    form, secret, resumed = _sitting(session, row, language)
    form.device_id, form.suspended_at = device.id, None
    found.form_id = form.id
    session.flush()
    actor = audit.Actor("device", device.id)
    audit.record(session, row.practice_id, actor, audit.Tag.TABLET_OPENED, row.id)
    return Opened(found, form, secret, resumed)


def _sitting(session: Session, row: Assignment, language: str) -> tuple[FormSession, str, bool]:
    """The half-done sitting of the ask on any tablet, with a new secret; else a new one."""
    half = session.scalars(
        select(FormSession)
        .where(
            FormSession.assignment_id == row.id,
            FormSession.state == FormState.OPEN,
            FormSession.device_id.is_not(None),
        )
        .order_by(FormSession.last_at.desc())
        .execution_options(populate_existing=True)
    ).all()
    fresh = now() - RESUMED_WITHIN
    goes_on = [f for f in half if f.first_answer_at and (f.suspended_at or f.last_at) > fresh]
    if others := [one.id for one in half if one not in goes_on[:1]]:
        sittings.end(session, row, FormSession.id.in_(others))
    if not goes_on:
        form, secret = forms.begin(session, None, row, language=language or _reads(session, row))
        return form, secret, False
    form, secret = goes_on[0], fresh_secret()
    form.secret_hash = digest(secret)
    if language:
        form.language = language
    return form, secret, True


def _reads(session: Session, row: Assignment) -> str:
    return session.get_one(Respondent, row.respondent_id).language


def opened(
    session: Session, device: KioskDevice, digits: str, key: bytes, secret_hash: bytes
) -> FormSession | None:
    """The sitting that these digits opened on this tablet for the page with this secret."""
    return session.scalars(
        select(FormSession)
        .join(KioskTicket, KioskTicket.form_id == FormSession.id)
        .where(
            KioskTicket.device_id == device.id,
            KioskTicket.code_hash == _hash(key, device.id, digits),
            KioskTicket.used_at > now() - LIFE,
            FormSession.secret_hash == secret_hash,
        )
    ).first()


#: Ends after which the page that was on the screen may still bring a step that it made in time.
KEEPS: Final = ("sent", "time-out")


def close(session: Session, ticket: KioskTicket, reason: str) -> None:
    """End a ticket; the sitting that it opened is off the screen, and its answers stay for a new code."""
    if ticket.ended_at is not None:
        return
    if ticket.form_id is not None:  # the sitting before the ticket, as a step does: nobody deadlocks
        session.execute(
            update(FormSession)
            .where(FormSession.id == ticket.form_id, FormSession.state == FormState.OPEN)
            .values(suspended_at=now())
        )
        if reason not in KEEPS:
            session.execute(
                update(FormSession)
                .where(FormSession.id == ticket.form_id)
                .values(secret_hash=digest(fresh_secret()))
            )
    ticket.ended_at, ticket.end_reason = now(), reason
    session.flush()


def end_all(session: Session, device_id: UUID, reason: str, practice_id: UUID | None = None) -> None:
    """End every ticket of a tablet, or those of one practice there."""
    wanted: list[Any] = [KioskTicket.device_id == device_id]
    if practice_id is not None:
        wanted.append(KioskTicket.practice_id == practice_id)
    for ticket in session.scalars(_alive(*wanted)):
        close(session, ticket, reason)


def _alive(*which: Any) -> Any:
    return select(KioskTicket).where(KioskTicket.ended_at.is_(None), *which)


def _count_wrong(session: Session, device_id: UUID) -> None:
    """A wrong code counts against every code that waits for this tablet."""
    waits = (
        KioskTicket.device_id == device_id,
        KioskTicket.used_at.is_(None),
        KioskTicket.ended_at.is_(None),
    )
    session.execute(update(KioskTicket).where(*waits).values(wrong_tries=KioskTicket.wrong_tries + 1))
    session.execute(
        update(KioskTicket)
        .where(*waits, KioskTicket.wrong_tries >= WRONG)
        .values(ended_at=now(), end_reason="tries")
    )


def _hash(key: bytes, device_id: UUID, digits: str) -> bytes:
    return hmac.new(key, b"lightq.kiosk.code.v1|" + device_id.bytes + digits.encode(), sha256).digest()
