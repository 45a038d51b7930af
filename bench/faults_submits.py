"""Answers that a client saw sent, compared with what is stored and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.faults_people import Client
from delivery.models.results import Alert, Handoff, Report, ReportFile, Score, Submission
from delivery.service import Service
from delivery.states import HandoffState, WorkState

RISK_PLACE, NO_RISK = "phq9:phq9_9", "0"


def check(service: Service, clients: Mapping[UUID, Client], *, to_the_end: bool = True) -> dict[str, int]:
    """By assignment: what was seen sent must be stored as typed, once (I1, I2).

    `to_the_end`: also with one score, one report and one hand-off for each measure, and its alert.
    """
    lost = doubled = wrong = 0
    with service.db.read() as session:
        for assignment, client in clients.items():
            stored = session.scalars(select(Submission).where(Submission.assignment_id == assignment)).all()
            wanted = len(client.instruments)
            if not client.saw_sent:
                doubled += len(stored) > wanted
                continue
            typed = {f"{s.instrument_key}:{i}": c for s in stored for i, c in (s.answers or {}).items()}
            counts = [len(stored), *(_made(session, [one.id for one in stored]) if to_the_end else ())]
            risk = client.marks.get(RISK_PLACE, NO_RISK) != NO_RISK
            alerts = _count(session, Alert, Alert.assignment_id == assignment)
            lost += any(n < wanted for n in counts) or alerts < risk
            doubled += any(n > wanted for n in counts) or alerts > risk
            wrong += typed != client.marks
    return {"lost": lost, "doubled": doubled, "wrong_person": wrong}


def _made(session: Session, ids: list[UUID]) -> list[int]:
    """How many scores, finished reports, files and hand-offs these submissions have."""
    made = session.scalars(select(Report).where(Report.submission_id.in_(ids))).all()
    reports = [one.id for one in made]
    brought = Handoff.state == HandoffState.HANDED_OVER
    return [
        _count(session, Score, Score.submission_id.in_(ids)),
        sum(one.state is WorkState.READY for one in made),
        _count(session, ReportFile, ReportFile.report_id.in_(reports)),
        _count(session, Handoff, Handoff.report_id.in_(reports), brought),
    ]


def _count(session: Session, model: Any, *where: Any) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*where)) or 0
