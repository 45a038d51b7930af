"""Sealing: AES-256-GCM per practice, bound to its place; blind indexes; the key-encryption key.

A sealed value opens only in the row, column, table and practice it was sealed for (the AAD).
Layout of a sealed value: version byte 1, key number (2 bytes), nonce (12 bytes), ciphertext and tag.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from delivery.errors import Sealing, SettingsError

VERSION: Final = b"\x01"
#: Rows that belong to no practice (sealed API replies of a person, say) use the alliance's own key.
ALLIANCE: Final = UUID(int=0)


@dataclass(frozen=True)
class PracticeKeys:
    """One practice's unwrapped keys: data keys by number (the highest seals), and the index key."""

    data: dict[int, bytes]
    index: bytes

    @property
    def newest(self) -> int:
        """Number of the key that seals."""
        return max(self.data)


def read_kek(path: Path) -> bytes:
    """The 32-byte key-encryption key from its file (hex); SettingsError says what is wrong."""
    try:
        text = path.read_text(encoding="ascii").strip()
        kek = bytes.fromhex(text)
    except OSError as error:
        raise SettingsError(
            f"The key-encryption key {path} cannot be read ({error.strerror}). Without it nothing opens: "
            "set LIGHTQ_KEK_FILE, or write it anew from the recovery sheet with `./lightq keys recover`"
        ) from None
    except ValueError:
        raise SettingsError(f"{path} is not a key-encryption key: expected 64 hexadecimal digits") from None
    if len(kek) != 32:
        raise SettingsError(f"{path} is not a key-encryption key: expected 64 hexadecimal digits")
    return kek


def derive(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose."""
    return HKDF(SHA256(), 32, salt=None, info=b"lightq." + purpose.encode()).derive(secret)


def wrap(kek: bytes, practice_id: UUID, number: int, key: bytes) -> bytes:
    """`key` encrypted under the key-encryption key, bound to its practice and number."""
    nonce = os.urandom(12)
    return nonce + AESGCM(derive(kek, "wrap")).encrypt(nonce, key, _key_aad(practice_id, number))


def unwrap(kek: bytes, practice_id: UUID, number: int, wrapped: bytes) -> bytes:
    """The opposite of `wrap`; SettingsError where the file holds another key."""
    try:
        return AESGCM(derive(kek, "wrap")).decrypt(wrapped[:12], wrapped[12:], _key_aad(practice_id, number))
    except InvalidTag:
        raise SettingsError(
            "The key-encryption key does not fit this database. Check LIGHTQ_KEK_FILE; the recovery sheet "
            "shows the first characters of the right one"
        ) from None


def _key_aad(practice_id: UUID, number: int) -> bytes:
    return f"{practice_id}|key|{number}".encode()


class Vault:
    """Seals and opens values. `load(practice_id)` fetches a practice's keys once; they stay in memory."""

    def __init__(self, load: Callable[[UUID], PracticeKeys]) -> None:
        self._load = load
        self._keys: dict[UUID, PracticeKeys] = {}
        self._ciphers: dict[tuple[UUID, int], AESGCM] = {}
        self._lock = threading.Lock()

    def keys(self, practice_id: UUID) -> PracticeKeys:
        """The practice's keys; raises Sealing where it has none."""
        keys = self._keys.get(practice_id)
        if keys is None:
            with self._lock:
                keys = self._keys.get(practice_id) or self._load(practice_id)
                self._keys[practice_id] = keys
        return keys

    def add(self, practice_id: UUID, keys: PracticeKeys) -> None:
        """Make fresh keys known before the row that holds them is committed."""
        self._keys[practice_id] = keys

    def _cipher(self, practice_id: UUID, number: int) -> AESGCM:
        cipher = self._ciphers.get((practice_id, number))
        if cipher is None:
            keys = self.keys(practice_id)
            if number not in keys.data:
                raise Sealing("A sealed value names a key that this practice does not have.")
            cipher = self._ciphers[(practice_id, number)] = AESGCM(keys.data[number])
        return cipher

    def seal(self, plain: bytes, practice_id: UUID, place: str) -> bytes:
        """`plain` sealed for `place` = "table|column|row id" of the practice."""
        number = self.keys(practice_id).newest
        nonce = os.urandom(12)
        aad = f"{practice_id}|{place}".encode()
        body = self._cipher(practice_id, number).encrypt(nonce, plain, aad)
        return VERSION + number.to_bytes(2, "big") + nonce + body

    def open(self, sealed: bytes, practice_id: UUID, place: str) -> bytes:
        """The value again; raises Sealing where it was changed or moved."""
        if len(sealed) < 31 or sealed[:1] != VERSION:
            raise Sealing("A sealed value has an unknown form.")
        number = int.from_bytes(sealed[1:3], "big")
        aad = f"{practice_id}|{place}".encode()
        try:
            return self._cipher(practice_id, number).decrypt(sealed[3:15], sealed[15:], aad)
        except InvalidTag:
            raise Sealing("A sealed value does not open in this place.") from None

    def blind(self, practice_id: UUID, purpose: str, normalised: str) -> bytes:
        """32-byte keyed index of a normalised contact: equal values meet inside one practice only."""
        key = self.keys(practice_id).index
        return hmac.new(key, f"{purpose}|{normalised}".encode(), hashlib.sha256).digest()


def contact_hash(kind: str, value: str, practice_id: UUID | None = None) -> bytes:
    """32-byte keyed hash of a normalised contact for tables that belong to no practice.

    Without a practice equal contacts of all practices meet; with one, only those of that practice.
    """
    place = f"{kind}|{practice_id or 'all'}|{value}"
    return vault().blind(ALLIANCE, "contact", place)


_vault: Vault | None = None


def install(vault: Vault) -> None:
    """Make `vault` the one of this process; done once at start by the composition root."""
    global _vault  # noqa: PLW0603 - one vault a process, like the engine
    _vault = vault


def vault() -> Vault:
    """This process's vault."""
    if _vault is None:
        raise Sealing("No keys are loaded in this process.")
    return _vault
