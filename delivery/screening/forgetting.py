"""Deleting a visitor's record with every row that hangs on it: by the visitor, the member, or after 60 days.

What stays is one line of the audit log with an id that nothing else knows any more.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from delivery import audit
from delivery.audit import Actor
from delivery.db import now
from delivery.models.base import Base
from delivery.models.clients import Client
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import ContactUse

#: So many at a time; the next sweep takes more.
AT_ONCE: Final = 50
#: Values of one statement; both databases take more.
PART: Final = 500
log = structlog.get_logger()


def forget(session: Session, client: Client, actor: Actor, how: str) -> None:
    """Delete the record of somebody who is not a client. `how` stands in the audit line."""
    held = session.get_one(Client, client.id, with_for_update=True, populate_existing=True)
    if held.prospect_until is None:
        return
    practice_id, found = client.practice_id, _hanging_on(session, client.id)
    ids = {one for rows in found.values() for one in rows}
    for part in _parts(ids):
        session.execute(delete(OutboxEntry).where(OutboxEntry.subject_id.in_(part)))
        session.execute(delete(ContactUse).where(ContactUse.id.in_(part)))
    for table in reversed(Base.metadata.sorted_tables):
        for part in _parts(found.get(table.name, set())):
            session.execute(delete(table).where(table.c.id.in_(part)))
    session.expunge_all()
    audit.record(
        session, practice_id, actor, audit.Tag.PROSPECT_FORGOTTEN, client.id, {"how": how, "rows": len(ids)}
    )


def _hanging_on(session: Session, client_id: UUID) -> dict[str, set[UUID]]:
    """Ids by table of everything that points at the client, directly or through other rows."""
    found: dict[str, set[UUID]] = {Client.__tablename__: {client_id}}
    grew = True
    while grew:
        grew = False
        for table in Base.metadata.sorted_tables:
            known = found.setdefault(table.name, set())
            fresh = {one for column, ids in _ways_in(table, found) for one in _rows(session, column, ids)}
            grew |= not fresh <= known
            known |= fresh
    return found


def _ways_in(table: Table, found: dict[str, set[UUID]]) -> list[tuple[Any, set[UUID]]]:
    """Columns of a table that point at rows that go, with the ids of those."""
    return [
        (key.parent, found[key.column.table.name])
        for key in table.foreign_keys
        if key.column.name == "id" and found.get(key.column.table.name) and "id" in table.c
    ]


def _rows(session: Session, column: Any, ids: set[UUID]) -> list[UUID]:
    return [
        one
        for part in _parts(ids)
        for one in session.scalars(select(column.table.c.id).where(column.in_(part)))
    ]


def _parts(ids: set[UUID]) -> list[list[UUID]]:
    ordered = sorted(ids, key=str)
    return [ordered[start : start + PART] for start in range(0, len(ordered), PART)]


def forget_due(session: Session) -> int:
    """Delete the records whose 60 days are over; returns how many."""
    due = session.scalars(
        select(Client).where(Client.prospect_until <= now()).order_by(Client.prospect_until).limit(AT_ONCE)
    ).all()
    for client in due:
        forget(session, client, audit.WORKER, "time")
    return len(due)
