"""Items and codes as substance, trauma, child and function name them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tests.independent.plain import Answers, Form, blank

ZERO_TO_TWO: Final = ("0", "1", "2")
ZERO_TO_THREE: Final = ("0", "1", "2", "3")
ZERO_TO_FOUR: Final = ("0", "1", "2", "3", "4")
YES_NO: Final = ("yes", "no")


def ids(key: str, numbers: Iterable[int | str]) -> list[str]:
    """Return the item ids of an instrument: `ids("bam", [6, "7a"])` is `["bam_6", "bam_7a"]`."""
    return [f"{key}_{number}" for number in numbers]


def form(key: str, numbers: Iterable[int | str], codes: tuple[str, ...]) -> Form:
    """Return the items with their codes in printed order."""
    return dict.fromkeys(ids(key, numbers), codes)


def code(answers: Answers, item: str) -> int:
    """Return an answer whose code is its number of points."""
    given = answers[item]
    assert given is not None
    return int(given)


def count_of(answers: Answers, items: list[str]) -> int | None:
    """Count the yes answers; None where one is blank."""
    if blank(answers, items):
        return None
    return sum(answers[item] == "yes" for item in items)
