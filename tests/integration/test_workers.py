"""The work of the queues in one process: whatever ends a worker in the middle, every effect happens once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from channels.base import EvidenceSource, Kind, Message, OutcomeUnknown, Receipt, Refused
from delivery import (
    assignments,
    client_life,
    dispatch,
    eligibility,
    forms,
    jobs,
    messages,
    outcomes,
    submissions,
)
from delivery.access import Caller
from delivery.db import now
from delivery.errors import NotSaved
from delivery.jobs import Claim
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Consent, Respondent
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Attempt, Breaker, Dispatch, Purpose, RecipientKind
from delivery.models.results import Alert, EpisodeSummary, Handoff, Report, ReportFile, Score, Submission
from delivery.service import Service
from delivery.states import AttemptState, ClientState, DispatchState, OutboxState
from tests import build
from workers import drain, pdf, scheduler, send
from workers.context import Context

QUEUES = ("send", "score", "report", "handoff")


class Provider:
    """A channel that does what `script` says for each send, and knows what it took."""

    kind: Kind = "email"

    def __init__(self, provider: str = "sendgrid", evidence: EvidenceSource = "look_up") -> None:
        self.provider, self.evidence = provider, evidence
        self.script: list[str | Refused] = []
        self.calls = 0
        self.taken: dict[str, str] = {}
        self.silent = False

    def send(self, message: Message) -> Receipt:
        self.calls += 1
        step = self.script.pop(0) if self.script else "ok"
        if isinstance(step, Refused):
            raise step
        if step in ("ok", "reply lost"):
            self.taken[message.attempt_id] = message.to
        if step in ("reply lost", "never arrived"):
            raise OutcomeUnknown("no reply")
        if step == "fault":
            raise RuntimeError("a fault in the client library")
        return Receipt(self.provider, f"ref-{self.calls}")

    def look_up(
        self, message: Message, since: datetime, claimed: frozenset[str] = frozenset()
    ) -> Receipt | Literal["not_found"] | None:
        if self.silent or self.evidence == "none":
            return None
        return (
            Receipt(self.provider, "found")
            if self.taken.get(message.attempt_id) == message.to
            else "not_found"
        )

    def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def here(service: Service, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    made = Context(service, {"email": provider})
    monkeypatch.setattr(drain, "context", lambda: made)
    monkeypatch.setattr(pdf, "render", lambda *_: b"%PDF-1.7 a page")
    yield made


@pytest.fixture
def ada(service: Service, cast: build.Cast) -> Caller:
    return cast.caller(service, cast.ada)


@pytest.fixture
def asked(service: Service, cast: build.Cast, ada: Caller) -> Assignment:
    """PHQ-9 for Cy by e-mail, planned."""
    return build.ask(service, ada, cast.cy, ["phq9"])


@pytest.fixture
def calm(service: Service, cast: build.Cast, ada: Caller) -> Assignment:
    """GAD-7 for Cy by e-mail: no answer to it plans a look at a risk."""
    return build.ask(service, ada, cast.cy, ["gad7"])


def hurry(service: Service) -> None:
    """As if much time had passed: waiting work is due, and leases have run out."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with service.db.write() as session:
        session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.state.in_((OutboxState.NEW, OutboxState.CLAIMED)))
            .values(due_at=past, lease_until=past)
        )
        session.execute(update(Breaker).where(Breaker.until.is_not(None)).values(until=past))


def work_all(service: Service, rounds: int = 4) -> None:
    """Drain every queue, hurrying in between."""
    for _ in range(rounds):
        hurry(service)
        for queue in QUEUES:
            drain.drain(queue)


def claim(service: Service, queue: str) -> Claim:
    with service.db.write() as session:
        found = jobs.claim(session, queue, 20)
    assert found is not None
    return found


def count(service: Service, model: Any) -> int:
    with service.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def message(service: Service) -> Dispatch:
    """The one message to the client."""
    with service.db.read() as session:
        return session.scalars(select(Dispatch).where(Dispatch.recipient == RecipientKind.CLIENT)).one()


