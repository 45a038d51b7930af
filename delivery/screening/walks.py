"""A visitor's walk through a screening page, sealed into the page itself: nothing of it is stored here."""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from delivery import crypto
from delivery.db import now

Draft = dict[str, dict[str, str | None]]
Age = Literal["adult", "teen", "child"]

#: How long after a page was shown its token is taken.
LIFE: Final = timedelta(hours=1)
VERSION: Final = b"\x01"
#: More than any page of ours carries.
LONGEST: Final = 60_000


@dataclass(frozen=True)
class Wanted:
    """Where the visitor wants to be called back, and the code that shows that it is theirs. Times in Unix
    seconds."""

    kind: str
    value: str
    called_by: str
    code_hash: str
    sent_at: float
    tries: int = 0


@dataclass(frozen=True)
class Walk:
    """Everything known of one visitor: what they chose and marked so far. No address, no browser."""

    page_id: UUID
    run_id: UUID
    key: str
    version: int
    age: Age
    language: str
    #: Unix seconds.
    began_at: float
    step: int = 0
    #: Where they are: a place of the form, or "" before the first question.
    place: str = ""
    by_hand: bool = False
    #: A risk answer stands; help was shown.
    risk: bool = False
    draft: Draft = field(default_factory=dict)
    wanted: Wanted | None = None

    def after(self, **changes: Any) -> Walk:
        """The walk one step on."""
        return replace(self, step=self.step + 1, **changes)


class Seals:
    """Seals walks into tokens and opens them. `keys`: the installation's secrets, the last one seals."""

    def __init__(self, keys: list[str]) -> None:
        self._ciphers = [AESGCM(crypto.derive(key.encode(), "screening")) for key in keys]

    def seal(self, walk: Walk) -> str:
        """The token of a page: base64url of version, run, nonce, ciphertext."""
        plain = json.dumps({**asdict(walk), "until": (now() + LIFE).timestamp()}, default=str).encode()
        nonce = os.urandom(12)
        body = self._ciphers[-1].encrypt(nonce, plain, _bound(walk.page_id, walk.run_id.bytes))
        return base64.urlsafe_b64encode(VERSION + walk.run_id.bytes + nonce + body).decode()

    def open(self, token: str, page_id: UUID) -> Walk | None:
        """The walk of a token made for this page within the hour; None for anything else."""
        if not token.isascii() or len(token) > LONGEST:
            return None
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) < 1 + 16 + 12 + 16 or raw[:1] != VERSION:
            return None
        for cipher in self._ciphers:
            try:
                plain = cipher.decrypt(raw[17:29], raw[29:], _bound(page_id, raw[1:17]))
            except InvalidTag:
                continue
            return _read(json.loads(plain))
        return None


def _bound(page_id: UUID, run: bytes) -> bytes:
    return b"screening|" + page_id.bytes + run


def _read(data: dict[str, Any]) -> Walk | None:
    if data.pop("until") <= now().timestamp():
        return None
    wanted = data.pop("wanted")
    return Walk(
        **{
            **data,
            "page_id": UUID(data["page_id"]),
            "run_id": UUID(data["run_id"]),
            "wanted": Wanted(**wanted) if wanted else None,
        }
    )
