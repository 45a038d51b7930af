from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from delivery import assignments, history, links, messages, resending
from delivery.assignments import Ask
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import (
    Client,
    Consent,
    ContactPoint,
    ContactState,
    Episode,
    Respondent,
    SafeFor,
)
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Attempt, Dispatch, Purpose
from delivery.service import Service
from delivery.states import AssignmentState, AttemptState, ClientState, DispatchState, LinkState
from tests import build


def _ask(service: Service, cast: build.Cast, undo: bool = False, **changes: Any) -> Assignment:
    caller = cast.caller(service, cast.ada)
    usual = {"client_id": cast.cy, "instruments": ["phq9"], "channel": Way.EMAIL, "even_if_recent": True}
    wanted = Ask(**{**usual, **changes})
    with service.db.write() as session:
        return assignments.ask(session, caller, wanted, service.settings, undo=undo)


def _message(service: Service, row: Assignment) -> Dispatch:
    with service.db.read() as session:
        return session.scalars(select(Dispatch).where(Dispatch.assignment_id == row.id)).one()


def _links(service: Service, row: Assignment) -> list[Link]:
    with service.db.read() as session:
        return list(session.scalars(select(Link).where(Link.assignment_id == row.id).order_by(Link.id)))


def test_ask_link_message_and_work_are_there_together(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast, instruments=["gad7", "phq9"])
    message = _message(service, row)
    (link,) = _links(service, row)
    with service.db.read() as session:
        work = session.scalars(select(OutboxEntry).where(OutboxEntry.subject_id == message.id)).one()
    assert row.instruments == [
        {"key": "gad7", "version": 1, "language": "en"},
        {"key": "phq9", "version": 1, "language": "en"},
    ]
    assert (work.kind, work.queue) == ("send", "send")
    assert link.state is LinkState.OPEN
    assert link.expires_at == row.expires_at == row.send_at + timedelta(days=service.settings.link_days)


