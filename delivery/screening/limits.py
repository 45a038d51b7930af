"""How often something may be done from one network, for one contact, or on one page.

Only keyed hashes are kept, under another key each day: yesterday's can't be joined to today's.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import case
from sqlalchemy.orm import Session

from delivery.db import insert, now
from delivery.models.people import SignInThrottle


@dataclass(frozen=True)
class Limit:
    """At most `most` in one window for whatever `key` stands for."""

    key: bytes
    most: int
    window: timedelta

    def wait(self, session: Session) -> int:
        """Seconds until one more may be done; 0 where it may now. Only looks, so a flood writes nothing."""
        row = session.get(SignInThrottle, self.key)
        if row is None or row.failures < self.most:
            return 0
        left = (row.last_at + self.window - now()).total_seconds()
        return int(left) + 1 if left > 0 else 0

    def count(self, session: Session) -> bool:
        """Count one; False where that is one too many, and then the caller commits nothing.

        Of several at once each counts, one after the other. `last_at` is when its window began.
        """
        at = now()
        over = SignInThrottle.last_at <= at - self.window
        counted = session.scalars(
            insert(session, SignInThrottle)
            .values(key_hash=self.key, failures=1, last_at=at)
            .on_conflict_do_update(
                index_elements=["key_hash"],
                set_={
                    "failures": case((over, 1), else_=SignInThrottle.failures + 1),
                    "last_at": case((over, at), else_=SignInThrottle.last_at),
                },
            )
            .returning(SignInThrottle.failures)
        ).one()
        return bool(counted <= self.most)


def limit(secret: bytes, kind: str, about: str, most: int, window: timedelta) -> Limit:
    """The limit of one kind for one network, contact or page; `secret` and the day key its hash."""
    text = f"screening|{kind}|{now():%Y-%m-%d}|{about}"
    return Limit(hmac.new(secret, text.encode(), sha256).digest(), most, window)
