"""Messages of a bulk run are sent as a series: one commit a message, and never two calls in doubt."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from channels.base import EvidenceSource, Kind, Message, Receipt, Refused
from delivery import assignments, audit, jobs, letters
from delivery.assignments import Ask
from delivery.jobs import Claim
from delivery.models.assignments import Way
from delivery.models.clients import Consent, ContactPoint
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Attempt, Dispatch
from delivery.service import Service
from delivery.states import AttemptState, DispatchState, OutboxState
from tests import build
from workers import drain
from workers.context import Context

NAMES = ("ann", "ben", "cal", "dot", "eve")


class Provider:
    """Takes every message; before that it does what `during` has for the address."""

    provider = "smtp"
    kind: Kind = "email"
    evidence: EvidenceSource = "none"

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.during: dict[str, Callable[[], None]] = {}
        self.always: Callable[[], None] = lambda: None

    def send(self, message: Message) -> Receipt:
        name = message.to.partition("@")[0]
        self.always()
        self.during.get(name, lambda: None)()
        self.taken.append(name)
        return Receipt(self.provider, f"ref-{name}")

    def look_up(self, message: Message, since: datetime, claimed: frozenset[str] = frozenset()) -> None:
        """It can't say."""

    def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def here(service: Service, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    made = Context(service, {"email": provider})
    monkeypatch.setattr(drain, "context", lambda: made)
    yield made


@pytest.fixture(autouse=True)
def planned(service: Service, cast: build.Cast) -> None:
    """Five messages in the bulk lane, to people for whom it is day."""
    ada = cast.caller(service, cast.ada)
    for name in NAMES:
        with service.db.write() as session:
            client = build.add_client(session, ada, name, "Canary", f"{name}@example.org")
            client.time_zone = build.zone_at(9, 18)
            wanted = Ask(client_id=client.id, instruments=["phq9"], channel=Way.EMAIL)
            assignments.ask(session, ada, wanted, service.settings, undo=False, lane="bulk")


def _rows(service: Service) -> dict[str, Dispatch]:
    with service.db.read() as session:
        found = session.execute(
            select(ContactPoint, Dispatch).join(Dispatch, Dispatch.contact_point_id == ContactPoint.id)
        ).all()
        return {(point.value or "").partition("@")[0]: row for point, row in found}


def _states(service: Service) -> dict[str, DispatchState]:
    return {name: row.state for name, row in _rows(service).items()}


def _count(service: Service, *where: Any) -> int:
    with service.db.read() as session:
        return session.scalar(select(func.count()).select_from(Attempt).where(*where)) or 0


def _work(service: Service) -> list[OutboxEntry]:
    with service.db.read() as session:
        bulk = select(OutboxEntry).where(OutboxEntry.kind == "bulk_send")
        return list(session.scalars(bulk.order_by(OutboxEntry.due_at)))


def _claims(service: Service, most: int = 50) -> list[Claim]:
    with service.db.write() as session:
        return jobs.claim_several(session, "bulk", 20, most)


def _leases_run_out(service: Service) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    with service.db.write() as session:
        session.execute(update(OutboxEntry).values(lease_until=past))


def test_every_message_goes_out_once_and_is_settled(
    here: Context, provider: Provider, cast: build.Cast
) -> None:
    drain.drain("bulk")
    drain.drain("bulk")
    assert provider.taken == list(NAMES)
    assert set(_states(here.service).values()) == {DispatchState.HANDED_OVER}
    assert [row.state for row in _work(here.service)] == [OutboxState.DONE] * 5
    with here.service.db.read() as session:
        assert list(audit.verify(session, cast.practice)) == []


def test_in_every_call_just_this_one_is_in_doubt(here: Context, provider: Provider) -> None:
    service = here.service
    in_doubt, settled = [], []

    def look() -> None:
        in_doubt.append(_count(service, Attempt.state == AttemptState.ATTEMPTING))
        settled.append(_count(service, Attempt.state == AttemptState.ACCEPTED))

    provider.always = look
    drain.drain("bulk")
    assert in_doubt == [1] * 5
    assert settled == [0, 1, 2, 3, 4]


def test_a_message_is_settled_with_the_next_attempt_in_one_commit(
    here: Context, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[int] = []
    real = here.service.db.write

    def write() -> Any:
        writes.append(len(provider.taken))
        return real()

    monkeypatch.setattr(here.service.db, "write", write)
    drain.drain("bulk")
    # Before the first call: taking the rows, the attempt. After the last: its outcome, and nothing is left.
    assert Counter(writes) == {0: 2, 1: 1, 2: 1, 3: 1, 4: 1, 5: 2}


def test_the_one_before_is_settled_although_the_next_is_not_sent(here: Context, provider: Provider) -> None:
    service = here.service
    ben = _rows(service)["ben"].respondent_id
    with service.db.write() as session:
        session.execute(
            update(Consent).where(Consent.respondent_id == ben).values(withdrawn_at=datetime.now(UTC))
        )
    seen: list[DispatchState] = []
    provider.during["cal"] = lambda: seen.append(_states(service)["ann"])
    drain.drain("bulk")
    assert provider.taken == ["ann", "cal", "dot", "eve"]
    assert seen == [DispatchState.HANDED_OVER]
    assert _states(service)["ben"] is DispatchState.CANCELLED


def test_a_refusal_stops_only_its_own_message(here: Context, provider: Provider) -> None:
    def refuse() -> None:
        raise Refused("smtp_554", "The mail server refused the message.", True)

    provider.during["ben"] = refuse
    drain.drain("bulk")
    assert provider.taken == ["ann", "cal", "dot", "eve"]
    assert Counter(_states(here.service).values()) == {DispatchState.HANDED_OVER: 4, DispatchState.FAILED: 1}


def test_an_error_in_the_next_message_takes_nothing_of_the_one_before(
    here: Context, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, real = here.service, letters.compose
    ben = _rows(service)["ben"].id

    def compose(facts: Any, *rest: Any) -> Message:
        if facts.row.id == ben:
            raise ValueError("secret words")
        return real(facts, *rest)

    monkeypatch.setattr(letters, "compose", compose)
    drain.drain("bulk")
    assert provider.taken == ["ann", "cal", "dot", "eve"]
    assert _states(service)["ann"] is DispatchState.HANDED_OVER
    noted = [row for row in _work(service) if row.state is not OutboxState.DONE]
    assert [(row.subject_id, row.state, row.tries) for row in noted] == [(ben, OutboxState.NEW, 1)]
    assert noted[0].error is not None
    assert noted[0].error.startswith("ValueError")


def test_what_was_not_begun_in_time_is_given_back_untried(here: Context, provider: Provider) -> None:
    service = here.service
    drain.work(here, *_claims(service), until=-math.inf)
    assert provider.taken == ["ann"]
    assert _states(service)["ann"] is DispatchState.HANDED_OVER
    assert [(row.state, row.tries) for row in _work(service)[1:]] == [(OutboxState.NEW, 0)] * 4
    drain.drain("bulk")
    assert provider.taken == list(NAMES)


class Killed(BaseException):
    """The process ends here."""


def test_a_worker_that_dies_in_a_series_leaves_one_message_in_doubt_and_loses_none(
    here: Context, provider: Provider
) -> None:
    service = here.service

    def die() -> None:
        del provider.during["cal"]
        raise Killed

    provider.during["cal"] = die
    with pytest.raises(Killed):
        drain.drain("bulk")
    assert _count(service, Attempt.state == AttemptState.ATTEMPTING) == 1
    assert [row.tries for row in _work(service)] == [1] * 5
    _leases_run_out(service)
    assert len(_claims(service)) == 1, "what was tried before is taken alone"
    _leases_run_out(service)
    drain.drain("bulk")
    assert provider.taken == ["ann", "ben", "dot", "eve"]
    states = _states(service)
    assert states.pop("cal") is DispatchState.UNCLEAR
    assert set(states.values()) == {DispatchState.HANDED_OVER}


def test_a_row_that_another_worker_took_meanwhile_is_not_sent_here(here: Context, provider: Provider) -> None:
    service = here.service
    others: list[Claim] = []

    def overtaken() -> None:
        _leases_run_out(service)
        others.extend(claim for _ in NAMES for claim in _claims(service))

    provider.during["ann"] = overtaken
    drain.work(here, *_claims(service))
    assert provider.taken == ["ann"]
    assert _states(service)["ann"] is DispatchState.HANDED_OVER, "what the server said stays true"
    assert len(others) == 5
    for claim in others:
        drain.work(here, claim)
    assert provider.taken == list(NAMES)
