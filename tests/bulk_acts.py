"""A caseload for tests of bulk sends, and the job that makes one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from delivery import jobs
from delivery.access import Caller
from delivery.clients import NewRespondent, add
from delivery.contacts import NewContact
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.clients import Client, ContactKind, RespondentRole
from delivery.models.messages import Dispatch
from delivery.service import Service
from delivery.states import AssignmentState, DispatchState, move
from workers import bulk
from workers.context import Context

CONSENTED = datetime(2026, 1, 5, tzinfo=UTC)


def client(session: Any, caller: Caller, name: str, *kinds: ContactKind, **more: Any) -> Client:
    """A client with these kinds of contact, each consented to on paper unless `agreed` is False."""
    agreed, language = more.pop("agreed", True), more.pop("language", "en")
    slug = name.lower().replace(" ", ".")
    number = f"+1503555{sum(map(ord, name)) % 10000:04d}"
    given = [(kind.value, "consent-1", CONSENTED, "signed on paper") for kind in kinds if agreed]
    values = {ContactKind.EMAIL: f"{slug}@example.org", ContactKind.SMS: number}
    return add(
        session,
        caller,
        given_name=name,
        respondents=[
            NewRespondent(
                RespondentRole.SELF,
                language=language,
                contacts=[NewContact(kind, values[kind]) for kind in kinds],
                consents=given,
            )
        ],
        **more,
    )


def run(service: Service) -> None:
    """Work off the bulk sends that wait; their messages stay where they are."""
    with service.db.write() as session:
        claim = jobs.claim(session, "bulk", 20)
    if claim is not None and claim.kind == "plan_bulk":
        bulk.run(Context(service, {}), claim)


def hand_over_all(service: Service) -> None:
    """Every message that waits has left now."""
    with service.db.write() as session:
        for row in session.scalars(select(Dispatch).where(Dispatch.state == DispatchState.PLANNED)):
            move(session, Dispatch, row.id, DispatchState.DUE)
            move(session, Dispatch, row.id, DispatchState.HANDED_OVER, handed_over_at=now())
            if row.assignment_id:
                move(session, Assignment, row.assignment_id, AssignmentState.SENT, sent_at=now())
