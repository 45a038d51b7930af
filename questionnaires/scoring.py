"""Scoring: answers in, scores, bands, screens, categories and alerts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from questionnaires.answers import NO_CONTEXT, BadAnswers, problems
from questionnaires.program import Raised, Result, program_of
from questionnaires.scales import ScaleScore
from questionnaires.schema import Instrument

__all__ = ["Raised", "Result", "ScaleScore", "score"]


def score(
    instrument: Instrument, answers: Mapping[str, Any], context: Mapping[str, object] = NO_CONTEXT
) -> Result:
    """Score one set of answers.

    `context` may hold `sex` ("male" or "female") and `age` in years; what is not known gives None,
    never a guess. A blank is never 0 unless the instrument's own rule says so, and critical answers
    are raised on partial forms too. Raises BadAnswers where an answer doesn't belong to the instrument.
    """
    program = program_of(instrument)
    try:
        values = program.values(answers)
    except (KeyError, TypeError):
        raise BadAnswers(problems(instrument, answers)) from None
    return program.run(values, answers, context)
