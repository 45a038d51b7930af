"""A POST that is repeated with the same key happens once and gets the same answer.

The key's row, the change and the stored answer are one transaction: a crash leaves all or nothing, and
of two parallel repeats the second waits for the first and reads its answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import crypto
from delivery.db import insert, now, uuid7
from delivery.errors import Conflict, LightQError
from delivery.models.ledger import StoredReply

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


class KeyNeeded(LightQError):
    """A POST without a usable Idempotency-Key."""

    status = 400
    code = "idempotency-key"


def key() -> str:
    """The request's key. Raises KeyNeeded."""
    found = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(found):
        raise KeyNeeded(
            f"Every POST needs the header {HEADER}: 1 to 200 visible characters, new for each act, the same "
            "for each repeat of it."
        )
    return found


def once(
    session: Session, token_id: UUID, key: str, text: str, status: int, act: Callable[[], Any]
) -> tuple[Any, int, bool]:
    """The answer of `act`, its status, and whether it is the stored one of an earlier call.

    `text` is the canonical body. Of it and of the key only a keyed hash is kept, so that nobody can check
    a guess against a stolen copy of the database. An act that raises is not kept: after a correction the
    same key may be used again. Raises Conflict where the key was used for something else.
    """
    blind = crypto.vault().blind
    digest = blind(crypto.ALLIANCE, "request", f"{request.method} {request.path}\n{text}")
    row_id, key_hash = uuid7(), blind(crypto.ALLIANCE, "idempotency-key", key)
    made = session.scalars(
        insert(session, StoredReply)
        .values(id=row_id, created_at=now(), token_id=token_id, key_hash=key_hash, request_hash=digest)
        .on_conflict_do_nothing()
        .returning(StoredReply.id)
    ).one_or_none()
    row = session.scalars(
        select(StoredReply).where(StoredReply.token_id == token_id, StoredReply.key_hash == key_hash)
    ).one()
    if made is None:
        if row.request_hash != digest:
            raise Conflict(f"This {HEADER} was used for another request. Use a new one.")
        assert row.status is not None
        return row.body, row.status, True
    body = act()
    row.body, row.status = body, status
    return body, status, False
