"""A result in one line, as lists show it: measure, main score, band and where the band stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import results
from delivery.models.results import Score, Submission
from questionnaires.schema import Instrument


@dataclass(frozen=True)
class ResultLine:
    """`value` and `span` are points on the main scale; `step` is the band's place from 1, of `steps`.

    `checked` is False where the bands were not compared with their source. `reading` is what the answers are
    read as, for a measure without a main scale.
    """

    submission: Submission
    measure: str
    scored: bool
    value: float | None
    span: tuple[float, float] | None
    band: str | None
    step: int
    steps: int
    checked: bool
    reading: str | None


def lines(session: Session, submissions: Iterable[Submission]) -> list[ResultLine]:
    """One line for each submission, in the order given; the scores are read together."""
    wanted = list(submissions)
    rows = session.scalars(select(Score).where(Score.submission_id.in_([s.id for s in wanted])))
    scores = {row.submission_id: row.result for row in rows}
    return [line(session, submission, scores.get(submission.id)) for submission in wanted]


def line(session: Session, submission: Submission, result: dict[str, Any] | None) -> ResultLine:
    """The line of one submission; `result` is None while it is being scored."""
    instrument = results.instrument_of(session, submission)
    scale = results.main_scale(instrument)
    found: dict[str, Any] = (result or {}).get("scores", {}).get(scale) or {}
    step, steps = band_place(instrument, scale, found.get("band"))
    return ResultLine(
        submission=submission,
        measure=instrument.short_name,
        scored=result is not None,
        value=found.get("value"),
        span=tuple(found["range"]) if found.get("range") else None,
        band=found.get("band"),
        step=step,
        steps=steps,
        checked=all(one.bands.verified for one in instrument.scales if one.id == scale and one.bands),
        reading=None if scale else _reading(instrument, result or {}),
    )


def _reading(instrument: Instrument, result: dict[str, Any]) -> str | None:
    """The first category, else the first positive screen. The engine gives none that is not verified."""
    names = [result.get("categories", {}).get(one.id) for one in instrument.categories]
    names += [one.label for one in instrument.screens if result.get("screens", {}).get(one.id)]
    return next(filter(None, names), None)


def band_place(instrument: Instrument, scale: str | None, band: str | None) -> tuple[int, int]:
    """(place of the band from 1, number of bands); (0, 0) where the scale has no such band."""
    names = [b.label for b in instrument.bands.get(scale or "", ())]
    return (names.index(band) + 1, len(names)) if band in names else (0, 0)
