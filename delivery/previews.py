"""The PDF of a measure with example answers, for somebody who wants to see it before using it.

A worker makes it, because only a worker renders. Nothing of any client is in it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from delivery import jobs, report_data, results
from delivery import report_input as page
from delivery.access import Caller
from delivery.db import insert, now, uuid7
from delivery.errors import NotFound
from delivery.models.people import Practice, Role
from delivery.models.previews import Preview
from delivery.report_scales import scale_of
from delivery.states import WorkState, move
from questionnaires import registry
from questionnaires.answers import Answers, applicable
from questionnaires.schema import Instrument, Item
from questionnaires.scoring import score
from questionnaires.source import Source

KEPT: Final = timedelta(days=1)
#: What isn't there after this long is not coming: asking again starts anew.
LONGEST: Final = timedelta(minutes=5)
FREE_TEXT: Final = "An example in the client’s own words."


@dataclass(frozen=True)
class MadeFrom:
    """What one preview is made from. `content` is that of an instrument file that has passed its checks."""

    content: dict[str, Any]
    language: str
    practice: str
    zone: str
    paper: str
    at: datetime


def ask_pdf(session: Session, practice_id: UUID, content: dict[str, Any], language: str) -> UUID:
    """Have the PDF of an instrument made, and return the preview's id; the same again gives the same row.

    `content` is what `questionnaires.content.content(instrument)` gives, of a draft as well as of a published
    version; it has to have passed `registry.check`. `language` is one of its texts. One that could not be
    made is tried anew.
    """
    text = json.dumps([language, content], ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    this = (Preview.practice_id == practice_id, Preview.digest == digest)
    given_up = (Preview.state != WorkState.READY) & (Preview.created_at < now() - LONGEST)
    session.execute(delete(Preview).where(*this, given_up | (Preview.state == WorkState.FAILED)))
    fresh = insert(session, Preview).values(
        id=uuid7(),
        created_at=now(),
        practice_id=practice_id,
        digest=digest,
        content=content,
        language=language,
        state=WorkState.DUE,
    )
    session.execute(fresh.on_conflict_do_nothing())
    found = session.scalars(select(Preview.id).where(*this)).one()
    jobs.add(session, "preview", found, practice_id=practice_id)
    return found


def find(session: Session, caller: Caller, preview_id: UUID) -> Preview:
    """A preview of one of the caller's practices. Raises NotFound, also where it was deleted after a day."""
    found = session.get(Preview, preview_id)
    if found is None or found.practice_id not in caller.practices(Role.CLINICIAN, Role.OWNER):
        raise NotFound
    return found


def begin(session: Session, preview_id: UUID) -> MadeFrom | None:
    """What to render; None where it is ready or gone."""
    row = session.get(Preview, preview_id)
    if row is None or row.state is WorkState.READY:
        return None
    move(session, Preview, row.id, WorkState.MAKING, error=None)
    practice = session.get(Practice, row.practice_id)
    assert practice is not None
    return MadeFrom(
        row.content, row.language, practice.name, practice.time_zone, practice.paper, row.created_at
    )


def ready(session: Session, preview_id: UUID, pdf: bytes) -> None:
    """Store the PDF. Safe to run twice."""
    move(session, Preview, preview_id, WorkState.READY, Preview.state == WorkState.MAKING, pdf=pdf)


def failed(session: Session, preview_id: UUID, error: str) -> None:
    """Note that it could not be rendered, and where."""
    move(session, Preview, preview_id, WorkState.FAILED, error=error[:80])


def forget_old(session: Session) -> None:
    """Delete what is older than a day."""
    session.execute(delete(Preview).where(Preview.created_at < now() - KEPT))


def example_answers(instrument: Instrument) -> Answers:
    """An answer to every question that is asked: the options in turn, but those that skip least."""
    answers: Answers = {}
    for place, item in enumerate(instrument.items):
        if item in applicable(instrument, answers):
            choices = _examples(item, place)
            answers[item.id] = max(
                choices, key=lambda code: len(applicable(instrument, {**answers, item.id: code}))
            )
    return answers


def _examples(item: Item, place: int) -> list[str]:
    """What could be answered, another one first at each place."""
    if item.whole_number:
        low, high = item.whole_number
        return [str(min(high, low + 3))]
    if item.free_text is not None:
        return [FREE_TEXT[: item.free_text]]
    codes = [option.code for option in item.options if not option.not_applicable]
    start = place % len(codes)
    return codes[start:] + codes[:start]


def example(made_from: MadeFrom) -> page.ReportInput:
    """The report of the example answers. Raises InstrumentError where the content isn't an instrument's."""
    checked = registry.check(Source("preview", made_from.content, {}))
    instrument = checked.in_language(made_from.language)
    given = example_answers(instrument)
    outcome = score(instrument, given)
    result = outcome.to_json()
    answers = report_data.answers(instrument, given, [])
    zone = ZoneInfo(made_from.zone)
    scales = {one.id: scale_of(instrument, one.id, result, answers, [], zone) for one in instrument.scales}
    at = report_data.iso(made_from.at)
    assert at is not None
    return page.ReportInput(
        measure=report_data.measure(instrument, made_from.language),
        people=page.People(
            report_label="Example",
            clinician=made_from.practice,
            practice=made_from.practice,
            certainty="seen",
            reasons=("Nobody gave these answers: this page shows what a report looks like",),
        ),
        course=page.Course(zone=made_from.zone, finished_at=at, made_at=at, channel="in_person"),
        answers=tuple(answers),
        answers_sha256=hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest(),
        scoring_version=results.ENGINE,
        report_version=report_data.VERSION,
        total=scales.get("total"),
        subscales=tuple(one for name, one in scales.items() if name != "total"),
        findings=tuple(report_data.findings(instrument, result)),
        alerts=tuple(page.Alert(item=one.item) for one in outcome.alerts),
        missing_rule=report_data.missing_rule(instrument, result),
        void="an example, nobody gave these answers",
    )
