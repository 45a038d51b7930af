"""A new key-encryption key, so that a stop at any point leaves a pair of key file and database that fit.

Order: the new key beside the old one (`kek.new`), all wrapped keys in one transaction, then the swap.
Whoever starts next finds `kek.new` and keeps the one of the two that opens the database.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from delivery import audit, crypto, keys
from delivery.cli.environment import sync
from delivery.db import Database
from delivery.errors import NotSaved, SettingsError
from delivery.models.people import Practice, PracticeKey


def beside(kek_path: Path) -> Path:
    """Where the next key waits for its turn."""
    return kek_path.with_name(f"{kek_path.name}.new")


@contextmanager
def locked(kek_path: Path) -> Iterator[None]:
    """One process at a time decides which key counts."""
    kek_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(kek_path.with_name(f"{kek_path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def fits(database: Database, kek: bytes) -> bool:
    """Whether this key opens every wrapped key of the database; True for a database without any."""
    with database.read() as session:
        owners = session.scalars(select(PracticeKey.owner_id).distinct()).all()
    unwrapped = keys.loader(database, kek)
    try:
        for owner in owners:
            unwrapped(owner)
    except SettingsError:
        return False
    return True


def finish(database: Database, kek_path: Path) -> None:
    """Bring a rotation that was interrupted to an end, forwards or back; nothing where there was none."""
    if beside(kek_path).exists():
        with locked(kek_path):
            _finish(database, kek_path)


def _finish(database: Database, kek_path: Path) -> None:
    new = beside(kek_path)
    if not new.exists():
        return
    try:
        fresh = crypto.read_kek(new)
    except SettingsError:
        fresh = None  # the write itself was interrupted, so the database cannot depend on it
    try:
        if fresh is not None and fits(database, fresh) and has_keys(database):
            new.replace(kek_path)
        elif kek_path.exists() and fits(database, crypto.read_kek(kek_path)):
            new.unlink()
        else:
            raise SettingsError(
                f"Neither {kek_path} nor {new} fits this database. Check LIGHTQ_DATABASE_URL; keep both files"
            )
    except (NotSaved, ProgrammingError):
        raise SettingsError(
            f"{new} shows an interrupted key rotation, and the database does not answer: start it first"
        ) from None
    sync(kek_path.parent)


def has_keys(database: Database) -> bool:
    """Whether anything is wrapped in this database."""
    with database.read() as session:
        return session.scalars(select(PracticeKey.id).limit(1)).first() is not None


def rotate(database: Database, kek_path: Path) -> int:
    """Wrap every key under a fresh key-encryption key; returns how many. Raises SettingsError."""
    with locked(kek_path):
        _finish(database, kek_path)
        old, new = crypto.read_kek(kek_path), os.urandom(32)
        keys.write_kek(beside(kek_path), new)
        sync(kek_path.parent)
        with database.write() as session:
            count = keys.rewrap(session, old, new)
            for practice_id in session.scalars(select(Practice.id)):
                audit.record(session, practice_id, audit.OPERATOR, audit.Tag.KEYS_ROTATED)
        beside(kek_path).replace(kek_path)
        sync(kek_path.parent)
    return count
