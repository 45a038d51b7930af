"""What providers tell us, from their call to the message that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from channels.base import Event, EvidenceSource, Kind, Message, Receipt
from channels.twilio_hooks import Inbound
from delivery import access, clients, consents, events, inbox, notices, replies
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.errors import NotSaved
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import ContactKind, ContactPoint, ContactState
from delivery.models.ledger import InboxEntry
from delivery.models.messages import Attempt, Dispatch, NoticeKind
from delivery.service import Service
from delivery.states import AttemptState, DispatchState
from tests import build
from workers import drain, receipts, scheduler
from workers.context import Context

NUMBER = "+15035550123"


class Texts:
    """A channel for texts that takes everything."""

    kind: Kind = "sms"
    provider = "twilio"
    evidence: EvidenceSource = "look_up"

    def __init__(self) -> None:
        self.taken: list[Message] = []

    def send(self, message: Message) -> Receipt:
        self.taken.append(message)
        return Receipt(self.provider, f"SM{len(self.taken)}")

    def look_up(
        self, message: Message, since: object, claimed: frozenset[str] = frozenset()
    ) -> Receipt | Literal["not_found"] | None:
        return None

    def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture
def texts() -> Texts:
    return Texts()


@pytest.fixture
def here(service: Service, texts: Texts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    made = Context(service, {"sms": texts})
    monkeypatch.setattr(drain, "context", lambda: made)
    yield made


@pytest.fixture
def tex(service: Service, cast: build.Cast) -> UUID:
    """A client of Dr. Ada who agreed to texts, where it is day."""
    with service.db.write() as session:
        caller = access.caller(session, cast.ada)
        points = [NewContact(ContactKind.SMS, NUMBER)]
        client = clients.add(
            session,
            caller,
            given_name="Tex",
            time_zone=build.zone_at(9, 20),
            respondents=[NewRespondent(contacts=points)],
        )
        (who,) = clients.respondents(session, client.id)
        consents.give(session, who, "sms", given_at=now(), how="signed on paper", recorded_by=cast.ada)
        session.flush()
        for point in session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == who.id)):
            point.state = ContactState.CONFIRMED
        return client.id


@pytest.fixture
def asked(service: Service, cast: build.Cast, tex: UUID) -> Assignment:
    """GAD-7 for Tex by text, planned."""
    return build.ask(service, cast.caller(service, cast.ada), tex, ["gad7"], Way.SMS)


def message(service: Service) -> Dispatch:
    with service.db.read() as session:
        return session.scalars(select(Dispatch)).one()


def sent(service: Service) -> Attempt:
    """The one attempt, after the send queue was worked off."""
    drain.drain("send")
    with service.db.read() as session:
        attempt = session.scalars(select(Attempt)).one()
    assert attempt.state is AttemptState.ACCEPTED
    return attempt


def event(attempt_id: object, kind: str, reference: str = "SM1") -> Event:
    made = Event(
        attempt_id=str(attempt_id),
        kind="accepted",
        code=f"twilio_{kind}",
        reason="",
        contact="",
        reference=reference,
        dedupe=f"{reference}|{kind}|",
        at=None,
        permanent=False,
        stops_provider=False,
    )
    return replace(made, kind=kind)  # type: ignore[arg-type]


def keep(service: Service, *found: Event) -> None:
    for one in found:
        with service.db.write() as session:
            inbox.keep_events(session, "twilio", [one])


def entries(service: Service) -> list[InboxEntry]:
    with service.db.read() as session:
        return list(session.scalars(select(InboxEntry).order_by(InboxEntry.id)))


def hear(service: Service, words: str) -> str:
    with service.db.write() as session:
        text = Inbound(f"SM{uuid4().hex}", "AC1", NUMBER, "+15035550100", words)
        return replies.hear(session, text, service.settings)


@pytest.mark.parametrize("order", [("sent", "delivered"), ("delivered", "sent"), ("delivered", "accepted")])
def test_a_message_becomes_delivered_in_whatever_order_the_callbacks_come(
    here: Context, asked: Assignment, order: tuple[str, str]
) -> None:
    attempt = sent(here.service)
    keep(here.service, *(event(attempt.id, kind) for kind in order))
    drain.drain(inbox.QUEUE)
    assert message(here.service).state is DispatchState.DELIVERED
    assert [(row.body, row.error, row.done_at is not None) for row in entries(here.service)] == [
        (None, None, True)
    ] * 2


def test_the_address_in_the_message_is_that_of_its_own_attempt(
    here: Context, texts: Texts, asked: Assignment
) -> None:
    attempt = sent(here.service)
    url = texts.taken[0].callback_url
    assert url is not None
    assert inbox.attempt_of(here.service.tokens, url.split("=")[1]) == attempt.id


@pytest.mark.parametrize("attempt", ["3d4b3a0e-6b3b-4b0e-9d38-0f3a9e5f7c11", "no-uuid", "1"])
def test_a_callback_about_an_attempt_that_nobody_made_is_done_and_counted(
    here: Context, cast: build.Cast, attempt: str
) -> None:
    keep(here.service, event(attempt, "delivered"))
    drain.drain(inbox.QUEUE)
    (row,) = entries(here.service)
    assert (row.error, row.done_at is not None, row.tries) == (inbox.UNKNOWN, True, 0)
    with here.service.db.read() as session:
        assert inbox.unknown_last_hour(session) == 1


def test_an_entry_that_goes_wrong_is_noted_and_stops_no_other(
    here: Context, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, apply = sent(here.service), events.reported

    def broken(session: object, one: Event) -> None:
        apply(session, one)  # type: ignore[arg-type]
        if one.kind == "sent":
            raise RuntimeError("nobody may read this")

    monkeypatch.setattr(events, "reported", broken)
    keep(here.service, event(attempt.id, "sent"), event(attempt.id, "delivered"))
    drain.drain(inbox.QUEUE)
    wrong, right = entries(here.service)
    assert (wrong.tries, wrong.done_at, (wrong.error or "").split()[0]) == (1, None, "RuntimeError")
    assert "nobody" not in (wrong.error or "")
    assert wrong.body is not None
    assert right.done_at is not None
    assert message(here.service).state is DispatchState.DELIVERED


def test_a_database_that_does_not_answer_loses_nothing(
    here: Context, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = sent(here.service)
    keep(here.service, event(attempt.id, "delivered"))

    def away(*_: object) -> None:
        raise NotSaved("not now")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "take", away)
        drain.drain(inbox.QUEUE)
    assert entries(here.service)[0].done_at is None
    drain.drain(inbox.QUEUE)
    assert message(here.service).state is DispatchState.DELIVERED


def test_a_long_queue_is_worked_off_in_turns(
    here: Context, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(type(here.service.bell), "ring", lambda _self, queues: rung.extend(queues))
    attempt = sent(here.service)
    keep(here.service, event(attempt.id, "sent"), event(attempt.id, "delivered"))
    rung.clear()
    receipts.drain(here, seconds=0)
    assert rung == [inbox.QUEUE]
    assert [row.done_at is not None for row in entries(here.service)] == [True, False]


def test_the_scheduler_rings_for_what_came_in_and_was_not_heard(here: Context, cast: build.Cast) -> None:
    assert {inbox.wake, inbox.forget_old} <= set(scheduler.PARTS)


def test_stop_comes_before_a_message_that_is_planned_already(
    here: Context, texts: Texts, asked: Assignment
) -> None:
    assert hear(here.service, "por favor no me manden mensajes") != ""
    drain.drain("send")
    assert texts.taken == []
    assert message(here.service).state in (DispatchState.CANCELLED, DispatchState.FAILED)
    drain.drain(inbox.QUEUE)
    drain.drain("send")
    assert texts.taken == []


def test_after_start_messages_go_out_again(here: Context, texts: Texts, cast: build.Cast, tex: UUID) -> None:
    hear(here.service, "STOP")
    assert hear(here.service, "START") != ""
    build.ask(here.service, cast.caller(here.service, cast.ada), tex, ["gad7"], Way.SMS)
    drain.drain("send")
    assert [one.to for one in texts.taken] == [NUMBER]
    drain.drain(inbox.QUEUE)
    with here.service.db.read() as session:
        assert notices.open_for(session, access.caller(session, cast.ada)) == []


def test_a_stop_is_seen_on_today_and_on_the_clients_page_until_somebody_presses_done(
    here: Context, cast: build.Cast, tex: UUID, console: FlaskClient
) -> None:
    hear(here.service, "STOP")
    drain.drain(inbox.QUEUE)
    words = "Text messages are not possible."
    today, page = console.get("/console/").text, console.get(f"/console/clients/{tex}").text
    assert words in today
    assert words in page
    assert NUMBER not in today
    with here.service.db.read() as session:
        (line,) = notices.open_for(session, access.caller(session, cast.ada))
    assert line.notice.kind is NoticeKind.OPTED_OUT
    reply = console.post(f"/console/notices/{line.notice.id}/done", data={"back": "client"})
    assert (reply.status_code, reply.headers["Location"]) == (303, f"/console/clients/{tex}")
    assert words not in console.get("/console/").text
    assert console.post(f"/console/notices/{line.notice.id}/done").status_code == 404
