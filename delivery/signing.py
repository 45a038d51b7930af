"""Signed tokens; the only user of itsdangerous. Each purpose has its own salt, so a token of one kind
means nothing in another's place.

A link token is `<id22>.<sig22>`: 16 random bytes and HMAC-SHA-256 cut to 128 bits, 45 characters. It
carries no payload: no practice, client or date (trust.md 1.2).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from enum import StrEnum
from typing import Final

from itsdangerous import Signer
from itsdangerous.signer import SigningAlgorithm


class Purpose(StrEnum):
    """What a token is for; the value is its salt."""

    LINK = "lightq.link.v1"
    RESUME = "lightq.resume.v1"
    UNSUBSCRIBE = "lightq.unsubscribe.v1"
    KIOSK = "lightq.kiosk.v1"
    HOOK = "lightq.hook.v1"
    SESSION = "lightq.session.v1"
    SCREENING = "lightq.screening.v1"
    PORTAL = "lightq.portal.v1"


class _Hmac128(SigningAlgorithm):
    """HMAC-SHA-256 cut to 128 bits: as strong as the random id, and short enough for one text message."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.new(key, value, hashlib.sha256).digest()[:16]


#: Read in the place of what has not the form of a token.
SHAPE: Final = f"{22 * 'A'}.{22 * 'A'}"


class Tokens:
    """Makes and reads tokens. `keys`: oldest first, the last one signs, all of them verify."""

    def __init__(self, keys: list[str]) -> None:
        self._signers = {purpose: [_signer(key, purpose) for key in keys] for purpose in Purpose}

    def make(self, purpose: Purpose, raw: bytes) -> str:
        """The token of 16 raw bytes."""
        return self._signers[purpose][-1].sign(encode(raw)).decode()

    def read(self, purpose: Purpose, token: str) -> bytes | None:
        """The 16 raw bytes, or None for anything that is not exactly a token made here for this purpose.

        base64 has several spellings of one value; only the one that `make` gives is taken. Whatever is
        wrong with a token, the same is computed for it: the time says no more than the answer.
        """
        shaped = len(token) == len(SHAPE) and token.isascii() and token[22] == "."
        name, signature = (token if shaped else SHAPE).split(".", 1)
        # A list, so that each key takes its turn even where the first one fits.
        fits = [same(one.get_signature(name), signature) for one in self._signers[purpose]]
        try:
            raw = base64.urlsafe_b64decode(name + "==")
        except (binascii.Error, ValueError):
            return None
        return raw if shaped and any(fits) and encode(raw) == name else None


def _signer(key: str, purpose: Purpose) -> Signer:
    return Signer(
        key,
        salt=purpose.value,
        key_derivation="hmac",
        digest_method=hashlib.sha256,
        algorithm=_Hmac128(),
    )


def encode(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def fresh_secret() -> str:
    """128 random bits for a cookie, 22 characters."""
    return encode(os.urandom(16))


def digest(secret: str | bytes) -> bytes:
    """What is stored of a secret of 128 random bits: a plain hash is enough for those."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).digest()


def form_key(secret: str) -> str:
    """The hidden field of a form, known only to pages that this browser's cookie secret opened."""
    return encode(hmac.new(secret.encode(), b"lightq.form.v1", hashlib.sha256).digest()[:16])


def same(a: str | bytes, b: str | bytes) -> bool:
    """Comparison in constant time."""
    return hmac.compare_digest(
        a.encode() if isinstance(a, str) else a, b.encode() if isinstance(b, str) else b
    )
