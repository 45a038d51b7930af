"""Whether a step really comes from the tablet: its key has signed it, and no earlier step is being repeated.

The signature (ECDSA, P-256, SHA-256, as WebCrypto gives it: r and s of 32 bytes each) covers the tablet's id,
a number that rises with every step, and the SHA-256 of the body. It says nothing of the time, so a tablet
with a wrong clock works.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from delivery.db import now
from delivery.errors import Conflict, Forbidden
from delivery.kiosk.devices import read_key
from delivery.models.devices import KioskDevice

HALF: Final = 32
#: As far as a script counts exactly.
HIGHEST: Final = 2**53


class NotEnrolled(Forbidden):
    """The tablet is unknown, revoked, or another one."""

    code = "not-enrolled"


class Repeated(Conflict):
    """A number that was used before; `last` is the highest one, for a tablet that has lost count."""

    code = "repeated"

    def __init__(self, last: int) -> None:
        super().__init__("This step was taken before.")
        self.last = last


@dataclass(frozen=True)
class Signed:
    """A step as it came in."""

    device_id: UUID
    count: int
    signature: bytes
    body: bytes


def message(device_id: UUID, count: int, body: bytes) -> bytes:
    """What is signed."""
    return f"lightq.kiosk.v1\n{device_id}\n{count}\n{sha256(body).hexdigest()}".encode()


def prove(session: Session, step: Signed) -> KioskDevice:
    """The tablet of a step, whose number is used up now. Raises NotEnrolled, Repeated."""
    device = session.get(KioskDevice, step.device_id)
    if device is None or device.revoked_at or device.public_key is None or not _fits(device.public_key, step):
        raise NotEnrolled("This tablet is not in use.")
    taken = session.execute(
        update(KioskDevice)
        .where(
            KioskDevice.id == device.id,
            KioskDevice.last_count < step.count,
            KioskDevice.revoked_at.is_(None),
        )
        .values(last_count=step.count, last_seen_at=now())
    )
    assert isinstance(taken, CursorResult)
    session.refresh(device)
    if not taken.rowcount:
        raise Repeated(device.last_count)
    return device


def _fits(public_key: bytes, step: Signed) -> bool:
    key = read_key(public_key)
    if key is None or len(step.signature) != 2 * HALF or not 0 < step.count < HIGHEST:
        return False
    halves = (int.from_bytes(step.signature[:HALF]), int.from_bytes(step.signature[HALF:]))
    try:
        key.verify(
            encode_dss_signature(*halves), message(step.device_id, step.count, step.body), ECDSA(SHA256())
        )
    except InvalidSignature:
        return False
    return True
