"""Tablets: added with a code, enrolled once, granted to practices, revoked. None belongs to a practice."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from delivery import audit
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.kiosk import tickets
from delivery.models.devices import KioskDevice, KioskGrant
from delivery.models.people import Role
from delivery.signing import digest

#: Signs that no eye and no finger mixes up, and that make no word.
LETTERS: Final = "23456789BCDFGHJKMNPQRTVWXZ"
CODE_LENGTH: Final = 8
CODE_LIFE: Final = timedelta(minutes=15)
#: Roles that may take a tablet out of use; the owner alone puts one into use.
KEEPERS: Final = (Role.OWNER, Role.FRONT_DESK)
#: A tablet that asked within this time is there; it asks every 4 s while a form is open, else every 15 s.
THERE: Final = timedelta(seconds=45)


@dataclass(frozen=True)
class Tablet:
    """A tablet as its page shows it. `grants` has those of the caller's practices that stand."""

    device: KioskDevice
    grants: list[KioskGrant]

    @property
    def state(self) -> str:
        """ "revoked", "waiting" for its code, "there", or "away"."""
        if self.device.revoked_at:
            return "revoked"
        if self.device.public_key is None:
            return "waiting"
        return "there" if there(self.device) else "away"


def there(device: KioskDevice) -> bool:
    """Whether the tablet has asked for something of late."""
    return device.last_seen_at is not None and device.last_seen_at > now() - THERE


def number(device: KioskDevice) -> str:
    """The tablet's own number, shown on it: "K7QM-2XHD". No secret: it opens nothing."""
    text = base64.b32encode(device.id.bytes[-5:]).decode()
    return f"{text[:4]}-{text[4:]}"