def test_an_ask_that_cannot_be_sent_leaves_nothing_behind(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        session.scalars(select(Consent)).first().withdrawn_at = now()  # type: ignore[union-attr]
    with pytest.raises(Invalid) as caught:
        _ask(service, cast)
    assert "channel" in caught.value.fields
    with service.db.read() as session:
        for model in (Assignment, Link, Dispatch, Episode, OutboxEntry):
            assert session.scalars(select(model)).all() == [], model


def test_together_has_no_link_and_no_message(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast, channel=Way.IN_PERSON)
    assert _links(service, row) == []
    with service.db.read() as session:
        assert session.scalars(select(Dispatch)).all() == []


def test_with_undo_the_message_waits_and_without_it_does_not(service: Service, cast: build.Cast) -> None:
    object.__setattr__(service.settings, "undo_seconds", 10)
    slow, fast = _ask(service, cast, undo=True), _ask(service, cast, undo=False)
    assert _message(service, slow).due_at == slow.send_at + timedelta(seconds=10)
    assert _message(service, fast).due_at == fast.send_at


def test_the_first_ask_opens_an_episode_and_the_next_joins_it(service: Service, cast: build.Cast) -> None:
    first, second = _ask(service, cast), _ask(service, cast, instruments=["gad7"])
    assert first.episode_id == second.episode_id
    with service.db.write() as session:
        session.get(Episode, first.episode_id).closed_at = now()  # type: ignore[union-attr]
    assert _ask(service, cast).episode_id != first.episode_id


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"instruments": []}, Invalid),
        ({"instruments": ["phq9", "phq9"]}, Invalid),
        ({"instruments": ["nothing"]}, Invalid),
        ({"expires_in_days": 61}, Invalid),
        ({"expires_in_days": -1}, Invalid),
        ({"channel": Way.SMS}, Invalid),
    ],
)
def test_a_wrong_wish_is_refused(
    service: Service, cast: build.Cast, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        _ask(service, cast, **changes)


def test_more_than_a_year_ahead_is_refused(service: Service, cast: build.Cast) -> None:
    with pytest.raises(Invalid):
        _ask(service, cast, send_at=now() + timedelta(days=400))
    later = now() + timedelta(days=3)
    assert _ask(service, cast, send_at=later).send_at == later


@pytest.mark.parametrize("state", [ClientState.PAUSED, ClientState.CLOSED, ClientState.DECEASED])
def test_nothing_is_asked_of_somebody_who_is_not_active(
    service: Service, cast: build.Cast, state: ClientState
) -> None:
    with service.db.write() as session:
        session.get(Client, cast.cy).state = state  # type: ignore[union-attr]
    with pytest.raises(Conflict):
        _ask(service, cast)


def test_nothing_is_asked_after_a_refusal(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        rows = session.scalars(select(Respondent).where(Respondent.client_id == cast.cy))
        rows.one().refused_at = now()
    with pytest.raises(Conflict):
        _ask(service, cast)


@pytest.mark.parametrize(
    "change", [{"state": ContactState.BLOCKED}, {"state": ContactState.DEAD}, {"safe_for": SafeFor.NOTHING}]
)
def test_an_address_that_may_not_be_used_is_not_used(
    service: Service, cast: build.Cast, change: dict[str, Any]
) -> None:
    with service.db.write() as session:
        for point in session.scalars(select(ContactPoint)):
            for name, value in change.items():
                setattr(point, name, value)
    with pytest.raises(Invalid):
        _ask(service, cast)


def test_sending_again_repeats_the_same_link(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast)
    with service.db.write() as session:
        session.scalars(select(Dispatch)).one().state = DispatchState.HANDED_OVER
    with service.db.write() as session:
        resending.resend(session, cast.caller(service, cast.ada), row.id)
    (link,) = _links(service, row)
    assert link.state is LinkState.OPEN
    with service.db.write() as session, pytest.raises(Conflict):
        resending.resend(session, cast.caller(service, cast.ada), row.id)


def test_taking_back_ends_link_message_and_ask_at_once(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast)
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        assignments.cancel(session, caller, row.id)
    (link,) = _links(service, row)
    assert (link.state, link.token_id) == (LinkState.REVOKED, None)
    assert _message(service, row).state is DispatchState.CANCELLED
    with service.db.write() as session, pytest.raises(Conflict):
        assignments.cancel(session, caller, row.id)
    with service.db.write() as session, pytest.raises(Conflict):
        resending.resend(session, caller, row.id)


def test_somebody_else_can_neither_take_back_nor_send_again(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast)
    for person in (cast.bo, cast.stranger, cast.desk):
        caller = cast.caller(service, person)
        for act in (assignments.cancel, resending.resend):
            with service.db.write() as session, pytest.raises(NotFound):
                act(session, caller, row.id)
    assert _links(service, row)[0].state is LinkState.OPEN


def test_an_ask_expires_with_its_link(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast, expires_in_days=1)
    with service.db.write() as session:
        assert assignments.expire_due(session) == 0
        session.get(Assignment, row.id).expires_at = now() - timedelta(seconds=1)  # type: ignore[union-attr]
        session.flush()
        assert assignments.expire_due(session) == 1
    with service.db.read() as session:
        assert session.get(Assignment, row.id).state is AssignmentState.EXPIRED  # type: ignore[union-attr]
    assert links.state(_links(service, row)[0]) is LinkState.EXPIRED


def test_the_history_is_told_in_order(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast)
    with service.db.write() as session:
        ask = session.get(Assignment, row.id)
        assert ask is not None
        message = session.scalars(select(Dispatch)).one()
        message.state, message.handed_over_at = DispatchState.HANDED_OVER, row.send_at + timedelta(seconds=1)
        ask.started_at = row.send_at + timedelta(seconds=2)
        ask.completed_at = row.send_at + timedelta(seconds=3)
        session.flush()
        told = [line["what"] for line in history.of_ask(session, ask)]
    assert told == ["asked", "handed_over", "started", "completed"]


def test_the_ladder_tells_every_try_and_what_took_its_place(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast)
    with service.db.write() as session:
        ask = session.get_one(Assignment, row.id)
        mail = session.scalars(select(Dispatch)).one()
        at = mail.created_at
        for number, (state, code) in enumerate([("refused", "smtp_450"), ("refused", "smtp_550")], start=1):
            session.add(
                Attempt(
                    practice_id=mail.practice_id,
                    dispatch_id=mail.id,
                    recipient=mail.recipient,
                    consent_id=session.scalars(
                        select(Consent.id).where(Consent.respondent_id == mail.respondent_id)
                    ).first(),
                    number=number,
                    provider="smtp",
                    state=AttemptState(state),
                    started_at=at,
                    settled_at=at + timedelta(seconds=number),
                    code=code,
                )
            )
        mail.state, mail.code = DispatchState.FAILED, "smtp_550"
        point = session.get_one(ContactPoint, mail.contact_point_id)
        text = messages.plan(session, ask, point, Purpose.INVITATION, f"instead|{mail.id}", at)
        text.state, text.channel, text.handed_over_at = (
            DispatchState.HANDED_OVER,
            "sms",
            at + timedelta(seconds=9),
        )
        session.flush()
        lines = history.of_ask(session, ask)
    told = [(line["what"], line.get("code"), line.get("instead")) for line in lines]
    assert told == [
        ("asked", None, None),
        ("refused", "smtp_450", False),
        ("failed", "smtp_550", False),
        ("handed_over", None, True),
    ]
