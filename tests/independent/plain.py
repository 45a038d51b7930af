"""Plain sums for the independent scoring rules; nothing here knows an instrument."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Answers = Mapping[str, str | None]
Context = Mapping[str, object]
Bands = Sequence[tuple[float, float, str]]
Form = dict[str, tuple[str, ...]]
Result = dict[str, Any]

# A label that a partial form may have settled already; the rule here does not say.
UNSURE: Final = "unsure"


def item_ids(key: str, numbers: Iterable[int]) -> list[str]:
    """`phq8_1`, `phq8_2`, ... for the printed numbers."""
    return [f"{key}_{number}" for number in numbers]


def form(items: Iterable[str], codes: str) -> Form:
    """Every item with the same codes, written in printed order with spaces between."""
    return {item: tuple(codes.split()) for item in items}


def blank(answers: Answers, items: Iterable[str]) -> list[str]:
    """The items without an answer; left out and None are the same."""
    return [item for item in items if answers.get(item) is None]


def points(
    answers: Answers, items: Iterable[str], reverse: Sequence[str] = (), ends: int = 0
) -> dict[str, int]:
    """Points of the answered items. A reversed one gives `ends` (lowest plus highest code) minus its code."""
    given = {item: int(code) for item in items if (code := answers.get(item)) is not None}
    return {item: ends - code if item in reverse else code for item, code in given.items()}


def total(answers: Answers, items: Sequence[str], reverse: Sequence[str] = (), ends: int = 0) -> int | None:
    """The sum of all items, or None if one is blank."""
    if blank(answers, items):
        return None
    return sum(points(answers, items, reverse, ends).values())


def prorated(given: Mapping[str, int], items: Sequence[str], at_most: int) -> float | None:
    """The sum with up to `at_most` blanks filled by the mean of the other items; None beyond that."""
    if len(items) - len(given) > at_most:
        return None
    return sum(given.values()) * len(items) / len(given)


def half_up(value: float) -> int:
    """The nearest whole number, a half going up."""
    return math.floor(value + 0.5)


def band(value: float | None, bands: Bands) -> str | None:
    """The label of the band that holds the value, both ends included."""
    if value is None:
        return None
    (label,) = [label for low, high, label in bands if low <= value <= high]
    return label


def score(value: float | None, label: str | None = None, filled: bool = False) -> Result:
    """One scale of a result."""
    return {"value": value, "band": label, "prorated": filled}


def at_least(value: float | None, cut: float) -> bool | None:
    """Whether the score reaches the cut-off; None without a score."""
    return None if value is None else value >= cut


def at_most(value: float | None, cut: float) -> bool | None:
    """Whether the score is at or below the cut-off; None without a score."""
    return None if value is None else value <= cut


def result(
    scores: Result,
    missing: list[str],
    screens: Result | None = None,
    categories: Result | None = None,
    alerts: list[str] | None = None,
) -> Result:
    """What one form gives, in the shape of `lightq score` without its messages and ranges."""
    return {
        "scores": scores,
        "screens": screens or {},
        "categories": categories or {},
        "alerts": alerts or [],
        "missing": missing,
    }
