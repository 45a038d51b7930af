"""A link's state by the clock, its end, and who may still send through it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select, text

from delivery import links, signing
from delivery.errors import Conflict
from delivery.models.assignments import Assignment, Link
from delivery.service import Service
from delivery.states import LinkState
from tests import build

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def link(state: LinkState, expires: timedelta, ended: timedelta | None = None) -> Link:
    made = Link(practice_id=UUID(int=1), state=state, expires_at=NOON + expires)
    made.ended_at = NOON + ended if ended is not None else None
    return made


def test_an_open_link_past_its_time_counts_as_expired_before_the_sweep() -> None:
    assert links.state(link(LinkState.OPEN, timedelta(minutes=1)), NOON) is LinkState.OPEN
    assert links.state(link(LinkState.BEGUN, timedelta(0)), NOON) is LinkState.EXPIRED
    assert links.state(link(LinkState.USED, timedelta(-1)), NOON) is LinkState.USED


def test_a_late_sweep_does_not_lengthen_the_grace() -> None:
    swept = link(LinkState.EXPIRED, timedelta(hours=-3), ended=timedelta(0))
    assert links.ended_at(swept) == NOON - timedelta(hours=3)
    assert not links.takes_answers(swept, NOON - timedelta(hours=4), NOON)


@pytest.mark.parametrize(
    ("state", "minutes", "taken"),
    [
        (LinkState.EXPIRED, 120, True),
        (LinkState.EXPIRED, 121, False),
        (LinkState.SUPERSEDED, 60, True),
        (LinkState.SUPERSEDED, 61, False),
        (LinkState.REVOKED, 0, False),
        (LinkState.LOCKED, 0, False),
        (LinkState.USED, 0, False),
    ],
)
def test_a_sitting_begun_in_time_has_its_grace_and_no_more(
    state: LinkState, minutes: int, taken: bool
) -> None:
    ended = link(state, timedelta(0), ended=timedelta(0))
    begun, at = NOON - timedelta(minutes=1), NOON + timedelta(minutes=minutes)
    assert links.takes_answers(ended, begun, at) is taken


def test_a_sitting_begun_after_the_end_has_no_grace() -> None:
    ended = link(LinkState.EXPIRED, timedelta(0), ended=timedelta(0))
    assert not links.takes_answers(ended, NOON + timedelta(seconds=1), NOON + timedelta(minutes=5))


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad2"])


def test_a_new_link_supersedes_the_old_one_and_wipes_its_token(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        old = session.scalars(select(Link)).one()
        before = links.token(old, service.tokens)
        assert before is not None and links.look(session, before, service.tokens) is old
        fresh = links.issue(session, session.get(Assignment, asked.id))  # type: ignore[arg-type]
        session.refresh(old)
        assert (old.state, old.end_reason) == (LinkState.SUPERSEDED, "newer")
        assert links.token(old, service.tokens) is None
        assert links.token(fresh, service.tokens) not in (None, before)


def test_ending_twice_keeps_the_first_reason(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        assert links.end_all(session, asked.id, LinkState.REVOKED, "died") == 1
        assert links.end_all(session, asked.id, LinkState.EXPIRED, "time") == 0
        assert session.scalars(select(Link.end_reason)).one() == "died"


def test_a_locked_link_is_superseded_and_keeps_when_and_why_it_ended(
    service: Service, asked: Assignment
) -> None:
    with service.db.write() as session:
        row = session.get_one(Assignment, asked.id)
        old = session.scalars(select(Link)).one()
        assert [links.count_wrong(session, old) for _ in range(links.MOST_WRONG)] == [4, 3, 2, 1, 0]
        ended = old.ended_at
        assert old.state is LinkState.LOCKED and links.locked(session, [asked.id]) == {asked.id}
        fresh = links.issue(session, row)
        session.refresh(old)
        assert (old.state, old.end_reason, old.ended_at) == (LinkState.SUPERSEDED, "wrong-words", ended)
        assert links.locked(session, [asked.id]) == set()
        assert (fresh.state, fresh.wrong_tries) == (LinkState.OPEN, 0)


def test_a_link_that_ended_counts_no_more_tries(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        links.end_all(session, asked.id, LinkState.REVOKED, "died")
        link = session.scalars(select(Link)).one()
        with pytest.raises(Conflict):
            links.count_wrong(session, link)
        assert session.scalars(select(Link.wrong_tries)).one() == 0


def test_a_try_that_somebody_else_counted_meanwhile_is_not_lost(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        link = session.scalars(select(Link)).one()
        session.execute(text("UPDATE link SET wrong_tries = 3"))
        with pytest.raises(Conflict):
            links.count_wrong(session, link)
        session.refresh(link)
        assert links.count_wrong(session, link) == 1


def test_every_refusal_costs_one_signature_a_key_and_one_look_up(
    service: Service, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with service.db.read() as session:
        row = session.scalars(select(Link).where(Link.assignment_id == asked.id)).one()
        real = links.token(row, service.tokens)
    assert real is not None
    signed: list[bytes] = []
    asked_for: list[str] = []
    signature = signing._Hmac128.get_signature

    def counted(self: signing._Hmac128, key: bytes, value: bytes) -> bytes:
        signed.append(value)
        return signature(self, key, value)

    monkeypatch.setattr(signing._Hmac128, "get_signature", counted)
    event.listen(service.db.engine, "before_cursor_execute", lambda *args: asked_for.append(args[2]))
    twin = next(c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c != real[-1])
    unknown = service.tokens.make(signing.Purpose.LINK, bytes(16))
    for token in (unknown, real[:-1] + twin, real[:-1], real.replace(".", "!"), "", "x" * 2000, "é" * 45):
        signed.clear()
        asked_for.clear()
        with service.db.read() as session:
            assert links.look(session, token, service.tokens) is None
        assert (len(signed), len(asked_for)) == (1, 1), "one look-up"


def test_the_address_lies_in_the_client_zone(service: Service) -> None:
    assert links.url("abc", service.settings) == "http://localhost:8080/q/abc"
