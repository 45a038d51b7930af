from __future__ import annotations

import io

import pypdf
import pytest
from sqlalchemy import select

from delivery import jobs, library, previews, report_page
from delivery.jobs import Claim
from delivery.models.ledger import OutboxEntry
from delivery.models.previews import Preview
from delivery.service import Service
from delivery.states import OutboxState, WorkState
from questionnaires.content import content
from tests import build, own_measure
from workers import drain, pdf, preview
from workers.context import Context


def _claimed(service: Service, cast: build.Cast, key: str = "gad2") -> Claim:
    with service.db.write() as session:
        previews.ask_pdf(session, cast.practice, content(library.shipped().get(key)), "en")
    with service.db.write() as session:
        claim = jobs.claim(session, "report", 20)
    assert claim is not None
    return claim


def _end(service: Service) -> tuple[Preview, OutboxEntry]:
    with service.db.read() as session:
        return session.scalars(select(Preview)).one(), session.scalars(select(OutboxEntry)).one()


def test_the_example_becomes_a_pdf(service: Service, cast: build.Cast) -> None:
    claim = _claimed(service, cast)
    drain.work(Context(service, {}), claim)
    row, entry = _end(service)
    assert (row.state, entry.state) == (WorkState.READY, OutboxState.DONE)
    assert row.pdf is not None and row.pdf.startswith(b"%PDF-")


def test_words_without_end_stay_on_the_page(service: Service, cast: build.Cast) -> None:
    word = "W" * 110
    with service.db.write() as session:
        asked = previews.ask_pdf(
            session, cast.practice, own_measure.content(words=word, short_name="Mood"), "en"
        )
        found = previews.begin(session, asked)
    assert found is not None
    data = pdf.render(report_page.page(previews.example(found)), found.paper)
    lines: list[int] = []  # how many letters each stroke of text draws

    def stroke(operator: bytes, operands: list[list[object]], *_: object) -> None:
        if operator == b"TJ":
            lines.append(sum(len(part) // 2 for part in operands[0] if isinstance(part, bytes | str)))

    for page in pypdf.PdfReader(io.BytesIO(data)).pages:
        page.extract_text(visitor_operand_before=stroke)
    assert 10 < max(lines) < len(word), "drawn in one piece, it runs off the page"


def test_a_run_for_one_that_is_ready_only_finishes(
    service: Service, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = _claimed(service, cast)
    with service.db.write() as session:
        previews.begin(session, claim.subject_id)
        previews.ready(session, claim.subject_id, b"%PDF-there")
    monkeypatch.setattr(pdf, "render", lambda *_: pytest.fail("it is there already"))
    preview.run(Context(service, {}), claim)
    row, entry = _end(service)
    assert (row.pdf, entry.state) == (b"%PDF-there", OutboxState.DONE)


def test_one_that_cannot_be_rendered_shows_as_failed_and_is_not_tried_for_hours(
    service: Service, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = _claimed(service, cast)

    def refuse(*_: object) -> bytes:
        raise pdf.PageRefused("too large")

    monkeypatch.setattr(pdf, "render", refuse)
    preview.run(Context(service, {}), claim)
    row, entry = _end(service)
    assert (row.state, row.pdf, entry.state) == (WorkState.FAILED, None, OutboxState.DONE)
    assert row.error is not None and row.error.startswith("PageRefused")
