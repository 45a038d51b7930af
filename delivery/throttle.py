"""Wrong tries at sign-in make the next ones wait; ended links open only so often. Addresses and networks are
kept only as keyed hashes.

Tries are counted tightly for an address from one network, so that nobody elsewhere can keep its owner out;
loosely for an address from everywhere, and for one network over all addresses.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from sqlalchemy import Select, case, delete, select
from sqlalchemy.orm import Session

from delivery.db import insert, now
from delivery.errors import TooMany
from delivery.models.people import SignInThrottle

#: Wrong tries before waiting begins; each further one doubles the wait.
FREE: Final = 5
FREE_BY_ADDRESS: Final = 50
FREE_BY_NETWORK: Final = 30
FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(hours=1)
#: A counter without a wrong try for this long begins anew.
KEPT: Final = timedelta(hours=24)

#: So often ended links open in one window, from one network (/24 or /64) and from everywhere.
ENDED_FROM_NETWORK: Final = 100
ENDED_FROM_EVERYWHERE: Final = 5_000
ENDED_WINDOW: Final = timedelta(minutes=10)

#: So often a client's sign-in code is asked for in one window: from one address (one /64), from one network
#: (/24 or /64), and for one contact.
ASKED_FROM_ADDRESS: Final = 20
ASKED_FROM_NETWORK: Final = 100
ASKED_FOR_CONTACT: Final = 5
ASKED_WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Tries:
    """The counters that a try from `network` for `address` touches, by their keys."""

    pair: bytes
    address: bytes
    network: bytes

    def check(self, session: Session) -> None:
        """Raise TooMany while one of them waits. Only looks."""
        _refuse(list(session.scalars(_rows(self))))

    def lock(self, session: Session) -> None:
        """As `check`, and hold them until the transaction ends: of many tries at once each is counted."""
        keys = sorted((self.pair, self.address, self.network))  # in one order, so that nobody deadlocks
        for key in keys:
            fresh = insert(session, SignInThrottle).values(key_hash=key, failures=0, last_at=now())
            session.execute(fresh.on_conflict_do_nothing())
        _refuse(list(session.scalars(_rows(self).order_by(SignInThrottle.key_hash).with_for_update())))

    def wrong(self, session: Session) -> None:
        """Count a wrong try, after `lock`."""
        for key, free in (
            (self.pair, FREE),
            (self.address, FREE_BY_ADDRESS),
            (self.network, FREE_BY_NETWORK),
        ):
            _count(session.get_one(SignInThrottle, key), free)

    def right(self, session: Session) -> None:
        """Forget the wrong tries for this address, after `lock`; those of the network stay."""
        for key in (self.pair, self.address):
            row = session.get_one(SignInThrottle, key)
            row.failures, row.blocked_until = 0, None


def tries(secret: bytes, address: str, network: str) -> Tries:
    """The counters of one try; `secret` keys their hashes. An IPv6 network is its first 64 bits."""
    network = site(network)
    texts = (f"pair|{address}|{network}", f"email|{address}", f"network|{network}")
    return Tries(*(hmac.new(secret, text.encode(), sha256).digest() for text in texts))


@dataclass(frozen=True)
class EndedHits:
    """The counters that opening an ended link touches. Links that still take answers never come here."""

    network: bytes
    everywhere: bytes

    def wait(self, session: Session) -> int:
        """Seconds until ended links open again; 0 while they do. Only looks, so a flood writes nothing."""
        at = now()
        limits = {self.network: ENDED_FROM_NETWORK, self.everywhere: ENDED_FROM_EVERYWHERE}
        ends = [
            row.last_at + ENDED_WINDOW
            for row in session.scalars(select(SignInThrottle).where(SignInThrottle.key_hash.in_(limits)))
            if row.failures >= limits[row.key_hash]
        ]
        seconds = (max(ends, default=at) - at).total_seconds()
        return int(seconds) + 1 if seconds > 0 else 0

    def count(self, session: Session) -> None:
        """Count one."""
        for key in sorted((self.network, self.everywhere)):
            _in_window(session, key, ENDED_WINDOW)


def ended_hits(secret: bytes, network: str) -> EndedHits:
    """The counters of one opening; `secret` keys their hashes."""
    texts = (f"ended|{_neighbourhood(network)}", "ended|everywhere")
    return EndedHits(*(hmac.new(secret, text.encode(), sha256).digest() for text in texts))


@dataclass(frozen=True)
class Asks:
    """The counters that asking for a client's sign-in code touches, each with the most in one window."""

    limits: tuple[tuple[bytes, int], ...]

    def take(self, session: Session) -> None:
        """Count one. Raises TooMany where that is one too many, which is rolled back and counts nothing."""
        for key, most in sorted(self.limits):  # in one order, so that nobody deadlocks
            counted, began = _in_window(session, key, ASKED_WINDOW)
            if counted > most:
                seconds = int((began + ASKED_WINDOW - now()).total_seconds()) + 1
                raise TooMany("Too many tries. Please wait a little and try again.", seconds)


