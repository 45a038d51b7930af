"""Ask, send, answer, score, report, hand off: the whole chain in one process, on both databases."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from channels.registry import build as build_channels
from delivery import alerts, audit, channel_settings, dispatch, forms, local_post, reports, submissions
from delivery.errors import Conflict
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Attempt, Dispatch
from delivery.models.results import EpisodeSummary, Report, Submission
from delivery.service import Service
from delivery.states import AssignmentState, AttemptState, DispatchState, LinkState, OutboxState, WorkState
from tests import build
from workers import drain
from workers.context import Context


@pytest.fixture
def here(migrated: Service, monkeypatch: pytest.MonkeyPatch) -> Context:
    post = local_post.Box(migrated.db)
    made = Context(migrated, build_channels(channel_settings.of(migrated.settings), post.keep, post.find))
    monkeypatch.setattr(drain, "context", lambda: made)
    return made


def _everything(here: Context) -> None:
    """Drain until nothing is due."""
    for _ in range(20):
        for queue in ("send", "score", "report", "handoff"):
            drain.drain(queue)


def _answer(service: Service, ask: Assignment, **special: str) -> submissions.Outcome:
    """Begin on the link, answer every item with its second option, send."""
    with service.db.write() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == ask.id)).one()
        fresh = session.get(Assignment, ask.id)
        assert fresh is not None
        form, secret = forms.begin(session, link, fresh, language="en", uses=(True, False))
    with service.db.write() as session:
        sheet = forms.find(session, form.ref, secret)
        for instrument in sheet.instruments:
            chosen = {item.id: special.get(item.id, item.options[1].code) for item in instrument.items}
            forms.keep(session, sheet, instrument.key, chosen, place="review")
    with service.db.write() as session:
        return submissions.accept(session, forms.find(session, form.ref, secret))


def test_from_ask_to_pdf(here: Context) -> None:
    service = here.service
    cast = build.cast(service)
    ada = cast.caller(service, cast.ada)
    ask = build.ask(service, ada, cast.cy, ["phq9", "gad7"])
    _everything(here)
    with service.db.write() as session:
        sent = session.get(Assignment, ask.id)
        assert sent is not None
        assert sent.state is AssignmentState.SENT
        letters = local_post.letters(session)
    assert [letter.to for letter in letters] == ["cy@example.org"]

    assert _answer(service, ask).kind == "sent"
    _everything(here)

    with service.db.write() as session:
        stored = session.scalars(select(Submission).order_by(Submission.id)).all()
        assert [s.instrument_key for s in stored] == ["phq9", "gad7"]
        assert stored[0].uses == {"own_statistics": True, "alliance_figures": False, "wording": "uses-1"}
        for submission in stored:
            pdf = reports.open_pdf(session, ada, submission.id)
            assert "Cyan C." in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
        made = session.scalars(select(Report)).all()
        assert {report.state for report in made} == {WorkState.READY}
        link = session.scalars(select(Link)).one()
        assert (link.state, link.token_id) == (LinkState.USED, None)
        assert session.scalars(select(FormSession)).one().draft is None
        assert len(session.scalars(select(EpisodeSummary)).all()) == 2
        # Item 9 was "several days": an alert, and one urgent and one routine message, each once.
        assert [alert.item_id for alert in alerts.open_alerts(session, ada)] == ["phq9_9"]
        told = [letter for letter in local_post.letters(session) if letter.to == "ada@example.org"]
        assert len(told) == 2
        for letter in told:
            assert "PHQ" not in letter.text + letter.subject
            assert "Cyan" not in letter.text + letter.subject
        assert list(audit.verify(session, cast.practice)) == []
        open_rows = session.scalars(
            select(OutboxEntry.kind).where(OutboxEntry.state != OutboxState.DONE)
        ).all()
        assert set(open_rows) <= {"risk_check"}


def test_nothing_that_a_person_typed_lies_plain_in_the_database(here: Context) -> None:
    service = here.service
    cast = build.cast(service)
    ask = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    _everything(here)
    _answer(service, ask)
    _everything(here)
    with service.db.engine.connect() as connection:
        names = connection.dialect.get_table_names(connection)
        dump = ""
        for name in names:
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall()
            dump += "\n".join(
                repr(tuple(bytes(v).hex() if isinstance(v, bytes | memoryview) else v for v in row))
                for row in rows
            )
    for canary in ("Cyan", "Canary", "cy@example.org", "Several days", "phq9_1'"):
        assert canary not in dump
        assert canary.encode().hex() not in dump


def test_a_second_press_and_a_second_browser_change_nothing(here: Context) -> None:
    service = here.service
    cast = build.cast(service)
    ask = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    _everything(here)
    assert _answer(service, ask).kind == "sent"
    with pytest.raises(Conflict):
        _answer(service, ask, phq9_1="3")
    with service.db.read() as session:
        assert len(session.scalars(select(Submission)).all()) == 1


def test_a_message_that_was_taken_back_in_time_is_not_sent(here: Context) -> None:
    from delivery import assignments

    service = here.service
    cast = build.cast(service)
    ada = cast.caller(service, cast.ada)
    ask = build.ask(service, ada, cast.cy, ["phq9"])
    with service.db.write() as session:
        assignments.cancel(session, ada, ask.id)
    _everything(here)
    with service.db.write() as session:
        assert local_post.letters(session) == []
        assert session.scalars(select(Attempt)).all() == []
        newest = dispatch.newest(session, [ask.id])[ask.id]
        assert newest.state is DispatchState.CANCELLED


def test_every_attempt_is_settled_and_each_message_had_one(here: Context) -> None:
    service = here.service
    cast = build.cast(service)
    ada = cast.caller(service, cast.ada)
    for _ in range(3):
        build.ask(service, ada, cast.cy, ["gad7"])
    _everything(here)
    _everything(here)
    with service.db.read() as session:
        attempts = session.scalars(select(Attempt)).all()
        messages = session.scalars(select(Dispatch)).all()
    assert {attempt.state for attempt in attempts} == {AttemptState.ACCEPTED}
    assert len({attempt.dispatch_id for attempt in attempts}) == len(attempts) == len(messages) == 3
