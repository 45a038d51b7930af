"""Risk answers and drafts where two things happen at once, on both databases.

Each race holds both sides at the point where, without the lock, neither sees what the other does. With the
lock one side waits outside, so the other goes on alone after a moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select

from delivery import alerts, assignments, forms, sittings, submissions
from delivery.app import create_app
from delivery.models.assignments import Assignment, FormSession, Link, Way
from delivery.models.clients import PermittedUse
from delivery.models.messages import Dispatch, Purpose
from delivery.models.results import Alert, Submission
from delivery.service import Service
from delivery.sheets import Sheet, instruments
from delivery.states import AssignmentState
from tests import build
from tests.answering import Person, browser_of, path_of
from workers import drain
from workers.context import Context

ALL = {f"phq9_{n}": "1" for n in range(1, 11)}


@pytest.fixture
def cast(migrated: Service) -> build.Cast:
    return build.cast(migrated)


@pytest.fixture
def cy(migrated: Service, cast: build.Cast) -> Person:
    """Cy in front of a begun PHQ-9."""
    asked = build.ask(migrated, cast.caller(migrated, cast.ada), cast.cy, ["phq9"])
    person = Person(browser_of(create_app(service=migrated)), path_of(migrated, asked.id))
    person.open()
    person.start()
    return person


class Meeting:
    """Lets a function of a module start only when both sides have come to it, or after a moment."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch, self.barrier = patch, threading.Barrier(2)

    def at(self, module: Any, name: str) -> None:
        real = getattr(module, name)

        def late(*args: Any, **more: Any) -> Any:
            with suppress(threading.BrokenBarrierError):
                self.barrier.wait(1)
            return real(*args, **more)

        self.patch.setattr(module, name, late)


def both(*sides: Callable[[], Any]) -> list[Any]:
    """What each side returned; raises what a side raised."""
    with ThreadPoolExecutor(len(sides)) as pool:
        return [future.result() for future in [pool.submit(side) for side in sides]]


def mark(made: Service, code: str, **more: str) -> None:
    """Keep item 9 in the only sitting there is."""
    with made.db.write() as session:
        form = session.scalars(select(FormSession)).one()
        row = sittings.lock(session, form.assignment_id)
        link = session.get(Link, form.link_id)
        sheet = Sheet(form, row, link, instruments(session, row), form.draft or {})
        forms.keep(session, sheet, "phq9", {**more, "phq9_9": code}, place="review")


def secret_of(person: Person) -> str:
    """What this browser holds its sitting by."""
    cookie = person.browser.get_cookie(f"lq-f-{person.ref}", "localhost")
    assert cookie is not None
    return cookie.decoded_value


def risk_messages(made: Service) -> int:
    with made.db.read() as session:
        return len(session.scalars(select(Dispatch).where(Dispatch.purpose == Purpose.RISK)).all())


@pytest.mark.parametrize("why", ["refused", "wrong-person"])
def test_a_mark_is_told_though_the_form_is_declined_at_once(migrated: Service, cy: Person, why: str) -> None:
    mark(migrated, "3")
    cy.browser.post(f"{cy.path}/no", data={"why": why})
    with migrated.db.read() as session:
        assert session.scalars(select(Assignment)).one().state is AssignmentState.DECLINED
        alert = session.scalars(select(Alert)).one()
        assert alert.detail is not None and alert.detail["code"] == "3"
        assert session.scalars(select(FormSession)).one().draft is None
    assert risk_messages(migrated) == 1


def test_the_worker_tells_of_a_mark_that_stands(
    migrated: Service, cy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "CHANGE_OF_MIND", forms.CHANGE_OF_MIND * 0)
    monkeypatch.setattr(drain, "context", lambda: Context(migrated, {}))
    mark(migrated, "2")
    drain.drain("score")
    assert risk_messages(migrated) == 1


