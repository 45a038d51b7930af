"""Taking answers: all instruments or none, once, and nothing that was not asked."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from delivery import forms, submissions
from delivery.errors import Conflict
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.clients import ContactPoint, ContactState
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch
from delivery.models.results import Alert, Submission
from delivery.service import Service
from delivery.sheets import Sheet
from delivery.states import AssignmentState, DispatchState, FormState, LinkState
from questionnaires.answers import BadAnswers
from tests import build

Draft = dict[str, dict[str, str | None]]
ALL_ZERO: dict[str, str | None] = {f"phq9_{n}": "0" for n in range(1, 10)}


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9", "gad2"])


def sheet_of(session: object, asked: Assignment, draft: Draft) -> Sheet:
    link = session.scalars(select(Link)).one()  # type: ignore[attr-defined]
    row = session.get(Assignment, asked.id)  # type: ignore[attr-defined]
    form, secret = forms.begin(session, link, row, language="en")  # type: ignore[arg-type]
    form.draft = draft
    return forms.find(session, form.ref, secret)  # type: ignore[arg-type]


def test_all_instruments_are_stored_with_the_work_that_follows(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        sheet = sheet_of(session, asked, {"phq9": ALL_ZERO, "gad2": {"gad2_1": "1", "gad2_2": None}})
        outcome = submissions.accept(session, sheet)
        assert (outcome.kind, outcome.blanks) == ("sent", 1)
    with service.db.read() as session:
        stored = submissions.of_assignment(session, asked.id)
        assert [s.instrument_key for s in stored] == ["phq9", "gad2"]
        assert stored[1].answers == {"gad2_1": "1", "gad2_2": None}
        work = {e.subject_id for e in session.scalars(select(OutboxEntry)) if e.kind == "score"}
        assert work == {s.id for s in stored}
        assert session.get(Assignment, asked.id).state is AssignmentState.COMPLETED  # type: ignore[union-attr]
        assert session.scalars(select(Link)).one().state is LinkState.USED
        assert session.scalars(select(FormSession)).one().state is FormState.SUBMITTED
        assert session.scalars(select(Dispatch)).one().state is DispatchState.CANCELLED


def test_a_missing_answer_stores_nothing_and_is_named(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        outcome = submissions.accept(session, sheet_of(session, asked, {"phq9": ALL_ZERO}))
        assert outcome.kind == "missed" and outcome.missed is not None
        assert [item.id for item in outcome.missed.items["gad2"]] == ["gad2_1", "gad2_2"]
        assert len(outcome.missed) == 2
        assert session.scalars(select(Submission)).all() == []


def test_what_was_not_asked_is_not_stored(service: Service, asked: Assignment) -> None:
    """Item 10 was answered and then closed again by nine times "not at all"."""
    draft: Draft = {"phq9": {**ALL_ZERO, "phq9_10": "2"}, "gad2": {"gad2_1": "0", "gad2_2": "0"}}
    with service.db.write() as session:
        submissions.accept(session, sheet_of(session, asked, draft))
        phq9 = submissions.of_assignment(session, asked.id)[0]
        assert phq9.answers == ALL_ZERO


def test_an_answer_that_does_not_fit_is_refused_whole(service: Service, asked: Assignment) -> None:
    draft: Draft = {"phq9": {**ALL_ZERO, "phq9_1": "7"}, "gad2": {"gad2_1": "0", "gad2_2": "0"}}
    with service.db.write() as session:
        with pytest.raises(BadAnswers):
            submissions.accept(session, sheet_of(session, asked, draft))
        assert session.scalars(select(Submission)).all() == []


def test_a_second_sitting_gets_already_sent_and_loses_its_draft(service: Service, asked: Assignment) -> None:
    draft: Draft = {"phq9": dict(ALL_ZERO), "gad2": {"gad2_1": "0", "gad2_2": "0"}}
    with service.db.write() as session:
        first, second = sheet_of(session, asked, draft), sheet_of(session, asked, draft)
        assert submissions.accept(session, first).kind == "sent"
        assert submissions.accept(session, first).kind == "already-sent"
        session.refresh(second.form)
        session.refresh(second.assignment)
        assert submissions.accept(session, second).kind == "already-sent"
        assert second.form.draft is None


def test_a_risk_answer_is_raised_in_the_same_transaction(service: Service, asked: Assignment) -> None:
    draft: Draft = {
        "phq9": {**ALL_ZERO, "phq9_9": "1", "phq9_10": None},
        "gad2": {"gad2_1": "0", "gad2_2": "0"},
    }
    with service.db.write() as session:
        submissions.accept(session, sheet_of(session, asked, draft))
        alert = session.scalars(select(Alert)).one()
        assert alert.item_id == "phq9_9" and alert.submission_id is not None


def test_an_ask_that_was_taken_back_takes_no_answers(service: Service, asked: Assignment) -> None:
    with service.db.write() as session:
        sheet = sheet_of(session, asked, {"phq9": ALL_ZERO, "gad2": {"gad2_1": "0", "gad2_2": "0"}})
        session.execute(update(Link).values(state=LinkState.REVOKED))
        assert sheet.link is not None
        session.refresh(sheet.link)
        with pytest.raises(Conflict):
            submissions.accept(session, sheet)


@pytest.mark.parametrize(
    ("state", "certainty"),
    [(ContactState.CONFIRMED, "likely"), (ContactState.UNCONFIRMED, "uncertain")],
)
def test_how_sure_we_are_follows_from_the_contact_point(
    service: Service, asked: Assignment, state: ContactState, certainty: str
) -> None:
    draft: Draft = {"phq9": dict(ALL_ZERO), "gad2": {"gad2_1": "0", "gad2_2": "0"}}
    with service.db.write() as session:
        session.execute(update(ContactPoint).values(state=state))
        submissions.accept(session, sheet_of(session, asked, draft))
        assert {s.identity for s in submissions.of_assignment(session, asked.id)} == {certainty}
