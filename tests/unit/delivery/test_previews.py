from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from delivery import jobs, library, previews, report_page
from delivery.db import now
from delivery.errors import NotFound
from delivery.models.ledger import OutboxEntry
from delivery.models.previews import Preview
from delivery.previews import MadeFrom
from delivery.service import Service
from delivery.states import OutboxState, WorkState
from questionnaires import registry
from questionnaires.answers import check, unanswered
from questionnaires.content import content
from questionnaires.source import Source
from tests import build, own_measure

WORDED = [one for one in library.shipped().list() if one.languages]


def _made_from(key: str, language: str = "en") -> MadeFrom:
    plain = content(library.shipped().get(key))
    return MadeFrom(plain, language, "Alder Street Office", "America/Los_Angeles", "letter", now())


@pytest.mark.parametrize("instrument", WORDED, ids=lambda one: one.key)
def test_example_answers_answer_everything_that_is_asked(instrument: library.Instrument) -> None:
    answers = previews.example_answers(instrument)
    assert check(instrument, answers) == answers
    assert unanswered(instrument, answers) == []


@pytest.mark.parametrize("key", ["audit", "pcptsd5", "asq", "own_mood"])
def test_example_answers_open_every_gate(key: str) -> None:
    own = registry.check(Source("own", own_measure.content(), {}))
    instrument = own if key == "own_mood" else library.shipped().get(key)
    assert set(previews.example_answers(instrument)) == {item.id for item in instrument.items}


@pytest.mark.parametrize("instrument", WORDED, ids=lambda one: one.key)
def test_every_measure_gives_an_example_report_that_says_so(instrument: library.Instrument) -> None:
    made = previews.example(_made_from(instrument.key, instrument.languages[-1]))
    assert made.people.report_label == "Example"
    page = report_page.page(made)
    assert "nobody gave these answers" in page
    assert made.measure.language == instrument.languages[-1]


def _ask(service: Service, cast: build.Cast, key: str = "gad2", language: str = "en") -> Preview:
    with service.db.write() as session:
        made = previews.ask_pdf(session, cast.practice, content(library.shipped().get(key)), language)
    with service.db.read() as session:
        return session.get_one(Preview, made)


def _entries(service: Service) -> list[OutboxEntry]:
    with service.db.read() as session:
        return list(session.scalars(select(OutboxEntry).where(OutboxEntry.kind == "preview")))


def test_the_same_again_is_one_row_and_one_piece_of_work(service: Service, cast: build.Cast) -> None:
    first, again, spanish = _ask(service, cast), _ask(service, cast), _ask(service, cast, language="es")
    assert first.id == again.id != spanish.id
    assert first.state is WorkState.DUE
    entries = _entries(service)
    assert {one.subject_id for one in entries} == {first.id, spanish.id}
    assert {(one.queue, one.state) for one in entries} == {("report", OutboxState.NEW)}


def test_a_preview_goes_from_due_to_ready_and_a_second_run_changes_nothing(
    service: Service, cast: build.Cast
) -> None:
    row = _ask(service, cast)
    with service.db.write() as session:
        found = previews.begin(session, row.id)
        assert found is not None
        assert (found.practice, found.language, found.paper) == ("Alder Street Office", "en", "letter")
    for pdf in (b"%PDF-1", b"%PDF-2"):
        with service.db.write() as session:
            previews.ready(session, row.id, pdf)
            assert previews.begin(session, row.id) is None
    with service.db.read() as session:
        assert session.get_one(Preview, row.id).pdf == b"%PDF-1"


def test_one_that_could_not_be_made_is_made_anew_when_somebody_asks(
    service: Service, cast: build.Cast
) -> None:
    row = _ask(service, cast)
    with service.db.write() as session:
        previews.begin(session, row.id)
        previews.failed(session, row.id, "PageRefused pdf.py:1" + "x" * 100)
        assert session.get_one(Preview, row.id).state is WorkState.FAILED
    again = _ask(service, cast)
    assert again.id != row.id
    assert again.state is WorkState.DUE
    assert again.id in {one.subject_id for one in _entries(service)}


def test_one_whose_worker_died_is_not_waited_for_for_ever(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast)
    with service.db.write() as session:
        session.execute(update(Preview).values(created_at=now() - previews.LONGEST - timedelta(seconds=1)))
    assert _ask(service, cast).id != row.id


def test_previews_are_deleted_after_a_day(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast)
    for hours, kept in ((23, True), (25, False)):
        with time_machine.travel(now() + timedelta(hours=hours)), service.db.write() as session:
            previews.forget_old(session)
            assert (session.get(Preview, row.id) is not None) == kept
    with service.db.write() as session:
        assert previews.begin(session, row.id) is None
        claim = jobs.claim(session, "report", 20)
        assert claim is not None
        previews.ready(session, row.id, b"late")
        previews.failed(session, row.id, "late")


def test_a_preview_is_found_by_its_own_practice_alone(service: Service, cast: build.Cast) -> None:
    row = _ask(service, cast)
    with service.db.read() as session:
        for person in (cast.ada, cast.bo):
            assert previews.find(session, cast.caller(service, person), row.id).id == row.id
        for person in (cast.stranger, cast.desk):
            with pytest.raises(NotFound):
                previews.find(session, cast.caller(service, person), row.id)
