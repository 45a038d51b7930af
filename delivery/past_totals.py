"""Totals from before LightQ, entered by hand: shown on the client's page, and counted nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, library
from delivery.access import Caller
from delivery.caseload import cells, columns, measures
from delivery.caseload import row as typed
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.clients import Client, Respondent
from delivery.models.people import Practice
from delivery.models.schedules import PastTotal

LONGEST_REASON: Final = 200


@dataclass(frozen=True)
class Kept:
    """A past total with the id of its row."""

    id: UUID
    past: typed.PastTotal


def add(
    session: Session, respondent: Respondent, totals: Iterable[typed.PastTotal], entered_by: UUID
) -> None:
    """Store checked totals of one who answered on paper."""
    for one in totals:
        row = PastTotal(
            practice_id=respondent.practice_id,
            client_id=respondent.client_id,
            respondent_id=respondent.id,
            instrument_key=one.instrument,
            answered_on=one.on.isoformat(),
            entered_by=entered_by,
        )
        row.total = one.total
        session.add(row)


def of_client(session: Session, client_id: UUID) -> list[Kept]:
    """A client's past totals, newest first. Whose record the caller may read is decided before."""
    return _of_clients(session, [client_id])[client_id]


def of_clients(session: Session, client_ids: Collection[UUID]) -> dict[UUID, list[typed.PastTotal]]:
    """By client the past totals, newest first; an empty list for whoever has none."""
    found: dict[UUID, list[typed.PastTotal]] = defaultdict(list)
    for client_id, kept in _of_clients(session, client_ids).items():
        found[client_id] = [one.past for one in kept]
    return found


def _of_clients(session: Session, client_ids: Collection[UUID]) -> dict[UUID, list[Kept]]:
    found: dict[UUID, list[Kept]] = defaultdict(list)
    rows = select(PastTotal).where(PastTotal.client_id.in_(client_ids))
    for row in session.scalars(rows.order_by(PastTotal.answered_on.desc(), PastTotal.instrument_key)):
        found[row.client_id].append(Kept(row.id, _past(row)))
    return found


def _past(row: PastTotal) -> typed.PastTotal:
    return typed.PastTotal(row.instrument_key, date.fromisoformat(row.answered_on), row.total or 0)


def correct(
    session: Session, caller: Caller, client_id: UUID, total_id: UUID, total: str, on: str, reason: str
) -> None:
    """Put another total or day, as typed, in place of a wrong one. Raises NotFound, Invalid, Conflict."""
    row, client = _one(session, caller, client_id, total_id)
    was, fields = _past(row), dict[str, str]()
    value, day = was.total, was.on
    try:
        value = measures.read_total(library.of(session, row.practice_id).get(was.instrument), total.strip())
    except Invalid as error:
        fields["total"] = str(error)
    try:
        day = _day(session, client, on.strip())
    except Invalid as error:
        fields["on"] = str(error)
    why = _reason(reason, fields)
    others = (one.past for one in of_client(session, client.id) if one.id != row.id)
    if any((one.instrument, one.on) == (was.instrument, day) for one in others):
        raise Conflict("There is a total of this measure and day already.")
    row.answered_on, row.total = day.isoformat(), value
    _note(session, caller, row, {"was": _said(was), "is": _said(_past(row)), "reason": why})


def remove(session: Session, caller: Caller, client_id: UUID, total_id: UUID, reason: str) -> None:
    """Take a wrong total away; the audit log keeps what it was, and why. Raises NotFound, Invalid."""
    row, _client = _one(session, caller, client_id, total_id)
    _note(session, caller, row, {"was": _said(_past(row)), "reason": _reason(reason, {})})
    session.delete(row)


def _one(session: Session, caller: Caller, client_id: UUID, total_id: UUID) -> tuple[PastTotal, Client]:
    client = access.client(session, caller, client_id)
    row = session.get(PastTotal, total_id, with_for_update=True)
    if row is None or row.client_id != client.id:
        raise NotFound
    return row, client


def _day(session: Session, client: Client, text: str) -> date:
    zone = ZoneInfo(session.get_one(Practice, client.practice_id).time_zone)
    found = cells.day(text, columns.EARLIEST_TOTAL, now().astimezone(zone).date())
    if client.date_of_birth and found < client.date_of_birth:
        raise Invalid("This day lies before the date of birth.")
    return found


def _reason(typed_reason: str, fields: dict[str, str]) -> str:
    reason = " ".join(typed_reason.split())[:LONGEST_REASON]
    if not reason:
        fields["reason"] = "Write why, in a few words."
    if fields:
        raise Invalid("Please look at what is marked.", fields)
    return reason


def _said(one: typed.PastTotal) -> dict[str, Any]:
    return {"measure": one.instrument, "on": one.on.isoformat(), "total": one.total}


def _note(session: Session, caller: Caller, row: PastTotal, detail: dict[str, Any]) -> None:
    said = {"past_total": str(row.id), **detail}
    audit.record(session, row.practice_id, caller.actor, audit.Tag.CLIENT_CHANGED, row.client_id, said)
