"""What a process of the service holds: settings, database, keys, tokens, bell. Made once at start."""

from __future__ import annotations

from dataclasses import dataclass

from delivery import crypto, keys
from delivery.bell import Bell
from delivery.db import Database
from delivery.settings import Settings
from delivery.signing import Tokens


@dataclass(frozen=True)
class Service:
    """One process's parts; web, workers, scheduler and commands all start from here."""

    settings: Settings
    db: Database
    tokens: Tokens
    bell: Bell


def start(settings: Settings) -> Service:
    """Open everything. Raises SettingsError where keys are missing or do not fit."""
    settings.require_keys()
    kek = crypto.read_kek(settings.kek_path)
    bell = Bell(settings.redis_url)
    database = Database(settings.database, bell.ring)
    crypto.install(crypto.Vault(keys.loader(database, kek)))
    return Service(settings, database, Tokens(settings.keys), bell)
