"""One-time links: issue, look, end. A link is a capability to submit one blank form once; looking at it
changes nothing, and only the transaction that stores the answers spends it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from delivery import audit
from delivery.db import now
from delivery.errors import Conflict
from delivery.models.assignments import Assignment, Link
from delivery.settings import Settings
from delivery.signing import Purpose, Tokens, digest
from delivery.states import OPEN_LINK, SUPERSEDABLE, LinkState, move

#: After its end a link still takes answers from a sitting that began in time.
GRACE: Final = {LinkState.EXPIRED: timedelta(hours=2), LinkState.SUPERSEDED: timedelta(minutes=60)}
#: Wrong tries at the word agreed in person that lock a link; counted over its whole life, from anywhere.
MOST_WRONG: Final = 5
#: Why a link ended, where wrong tries locked it. Stays when a newer one supersedes it.
WRONG_WORDS: Final = "wrong-words"
#: Looked up where there is no id to look up, so that every refusal asks the database once.
NOBODY: Final = bytes(32)


def issue(session: Session, assignment: Assignment) -> Link:
    """A fresh link of an assignment; older open or locked ones are superseded in the same transaction."""
    for old in session.scalars(
        select(Link).where(Link.assignment_id == assignment.id, Link.state.in_(SUPERSEDABLE))
    ):
        # A locked link keeps when and why it ended; otherwise this is its end.
        if not end(session, old, LinkState.SUPERSEDED, "newer"):
            move(session, Link, old.id, LinkState.SUPERSEDED, Link.state == LinkState.LOCKED)
    raw = os.urandom(16)
    link = Link(
        practice_id=assignment.practice_id,
        assignment_id=assignment.id,
        id_hash=digest(raw),
        expires_at=assignment.expires_at,
    )
    link.token_id = raw
    session.add(link)
    session.flush()
    audit.record(session, link.practice_id, audit.WORKER, audit.Tag.LINK_ISSUED, link.id)
    return link


class Ticket(Protocol):
    """A link as far as its token goes: the model, or a row that was read without it."""

    @property
    def token_id(self) -> bytes | None: ...


def token(link: Ticket, tokens: Tokens) -> str | None:
    """The link's token, or None once it has ended."""
    raw = link.token_id
    return tokens.make(Purpose.LINK, raw) if raw is not None else None


def url(token: str, settings: Settings) -> str:
    """Where the client opens it. A test holds that this route exists."""
    return f"{settings.client_url}/q/{token}"


def look(session: Session, token: str, tokens: Tokens) -> Link | None:
    """The link of a token, or None: forged, malformed, re-spelled and unknown are all alike.

    They also cost alike: one signature and one look-up each, so that the time tells nothing either. Only
    what was signed here can be found.
    """
    raw = tokens.read(Purpose.LINK, token)
    id_hash = digest(raw) if raw is not None else NOBODY
    return session.scalars(select(Link).where(Link.id_hash == id_hash)).one_or_none()


def state(link: Link, at: datetime | None = None) -> LinkState:
    """The link's state now; a link past its time counts as expired before the sweep has said so."""
    if link.state in OPEN_LINK and link.expires_at <= (at or now()):
        return LinkState.EXPIRED
    return link.state


def ended_at(link: Link) -> datetime | None:
    """When the link ended, or None while it is open. Its time runs out by itself, not when it is swept."""
    if state(link) is LinkState.EXPIRED:
        return min(link.expires_at, link.ended_at or link.expires_at)
    return link.ended_at


def takes_answers(link: Link, begun_at: datetime, at: datetime | None = None) -> bool:
    """Whether a sitting that began at `begun_at` may still send through this link."""
    at = at or now()
    present = state(link, at)
    if present in OPEN_LINK:
        return True
    grace, ended = GRACE.get(present), ended_at(link)
    return grace is not None and ended is not None and begun_at <= ended and at <= ended + grace


def count_fetch(session: Session, link_id: UUID) -> None:
    """Note that somebody or something fetched the page. Never shown as "opened by the client"."""
    session.execute(update(Link).where(Link.id == link_id).values(fetches=Link.fetches + 1))


def count_wrong(session: Session, link: Link) -> int:
    """Count a wrong try at the word, and lock the link with the last one; returns how many are left.

    The caller holds the link's row. The count is compared and set all the same: no try is lost or free.
    """
    before = link.wrong_tries
    counted = session.execute(
        update(Link)
        .where(Link.id == link.id, Link.state.in_(OPEN_LINK), Link.wrong_tries == before)
        .values(wrong_tries=before + 1)
    )
    assert isinstance(counted, CursorResult)
    if not counted.rowcount:
        raise Conflict("Something else happened to this link just now. Please try again.")
    left = MOST_WRONG - before - 1
    if left <= 0:
        end(session, link, LinkState.LOCKED, WRONG_WORDS)
        audit.record(session, link.practice_id, audit.CLIENT, audit.Tag.LINK_LOCKED, link.id)
    return max(left, 0)


def locked(session: Session, assignment_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the asks whose link is locked now; sending again ends that."""
    rows = session.scalars(
        select(Link.assignment_id).where(
            Link.assignment_id.in_(list(assignment_ids)), Link.state == LinkState.LOCKED
        )
    )
    return set(rows)


def end(session: Session, link: Link, to: LinkState, reason: str) -> bool:
    """End an open link and wipe its id; False where it had ended before."""
    moved = move(
        session,
        Link,
        link.id,
        to,
        Link.state.in_(OPEN_LINK),
        ended_at=now(),
        end_reason=reason,
        token_id_sealed=None,
    )
    if moved:
        audit.record(session, link.practice_id, audit.WORKER, audit.Tag.LINK_ENDED, link.id)
    return moved


def end_all(session: Session, assignment_id: UUID, to: LinkState, reason: str) -> int:
    """End every open link of an assignment; returns how many."""
    links = session.scalars(
        select(Link).where(Link.assignment_id == assignment_id, Link.state.in_(OPEN_LINK))
    ).all()
    return sum(end(session, link, to, reason) for link in links)


def expire_due(session: Session, limit: int = 200) -> int:
    """Move links whose time has passed to their end and wipe their ids; returns how many."""
    due = session.scalars(
        select(Link).where(Link.state.in_(OPEN_LINK), Link.expires_at <= now()).limit(limit)
    ).all()
    return sum(end(session, link, LinkState.EXPIRED, "time") for link in due)
