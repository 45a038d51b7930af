"""Lines for a client's clinicians about how to reach the client; a press of one takes a line away for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from delivery import access, audit
from delivery.access import Caller
from delivery.db import now, one_at_a_time
from delivery.errors import NotFound
from delivery.models.clients import Client, ContactKind, ContactPoint
from delivery.models.messages import Notice, NoticeKind
from delivery.models.people import Role

MOST: Final = 100


@dataclass(frozen=True)
class Line:
    """An open notice, and whether it is about a number or a mailbox (None: neither)."""

    notice: Notice
    about: ContactKind | None


def add(
    session: Session,
    practice_id: UUID,
    client_id: UUID,
    kind: NoticeKind,
    contact_point_id: UUID | None = None,
) -> None:
    """A line of this kind about this contact point, unless one is open."""
    # So that two workers do not both find no open line. Not by the client's row: who pauses a client holds
    # that, and then waits for a message whose outcome is just being written here.
    one_at_a_time(session, client_id.bytes)
    same = select(Notice.id).where(
        Notice.client_id == client_id,
        Notice.kind == kind,
        Notice.contact_point_id.is_not_distinct_from(contact_point_id),
        Notice.done_at.is_(None),
    )
    if session.scalars(same).first() is None:
        session.add(
            Notice(
                practice_id=practice_id,
                client_id=client_id,
                contact_point_id=contact_point_id,
                kind=kind,
                at=now(),
            )
        )
        session.flush()


def take_back(session: Session, kind: NoticeKind, contact_point_id: UUID) -> None:
    """What the open line said is not so any more."""
    session.execute(
        update(Notice)
        .where(
            Notice.contact_point_id == contact_point_id,
            Notice.kind == kind,
            Notice.done_at.is_(None),
        )
        .values(done_at=now())
    )


def _open(caller: Caller) -> Select[Notice]:
    mine = access.clients(caller).with_only_columns(Client.id)
    return select(Notice).where(
        Notice.practice_id.in_(caller.practices(Role.CLINICIAN)),
        Notice.client_id.in_(mine),
        Notice.done_at.is_(None),
    )


def open_for(session: Session, caller: Caller, client_id: UUID | None = None) -> list[Line]:
    """Open lines about the caller's clients (or the one named), newest first.

    The caller of this writes the audit row.
    """
    rows = _open(caller) if client_id is None else _open(caller).where(Notice.client_id == client_id)
    found = session.scalars(rows.order_by(Notice.at.desc(), Notice.id).limit(MOST)).all()
    points = select(ContactPoint.id, ContactPoint.kind).where(
        ContactPoint.id.in_({row.contact_point_id for row in found if row.contact_point_id})
    )
    kinds = {row.id: row.kind for row in session.execute(points)}
    return [Line(row, kinds.get(row.contact_point_id) if row.contact_point_id else None) for row in found]


def done(session: Session, caller: Caller, notice_id: UUID) -> UUID:
    """Somebody of the care team has seen to it; gives the client's id. NotFound, also the second time."""
    row = session.scalars(_open(caller).where(Notice.id == notice_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    row.done_at, row.done_by = now(), caller.person_id
    detail = {"kind": row.kind.value, "client": str(row.client_id)}
    audit.record(session, row.practice_id, caller.actor, audit.Tag.NOTICE_DONE, row.id, detail)
    return row.client_id
