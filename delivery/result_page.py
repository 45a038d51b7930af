"""One result as the console shows it: scores with the sources of their bands, answers, blanks, alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from delivery import report_data, report_language, reports, result_lines, results
from delivery.access import Caller
from delivery.db import now
from delivery.models.assignments import Assignment
from delivery.models.clients import Client, Respondent
from delivery.models.people import Person
from delivery.models.results import Alert, Report, Submission
from delivery.report_verdicts import Sentence, Verdicts
from delivery.report_words import Words
from delivery.sheets import interpreted
from questionnaires import answers as given
from questionnaires.rules import Scale
from questionnaires.schema import Instrument, Item


@dataclass(frozen=True)
class ScaleLine:
    """A scale with its score; `span` is the possible range where blanks allow no score."""

    scale: Scale
    value: float | None
    span: tuple[float, float] | None
    band: str | None
    step: int
    steps: int
    prorated: bool
    main: bool


@dataclass(frozen=True)
class Finding:
    """A screen (`result` True, False or None) or a category (a name or None), with its rule and source."""

    label: str
    result: bool | str | None
    rule: str
    source: str
    verified: bool


@dataclass(frozen=True)
class AnswerLine:
    """A question with the chosen option's words; `state` is answered, blank or not_asked.

    `read` and `said` are the question and the option as they were read, where that was another language.
    """

    item: Item
    state: str
    label: str
    value: float | None
    read: str = ""
    said: str = ""


@dataclass(frozen=True)
class AlertLine:
    """A risk answer, and who took it up (None while it is open)."""

    alert: Alert
    taken_by: Person | None


@dataclass(frozen=True)
class ResultPage:
    """Everything on the page. `scored` is False while a worker still has to score it."""

    submission: Submission
    client: Client
    respondent: Respondent
    assignment: Assignment
    typed_by: Person | None
    instrument: Instrument
    scored: bool
    scales: list[ScaleLine]
    findings: list[Finding]
    answers: list[AnswerLine]
    alerts: list[AlertLine]
    report: Report | None
    #: What changed since the first and the last form, in the words of the PDF, and by which figure.
    said: list[Sentence]
    change_source: str

    @property
    def interpreted(self) -> bool:
        """Whether it was answered together with an interpreter."""
        return self.submission.instrument_key in interpreted(self.assignment)

    @property
    def blanks(self) -> list[Item]:
        """Questions left blank on purpose, in printed order."""
        return [line.item for line in self.answers if line.state == "blank"]


def read(session: Session, caller: Caller, submission_id: UUID) -> ResultPage:
    """The result, its audit row first; from now on it counts as seen. Raises NotFound."""
    submission, result = results.read(session, caller, submission_id)
    session.execute(
        update(Submission)
        .where(Submission.id == submission.id, Submission.seen_at.is_(None))
        .values(seen_at=now())
    )
    instrument, read_in = report_language.texts(
        results.instrument_of(session, submission), submission.language
    )
    client, respondent = (
        session.get(Client, submission.client_id),
        session.get(Respondent, submission.respondent_id),
    )
    assignment = session.get(Assignment, submission.assignment_id)
    assert client is not None
    assert respondent is not None
    assert assignment is not None
    typed_by = session.get(Person, submission.typed_by) if submission.typed_by else None
    return ResultPage(
        submission=submission,
        client=client,
        respondent=respondent,
        assignment=assignment,
        typed_by=typed_by,
        instrument=instrument,
        scored=result is not None,
        scales=_scales(instrument, result or {}),
        findings=_findings(instrument, result or {}) if result else [],
        answers=_answers(instrument, read_in, submission.answers or {}),
        alerts=_alerts(session, submission),
        report=reports.of_submission(session, submission.id),
        **_course(session, submission, scored=result is not None),
    )


def _course(session: Session, submission: Submission, *, scored: bool) -> dict[str, Any]:
    """The sentences beside the main score, as the report has them."""
    total = report_data.assemble(session, submission.id) if scored else None
    if total is None or total.total is None:
        return {"said": [], "change_source": ""}
    said = Verdicts(Words(total.course.zone)).of_score(total.total, total)
    return {"said": said, "change_source": total.total.reliable_source if total.total.changes else ""}


def _scales(instrument: Instrument, result: dict[str, Any]) -> list[ScaleLine]:
    """The official total (or the first scale) first."""
    main, lines = results.main_scale(instrument), []
    for scale in sorted(instrument.scales, key=lambda s: s.id != main):
        got = result.get("scores", {}).get(scale.id)
        if got is None:
            continue
        step, steps = result_lines.band_place(instrument, scale.id, got["band"])
        span = tuple(got["range"]) if got["range"] and got["value"] is None else None
        lines.append(
            ScaleLine(scale, got["value"], span, got["band"], step, steps, got["prorated"], scale.id == main)
        )
    return lines


def _findings(instrument: Instrument, result: dict[str, Any]) -> list[Finding]:
    screens = [
        Finding(s.label, result["screens"].get(s.id), s.rule, s.source, s.verified)
        for s in instrument.screens
    ]
    categories = [
        Finding(c.label, result["categories"].get(c.id), "", c.source, c.verified)
        for c in instrument.categories
    ]
    return screens + categories


def _answers(instrument: Instrument, read_in: Instrument, answers: dict[str, str | None]) -> list[AnswerLine]:
    asked = {item.id for item in given.applicable(instrument, answers)}
    lines = []
    for item, other in zip(instrument.items, read_in.items, strict=True):
        code = answers.get(item.id)
        read = other.text if other.text != item.text else ""
        if item.id not in asked:
            lines.append(AnswerLine(item, "not_asked", "", None, read))
        elif code is None:
            lines.append(AnswerLine(item, "blank", "", None, read))
        else:
            label, said = item.words(code) or "", other.words(code) or ""
            value = item.value(code)
            lines.append(AnswerLine(item, "answered", label, value, read, said if said != label else ""))
    return lines


def _alerts(session: Session, submission: Submission) -> list[AlertLine]:
    rows = session.execute(
        select(Alert, Person)
        .outerjoin(Person, Person.id == Alert.acknowledged_by)
        .where(
            Alert.assignment_id == submission.assignment_id,
            Alert.instrument_key == submission.instrument_key,
        )
        .order_by(Alert.raised_at, Alert.id)
    ).all()
    return [AlertLine(alert, person) for alert, person in rows]
