"""What holds for every shipped instrument, whatever its rules: on many random forms, the same in each run."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires.answers import Answers, applicable
from questionnaires.conditions import Condition
from questionnaires.registry import load
from questionnaires.rules import Scale
from questionnaires.scales import half_up
from questionnaires.schema import Instrument, Item
from questionnaires.scoring import Result, score

SHIPPED = {one.key: one for one in load().list()}
EVERY = pytest.mark.parametrize("instrument", SHIPPED.values(), ids=SHIPPED.keys())
CONTEXTS: tuple[dict[str, object], ...] = ({}, {"sex": "male", "age": 4}, {"sex": "female", "age": 70})
#: How often an item is left open, and how many forms of each kind are tried.
KINDS = ((0.0, 12), (0.1, 18), (0.5, 12), (1.0, 1))


def answer(item: Item, chance: random.Random) -> str:
    """One of the answers an item takes."""
    if item.whole_number:
        return str(chance.randint(*item.whole_number))
    if item.free_text:
        return "a: b, with {marks} and \u00e9"
    return chance.choice(item.options).code


@functools.cache
def forms(key: str) -> tuple[tuple[Answers, dict[str, object]], ...]:
    """Random forms of an instrument: items answered, blank or not there, all lowest, all highest."""
    chance, items = random.Random(key), SHIPPED[key].items
    made: list[tuple[Answers, dict[str, object]]] = []
    for open_share, many in KINDS:
        for number in range(many):
            answers: Answers = {
                item.id: answer(item, chance) for item in items if chance.random() >= open_share
            }
            blanks = {item.id: None for item in items if item.id not in answers and chance.random() < 0.5}
            made.append((answers | blanks, CONTEXTS[number % 3]))
    for place in (0, -1):
        made.append(({item.id: item.options[place].code for item in items if item.options}, {}))
    return tuple(made)


def results(instrument: Instrument) -> Iterator[tuple[Answers, dict[str, object], Result]]:
    for answers, context in forms(instrument.key):
        yield answers, context, score(instrument, answers, context)


def asked(instrument: Instrument, answers: Answers, context: Mapping[str, object]) -> set[str]:
    return {item.id for item in applicable(instrument, answers, context)}


def counted(instrument: Instrument, scale: Scale, answers: Answers, context: dict[str, object]) -> list[str]:
    """The items of a scale that are answered with a value, in a form whose gates are looked at."""
    there = asked(instrument, answers, context)
    return [
        name
        for name in scale.items
        if name in there and instrument.item(name).value(answers.get(name)) is not None
    ]


@EVERY
def test_an_item_that_is_asked_scored_and_not_answered_is_missing(instrument: Instrument) -> None:
    for answers, context, result in results(instrument):
        there = asked(instrument, answers, context)
        open_items = [
            item.id
            for item in instrument.items
            if item.scored and item.id in there and answers.get(item.id) is None
        ]
        assert result.missing == open_items
        assert result.complete is (not open_items)
        deciding = ["total"] if "total" in result.scores else list(result.scores)
        values = [result.scores[scale].value for scale in deciding]
        assert result.valid is (None not in values if values else result.complete)


@EVERY
def test_scores_lie_in_their_range_and_have_a_band_where_there_are_bands(instrument: Instrument) -> None:
    for _answers, _context, result in results(instrument):
        for scale in instrument.scales:
            value, band, prorated, limits = result.scores[scale.id]
            low, high = scale.range
            if value is None:
                assert band is None
                assert not prorated
                assert limits is None or low <= limits[0] <= limits[1] <= high
                continue
            assert low <= value <= high
            assert limits is None
            if scale.bands is None:
                assert band is None
                continue
            shown = half_up(value) if scale.bands.use == "rounded" else value
            holding = [one.label for one in scale.bands.ranges if one.low <= shown < one.high + 1]
            assert band in holding


@EVERY
def test_a_value_is_given_and_marked_just_where_the_missing_item_rule_says(instrument: Instrument) -> None:
    for answers, context, result in results(instrument):
        there = asked(instrument, answers, context)
        for scale in instrument.scales:
            value, _band, prorated, limits = result.scores[scale.id]
            if scale.scales:
                parts = [result.scores[name] for name in scale.scales]
                assert (value is None) is any(part.value is None for part in parts)
                assert prorated is (value is not None and any(part.prorated for part in parts))
                continue
            in_scale = set(result.missing) & set(scale.items)
            among = result.missing if scale.missing.among == "form" else in_scale
            allowed = scale.missing.at_most if scale.missing.rule != "none" else 0
            answered = counted(instrument, scale, answers, context)
            filled = [
                n for n in scale.items if n not in there and instrument.item(n).when_skipped is not None
            ]
            given = len(among) <= allowed and bool(answered or filled)
            assert (value is not None) is given
            assert prorated is (given and scale.missing.rule == "prorate" and bool(in_scale))
            assert (limits is None) is (given or not (answered or filled or in_scale))


@EVERY
def test_the_order_of_answers_never_matters(instrument: Instrument) -> None:
    chance = random.Random(1)
    for answers, context, result in results(instrument):
        shuffled = list(answers.items())
        chance.shuffle(shuffled)
        assert score(instrument, dict(shuffled), context) == result


def looks_at_blanks(condition: Condition | None) -> bool:
    if condition is None:
        return False
    return condition.left_blank or any(looks_at_blanks(part) for part in condition.parts)


@EVERY
def test_a_blank_counts_like_an_answer_left_out_unless_a_rule_names_it(instrument: Instrument) -> None:
    conditions = [
        *(item.asked_if for item in instrument.items),
        *(rule.condition for rule in instrument.critical),
        *(screen.positive_if for screen in instrument.screens),
        *(case.when for category in instrument.categories for case in category.cases),
    ]
    named = any(looks_at_blanks(one) for one in conditions)
    for answers, context, result in results(instrument):
        given_only = {name: code for name, code in answers.items() if code is not None}
        without = score(instrument, given_only, context)
        assert without.scores == result.scores
        if named:
            assert set(without.alerts) <= set(result.alerts)
        else:
            assert without == result


def test_only_the_asq_has_a_rule_that_names_a_blank() -> None:
    naming = {key for key, one in SHIPPED.items() if any(rule.left_blank for rule in one.critical)}
    assert naming == {"asq"}


def direction(instrument: Instrument, scale: Scale, item: str) -> set[int]:
    """+1 where a higher value of the item raises the scale, -1 where it lowers it; both for some means."""
    if scale.scales:
        signs = (direction(instrument, instrument.scale(name), item) for name in scale.scales)
        return set().union(*signs)
    if item not in scale.items:
        return set()
    return {-1 if item in scale.reverse else 1}


def gated_by(instrument: Instrument, item: str) -> set[str]:
    def names(condition: Condition) -> set[str]:
        own = {condition.item} if condition.item else set()
        counting = set(condition.count.items) if condition.count else set()
        return own.union(counting, *(names(part) for part in condition.parts))

    return {one.id for one in instrument.items if one.asked_if and item in names(one.asked_if)}


@EVERY
def test_a_higher_value_moves_each_scale_its_own_way_only(instrument: Instrument) -> None:
    chance = random.Random(2)
    for answers, context in forms(instrument.key):
        full = {item.id: answers.get(item.id) or answer(item, chance) for item in instrument.items}
        item = chance.choice(instrument.items)
        codes = (full[item.id], answer(item, chance))
        if None in [item.value(code) for code in codes]:
            continue
        low, high = sorted(codes, key=lambda code: item.value(code) or 0)
        before, after = (score(instrument, {**full, item.id: code}, context) for code in (low, high))
        opens = gated_by(instrument, item.id)
        for scale in instrument.scales:
            ways = direction(instrument, scale, item.id)
            was, now = before.scores[scale.id].value, after.scores[scale.id].value
            if was is None or now is None:
                assert was == now or opens
            elif ways == {1}:
                assert now >= was
            elif ways == {-1}:
                assert now <= was
            elif not ways and not opens & set(scale.items):
                assert now == was
        for rule in instrument.critical:
            if rule.item == item.id and rule.at_least is not None:
                raised = [one.item for one in before.alerts]
                assert item.id not in raised or item.id in [one.item for one in after.alerts]


@EVERY
def test_the_range_of_a_partial_form_holds_every_way_to_finish_it(instrument: Instrument) -> None:
    """Every way in which the answers given so far stay among the questions asked.

    (An answer given before its gate can turn out not to have been asked; it then drops out.) A prorated
    scale stands in a scale of scales as the score that its rule gives, not as what it could still become.
    """
    chance = random.Random(3)
    for answers, context, partial in results(instrument):
        given_only = {name: code for name, code in answers.items() if code is not None}
        standing = set(given_only) & asked(instrument, given_only, context)
        for _ in range(3):
            finished = {item.id: given_only.get(item.id) or answer(item, chance) for item in instrument.items}
            if not standing <= asked(instrument, finished, context):
                continue
            for name, (value, *_rest) in score(instrument, finished, context).scores.items():
                limits = partial.scores[name].range
                filled = any(partial.scores[part].prorated for part in instrument.scale(name).scales)
                if limits and value is not None and not filled:
                    assert limits[0] - 1e-6 <= value <= limits[1] + 1e-6


@EVERY
def test_both_ends_of_the_range_of_a_partial_form_can_be_reached(instrument: Instrument) -> None:
    """Where no gate takes part, the lowest and the highest answers give exactly the ends."""
    if any(item.asked_if for item in instrument.items):
        return
    for answers, context, partial in results(instrument):
        for scale in instrument.scales:
            limits = partial.scores[scale.id].range
            if limits is None or scale.scales:
                continue
            for end, sign in zip(limits, (1, -1), strict=True):
                finished: dict[str, Any] = dict(answers)
                for name in partial.missing:
                    turned = -sign if name in scale.reverse else sign
                    valued = [one for one in instrument.item(name).options if one.value is not None]
                    finished[name] = min(valued, key=lambda one: turned * (one.value or 0)).code
                assert score(instrument, finished, context).scores[scale.id].value == pytest.approx(end)


@given(st.integers(0, 10**7), st.integers(0, 3))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_rounding_takes_a_half_up(thousandths: int, digits: int) -> None:
    exact = (Decimal(thousandths) / 1000).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    assert half_up(thousandths / 1000, digits) == pytest.approx(float(exact), abs=1e-9)
