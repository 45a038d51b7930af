"""Opening this installation for a command, after everything that has to hold was looked at."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnemonic import Mnemonic

from delivery import crypto
from delivery import settings as configuration
from delivery.cli import database, environment, rotation
from delivery.db import Database
from delivery.errors import LightQError, SettingsError
from delivery.service import Service, start
from delivery.settings import Settings


def settings(port: int | None = None) -> Settings:
    """The settings of this installation; on loopback a port may be chosen. Raises SettingsError."""
    environment.load()
    found = configuration.load()
    if port is not None and found.on_loopback:
        return configuration.load(base_url=f"http://127.0.0.1:{port}", client_url=f"http://localhost:{port}")
    return found


def check(found: Settings) -> None:
    """Keys in place and fitting, the database in the right shape. Raises LightQError in words.

    A key rotation that was interrupted is brought to its end first.
    """
    found.require_keys()
    database.require_current(found)
    store = Database(found.database)
    try:
        rotation.finish(store, found.kek_path)
        if not rotation.fits(store, crypto.read_kek(found.kek_path)):
            raise SettingsError(
                f"The key-encryption key {found.kek_path} does not fit this database. Check LIGHTQ_KEK_FILE, "
                "or write the right one anew from the recovery sheet with `./lightq keys recover`"
            )
    finally:
        store.close()


@contextmanager
def opened(found: Settings | None = None) -> Iterator[Service]:
    """The checked service of this installation."""
    found = found or settings()
    check(found)
    service = start(found)
    try:
        yield service
    finally:
        service.db.close()


def only_practice(name: str) -> str:
    """Why there can be no practice beside this one on SQLite."""
    return (
        f"With SQLite an installation serves one practice, here “{name}”. Another practice needs an "
        "installation of its own, or PostgreSQL (LIGHTQ_DATABASE_URL)"
    )


def make_password(email: str) -> str:
    """Five random words (about 55 bits), easy to type once; none of them repeats the address."""
    local = email.partition("@")[0].strip().lower()
    words = [word for word in Mnemonic("english").wordlist if not local or local not in word]
    return " ".join(secrets.choice(words) for _ in range(5))


def first_line(file: Path) -> str:
    """The first line of a file. Raises LightQError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise LightQError(f"{file} cannot be read") from None
    if not lines or not lines[0].strip():
        raise LightQError(f"{file} is empty")
    return lines[0]