def attempts(service: Service) -> list[AttemptState]:
    with service.db.read() as session:
        return list(session.scalars(select(Attempt.state).order_by(Attempt.number)))


def undone(service: Service) -> list[OutboxEntry]:
    with service.db.read() as session:
        return list(session.scalars(select(OutboxEntry).where(OutboxEntry.state != OutboxState.DONE)))


def answer(service: Service, asked: Assignment, code: str = "1") -> None:
    """Cy opens the link, gives every question the same answer, and sends."""
    with service.db.write() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == asked.id)).one()
        row = session.get(Assignment, asked.id)
        assert row is not None
        form, secret = forms.begin(session, link, row, language="en")
    with service.db.write() as session:
        sheet = forms.find(session, form.ref, secret)
        for one in sheet.instruments:
            forms.keep(session, sheet, one.key, {item.id: code for item in one.items}, place="review")
    with service.db.write() as session:
        assert submissions.accept(session, forms.find(session, form.ref, secret)).kind == "sent"


def prepared(here: Context) -> tuple[Claim, dispatch.Outgoing]:
    """A worker that has written its attempt, and now stops."""
    held = claim(here.service, "send")
    with here.service.db.write() as session:
        out = dispatch.prepare(session, held, here.channels, here.service.settings, here.service.tokens)
    assert out is not None
    return held, out


# Every job twice