def asks(secret: bytes, contact: str, network: str) -> Asks:
    """The counters of one ask, whether or not the contact is known; `secret` keys their hashes."""
    counted = {
        f"asked|address|{site(network)}": ASKED_FROM_ADDRESS,
        f"asked|network|{_neighbourhood(network)}": ASKED_FROM_NETWORK,
        f"asked|contact|{contact}": ASKED_FOR_CONTACT,
    }
    return Asks(
        tuple((hmac.new(secret, text.encode(), sha256).digest(), most) for text, most in counted.items())
    )


def _in_window(session: Session, key: bytes, window: timedelta) -> tuple[int, datetime]:
    """Count one; how many there are in this window and when it began, which `last_at` keeps."""
    at = now()
    over = SignInThrottle.last_at <= at - window
    again = {
        "failures": case((over, 1), else_=SignInThrottle.failures + 1),
        "last_at": case((over, at), else_=SignInThrottle.last_at),
    }
    fresh = insert(session, SignInThrottle).values(key_hash=key, failures=1, last_at=at)
    counted = fresh.on_conflict_do_update(index_elements=["key_hash"], set_=again)
    row = session.execute(counted.returning(SignInThrottle.failures, SignInThrottle.last_at)).one()
    return row.failures, row.last_at


def forget_old(session: Session) -> None:
    """Delete counters that would begin anew anyway."""
    session.execute(delete(SignInThrottle).where(SignInThrottle.last_at < now() - KEPT))


def site(network: str) -> str:
    """What counts as one network: an IPv4 address, or the first 64 bits of an IPv6 one."""
    try:
        found = ip_address(network)
    except ValueError:
        return network
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))


def _neighbourhood(network: str) -> str:
    """The first 24 bits of an IPv4 address, 64 of an IPv6 one."""
    one = site(network)
    try:
        return str(IPv4Network((one, 24), strict=False))
    except ValueError:
        return one


def _rows(tried: Tries) -> Select[SignInThrottle]:
    return select(SignInThrottle).where(
        SignInThrottle.key_hash.in_((tried.pair, tried.address, tried.network))
    )


def _refuse(rows: list[SignInThrottle]) -> None:
    at = now()
    blocked = max((row.blocked_until for row in rows if row.blocked_until), default=at)
    if blocked > at:
        seconds = int((blocked - at).total_seconds()) + 1
        raise TooMany("Too many tries. Please wait a little and try again.", seconds)


def _count(row: SignInThrottle, free: int) -> None:
    at = now()
    row.failures = 1 if row.last_at < at - KEPT else row.failures + 1
    row.last_at = at
    if row.failures >= free:
        # Capped before it is doubled, which would outgrow what a timedelta holds.
        doubled = FIRST_WAIT * 2 ** min(row.failures - free, 10)
        row.blocked_until = at + min(doubled, LONGEST_WAIT)
