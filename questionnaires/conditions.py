"""Conditions on answers, scores and context, decided as yes, no or not known.

A condition is data (see `docs/instruments.md`). `compile_condition` turns it into a function that
answers True, False, or None where a missing answer or an unknown context leaves it open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import ge, itemgetter
from typing import Any, ClassVar

Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of `items` reach the value `reach` (`reach_for` names other values for single items)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    items: tuple[str, ...]
    reach: Number
    reach_for: dict[str, Number] = field(default_factory=dict)

    def thresholds(self) -> tuple[Number, ...]:
        """The value that each item has to reach, in the order of `items`."""
        return tuple(self.reach_for.get(item, self.reach) for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One test on exactly one subject: an item, a scale, the context, a count, or other conditions.

    `left_blank` asks whether an item was left blank on purpose; `how_many` counts conditions that hold.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    item: str | None = None
    scale: str | None = None
    context: str | None = None
    count: Count | None = None
    all_of: tuple[Condition, ...] = ()
    any_of: tuple[Condition, ...] = ()
    none_of: tuple[Condition, ...] = ()
    how_many: tuple[Condition, ...] = ()
    at_least: Number | None = None
    at_most: Number | None = None
    codes: tuple[str, ...] = ()
    equals: str | None = None
    left_blank: bool = False

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions that this one is made of, empty where it looks at something itself."""
        return self.all_of or self.any_of or self.none_of or self.how_many


class Skipped:
    """Stands where an item was rightly not asked. It has no arithmetic on purpose."""

    __slots__ = ()


SKIPPED = Skipped()
Value = Any  # a number, None (no answer), or SKIPPED


class State:
    """What a condition can look at while one set of answers is being scored."""

    __slots__ = ("answers", "context", "scores", "values")

    def __init__(
        self, values: list[Value], answers: Mapping[str, object], context: Mapping[str, object]
    ) -> None:
        self.values = values
        self.answers = answers
        self.context = context
        self.scores: dict[str, Any] = {}  # ScaleScore by scale, filled in as scales are scored


Verdict = bool | None
Test = Callable[[State], Verdict]
Pick = Callable[[Sequence[Value]], tuple[Value, ...]]


def picker(positions: Sequence[int]) -> Pick:
    """A fast way to take the values at `positions` out of a list, always as a tuple."""
    if len(positions) == 1:
        only = positions[0]
        return lambda values: (values[only],)
    return itemgetter(*positions)


def compile_condition(condition: Condition, position: Mapping[str, int]) -> Test:
    """Turn a checked condition into a function. `position` maps item ids to places in the value list."""
    if condition.item is not None:
        if condition.left_blank:
            return _blank_test(condition.item, position[condition.item])
        return _item_test(condition, condition.item, position[condition.item])
    if condition.scale is not None:
        return _scale_test(condition, condition.scale)
    if condition.context is not None:
        return _context_test(condition, condition.context)
    if condition.count is not None:
        return _count_test(condition, condition.count, position)
    return _group_test(condition, position)


def _group_test(condition: Condition, position: Mapping[str, int]) -> Test:
    parts = [compile_condition(part, position) for part in condition.parts]
    if condition.all_of:
        return lambda state: _all(test(state) for test in parts)
    if condition.any_of:
        return lambda state: _negate(_all(_negate(test(state)) for test in parts))
    if condition.how_many:
        return _how_many_test(condition, parts)
    return lambda state: _all(_negate(test(state)) for test in parts)


def _negate(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


def _all(verdicts: Iterable[Verdict]) -> Verdict:
    known = True
    for verdict in verdicts:
        if verdict is False:
            return False
        if verdict is None:
            known = False
    return True if known else None


def _within(low: Number, high: Number, condition: Condition) -> Verdict:
    """Does a number known to lie in [low, high] lie within the condition's bounds?"""
    least, most = condition.at_least, condition.at_most
    if (least is not None and high < least) or (most is not None and low > most):
        return False
    if (least is None or low >= least) and (most is None or high <= most):
        return True
    return None


def _how_many_test(condition: Condition, parts: Sequence[Test]) -> Test:
    def test(state: State) -> Verdict:
        verdicts = [part(state) for part in parts]
        sure = verdicts.count(True)
        return _within(sure, sure + verdicts.count(None), condition)

    return test


def _blank_test(item: str, place: int) -> Test:
    def test(state: State) -> Verdict:
        if state.values[place] is not None:  # answered, or rightly not asked
            return False
        return True if item in state.answers else None

    return test


def _item_test(condition: Condition, item: str, place: int) -> Test:
    codes = frozenset(condition.codes)

    def test(state: State) -> Verdict:
        value = state.values[place]
        if value is SKIPPED:
            # An option such as "not applicable" counts as skipped, and can still be asked for by its code.
            return state.answers.get(item) in codes
        if codes:
            code = state.answers.get(item)
            return None if code is None else code in codes
        return None if value is None else _within(value, value, condition)

    return test


def _scale_test(condition: Condition, scale: str) -> Test:
    def test(state: State) -> Verdict:
        number = state.scores[scale].value
        return None if number is None else _within(number, number, condition)

    return test


def _context_test(condition: Condition, name: str) -> Test:
    def test(state: State) -> Verdict:
        known = state.context.get(name)
        if known is None:
            return None
        if condition.equals is not None:
            return known == condition.equals
        return _within(known, known, condition) if isinstance(known, int | float) else None

    return test


def _count_test(condition: Condition, count: Count, position: Mapping[str, int]) -> Test:
    reached = compile_count(count, position)
    return lambda state: _within(*reached(state.values), condition)


def compile_count(count: Count, position: Mapping[str, int]) -> Callable[[Sequence[Value]], tuple[int, int]]:
    """A function from values to the least and the greatest number of items that reach their value."""
    thresholds = count.thresholds()
    pick = picker([position[item] for item in count.items])

    def reached(values: Sequence[Value]) -> tuple[int, int]:
        picked = pick(values)
        try:
            sure = sum(map(ge, picked, thresholds))
        except TypeError:  # an item without a value: count one by one
            sure = sum(
                value is not None and value is not SKIPPED and value >= threshold
                for value, threshold in zip(picked, thresholds, strict=True)
            )
            return sure, sure + picked.count(None)
        return sure, sure

    return reached
