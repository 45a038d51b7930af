"""One scale as a function: from the values of a form to a score, or to the range it could still take."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import floor
from typing import NamedTuple

from questionnaires.conditions import SKIPPED, Count, Number, Pick, State, compile_count, picker
from questionnaires.rules import Bands, Scale
from questionnaires.schema import Item


class ScaleScore(NamedTuple):
    """A score. Where `value` is None, `range` is what it could still be (None: nothing to score)."""

    value: Number | None
    band: str | None
    prorated: bool
    range: tuple[Number, Number] | None


Scorer = Callable[[State], ScaleScore]
NOTHING = ScaleScore(None, None, False, None)
MOST_KEPT = 2_000


def compile_scale(scale: Scale, items: Mapping[str, Item], position: Mapping[str, int]) -> Scorer:
    """Turn a checked scale into a function. `position` maps item ids to places in the value list."""
    finish = _finisher(scale)
    if scale.missing.among == "form":
        return _of_form(scale, items, position, finish)
    if scale.scales:
        return _of_scales(scale, finish)
    if scale.method == "count":
        return _of_count(scale, position, finish)
    return _of_items(scale, items, position, finish)


def tidy(number: Number) -> Number:
    """Whole numbers as int, the rest without the noise of binary fractions."""
    if isinstance(number, int):
        return number
    rounded = round(number, 6)
    return int(rounded) if rounded.is_integer() else rounded


def half_up(number: Number, digits: int = 0) -> Number:
    """Round half up: 2.5 gives 3, unlike Python's own rounding to even."""
    factor = 10**digits
    return tidy(floor(number * factor + 0.5 + 1e-9) / factor)


def _band_finder(bands: Bands | None) -> Callable[[Number], str | None]:
    if bands is None:
        return lambda _value: None
    lows = [band.low for band in bands.ranges]
    labels = [band.label for band in bands.ranges]
    if bands.use == "rounded":
        return lambda value: labels[bisect_right(lows, half_up(value)) - 1]
    return lambda value: labels[bisect_right(lows, value) - 1]


Finish = Callable[[Number, bool], ScaleScore]


def _finisher(scale: Scale) -> Finish:
    """Multiply, round and name a raw score. Results are kept: most scales have few possible values."""
    band = _band_finder(scale.bands)
    kept: dict[tuple[Number, bool], ScaleScore] = {}

    def finish(raw: Number, prorated: bool) -> ScaleScore:
        try:
            return kept[raw, prorated]
        except KeyError:
            value = tidy(raw * scale.multiply)
            if scale.round_to is not None:
                value = half_up(value, scale.round_to)
            result = ScaleScore(value, band(value), prorated, None)
            if len(kept) < MOST_KEPT:
                kept[raw, prorated] = result
            return result

    return finish


def _open(scale: Scale, low: Number, high: Number) -> ScaleScore:
    return ScaleScore(None, None, False, (tidy(low * scale.multiply), tidy(high * scale.multiply)))


def _of_items(scale: Scale, items: Mapping[str, Item], position: Mapping[str, int], finish: Finish) -> Scorer:
    size = len(scale.items)
    divisor = size if scale.method == "mean" else 1
    limits = [items[name].limits for name in scale.items]
    turned = [name in scale.reverse for name in scale.items]
    pick = picker([position[name] for name in scale.items])
    total = _summer(pick, limits, turned)
    partial = _partial(scale, limits, turned, finish)

    if divisor == 1:

        def score(state: State) -> ScaleScore:
            try:
                return finish(total(state), False)
            except TypeError:  # an item without a value
                return partial(pick(state.values))

    else:

        def score(state: State) -> ScaleScore:
            try:
                return finish(total(state) / divisor, False)
            except TypeError:
                return partial(pick(state.values))

    return score


def _of_form(scale: Scale, items: Mapping[str, Item], position: Mapping[str, int], finish: Finish) -> Scorer:
    """A scale whose missing-item rule counts the blanks of the whole form."""
    strict = replace(scale, missing=replace(scale.missing, rule="none", at_most=0, among="scale"))
    lenient = replace(scale, missing=replace(scale.missing, among="scale"))
    within, beyond = (_of_items(one, items, position, finish) for one in (lenient, strict))
    everything = picker([position[name] for name, item in items.items() if item.scored])
    at_most = scale.missing.at_most

    def score(state: State) -> ScaleScore:
        if everything(state.values).count(None) <= at_most:
            return within(state)
        found = beyond(state)
        if found.value is None:
            return found
        # Complete, in a form that is not valid.
        return ScaleScore(None, None, False, (found.value, found.value))

    return score


def _summer(pick: Pick, limits: list[tuple[Number, Number]], turned: list[bool]) -> Callable[[State], Number]:
    if not any(turned):
        return lambda state: sum(pick(state.values))
    signs = [-1 if turn else 1 for turn in turned]
    offset = sum(low + high for (low, high), turn in zip(limits, turned, strict=True) if turn)
    return lambda state: (
        offset + sum(value * sign for value, sign in zip(pick(state.values), signs, strict=True))
    )


def _partial(
    scale: Scale, limits: list[tuple[Number, Number]], turned: list[bool], finish: Finish
) -> Callable[[tuple[object, ...]], ScaleScore]:
    """The score of a form with missing or skipped items, by the scale's own missing-item rule."""
    rule, at_most, mean = scale.missing.rule, scale.missing.at_most, scale.method == "mean"

    def partial(values: tuple[object, ...]) -> ScaleScore:
        known: Number = 0
        answered = missing = 0
        low: Number = 0
        high: Number = 0
        for value, (least, most), turn in zip(values, limits, turned, strict=True):
            if isinstance(value, int | float):
                known += least + most - value if turn else value
                answered += 1
            elif value is not SKIPPED:
                missing += 1
                low += least
                high += most
        asked = answered + missing
        if not asked:
            return NOTHING
        if not missing:
            return finish(known / asked if mean else known, False)
        if missing <= at_most and answered:
            if rule == "prorate":
                return finish(known / answered if mean else known / answered * asked, True)
            return finish(known / asked if mean else known, False)
        divisor = asked if mean else 1
        return _open(scale, (known + low) / divisor, (known + high) / divisor)

    return partial


def _of_count(scale: Scale, position: Mapping[str, int], finish: Finish) -> Scorer:
    assert scale.reach is not None
    reached = compile_count(Count(items=scale.items, reach=scale.reach, reach_for=scale.reach_for), position)

    def score(state: State) -> ScaleScore:
        low, high = reached(state.values)
        if low == high:
            return finish(low, False)
        return _open(scale, low, high)

    return score


def _of_scales(scale: Scale, finish: Finish) -> Scorer:
    divisor = len(scale.scales) if scale.method == "mean" else 1

    def score(state: State) -> ScaleScore:
        parts = [state.scores[name] for name in scale.scales]
        values = [part.value for part in parts if part.value is not None]
        if len(values) == len(parts):
            return finish(sum(values) / divisor, any(part.prorated for part in parts))
        if any(part is NOTHING for part in parts):
            return NOTHING
        low = high = 0.0
        for part in parts:
            least, most = part.range or (part.value or 0, part.value or 0)
            low, high = low + least, high + most
        return _open(scale, low / divisor, high / divisor)

    return score
