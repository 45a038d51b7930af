"""Numbers and addresses that want no messages, by one practice or by nobody at all.

The table holds keyed hashes only, says nothing of practices, and is asked at the last moment before a send.
`value` is normalised: E.164, or an address in lower case (`delivery.contacts.normal_contact`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from delivery import crypto
from delivery.db import insert, now, uuid7
from delivery.models.messages import OptOut


def standing(channel: Any, everywhere: Any, here: Any = None) -> Any:
    """The condition on OptOut: nobody may write there, or the practice of `here` may not.

    Both are `crypto.contact_hash`, without and with the practice (values or bound parameters).
    """
    scope = OptOut.contact_hash == everywhere
    if here is not None:
        scope |= OptOut.contact_hash == here
    return (OptOut.channel == channel) & scope & OptOut.ended_at.is_(None)


def stands(session: Session, channel: str, value: str, practice_id: UUID | None) -> bool:
    """Whether this practice may not write there; None asks only for "nobody may"."""
    here = crypto.contact_hash(channel, value, practice_id) if practice_id is not None else None
    found = select(OptOut.id).where(standing(channel, crypto.contact_hash(channel, value), here))
    return session.scalars(found.limit(1)).first() is not None


def stop(session: Session, channel: str, value: str, how: str, practice_id: UUID | None = None) -> bool:
    """This practice (None: nobody) may not write there from now on; False where that stood already."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "created_at": now(),
        "channel": channel,
        "contact_hash": crypto.contact_hash(channel, value, practice_id),
        "how": how,
    }
    made = insert(session, OptOut).values(**values).on_conflict_do_nothing().returning(OptOut.id)
    return session.scalars(made).one_or_none() is not None


def start(session: Session, channel: str, value: str, practice_id: UUID | None = None) -> bool:
    """The person wants messages again, in just this scope; False where no such opt-out stood."""
    result = session.execute(
        update(OptOut)
        .where(
            OptOut.channel == channel,
            OptOut.contact_hash == crypto.contact_hash(channel, value, practice_id),
            OptOut.ended_at.is_(None),
        )
        .values(ended_at=now())
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount > 0
