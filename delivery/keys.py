"""Making, loading and changing the keys that seal practices' data, and the sheet that recovers them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from mnemonic import Mnemonic
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import crypto
from delivery.crypto import PracticeKeys
from delivery.db import Database
from delivery.errors import Invalid, Sealing
from delivery.models.people import PracticeKey


def loader(database: Database, kek: bytes) -> Callable[[UUID], PracticeKeys]:
    """A function that fetches and unwraps one owner's keys; raises Sealing where there are none."""

    def load(owner_id: UUID) -> PracticeKeys:
        with database.read() as session:
            rows = session.scalars(select(PracticeKey).where(PracticeKey.owner_id == owner_id)).all()
        keys: dict[str, dict[int, bytes]] = {"data": {}, "index": {}}
        for row in rows:
            keys[row.purpose][row.number] = crypto.unwrap(kek, _bound(row), row.number, row.wrapped)
        if not keys["data"] or not keys["index"]:
            raise Sealing("This practice has no keys.")
        return PracticeKeys(keys["data"], keys["index"][max(keys["index"])])

    return load


def make(session: Session, kek: bytes, owner_id: UUID) -> None:
    """Fresh data and index keys for a practice (or the alliance), usable at once in this process."""
    fresh = {"data": os.urandom(32), "index": os.urandom(32)}
    for purpose, key in fresh.items():
        row = PracticeKey(owner_id=owner_id, purpose=purpose, number=1, wrapped=b"")
        row.wrapped = crypto.wrap(kek, _bound(row), 1, key)
        session.add(row)
    crypto.vault().add(owner_id, PracticeKeys({1: fresh["data"]}, fresh["index"]))


def rewrap(session: Session, old: bytes, new: bytes) -> int:
    """Wrap every key under a new key-encryption key, in the caller's transaction; returns how many."""
    rows = session.scalars(select(PracticeKey)).all()
    for row in rows:
        key = crypto.unwrap(old, _bound(row), row.number, row.wrapped)
        row.wrapped = crypto.wrap(new, _bound(row), row.number, key)
    return len(rows)


def _bound(row: PracticeKey) -> UUID:
    """Data and index keys are bound apart, so that one cannot stand in the other's place."""
    return row.owner_id if row.purpose == "data" else UUID(int=row.owner_id.int ^ 1)


def write_kek(path: Path, kek: bytes) -> None:
    """Store the key-encryption key, readable by the owner alone; an existing file is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(kek.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())


def words(kek: bytes) -> list[str]:
    """The key as 24 English words (BIP-39, with a checksum) for the recovery sheet."""
    return Mnemonic("english").to_mnemonic(kek).split()


def from_words(text: str) -> bytes:
    """The key again. Raises Invalid where a word is unknown or the checksum is off."""
    try:
        kek = bytes(Mnemonic("english").to_entropy(text.lower().split()))
    except (ValueError, LookupError):
        kek = b""
    if len(kek) != 32:
        raise Invalid("These are not the 24 words of a recovery sheet. Check spelling and order.")
    return kek
