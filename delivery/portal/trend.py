"""How it has been going, for the one who answered: a line without numbers, heavier above, lighter below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import results, sheets, wordings
from delivery.models.assignments import Assignment
from delivery.models.clients import Episode, Respondent
from delivery.models.results import Submission
from questionnaires.schema import Instrument

#: Where the line may go: percent of the width, pixels of the height (mock-up `portal.html`).
LEFT, RIGHT = 4.0, 97.0
TOP, BOTTOM = 16.0, 112.0
#: Fewer points make no line.
FEWEST: Final = 2


@dataclass(frozen=True)
class Point:
    """One form: when, and where it stands; `x` in percent, `y` in pixels."""

    at: datetime
    x: float
    y: float


@dataclass(frozen=True)
class Trend:
    """One measure in the newest episode. `last` is the last form beside the first one."""

    measure: str
    points: list[Point]
    last: Literal["lighter", "heavier", "same"]

    @property
    def lines(self) -> list[tuple[Point, Point]]:
        """From point to point."""
        return list(pairwise(self.points))


def of(session: Session, respondent: Respondent, language: str) -> list[Trend]:
    """A line for each measure that this person answered twice or more in the newest episode."""
    episode = session.scalars(
        select(Episode).where(Episode.client_id == respondent.client_id).order_by(Episode.id.desc()).limit(1)
    ).first()
    if episode is None:
        return []
    keys = session.scalars(
        select(Submission.instrument_key)
        .where(Submission.episode_id == episode.id, Submission.respondent_id == respondent.id)
        .distinct()
        .order_by(Submission.instrument_key)
    )
    found = []
    for key in keys:
        course = results.course(session, episode.id, key, respondent.id)
        if len(course) < FEWEST:
            continue
        newest = course[-1][0]
        instrument = results.instrument_of(session, newest)
        found.append(_line(instrument, results.comparable(course, newest, instrument), language))
    return [one for one in found if one is not None]


def _line(instrument: Instrument, course: results.Course, language: str) -> Trend | None:
    name = results.main_scale(instrument)
    if name is None:
        return None
    scale = instrument.scale(name)
    values = [(one.answered_at, results.value(result, name)) for one, result in course]
    known = [(at, value) for at, value in values if value is not None]
    if len(known) < FEWEST:
        return None
    low, high = scale.range
    weights = [(value - low) / (high - low) for _, value in known]
    if scale.higher_is_better:
        weights = [1 - one for one in weights]
    start, end = known[0][0], known[-1][0]
    span = (end - start).total_seconds() or 1.0
    points = [
        Point(
            at,
            round(LEFT + (at - start).total_seconds() / span * (RIGHT - LEFT), 1),
            round(BOTTOM - weight * (BOTTOM - TOP), 1),
        )
        for (at, _), weight in zip(known, weights, strict=True)
    ]
    first, last = weights[0], weights[-1]
    said: Literal["lighter", "heavier", "same"] = (
        "same" if first == last else "lighter" if last < first else "heavier"
    )
    return Trend(wordings.worded(instrument, language).name, points, said)


def names(session: Session, row: Assignment, language: str) -> tuple[str, ...]:
    """The measures of an ask that was answered, as the client may read them."""
    return tuple(wordings.worded(one, language).name for one in sheets.instruments(session, row))
