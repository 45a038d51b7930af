"""What a client may say instead of answering, and what it ends."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, update

from delivery import audit, clients, declining, forms
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.errors import Conflict, Invalid
from delivery.models.assignments import Assignment, FormSession, Link, Way
from delivery.models.clients import (
    Client,
    Consent,
    ContactKind,
    ContactPoint,
    ContactState,
    Respondent,
    RespondentRole,
)
from delivery.models.messages import Dispatch
from delivery.models.schedules import Schedule
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


def test_one_persons_no_leaves_what_another_answers(
    service: Service, asked: Assignment, cast: build.Cast
) -> None:
    """A parent refuses; the client's own form and its draft, and the client's own plan, go on."""
    ada = cast.caller(service, cast.ada)
    with service.db.write() as session:
        own = session.get_one(Assignment, asked.id)
        parent = clients.add_respondent(
            session,
            ada,
            session.get_one(Client, cast.cy),
            NewRespondent(
                RespondentRole.PARENT,
                contacts=[NewContact(ContactKind.EMAIL, "parent@example.org")],
                consents=[("email", "consent-1", now(), "signed on paper")],
            ),
        )
        for who in (own.respondent_id, parent.id):
            session.add(_plan(own, who))
        form, secret = forms.begin(session, session.scalars(select(Link)).one(), own, language="en")
        forms.keep(session, forms.find(session, form.ref, secret), "phq9", {"phq9_1": "1"}, place="")
    theirs = [build.ask(service, ada, cast.cy, [name], respondent_id=parent.id) for name in ("phq9", "gad7")]
    with service.db.write() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == theirs[0].id)).one()
        declining.decline(session, link, "refused")
    with service.db.read() as session:
        states = [session.get_one(Assignment, row.id).state for row in (asked, *theirs)]
        ended = [AssignmentState.DECLINED, AssignmentState.CANCELLED]
        assert states == [AssignmentState.STARTED, *ended]
        assert session.scalars(select(FormSession)).one().draft == {"phq9": {"phq9_1": "1"}}
        assert session.get_one(Respondent, asked.respondent_id).refused_at is None
        stopped = {s.respondent_id: s.stop_reason for s in session.scalars(select(Schedule))}
        assert stopped == {asked.respondent_id: None, parent.id: "refused"}


def _plan(row: Assignment, respondent_id: UUID) -> Schedule:
    return Schedule(
        practice_id=row.practice_id,
        client_id=row.client_id,
        episode_id=row.episode_id,
        respondent_id=respondent_id,
        instruments=row.instruments,
        channel=Way.EMAIL,
        rule="FREQ=WEEKLY",
        starts_on="2026-01-05",
        wall_time="09:00",
        time_zone="America/Los_Angeles",
        requested_by=row.requested_by,
    )


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
