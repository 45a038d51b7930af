"""Two presses in the same instant, on both databases: one effect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from channels.base import Receipt
from delivery import clearance, client_life, consents, dispatch, forms, jobs, resending, sending, settling
from delivery.assignments import Ask
from delivery.db import now
from delivery.errors import Conflict, LightQError
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Client, ContactPoint, ContactState, Episode, SafeFor
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Attempt, Dispatch, RecipientKind
from delivery.service import Service
from delivery.states import (
    AssignmentState,
    AttemptState,
    ClientState,
    DispatchState,
    LinkState,
    OutboxState,
)
from tests import build

TIMES = 4


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at once; what each gave, or the error it raised."""
    start, found = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        start.wait()
        try:
            found[place] = act()
        except LightQError as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def cast(migrated: Service) -> build.Cast:
    return build.cast(migrated)


def test_a_double_press_on_send_asks_once(migrated: Service, cast: build.Cast) -> None:
    ada = cast.caller(migrated, cast.ada)
    wanted = Ask(client_id=cast.cy, instruments=["phq9"], channel=Way.EMAIL)

    def press() -> Any:
        with migrated.db.write() as session:
            return sending.send(session, ada, wanted, migrated.settings).id

    assert len(set(together(*[press] * TIMES))) == 1
    with migrated.db.read() as session:
        assert len(session.scalars(select(Assignment)).all()) == 1
        assert len(session.scalars(select(Dispatch)).all()) == 1
        assert len(session.scalars(select(Episode)).all()) == 1


def test_two_asks_at_once_share_one_episode(migrated: Service, cast: build.Cast) -> None:
    ada = cast.caller(migrated, cast.ada)
    acts = [lambda key=key: build.ask(migrated, ada, cast.cy, [key]).id for key in ("phq9", "gad7", "pcl5")]
    assert len(set(together(*acts))) == 3
    with migrated.db.read() as session:
        assert len(session.scalars(select(Episode)).all()) == 1


def test_asking_and_dying_at_once_leave_nothing_open(migrated: Service, cast: build.Cast) -> None:
    ada = cast.caller(migrated, cast.ada)

    def die() -> int:
        with migrated.db.write() as session:
            return client_life.set_state(session, ada, cast.cy, ClientState.DECEASED)

    together(die, *[lambda: build.ask(migrated, ada, cast.cy, ["phq9"])] * TIMES)
    with migrated.db.read() as session:
        assert session.get_one(Client, cast.cy).state is ClientState.DECEASED
        states = session.scalars(select(Assignment.state)).all()
    assert set(states) <= {AssignmentState.CANCELLED}


def test_asking_for_a_new_link_twice_at_once_gives_one(migrated: Service, cast: build.Cast) -> None:
    ask = build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["phq9"])
    with migrated.db.write() as session:
        past = now() - timedelta(days=3)
        session.execute(update(Link).values(expires_at=past, state=LinkState.EXPIRED, ended_at=past))
        session.execute(update(Assignment).values(expires_at=past, state=AssignmentState.EXPIRED))
        session.execute(update(Dispatch).values(created_at=past - timedelta(days=1)))
        link_id = session.scalars(select(Link.id).where(Link.assignment_id == ask.id)).one()

    def press() -> bool:
        with migrated.db.write() as session:
            return forms.ask_again(session, session.get_one(Link, link_id), migrated.settings)

    assert sorted(together(*[press] * TIMES)) == [False] * (TIMES - 1) + [True]
    with migrated.db.read() as session:
        assert len(session.scalars(select(Assignment)).all()) == 2


def test_sending_again_twice_at_once_plans_one_message(migrated: Service, cast: build.Cast) -> None:
    ada = cast.caller(migrated, cast.ada)
    ask = build.ask(migrated, ada, cast.cy, ["phq9"])
    with migrated.db.write() as session:
        session.execute(update(Dispatch).values(state=DispatchState.HANDED_OVER))

    def press() -> Any:
        with migrated.db.write() as session:
            return resending.resend(session, ada, ask.id).id

    found = together(*[press] * TIMES)
    assert sum(isinstance(one, Conflict) for one in found) == TIMES - 1
    with migrated.db.read() as session:
        assert len(session.scalars(select(Dispatch)).all()) == 2


