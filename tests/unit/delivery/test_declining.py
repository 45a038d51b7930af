"""What a client may say instead of answering, and what it ends."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, update

from delivery import audit, declining
from delivery.errors import Conflict, Invalid
from delivery.models.assignments import Assignment, Link
from delivery.models.clients import Consent, ContactPoint, ContactState, Respondent
from delivery.models.messages import Dispatch
from delivery.service import Service
from delivery.states import AssignmentState, DispatchState, LinkState
from tests import build


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])


def test_saying_no_takes_only_the_two_words(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        link = session.scalars(select(Link)).one()
        with pytest.raises(Invalid):
            declining.decline(session, link, "maybe")
        assert link.state is LinkState.OPEN


def test_not_for_me_blocks_only_the_contact_that_was_used(
    service: Service, asked: Assignment, cast: build.Cast
) -> None:
    with service.db.write() as session:
        declining.decline(session, session.scalars(select(Link)).one(), "wrong-person")
    with service.db.read() as session:
        points = {p.respondent_id: p.state for p in session.scalars(select(ContactPoint))}
        blocked = [who for who, state in points.items() if state is ContactState.BLOCKED]
        assert blocked == [asked.respondent_id] and len(points) == 2
        assert session.scalars(select(Dispatch)).one().state is DispatchState.CANCELLED
        assert session.get(Respondent, asked.respondent_id).refused_at is None  # type: ignore[union-attr]


def test_a_link_that_ended_declines_nothing(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        link = session.scalars(select(Link)).one()
        session.execute(update(Link).values(state=LinkState.SUPERSEDED))
        session.refresh(link)
        declining.decline(session, link, "refused")
        assert session.get(Assignment, asked.id).state is AssignmentState.PLANNED  # type: ignore[union-attr]


def test_refusing_ends_every_open_ask_and_bars_the_next(
    service: Service, asked: Assignment, cast: build.Cast
) -> None:
    with service.db.write() as session:
        declining.decline(session, session.scalars(select(Link)).one(), "refused")
    with service.db.read() as session:
        row = session.get(Assignment, asked.id)
        assert row is not None
        assert (row.state, row.end_reason) == (AssignmentState.DECLINED, "refused")
    with pytest.raises(Conflict):
        build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])


def test_refusing_twice_keeps_the_first_moment(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        row = session.get(Assignment, asked.id)
        assert row is not None
        declining.refuse(session, row)
        respondent = session.get(Respondent, asked.respondent_id)
        assert respondent is not None and respondent.refused_at is not None
        first = respondent.refused_at
        declining.refuse(session, row)
        assert respondent.refused_at == first


def test_taking_back_the_agreement_to_email_is_kept_with_its_moment(
    service: Service, asked: Assignment
) -> None:
    with service.db.write() as session:
        assert declining.withdraw_mail(session, asked.respondent_id)
        assert declining.withdraw_mail(session, asked.respondent_id), "again is no mistake"
        rows = session.scalars(select(Consent).where(Consent.respondent_id == asked.respondent_id)).all()
        assert [row.withdrawn_at is not None for row in rows] == [True]
        assert list(audit.verify(session, asked.practice_id)) == []
        assert not declining.withdraw_mail(session, UUID(int=5))
