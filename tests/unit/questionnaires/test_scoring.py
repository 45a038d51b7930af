from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires import program
from questionnaires.answers import Answers, BadAnswers, check
from questionnaires.program import program_of
from questionnaires.registry import load
from questionnaires.schema import Instrument
from questionnaires.scoring import Raised, score

INSTRUMENTS = load().list()
SELF_HARM = Raised(
    "phq9_9", "Thoughts of being better off dead or of self-harm, on several days or more often"
)


@st.composite
def forms(draw: Any) -> tuple[Instrument, Answers]:
    """A shipped instrument with any answers: given, left blank, or not there at all."""
    instrument = draw(st.sampled_from(INSTRUMENTS))
    answers: Answers = {}
    for item in instrument.items:
        choice = draw(st.sampled_from([*(option.code for option in item.options), None, "absent"]))
        if choice != "absent":
            answers[item.id] = choice
    return instrument, answers


@given(forms(), st.sampled_from([{}, {"sex": "male"}, {"sex": "female"}]))
@settings(max_examples=400, deadline=None)
def test_scores_lie_in_their_range_and_missing_items_are_named(form: Any, context: Any) -> None:
    instrument, answers = form
    result = score(instrument, answers, context)
    missing = [item.id for item in instrument.items if item.scored and answers.get(item.id) is None]
    assert result.missing == missing
    assert result.complete is (not missing)
    for scale in instrument.scales:
        value, band, prorated, limits = result.scores[scale.id]
        low, high = scale.range
        if set(scale.items) & set(missing):
            assert value is None
            assert limits is not None
            assert low <= limits[0] < limits[1] <= high
        else:
            assert value is not None
            assert low <= value <= high
            assert limits is None
        assert (band is not None) is (scale.bands is not None and value is not None)
        assert not prorated