def _attempt(service: Service, row: Dispatch, number: int, state: AttemptState) -> Attempt:
    with service.db.write() as session:
        agreed = consents.standing(session, row.respondent_id, row.channel, row.contact_point_id)
        attempt = Attempt(
            practice_id=row.practice_id,
            dispatch_id=row.id,
            recipient=row.recipient,
            consent_id=agreed.id if agreed else None,
            number=number,
            provider="sendgrid",
            state=state,
            started_at=now(),
        )
        session.add(attempt)
        session.flush()
        jobs.add(session, "settle", attempt.id, practice_id=row.practice_id)
    return attempt


def _settle(service: Service, attempt: Attempt, found: Receipt | str) -> None:
    with service.db.write() as session:
        session.execute(update(OutboxEntry).where(OutboxEntry.kind == "send").values(state=OutboxState.DONE))
        session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.subject_id != attempt.id)
            .values(due_at=now() + timedelta(hours=1))
        )
    with service.db.write() as session:
        claim = jobs.claim(session, "send", 20)
        assert claim is not None
        assert claim.subject_id == attempt.id
        settling.settle(session, claim, found)


def test_a_lost_attempt_plans_no_third_call_while_a_second_one_is_open(
    migrated: Service, cast: build.Cast
) -> None:
    build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["phq9"])
    with migrated.db.write() as session:
        row = session.scalars(select(Dispatch)).one()
        session.execute(update(Dispatch).values(state=DispatchState.UNCLEAR))
    lost = _attempt(migrated, row, 1, AttemptState.UNKNOWN)
    _attempt(migrated, row, 2, AttemptState.UNKNOWN)
    _settle(migrated, lost, "not_found")
    with migrated.db.read() as session:
        assert session.get_one(Dispatch, row.id).state is DispatchState.UNCLEAR
        waiting = select(OutboxEntry).where(OutboxEntry.kind == "send", OutboxEntry.state == OutboxState.NEW)
        assert session.scalars(waiting).all() == []


def test_send_again_says_why_it_would_fail_again_and_never_gets_stuck(
    migrated: Service, cast: build.Cast
) -> None:
    build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["phq9"])
    with migrated.db.write() as session:
        session.execute(update(Dispatch).values(state=DispatchState.FAILED))
        session.execute(update(ContactPoint).values(state=ContactState.BLOCKED))
    for _ in range(2):
        with pytest.raises(Conflict, match="may not be used"), migrated.db.write() as session:
            dispatch.send_again(session, session.scalars(select(Dispatch)).one())
    with migrated.db.write() as session:
        session.execute(update(ContactPoint).values(state=ContactState.CONFIRMED))
    for _ in range(3):
        with migrated.db.write() as session:
            session.execute(update(Dispatch).values(state=DispatchState.FAILED))
            session.execute(update(OutboxEntry).values(state=OutboxState.DONE))
            dispatch.send_again(session, session.scalars(select(Dispatch)).one())
        with migrated.db.read() as session:
            fresh = select(OutboxEntry).where(OutboxEntry.state == OutboxState.NEW)
            assert len(session.scalars(fresh).all()) == 1


def test_a_resend_by_a_person_goes_to_a_contact_that_takes_invitations_only(
    migrated: Service, cast: build.Cast
) -> None:
    ada = cast.caller(migrated, cast.ada)
    ask = build.ask(migrated, ada, cast.cy, ["phq9"])
    with migrated.db.write() as session:
        session.execute(update(ContactPoint).values(safe_for=SafeFor.INVITATIONS))
        session.execute(
            update(Dispatch)
            .where(Dispatch.recipient == RecipientKind.CLIENT)
            .values(state=DispatchState.HANDED_OVER)
        )
    with migrated.db.write() as session:
        row = resending.resend(session, ada, ask.id)
        assert clearance.barred(session, row) is None