def test_sending_while_the_worker_looks_stores_both_once(
    migrated: Service, cy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark(migrated, "3", **ALL)
    with migrated.db.read() as session:
        form = session.scalars(select(FormSession)).one()
    Meeting(monkeypatch).at(alerts, "score")

    def look() -> None:
        with migrated.db.write() as session:
            sittings.check_unfinished(session, form.id)

    def send() -> str:
        with migrated.db.write() as session:
            found = session.scalars(select(FormSession)).one()
            row = session.get_one(Assignment, found.assignment_id)
            link = session.get(Link, found.link_id)
            sheet = Sheet(found, row, link, instruments(session, row), found.draft or {})
            return submissions.accept(session, sheet).kind

    assert both(look, send)[1] == "sent"
    with migrated.db.read() as session:
        stored = session.scalars(select(Submission)).one()
        assert session.scalars(select(Alert)).one().submission_id == stored.id
    assert risk_messages(migrated) == 1


def test_saving_while_the_ask_is_taken_back_never_loses_a_mark(
    migrated: Service, cy: Person, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the mark was kept, then it is told; or the form had ended, and the client is told so."""
    with migrated.db.read() as session:
        form = session.scalars(select(FormSession)).one()
    secret = secret_of(cy)
    meeting = Meeting(monkeypatch)
    meeting.at(forms, "keep")
    meeting.at(sittings, "end")
    ada = cast.caller(migrated, cast.ada)

    def save() -> bool:
        with migrated.db.write() as session:
            sheet = forms.find(session, cy.ref, secret, lock=True)
            if not forms.writable(sheet):
                return False
            forms.keep(session, sheet, "phq9", {"phq9_9": "3"}, place="")
            return True

    def cancel() -> None:
        with migrated.db.write() as session:
            assignments.cancel(session, ada, form.assignment_id)

    kept = both(save, cancel)[0]
    with migrated.db.read() as session:
        assert len(session.scalars(select(Alert)).all()) == kept
        assert session.scalars(select(FormSession)).one().draft is None


def test_choosing_uses_again_in_one_tab_loses_no_answer_of_another(
    migrated: Service, cy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secret_of(cy)
    meeting = Meeting(monkeypatch)
    meeting.at(forms, "remember_uses")
    meeting.at(forms, "keep")

    def begin() -> int:
        return cy.browser.post(cy.path, data={"uses": "again", "use": ["own"]}).status_code

    def save() -> None:
        with migrated.db.write() as session:
            sheet = forms.find(session, cy.ref, secret, lock=True)
            forms.keep(session, sheet, "phq9", {"phq9_1": "2"}, place="")

    assert both(begin, save)[0] == 303
    with migrated.db.read() as session:
        draft = session.scalars(select(FormSession)).one().draft or {}
        assert draft["phq9"] == {"phq9_1": "2"}
        chosen = [use.own_statistics for use in session.scalars(select(PermittedUse))]
        assert forms.WAITING_USES in draft or chosen == [True]


@pytest.fixture
def typed(migrated: Service, cast: build.Cast) -> Assignment:
    """PHQ-9 and GAD-7, answered together in the room."""
    who = cast.caller(migrated, cast.ada)
    return build.ask(migrated, who, cast.cy, ["phq9", "gad7"], way=Way.IN_PERSON)


def test_two_tabs_that_open_a_typed_form_share_one_sitting(
    migrated: Service, cast: build.Cast, typed: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    Meeting(monkeypatch).at(forms, "begin")

    def tab() -> str:
        with migrated.db.write() as session:
            return forms.typed_in(session, session.get_one(Assignment, typed.id), cast.ada).form.ref

    assert len(set(both(tab, tab))) == 1


def test_two_tabs_that_save_at_once_keep_both(
    migrated: Service, cast: build.Cast, typed: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrated.db.write() as session:
        forms.typed_in(session, session.get_one(Assignment, typed.id), cast.ada)
    Meeting(monkeypatch).at(forms, "keep")

    def tab(key: str, item: str) -> Callable[[], None]:
        def save() -> None:
            with migrated.db.write() as session:
                sheet = forms.typed_in(session, session.get_one(Assignment, typed.id), cast.ada)
                forms.keep(session, sheet, key, {item: "1"}, place=key)

        return save

    both(tab("phq9", "phq9_1"), tab("gad7", "gad7_1"))
    with migrated.db.read() as session:
        assert session.scalars(select(FormSession)).one().draft == {
            "phq9": {"phq9_1": "1"},
            "gad7": {"gad7_1": "1"},
        }


@pytest.mark.parametrize("ref", ["a%00bcdefghijk", "%ff%fe", "x" * 400])
def test_an_odd_address_is_not_found(migrated: Service, cy: Person, ref: str) -> None:
    assert cy.browser.get(f"/f/{ref}").status_code == 404
    assert cy.browser.post(f"/f/{ref}", data={"key": "x"}).status_code == 404
