"""However an unfinished sitting ends, a risk answer in it is told before the draft is wiped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import assignments, client_life, declining, forms, sittings, submissions
from delivery.access import Caller
from delivery.db import now
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch, Purpose
from delivery.models.results import Alert
from delivery.service import Service
from delivery.states import ClientState, FormState
from tests import build

End = Callable[[Session, Caller, Assignment], object]


def decline(why: str) -> End:
    return lambda session, _who, _row: declining.decline(session, session.scalars(select(Link)).one(), why)


def become(to: ClientState) -> End:
    return lambda session, who, row: client_life.set_state(session, who, row.client_id, to)


ENDS: dict[str, End] = {
    "refused": decline("refused"),
    "wrong person": decline("wrong-person"),
    "cancelled": lambda session, who, row: assignments.cancel(session, who, row.id),
    "paused": become(ClientState.PAUSED),
    "closed": become(ClientState.CLOSED),
    "died": become(ClientState.DECEASED),
}


@pytest.fixture
def ada(service: Service, cast: build.Cast) -> Caller:
    return cast.caller(service, cast.ada)


@pytest.fixture
def asked(service: Service, cast: build.Cast, ada: Caller) -> Assignment:
    return build.ask(service, ada, cast.cy, ["gad2", "phq9"], expires_in_days=1)


def sit(service: Service, asked: Assignment, **phq9: str) -> tuple[str, str]:
    """A sitting in a browser of its own, with some answers kept; its reference and secret."""
    with service.db.write() as session:
        link = session.scalars(select(Link)).one()
        form, secret = forms.begin(
            session, link, session.get_one(Assignment, asked.id), language="en", uses=(True, True)
        )
    with service.db.write() as session:
        sheet = forms.find(session, form.ref, secret, lock=True)
        forms.keep(session, sheet, "phq9", dict(phq9), place="")
    return form.ref, secret


def found(service: Service) -> list[Alert]:
    with service.db.read() as session:
        told = session.scalars(select(Dispatch).where(Dispatch.purpose == Purpose.RISK)).all()
        rows = list(session.scalars(select(Alert)))
        work = {e.subject_id for e in session.scalars(select(OutboxEntry)) if e.kind == "send"}
        assert len(told) == len(rows) and {d.id for d in told} <= work
        return rows


@pytest.mark.parametrize("how", ENDS)
def test_whoever_ends_it_the_mark_is_told_and_the_draft_is_gone(
    service: Service, asked: Assignment, ada: Caller, how: str
) -> None:
    sit(service, asked, phq9_1="1", phq9_9="3")
    with service.db.write() as session:
        ENDS[how](session, ada, session.get_one(Assignment, asked.id))
    (alert,) = found(service)
    assert alert.item_id == "phq9_9" and alert.submission_id is None
    assert alert.detail is not None and (alert.detail["code"], alert.detail["unfinished"]) == ("3", True)
    with service.db.write() as session:
        form = session.scalars(select(FormSession)).one()
        assert (form.state, form.draft) == (FormState.ENDED, None)
        assert sittings.check_unfinished(session, form.id) == [], "the planned look finds nothing more"
    assert len(found(service)) == 1


@pytest.mark.parametrize("how", ENDS)
def test_a_harmless_draft_tells_nobody(service: Service, asked: Assignment, ada: Caller, how: str) -> None:
    sit(service, asked, phq9_1="3", phq9_9="0")
    sit(service, asked)
    with service.db.write() as session:
        ENDS[how](session, ada, session.get_one(Assignment, asked.id))
    with service.db.read() as session:
        assert [form.state for form in session.scalars(select(FormSession))] == [FormState.ENDED] * 2
    assert found(service) == []


def test_a_mark_in_another_browser_is_told_when_this_one_sends(service: Service, asked: Assignment) -> None:
    sit(service, asked, phq9_9="3")
    ref, secret = sit(service, asked, **{f"phq9_{n}": "0" for n in range(1, 10)})
    with service.db.write() as session:
        sheet = forms.find(session, ref, secret, lock=True)
        assert submissions.accept(session, sheet, blank_rest=True).kind == "sent"
    (alert,) = found(service)
    assert alert.submission_id is not None, "what was sent has the last word, and both stay"
    assert alert.detail is not None and alert.detail["code"] == "0"
    assert [mark["code"] for mark in alert.detail["earlier"]] == ["3"]
    with service.db.read() as session:
        states = {form.state: form.draft for form in session.scalars(select(FormSession))}
        assert states == {FormState.ENDED: None, FormState.SUBMITTED: None}


def test_a_draft_that_is_wiped_before_the_late_look_is_told(service: Service, asked: Assignment) -> None:
    sit(service, asked, phq9_9="2")
    with time_machine.travel(now() + timedelta(days=2)):
        with service.db.write() as session:
            assert forms.wipe_old(session) == 1
        (alert,) = found(service)
        assert alert.detail is not None and alert.detail["code"] == "2"
        with service.db.write() as session:
            form = session.scalars(select(FormSession)).one()
            assert form.draft is None
            assert sittings.check_unfinished(session, form.id) == []


def test_what_was_told_before_is_not_told_again_at_the_end(
    service: Service, asked: Assignment, ada: Caller
) -> None:
    sit(service, asked, phq9_9="2")
    with service.db.write() as session:
        assert len(sittings.check_unfinished(session, session.scalars(select(FormSession.id)).one())) == 1
    with service.db.write() as session:
        assignments.cancel(session, ada, asked.id)
    (alert,) = found(service)
    assert alert.detail is not None and alert.detail["earlier"] == []
