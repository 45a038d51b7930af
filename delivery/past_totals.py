"""Totals from before LightQ, entered by hand: shown on the client's page, and counted nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.caseload import row as typed
from delivery.models.clients import Respondent
from delivery.models.schedules import PastTotal


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


def of_client(session: Session, client_id: UUID) -> list[typed.PastTotal]:
    """A client's past totals, newest first. Whose record the caller may read is decided before."""
    return of_clients(session, [client_id])[client_id]


def of_clients(session: Session, client_ids: Collection[UUID]) -> dict[UUID, list[typed.PastTotal]]:
    """By client the past totals, newest first; an empty list for whoever has none."""
    found: dict[UUID, list[typed.PastTotal]] = defaultdict(list)
    rows = select(PastTotal).where(PastTotal.client_id.in_(client_ids))
    for row in session.scalars(rows.order_by(PastTotal.answered_on.desc(), PastTotal.instrument_key)):
        on = date.fromisoformat(row.answered_on)
        found[row.client_id].append(typed.PastTotal(row.instrument_key, on, row.total or 0))
    return found
