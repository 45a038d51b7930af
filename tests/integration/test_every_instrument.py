"""Every instrument that ships with words goes the whole way: asked, answered, scored, and in a PDF."""

from __future__ import annotations

import io
import os
import random
import re
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from channels.registry import build as build_channels
from delivery import alerts, assignments, channel_settings, forms, library, local_post, reports, submissions
from delivery.assignments import Ask
from delivery.models.assignments import Way
from delivery.models.library import TermsAccepted
from delivery.models.results import Report, Submission
from delivery.service import Service
from delivery.states import WorkState
from questionnaires.schema import Instrument
from questionnaires.scoring import score
from tests import build
from workers import drain
from workers.context import Context

WORDED = [one.key for one in library.shipped().list() if one.wordings]
LARGEST = 300_000
#: Where to keep the PDFs for a look at them; nowhere by default.
KEEP = os.environ.get("LIGHTQ_TEST_PDFS")


def answered(instrument: Instrument) -> dict[str, str | None]:
    """The same answers in every run."""
    chance = random.Random(instrument.key)
    answers: dict[str, str | None] = {}
    for item in instrument.items:
        if item.whole_number:
            answers[item.id] = str(chance.randint(*item.whole_number))
        elif item.free_text:
            answers[item.id] = "It went <b>well</b> & I was heard.\n{{ 7 * 7 }} Gracias, señora Núñez."
        else:
            answers[item.id] = chance.choice(item.options).code
    return answers


@pytest.mark.parametrize("key", WORDED)
def test_it_goes_from_the_ask_to_the_pdf(
    key: str, service: Service, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = local_post.Box(service.db)
    here = Context(service, build_channels(channel_settings.of(service.settings), post.keep, post.find))
    monkeypatch.setattr(drain, "context", lambda: here)
    ada = cast.caller(service, cast.ada)
    with service.db.write() as session:
        session.add(TermsAccepted(practice_id=cast.practice, key=key, notice="", accepted_name="Ada"))
    with service.db.write() as session:
        wanted = Ask(client_id=cast.cy, instruments=[key], channel=Way.IN_PERSON)
        row = assignments.ask(session, ada, wanted, service.settings)
    instrument = library.shipped().get(key)
    answers = answered(instrument)
    with service.db.write() as session:
        sheet = forms.typed_in(session, session.get_one(type(row), row.id), cast.ada)
        forms.keep(session, sheet, key, answers, place=key)
        sheet = forms.typed_in(session, session.get_one(type(row), row.id), cast.ada)
        assert submissions.accept(session, sheet, blank_rest=True).kind == "sent"
    for queue in ("score", "report"):
        drain.drain(queue)
    with service.db.read() as session:
        submission = session.scalars(select(Submission)).one()
        expected = {one.item for one in score(instrument, submission.answers or {}).alerts}
        assert {one.item_id for one in alerts.open_alerts(session, ada)} == expected
        assert session.scalars(select(Report)).one().state is WorkState.READY
    with service.db.write() as session:
        pdf = reports.open_pdf(session, ada, submission.id)
    if KEEP:
        Path(KEEP, f"{key}.pdf").write_bytes(pdf)
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert len(pdf) <= LARGEST
    for part in re.split(r"\W+", instrument.licence.notice):
        assert part in text
    for item in instrument.items:
        if item.free_text:
            assert "<b>well</b>" in text
            assert "{{ 7 * 7 }}" in text