@given(forms(), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_of_answers_never_matters(form: Any, chance: random.Random) -> None:
    instrument, answers = form
    shuffled = list(answers.items())
    chance.shuffle(shuffled)
    assert score(instrument, dict(shuffled)) == score(instrument, answers)


@given(forms())
@settings(max_examples=200, deadline=None)
def test_a_left_out_and_a_blank_answer_score_the_same(form: Any) -> None:
    instrument, answers = form
    given_only = {name: code for name, code in answers.items() if code is not None}
    assert score(instrument, given_only) == score(instrument, answers)


@given(forms(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_higher_answer_never_lowers_a_score_a_screen_or_an_alert(form: Any, data: Any) -> None:
    instrument, answers = form
    for item in instrument.items:
        answers[item.id] = answers.get(item.id) or "0"
    item = data.draw(st.sampled_from(instrument.items))
    higher = {**answers, item.id: data.draw(st.sampled_from([option.code for option in item.options]))}
    if int(higher[item.id]) < int(answers[item.id]):
        answers, higher = higher, answers
    before, after = (score(instrument, one, {"sex": "female"}) for one in (answers, higher))
    for name in before.scores:
        assert after.scores[name].value >= before.scores[name].value
    for name, verdict in before.screens.items():
        assert after.screens[name] or not verdict
    assert set(before.alerts) <= set(after.alerts)


@given(forms())
@settings(max_examples=200, deadline=None)
def test_the_range_of_a_partial_form_holds_every_way_to_finish_it(form: Any) -> None:
    instrument, answers = form
    partial = score(instrument, answers)
    for pick in (0, -1):
        finished = {
            item.id: answers.get(item.id) or [option.code for option in item.options][pick]
            for item in instrument.items
        }
        for name, (value, *_rest) in score(instrument, finished).scores.items():
            limits = partial.scores[name].range
            expected = partial.scores[name].value if limits is None else limits[pick]
            assert value == expected


@given(st.lists(st.sampled_from(["0", "1", "2", "3", None]), min_size=8, max_size=8))
@settings(deadline=None)
def test_item_9_is_raised_whatever_else_is_answered(others: list[str | None]) -> None:
    phq9 = next(one for one in INSTRUMENTS if one.key == "phq9")
    answers = {f"phq9_{number}": code for number, code in enumerate(others, 1)}
    assert score(phq9, answers | {"phq9_9": "0"}).alerts == []
    for code in ("1", "2", "3"):
        assert score(phq9, answers | {"phq9_9": code}).alerts == [SELF_HARM]


def random_values(seed: int, items: int, highest: int) -> list[int]:
    chance = random.Random(seed)
    # A share of forms near the lower end, so that the rules are met and missed about equally often.
    return [min(chance.randint(0, highest), chance.randint(0, highest + 1)) for _ in range(items)]


def test_phq9_agrees_with_its_rules_written_out_by_hand(shipped: Any) -> None:
    phq9, seen = shipped.get("phq9"), set()
    for seed in range(2_000):
        values = random_values(seed, 9, 3)
        symptoms = sum(value >= 2 for value in values[:8]) + (values[8] >= 1)
        core = values[0] >= 2 or values[1] >= 2
        expected = "none"
        if core and symptoms >= 5:
            expected = "major depressive syndrome"
        elif core and symptoms >= 2:
            expected = "other depressive syndrome"
        result = score(phq9, {f"phq9_{n}": str(value) for n, value in enumerate(values, 1)})
        assert result.categories == {"depressive_syndrome": expected}
        assert result.scores["total"].value == sum(values)
        assert result.screens == {"depression": sum(values) >= 10}
        assert bool(result.alerts) is (values[8] > 0)
        seen.add(expected)
    assert len(seen) == 3


def test_pcl5_agrees_with_its_rules_written_out_by_hand(shipped: Any) -> None:
    pcl5, seen = shipped.get("pcl5"), set()
    for seed in range(2_000):
        values = [value * (seed % 3) // 2 for value in random_values(seed, 20, 4)]
        met = [value >= 2 for value in values]
        provisional = any(met[:5]) and any(met[5:7]) and sum(met[7:14]) >= 2 and sum(met[14:]) >= 2
        result = score(pcl5, {f"pcl5_{n}": str(value) for n, value in enumerate(values, 1)})
        assert result.screens["provisional_ptsd"] is provisional
        assert [scale.value for scale in result.scores.values()] == [
            sum(values),
            sum(values[:5]),
            sum(values[5:7]),
            sum(values[7:14]),
            sum(values[14:]),
        ]
        seen.add(provisional)
    assert seen == {True, False}


def test_an_unknown_sex_gives_no_silent_answer(shipped: Any) -> None:
    answers = {"audit_c_1": "3", "audit_c_2": "0", "audit_c_3": "0"}
    for context in ({}, {"sex": None}, {"sex": "other"}, {"sex": 1}):
        assert score(shipped.get("audit_c"), answers, context).screens == {"unhealthy_alcohol_use": None}


def test_the_first_answer_of_gad7_is_not_at_all(shipped: Any) -> None:
    for item in shipped.get("gad7").items:
        assert item.options[0].label == "Not at all"
        assert item.options[2].label == "More than half the days"


def test_gad7_item_2_does_not_have_the_wording_of_its_loinc_code(shipped: Any) -> None:
    item = shipped.get("gad7").item("gad7_2")
    assert (item.loinc, item.text) == ("68509-9", "Not being able to stop or control worrying")


def test_answers_that_do_not_fit_are_refused(shipped: Any) -> None:
    for bad in ({"phq9_1": "7"}, {"phq9_99": "1"}, {"phq9_1": ["1"]}):
        with pytest.raises(BadAnswers):
            score(shipped.get("phq9"), bad)


def test_a_critical_answer_is_raised_even_where_the_item_need_not_be_asked(make: Any, content: Any) -> None:
    content["items"][1]["asked_if"] = {"item": "d1", "at_least": 1}
    content["critical"] = [{"item": "d2", "at_least": 2, "message": "Look"}]
    result = score(make(content), {"d1": "0", "d2": "2"})
    assert result.alerts == [Raised("d2", "Look")]
    assert result.scores["total"].range == (0, 6)


def test_a_critical_rule_may_name_codes(make: Any, content: Any) -> None:
    content["critical"] = [{"item": "d1", "codes": ["0", "3"], "message": "Look"}]
    instrument = make(content)
    assert [bool(score(instrument, {"d1": code}).alerts) for code in "0123"] == [True, False, False, True]


def test_an_instrument_may_have_no_scored_items(make: Any, content: Any) -> None:
    for item in content["items"]:
        item["scored"] = False
    content["scales"] = []
    for option in content["options"]["often"]:
        del option["value"]
    result = score(make(content), {"d1": "2"})
    assert result.complete
    assert result.missing == []


def test_scoring_leaves_the_answers_alone(shipped: Any) -> None:
    answers = check(shipped.get("phq9"), {"phq9_1": "0", "phq9_10": "2"})
    score(shipped.get("phq9"), answers)
    assert answers == {"phq9_1": "0", "phq9_10": "2"}


def test_rules_are_compiled_once_and_not_kept_without_end(
    make: Any, content: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "_programs", {})
    monkeypatch.setattr(program, "_MOST_KEPT", 2)
    first = make(content)
    assert program_of(first) is program_of(first)
    for minutes in (2, 3, 4):
        program_of(make(content | {"minutes": minutes}))
    assert len(program._programs) <= 2