def add(session: Session, caller: Caller, practice_ids: Iterable[UUID], name: str) -> tuple[KioskDevice, str]:
    """A new tablet for practices that the caller owns, and the code to type on it once. Raises Invalid."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise Invalid("Name the tablet.", {"name": "A few words, such as “Front room”."})
    chosen = sorted(set(practice_ids))
    if not chosen:
        raise Invalid("Choose a practice.", {"practice": "Choose at least one."})
    for practice_id in chosen:
        caller.require(Role.OWNER, practice_id)
    device = KioskDevice(name=name, enrolled_by=caller.person_id, last_count=0)
    session.add(device)
    session.flush()
    for practice_id in chosen:
        _grant(session, caller, device, practice_id)
    return device, _fresh_code(device)


def new_code(session: Session, caller: Caller, device_id: UUID) -> tuple[KioskDevice, str]:
    """Another code for a tablet that was not enrolled in time. Raises NotFound, Conflict."""
    device = of_keeper(session, caller, device_id, Role.OWNER)
    if device.revoked_at or device.public_key is not None:
        raise Conflict("This tablet is enrolled or out of use. Add it anew.")
    return device, _fresh_code(device)


def _fresh_code(device: KioskDevice) -> str:
    code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
    device.enrol_hash, device.enrol_expires_at = digest(code), now() + CODE_LIFE
    return code


def enrol(session: Session, code: str, public_key: bytes) -> KioskDevice:
    """Take a tablet into use with the public half (DER) of the key it has just made. Raises Invalid."""
    typed = "".join(sign for sign in code.upper() if sign.isalnum())
    found = session.scalars(
        select(KioskDevice).where(KioskDevice.enrol_hash == digest(typed)).with_for_update()
    ).one_or_none()
    if found is None or found.enrol_expires_at is None or found.enrol_expires_at <= now():
        raise Invalid("This code is not right, or its 15 minutes are over.")
    if read_key(public_key) is None:
        raise Invalid("This browser made a key that cannot be used here.")
    found.public_key, found.enrol_hash, found.enrol_expires_at = public_key, None, None
    found.last_seen_at = now()
    for practice_id in granted(session, found.id):
        audit.record(session, practice_id, _as_actor(found), audit.Tag.TABLET_ENROLLED, found.id)
    return found


def read_key(der: bytes) -> EllipticCurvePublicKey | None:
    """A P-256 public key, or None for anything else."""
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        return None
    fits = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    return key if fits and isinstance(key, EllipticCurvePublicKey) else None


def grant(session: Session, caller: Caller, device_number: str, practice_id: UUID) -> KioskDevice:
    """Let the clients of a practice of the caller's answer on a tablet that is already in use.

    `device_number` is what the tablet shows. Raises Invalid, Forbidden.
    """
    caller.require(Role.OWNER, practice_id)
    typed = "".join(sign for sign in device_number.upper() if sign.isalnum())
    rows = session.scalars(select(KioskDevice).where(KioskDevice.revoked_at.is_(None)))
    found = [row for row in rows if number(row).replace("-", "") == typed]
    if len(found) != 1:
        raise Invalid("No tablet has this number.", {"number": "Look at the bottom of its start page."})
    _grant(session, caller, found[0], practice_id)
    return found[0]


def _grant(session: Session, caller: Caller, device: KioskDevice, practice_id: UUID) -> None:
    row = session.scalars(
        select(KioskGrant).where(KioskGrant.device_id == device.id, KioskGrant.practice_id == practice_id)
    ).one_or_none()
    if row is None:
        session.add(KioskGrant(practice_id=practice_id, device_id=device.id, from_at=now()))
    else:
        row.from_at, row.until_at = now(), None
    session.flush()
    for one in granted(session, device.id):  # the others on it should be able to see who came
        audit.record(session, one, caller.actor, audit.Tag.TABLET_GRANTED, device.id)


def withdraw(session: Session, caller: Caller, device_id: UUID, practice_id: UUID) -> None:
    """The clients of one practice answer there no more; what is open for them ends at once."""
    if practice_id not in caller.practices(*KEEPERS):
        raise NotFound
    row = session.scalars(
        select(KioskGrant).where(
            KioskGrant.device_id == device_id, KioskGrant.practice_id == practice_id, _stands()
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    row.until_at = now()
    session.flush()
    tickets.end_all(session, device_id, "withdrawn", practice_id)
    audit.record(session, practice_id, caller.actor, audit.Tag.TABLET_WITHDRAWN, device_id)


def revoke(session: Session, caller: Caller, device_id: UUID) -> KioskDevice:
    """Take a lost tablet out of use for everybody, at once and for good. Raises NotFound."""
    device = of_keeper(session, caller, device_id, *KEEPERS)
    for practice_id in granted(session, device.id):
        audit.record(session, practice_id, caller.actor, audit.Tag.TABLET_REVOKED, device.id)
    session.execute(
        update(KioskDevice)
        .where(KioskDevice.id == device.id)
        .values(
            revoked_at=device.revoked_at or now(), public_key=None, enrol_hash=None, enrol_expires_at=None
        )
    )
    tickets.end_all(session, device.id, "revoked")
    session.refresh(device)
    return device


def granted(session: Session, device_id: UUID) -> list[UUID]:
    """Practices whose clients may answer on the tablet now."""
    rows = select(KioskGrant.practice_id).where(KioskGrant.device_id == device_id, _stands())
    return sorted(session.scalars(rows))


def of_keeper(session: Session, caller: Caller, device_id: UUID, *roles: Role) -> KioskDevice:
    """A tablet that serves a practice in which the caller holds one of the roles, or NotFound."""
    device = session.get(KioskDevice, device_id)
    if device is None or not set(granted(session, device_id)) & set(caller.practices(*roles)):
        raise NotFound
    return device


def of_caller(session: Session, caller: Caller) -> list[Tablet]:
    """The tablets of the caller's practices, those in use first; a revoked one stays for a month."""
    mine = caller.practices(*KEEPERS, Role.CLINICIAN)
    rows = session.execute(
        select(KioskDevice, KioskGrant)
        .join(KioskGrant, KioskGrant.device_id == KioskDevice.id)
        .where(
            KioskGrant.practice_id.in_(mine),
            _stands(),
            or_(KioskDevice.revoked_at.is_(None), KioskDevice.revoked_at > now() - timedelta(days=30)),
        )
        .order_by(KioskDevice.name, KioskDevice.id)
    ).all()
    grants: dict[UUID, list[KioskGrant]] = {}
    devices = {device.id: device for device, _ in rows}
    for device, row in rows:
        grants.setdefault(device.id, []).append(row)
    found = [Tablet(device, grants[device.id]) for device in devices.values()]
    return sorted(found, key=lambda one: one.device.revoked_at is not None)


def in_use(session: Session, practice_id: UUID) -> list[KioskDevice]:
    """The tablets on which clients of a practice may answer now, by name."""
    rows = (
        select(KioskDevice)
        .join(KioskGrant, KioskGrant.device_id == KioskDevice.id)
        .where(
            KioskGrant.practice_id == practice_id,
            _stands(),
            KioskDevice.revoked_at.is_(None),
            KioskDevice.public_key.is_not(None),
        )
    )
    return list(session.scalars(rows.order_by(KioskDevice.name, KioskDevice.id)))


def _stands() -> ColumnElement[bool]:
    return or_(KioskGrant.until_at.is_(None), KioskGrant.until_at > now())


def _as_actor(device: KioskDevice) -> audit.Actor:
    return audit.Actor("device", device.id)
