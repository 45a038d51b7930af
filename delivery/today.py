"""What needs the clinician now: risk first, then new results, missing answers, refusals, stuck things."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import access, alerts, audit, dispatch, links, notices, result_lines, stuck
from delivery.access import Caller
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.clients import Client
from delivery.models.messages import Dispatch, NoticeKind
from delivery.models.results import Alert, Submission
from delivery.notices import Line
from delivery.result_lines import ResultLine
from delivery.states import OPEN_ASK, AssignmentState
from delivery.stuck import Astray, Parked

MOST: Final = 100
#: "Not for me" and "I don't want these forms" stay on the page for this long.
DECLINED_FOR: Final = timedelta(days=14)
#: Why an ask ended -> the notice that tells of it.
SAID: Final = {
    "wrong-person": NoticeKind.WRONG_PERSON,
    "refused": NoticeKind.REFUSED,
    "not-now": NoticeKind.REFUSED,
}


@dataclass(frozen=True)
class RiskLine:
    """An open alert and whom it was told to, when (None while the message is on its way)."""

    alert: Alert
    told: tuple[str, datetime] | None


@dataclass(frozen=True)
class Today:
    """The page's sections in their order, and the clients they name. `locked` are asks in `waiting`."""

    clients: dict[UUID, Client]
    risks: list[RiskLine]
    fresh: list[ResultLine]
    waiting: list[Assignment]
    newest: dict[UUID, Dispatch]
    locked: set[UUID]
    declined: list[Assignment]
    astray: list[Astray]
    parked: list[Parked]
    notices: list[Line]


def today(session: Session, caller: Caller) -> Today:
    """Everything on the first page, for the caller's clients only. Writes the audit rows of the read."""
    risks = alerts.open_alerts(session, caller)
    fresh = session.scalars(
        access.of_client(caller, Submission)
        .where(Submission.seen_at.is_(None), Submission.voided_at.is_(None))
        .order_by(Submission.answered_at.desc(), Submission.id)
        .limit(MOST)
    ).all()
    waiting: Sequence[Assignment] = session.scalars(
        access.of_client(caller, Assignment)
        .where(Assignment.state.in_(OPEN_ASK))
        .order_by(Assignment.send_at, Assignment.id)
        .limit(MOST)
    ).all()
    declined = session.scalars(
        access.of_client(caller, Assignment)
        .where(Assignment.state == AssignmentState.DECLINED, Assignment.ended_at > now() - DECLINED_FOR)
        .order_by(Assignment.ended_at.desc())
    ).all()
    told = notices.open_for(session, caller)
    lines = {(line.notice.client_id, line.notice.kind) for line in told}
    # What stands among the notices, with a press that takes it away, is not said twice.
    declined = [row for row in declined if (row.client_id, SAID.get(row.end_reason or "")) not in lines]
    astray, parked = stuck.astray(session, caller), stuck.parked(session, caller)
    lost = {a.assignment.id for a in astray if a.assignment and a.to_client}
    waiting = [row for row in waiting if row.id not in lost]
    asks = [*waiting, *declined, *(p.assignment for p in parked if p.assignment)]
    named = {r.client_id for r in risks} | {s.client_id for s in fresh} | {a.client_id for a in asks}
    named |= {line.notice.client_id for line in told} | {a.client_id for a in astray if a.client_id}
    found = named_clients(session, caller, named)
    return Today(
        clients=found,
        risks=[RiskLine(alert, alerts.told(session, alert)) for alert in risks],
        fresh=result_lines.lines(session, fresh),
        waiting=list(waiting),
        newest=dispatch.newest(session, [a.id for a in waiting]),
        locked=links.locked(session, [a.id for a in waiting]),
        declined=declined,
        astray=astray,
        parked=parked,
        notices=told,
    )


def named_clients(session: Session, caller: Caller, ids: Iterable[UUID]) -> dict[UUID, Client]:
    """The caller's clients of these ids, after one audit row for each practice with the sealed list."""
    rows = session.scalars(access.clients(caller).where(Client.id.in_(set(ids)))).all()
    for practice_id in sorted({row.practice_id for row in rows}, key=str):
        mine = [str(row.id) for row in rows if row.practice_id == practice_id]
        audit.record(session, practice_id, caller.actor, audit.Tag.CLIENT_LIST_READ, detail={"clients": mine})
    return {row.id: row for row in rows}
