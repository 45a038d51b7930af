"""The languages of a report: official English for the clinician, the words that were read beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from delivery import wordings
from delivery.eligibility import LANGUAGES
from delivery.models.assignments import Assignment
from delivery.models.results import Submission
from delivery.report_input import Answer
from delivery.results import Course
from delivery.sheets import interpreted
from questionnaires.schema import Instrument


def texts(instrument: Instrument, language: str) -> tuple[Instrument, Instrument]:
    """The instrument as it is printed for the clinician, and as it was read."""
    read = wordings.worded(instrument, language)
    return wordings.beside(instrument, language) or read, read


def beside(
    answers: Sequence[Answer], read: Instrument, given: Mapping[str, str | None]
) -> tuple[Answer, ...]:
    """The answers with the words that were read, where these are others than those printed."""
    rows = []
    for answer in answers:
        item = read.item(answer.item)
        said = item.words(given.get(item.id)) or ""
        rows.append(
            replace(
                answer,
                read=item.text if item.text != answer.text else "",
                said=said if said != answer.label else "",
            )
        )
    return tuple(rows)


def notes(submission: Submission, assignment: Assignment, past: Course) -> tuple[str, ...]:
    """What the reader has to know: an interpreter helped, or earlier forms were in another language."""
    said = []
    if submission.instrument_key in interpreted(assignment):
        said.append("Answered together with an interpreter")
    others = dict.fromkeys(one.language for one, _ in past if one.language != submission.language)
    if others:
        names = " and ".join(LANGUAGES.get(one, one) for one in others)
        said.append(f"Some earlier forms were answered in {names}, also official")
    return tuple(said)