def test_a_message_goes_out_once_although_its_job_runs_twice(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    held = claim(here.service, "send")
    drain.work(here, held)
    drain.work(here, held)
    drain.drain("send")
    assert list(provider.taken.values()) == ["cy@example.org"]
    assert message(here.service).state is DispatchState.HANDED_OVER


def test_every_job_run_again_from_the_start_adds_nothing(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    service = here.service
    answer(service, asked)
    work_all(service)
    models = (Submission, Score, EpisodeSummary, Alert, Report, ReportFile, Handoff, Dispatch, Attempt)
    once = {model.__name__: count(service, model) for model in models}
    assert once["Score"] == once["Report"] == once["ReportFile"] == once["Submission"] == 1
    assert once["Handoff"] == once["Alert"] == 1
    calls = provider.calls
    with service.db.write() as session:
        session.execute(update(OutboxEntry).values(state=OutboxState.NEW, tries=0))
    work_all(service)
    assert {model.__name__: count(service, model) for model in models} == once
    assert provider.calls == calls
    assert undone(service) == []


def test_an_unfinished_risk_answer_is_told_once_although_its_job_runs_twice(
    here: Context, asked: Assignment
) -> None:
    service = here.service
    with service.db.write() as session:
        link = session.scalars(select(Link)).one()
        row = session.get(Assignment, asked.id)
        assert row is not None
        form, secret = forms.begin(session, link, row, language="en")
    with service.db.write() as session:
        forms.keep(session, forms.find(session, form.ref, secret), "phq9", {"phq9_9": "2"}, place="x")
    work_all(service)
    assert count(service, Alert) == 1
    with service.db.write() as session:
        session.execute(update(OutboxEntry).values(state=OutboxState.NEW, tries=0))
    work_all(service)
    assert count(service, Alert) == 1
    with service.db.read() as session:
        told = session.scalars(select(Dispatch).where(Dispatch.purpose == Purpose.RISK)).all()
    assert [row.state for row in told] == [DispatchState.HANDED_OVER]


# Leases


def test_a_worker_that_lost_its_lease_commits_nothing(here: Context, calm: Assignment) -> None:
    service = here.service
    answer(service, calm)
    late = claim(service, "score")
    hurry(service)
    assert claim(service, "score").id == late.id
    drain.work(here, late)
    assert count(service, Score) == 0
    work_all(service, 1)
    assert count(service, Score) == 1


def test_a_slow_worker_keeps_its_row_by_its_heartbeat(
    here: Context, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = here.service
    extended: list[UUID] = []
    real = jobs.extend

    def extend(session: Any, held: Claim, seconds: float) -> None:
        if not extended:
            extended.append(held.id)
            raise NotSaved("The database is busy.")
        real(session, held, seconds)
        extended.append(held.id)

    monkeypatch.setattr(jobs, "extend", extend)
    object.__setattr__(service.settings, "lease_seconds", 0.04)
    held = claim(service, "send")
    with drain.Lease(here, held):
        until = datetime.now(UTC) + timedelta(seconds=10)
        while len(extended) < 3 and datetime.now(UTC) < until:
            pass
    assert extended[:3] == [held.id] * 3, "one beat that could not be stored does not end the heartbeat"


def test_a_worker_that_dies_in_the_call_leaves_an_unclear_message_and_the_providers_list_settles_it(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    _, out = prepared(here)
    provider.taken[str(out.attempt_id)] = "cy@example.org"  # it went out; nobody was left to note it
    hurry(here.service)
    drain.drain("send")
    assert message(here.service).state is DispatchState.UNCLEAR
    assert provider.calls == 0
    work_all(here.service)
    assert message(here.service).state is DispatchState.HANDED_OVER
    assert attempts(here.service) == [AttemptState.ACCEPTED]
    assert provider.calls == 0


def test_a_worker_that_dies_before_the_call_costs_one_more_attempt_and_the_message_goes_out_once(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    prepared(here)
    work_all(here.service)
    assert attempts(here.service) == [AttemptState.REFUSED, AttemptState.ACCEPTED]
    assert list(provider.taken.values()) == ["cy@example.org"]
    assert message(here.service).state is DispatchState.HANDED_OVER


def test_a_worker_that_wakes_up_after_the_call_still_tells_the_truth(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    service = here.service
    held, out = prepared(here)
    receipt = provider.send(out.message)
    hurry(service)
    drain.drain("send")
    assert message(service).state is DispatchState.UNCLEAR
    with service.db.write() as session:
        outcomes.accepted(session, out.attempt_id, held, receipt)
    work_all(service)
    assert message(service).state is DispatchState.HANDED_OVER
    assert provider.calls == 1
    assert undone(service) == []


def test_a_worker_that_wakes_up_before_the_call_does_not_make_it(
    here: Context, provider: Provider, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime.now(UTC)
    times = iter([start, start + timedelta(seconds=here.service.settings.lease_seconds + 1)])
    with monkeypatch.context() as patch:
        patch.setattr(send, "now", lambda: next(times))
        drain.work(here, claim(here.service, "send"))
    assert provider.calls == 0
    work_all(here.service)
    assert list(provider.taken.values()) == ["cy@example.org"]


def test_a_refusal_that_comes_late_plans_the_message_again(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    """Another worker had taken the first one for dead and ended its piece of work."""
    service = here.service
    held, out = prepared(here)
    hurry(service)
    drain.drain("send")
    with service.db.write() as session:
        outcomes.refused(session, out.attempt_id, held, Refused("sendgrid_429", "Slow down.", False))
    assert message(service).state is DispatchState.HELD
    work_all(service)
    assert message(service).state is DispatchState.HANDED_OVER
    assert list(provider.taken.values()) == ["cy@example.org"]


# Work that gives up


def test_a_row_that_never_works_is_parked_after_eight_tries_and_the_others_go_on(
    here: Context, cast: build.Cast, ada: Caller, calm: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = here.service
    answer(service, calm)
    with service.db.read() as session:
        poison = session.scalars(select(Submission.id)).one()
    answer(service, build.ask(service, ada, cast.cy, ["gad7"]))
    good = drain.HANDLERS["score"]

    def handler(context: Context, held: Claim) -> None:
        if held.subject_id == poison:
            raise ValueError("secret words of a client")
        good(context, held)

    monkeypatch.setitem(drain.HANDLERS, "score", handler)
    drain.drain("score")
    assert count(service, Score) == 1, "the other one was scored in the same drain"
    for _ in range(7):
        hurry(service)
        drain.drain("score")
    with service.db.read() as session:
        [row] = jobs.parked(session, [cast.practice])
    assert (row.subject_id, row.tries) == (poison, jobs.MOST_TRIES)
    assert row.error is not None and row.error.startswith("ValueError")
    assert "secret" not in row.error
    drain.drain("score")
    assert [row.state for row in undone(service) if row.kind == "score"] == [OutboxState.PARKED]

    monkeypatch.setitem(drain.HANDLERS, "score", good)
    with service.db.write() as session:
        assert jobs.retry(session, "score", poison)
    work_all(service)
    assert count(service, Score) == 2


def test_a_row_whose_worker_dies_each_time_is_parked_by_the_sweep(
    here: Context, cast: build.Cast, calm: Assignment
) -> None:
    service = here.service
    answer(service, calm)
    for _ in range(jobs.MOST_TRIES):
        claim(service, "score")
        hurry(service)
    drain.drain("score")
    assert count(service, Score) == 0
    scheduler.sweep(service)
    with service.db.read() as session:
        assert [row.error for row in jobs.parked(session, [cast.practice])] == ["WorkerDied"]


def test_a_page_that_cannot_be_drawn_shows_as_failed_and_works_on_a_later_try(
    here: Context, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = here.service
    answer(service, asked)
    drain.drain("score")
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "render", lambda *_: 1 / 0)
        drain.drain("report")
    with service.db.read() as session:
        assert session.scalars(select(Report.state)).one().value == "failed"
    work_all(service)
    with service.db.read() as session:
        assert session.scalars(select(Report.state)).one().value == "ready"
    assert count(service, ReportFile) == 1


def test_a_database_that_takes_nothing_does_not_end_a_worker(
    here: Context, asked: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NotSaved("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "claim_several", full)
        drain.drain("send")
    drain.drain("send")
    assert message(here.service).state is DispatchState.HANDED_OVER


# Unknown outcomes


@pytest.mark.parametrize("step", ["reply lost", "never arrived", "fault"])
def test_an_unknown_outcome_waits_for_evidence_and_arrives_once(
    here: Context, provider: Provider, asked: Assignment, step: str
) -> None:
    provider.script = [step]
    drain.drain("send")
    assert message(here.service).state is DispatchState.UNCLEAR
    assert attempts(here.service) == [AttemptState.UNKNOWN]
    drain.drain("send")
    assert provider.calls == 1, "nothing is sent before the provider's list had time to catch up"
    work_all(here.service)
    assert message(here.service).state is DispatchState.HANDED_OVER
    assert list(provider.taken.values()) == ["cy@example.org"]
    assert provider.calls == (1 if step == "reply lost" else 2)


def test_a_provider_that_cannot_say_now_is_asked_again(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    provider.script, provider.silent = ["reply lost"], True
    work_all(here.service)
    assert message(here.service).state is DispatchState.UNCLEAR
    provider.silent = False
    work_all(here.service)
    assert message(here.service).state is DispatchState.HANDED_OVER
    assert provider.calls == 1


def test_a_reminder_that_never_arrived_is_dropped(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    service = here.service
    drain.drain("send")
    provider.script = ["never arrived"]
    with service.db.write() as session:
        ask = session.get_one(Assignment, asked.id)
        respondent = session.get_one(Respondent, ask.respondent_id)
        point = eligibility.reachable(session, respondent, Way.EMAIL)
        reminder = messages.plan(session, ask, point, Purpose.REMINDER, "reminder", now())
    work_all(service)
    with service.db.read() as session:
        row = session.get(Dispatch, reminder.id)
    assert row is not None
    assert (row.state, row.code) == (DispatchState.CANCELLED, "dropped")
    assert provider.calls == 2


def test_smtp_that_stays_unclear_is_never_sent_again_by_itself(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    provider.provider, provider.evidence, provider.script = "smtp", "none", ["reply lost"]
    work_all(here.service, 6)
    row = message(here.service)
    assert (row.state, row.code, provider.calls) == (DispatchState.UNCLEAR, "unclear", 1)
    assert undone(here.service) == []
    with here.service.db.write() as session:
        again = session.get(Dispatch, row.id)
        assert again is not None
        dispatch.send_again(session, again)
    work_all(here.service)
    assert message(here.service).state is DispatchState.HANDED_OVER
    assert provider.calls == 2


# Refusals


def test_a_permanent_refusal_fails_at_once_and_says_why(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    provider.script = [Refused("smtp_550", "No such mailbox.", True)]
    work_all(here.service)
    row = message(here.service)
    assert (row.state, row.code, row.reason) == (DispatchState.FAILED, "smtp_550", "No such mailbox.")
    assert provider.calls == 1


def test_a_refusal_for_now_is_held_as_long_as_the_provider_asks_and_then_sent(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    provider.script = [Refused("sendgrid_429", "Slow down.", False, retry_after=600)]
    drain.drain("send")
    row = message(here.service)
    assert row.state is DispatchState.HELD
    assert row.held_until is not None and row.held_until > datetime.now(UTC) + timedelta(seconds=500)
    drain.drain("send")
    assert provider.calls == 1
    work_all(here.service)
    assert message(here.service).state is DispatchState.HANDED_OVER
    assert provider.calls == 2


def test_refusals_for_now_without_end_become_a_failure(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    provider.script = [Refused("sendgrid_429", "Slow down.", False) for _ in range(20)]
    work_all(here.service, 12)
    assert message(here.service).state is DispatchState.FAILED
    assert provider.calls == outcomes.MOST_CALLS


def test_a_fault_of_our_account_marks_nothing_as_failed(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    provider.script = [Refused("sendgrid_401", "Our key.", False, stops_provider=True) for _ in range(12)]
    work_all(here.service, 12)
    assert message(here.service).state is DispatchState.HELD
    work_all(here.service)
    assert message(here.service).state is DispatchState.HANDED_OVER


# What changed between planning and sending


def test_a_consent_withdrawn_after_planning_stops_the_message(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    with here.service.db.write() as session:
        session.execute(update(Consent).values(withdrawn_at=datetime.now(UTC)))
    work_all(here.service)
    row = message(here.service)
    assert (row.state, row.code, provider.calls) == (DispatchState.CANCELLED, "no-consent", 0)
    assert attempts(here.service) == []


@pytest.mark.parametrize("to", [ClientState.PAUSED, ClientState.CLOSED, ClientState.DECEASED])
def test_a_client_paused_closed_or_dead_gets_nothing(
    here: Context, provider: Provider, asked: Assignment, ada: Caller, to: ClientState
) -> None:
    with here.service.db.write() as session:
        client_life.set_state(session, ada, asked.client_id, to)
    work_all(here.service)
    assert message(here.service).state is DispatchState.CANCELLED
    assert provider.calls == 0


def test_a_message_held_for_later_is_not_sent_once_the_form_was_answered(
    here: Context, provider: Provider, asked: Assignment
) -> None:
    provider.script = [Refused("sendgrid_429", "Slow down.", False)]
    drain.drain("send")
    answer(here.service, asked)
    work_all(here.service)
    assert message(here.service).state is DispatchState.CANCELLED
    assert "cy@example.org" not in provider.taken.values()


def test_an_ask_taken_back_during_the_call_does_not_deny_the_message_that_went_out(
    here: Context, provider: Provider, asked: Assignment, ada: Caller
) -> None:
    service = here.service
    held, out = prepared(here)
    with service.db.write() as session:
        assignments.cancel(session, ada, asked.id)
    receipt = provider.send(out.message)
    with service.db.write() as session:
        outcomes.accepted(session, out.attempt_id, held, receipt)
    assert message(service).state is DispatchState.HANDED_OVER
    assert attempts(service) == [AttemptState.ACCEPTED]


def test_an_ask_taken_back_while_its_message_is_unclear_is_not_sent_again(
    here: Context, provider: Provider, asked: Assignment, ada: Caller
) -> None:
    provider.script = ["never arrived"]
    drain.drain("send")
    with here.service.db.write() as session:
        assignments.cancel(session, ada, asked.id)
    work_all(here.service)
    assert message(here.service).state is DispatchState.CANCELLED
    assert provider.calls == 1
