from __future__ import annotations

from typing import Any

import pytest

from questionnaires import scales
from questionnaires.answers import applicable
from questionnaires.scales import half_up, tidy
from questionnaires.scoring import score

ALL = {"d1": "0", "d2": "1", "d3": "2", "d4": "3"}


def total(instrument: Any, answers: dict[str, str | None], scale: str = "total", **context: object) -> Any:
    return score(instrument, answers, context).scores[scale]


def test_a_sum_adds_the_values(make: Any, content: Any) -> None:
    assert total(make(content), ALL) == (6, None, False, None)


def test_a_reversed_item_counts_from_the_other_end(make: Any, content: Any) -> None:
    content["scales"][0]["reverse"] = ["d1", "d4"]
    instrument = make(content)
    assert total(instrument, ALL).value == 3 + 1 + 2 + 0
    assert total(instrument, {"d1": "0", "d4": "3"}).range == (3, 9)


def test_a_reversed_item_counts_from_the_other_end_when_prorating(make: Any, content: Any) -> None:
    content["scales"][0] |= {
        "reverse": ["d1"],
        "missing": {"rule": "prorate", "at_most": 1, "source": "Here"},
    }
    assert total(make(content), {"d1": "0", "d2": "0", "d3": "0"}) == (4, None, True, None)


def test_an_item_may_be_reversed_in_one_scale_only(make: Any, content: Any) -> None:
    content["scales"].append(content["scales"][0] | {"id": "other", "reverse": ["d1"]})
    instrument = make(content)
    assert total(instrument, {**ALL, "d1": "3"}).value == 9
    assert total(instrument, {**ALL, "d1": "3"}, "other").value == 6


def test_a_multiplied_scale_multiplies_value_and_range(make: Any, content: Any) -> None:
    content["scales"][0] |= {"multiply": 4, "range": [0, 48]}
    instrument = make(content)
    assert total(instrument, ALL).value == 24
    assert total(instrument, {"d1": "1"}).range == (4, 40)


def test_a_mean_is_the_mean_of_the_items(make: Any, content: Any) -> None:
    content["scales"][0] |= {"method": "mean", "range": [0, 3]}
    instrument = make(content)
    assert total(instrument, ALL).value == 1.5
    assert total(instrument, {**ALL, "d4": None}).range == (0.75, 1.5)


def test_a_mean_is_rounded_half_up_where_the_scale_says_so(make: Any, content: Any) -> None:
    content["scales"][0] |= {"method": "mean", "range": [0, 3], "round_to": 0}
    assert total(make(content), ALL).value == 2


def test_a_mean_of_the_answered_items_is_marked(make: Any, content: Any) -> None:
    content["scales"][0] |= {
        "method": "mean",
        "range": [0, 3],
        "missing": {"rule": "prorate", "at_most": 3, "source": "Here"},
    }
    instrument = make(content)
    assert total(instrument, {"d1": "1", "d2": "2"}) == (1.5, None, True, None)
    assert total(instrument, {}).range == (0, 3)


def test_a_count_counts_the_items_that_reach_their_value(make: Any, content: Any) -> None:
    content["scales"][0] |= {"method": "count", "reach": 2, "reach_for": {"d2": 1}, "range": [0, 4]}
    instrument = make(content)
    assert total(instrument, ALL) == (3, None, False, None)
    assert total(instrument, {"d1": "3", "d2": None}).range == (1, 4)


def test_prorating_fills_with_the_mean_of_the_answered_items(make: Any, content: Any) -> None:
    content["scales"][0]["missing"] = {"rule": "prorate", "at_most": 2, "source": "Here"}
    instrument = make(content)
    assert total(instrument, {"d1": "1", "d2": "2", "d3": "2"}) == (6.666667, None, True, None)
    assert total(instrument, {"d1": "1", "d2": "2"}) == (6, None, True, None)
    assert total(instrument, {"d1": "1"}) == (None, None, False, (1, 10))
    assert not score(instrument, {"d1": "1"}).valid
    assert score(instrument, {"d1": "1", "d2": "2"}).valid
    assert not score(instrument, {"d1": "1", "d2": "2"}).complete


def test_a_blank_is_zero_only_by_the_rule_and_up_to_its_limit(make: Any, content: Any) -> None:
    content["scales"][0]["missing"] = {"rule": "zero", "at_most": 2, "source": "Here"}
    instrument = make(content)
    assert total(instrument, {"d1": "3", "d2": "3", "d3": None, "d4": None}) == (6, None, False, None)
    assert total(instrument, {"d1": "3", "d2": None, "d3": None, "d4": None}) == (None, None, False, (3, 12))


def test_a_blank_in_a_mean_that_counts_blanks_as_zero(make: Any, content: Any) -> None:
    content["scales"][0] |= {
        "method": "mean",
        "range": [0, 3],
        "missing": {"rule": "zero", "at_most": 1, "source": "Here"},
    }
    assert total(make(content), {"d1": "2", "d2": "2", "d3": "2"}).value == 1.5


@pytest.mark.parametrize(("use", "band"), [("exact", "low"), ("rounded", "high")])
def test_bands_say_whether_they_use_the_rounded_score(make: Any, content: Any, use: str, band: str) -> None:
    ranges = [{"low": 0, "high": 6, "label": "low"}, {"low": 7, "high": 12, "label": "high"}]
    content["scales"][0] |= {
        "missing": {"rule": "prorate", "at_most": 1, "source": "Here"},
        "bands": {"source": "Here", "verified": True, "use": use, "ranges": ranges},
    }
    assert total(make(content), {"d1": "1", "d2": "2", "d3": "2"}).band == band


def test_a_scale_of_scales_adds_or_averages_them(make: Any, content: Any) -> None:
    first, missing = content["scales"][0], {"rule": "none", "source": "Here"}
    parts = [
        first | {"id": "a", "items": ["d1", "d2"], "range": [0, 6]},
        first | {"id": "b", "items": ["d3", "d4"], "range": [0, 6]},
    ]
    both = {"label": "B", "scales": ["a", "b"], "source": "Here", "missing": missing}
    content["scales"] = [
        *parts,
        both | {"id": "sum", "range": [0, 12]},
        both | {"id": "mean", "range": [0, 6], "method": "mean"},
    ]
    instrument = make(content)
    scores = score(instrument, ALL).scores
    assert (scores["sum"].value, scores["mean"].value) == (6, 3)
    scores = score(instrument, {"d1": "1", "d2": "1", "d3": "1"}).scores
    assert scores["sum"] == (None, None, False, (3, 6))
    assert scores["mean"] == (None, None, False, (1.5, 3))
    scores = score(instrument, {"d1": "0", "d2": "0", "d3": "1"}).scores
    assert scores["sum"].range == (1, 4)


def test_without_a_total_all_scales_decide_on_valid(make: Any, content: Any) -> None:
    first = content["scales"][0]
    content["scales"] = [
        first | {"id": "a", "items": ["d1"], "range": [0, 3]},
        first | {"id": "b", "items": ["d2"], "range": [0, 3]},
    ]
    instrument = make(content)
    assert score(instrument, {"d1": "1", "d2": "1"}).valid
    assert not score(instrument, {"d1": "1"}).valid


def test_without_scales_a_complete_form_is_valid(make: Any, content: Any) -> None:
    content["scales"] = []
    instrument = make(content)
    assert score(instrument, ALL).valid
    assert not score(instrument, {"d1": "1"}).valid


def gated(content: Any, **more: object) -> Any:
    for item in content["items"][1:]:
        item |= {"asked_if": {"item": "d1", "at_least": 1}, **more}
    return content


def test_items_that_are_rightly_not_asked_leave_the_form_complete(make: Any, content: Any) -> None:
    result = score(make(gated(content)), {"d1": "0"})
    assert result.complete
    assert result.valid
    assert result.scores["total"].value == 0


def test_a_skipped_item_takes_the_value_its_rule_gives(make: Any, content: Any) -> None:
    result = score(make(gated(content, when_skipped=2)), {"d1": "0", "d2": "3"})
    assert result.scores["total"].value == 6


def test_a_skipped_item_drops_out_of_a_mean(make: Any, content: Any) -> None:
    content["items"][3]["asked_if"] = {"item": "d1", "at_least": 1}
    content["scales"][0] |= {"method": "mean", "range": [0, 3]}
    assert total(make(content), {"d1": "0", "d2": "3", "d3": "3"}).value == 2


def test_an_open_gate_counts_as_asked(make: Any, content: Any) -> None:
    instrument = make(gated(content))
    assert [item.id for item in applicable(instrument, {})] == ["d1", "d2", "d3", "d4"]
    assert score(instrument, {"d1": "1"}).missing == ["d2", "d3", "d4"]


def test_a_scale_with_nothing_to_score_has_neither_value_nor_range(make: Any, content: Any) -> None:
    gated(content)
    missing = {"rule": "none", "source": "Here"}
    part = content["scales"][0] | {"id": "part", "items": ["d2", "d3"], "range": [0, 6]}
    top = {"id": "top", "label": "T", "scales": ["part"], "range": [0, 6], "source": "H", "missing": missing}
    content["scales"] = [part, top]
    scores = score(make(content), {"d1": "0"}).scores
    assert scores["part"] == scores["top"] == (None, None, False, None)
    first = content["scales"][0] | {"id": "first", "items": ["d1"], "range": [0, 3]}
    content["scales"] = [first, part, top | {"scales": ["first", "part"], "range": [0, 9]}]
    scores = score(make(content), {"d1": "0"}).scores
    assert (scores["first"].value, scores["top"]) == (0, (None, None, False, None))


def test_a_not_applicable_answer_drops_the_item(make: Any, content: Any) -> None:
    content["options"]["often"].append({"code": "na", "not_applicable": True})
    content["texts"]["en"]["options"]["often"]["na"] = "Not applicable"
    content["scales"][0] |= {"method": "mean", "range": [0, 3]}
    result = score(make(content), {"d1": "na", "d2": "3", "d3": "3", "d4": "3"})
    assert result.complete
    assert result.scores["total"].value == 3


def test_half_up_rounds_a_half_up() -> None:
    assert [half_up(value) for value in (0.5, 1.5, 2.5, 2.4999)] == [1, 2, 3, 2]
    assert half_up(1.005, 2) == 1.01
    assert tidy(1 / 3) == 0.333333
    assert tidy(2.0) == 2


def test_results_are_not_kept_without_end(make: Any, content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scales, "MOST_KEPT", 2)
    instrument = make(content)
    for value in "01230123":
        assert total(instrument, {**ALL, "d1": value}).value == int(value) + 6


def of_form(content: Any, rule: str) -> Any:
    """A scale of two items whose rule counts the blanks of the whole form."""
    missing = {"rule": rule, "at_most": 1, "among": "form", "source": "Here"}
    content["scales"].append(
        content["scales"][0] | {"id": "part", "items": ["d1", "d2"], "range": [0, 6], "missing": missing}
    )
    return content


def test_a_rule_may_count_the_blanks_of_the_whole_form(make: Any, content: Any) -> None:
    instrument = make(of_form(content, "zero"))
    assert total(instrument, ALL, "part") == (1, None, False, None)
    assert total(instrument, {**ALL, "d2": None}, "part") == (0, None, False, None)
    assert total(instrument, {**ALL, "d4": None}, "part").value == 1
    assert total(instrument, {**ALL, "d2": None, "d4": None}, "part") == (None, None, False, (0, 3))
    assert total(instrument, {"d1": "0", "d2": "1"}, "part") == (None, None, False, (1, 1))


def test_a_prorated_scale_may_count_the_blanks_of_the_whole_form(make: Any, content: Any) -> None:
    instrument = make(of_form(content, "prorate"))
    assert total(instrument, {"d2": "2", "d3": "0", "d4": "0"}, "part") == (4, None, True, None)
    assert total(instrument, {"d2": "2", "d3": "0"}, "part") == (None, None, False, (2, 5))


def test_unscored_items_are_no_blanks_of_the_form(make: Any, content: Any) -> None:
    of_form(content, "zero")["items"].append({"id": "d5", "options": "often", "scored": False})
    content["texts"]["en"]["items"]["d5"] = "Question 5"
    assert total(make(content), {"d1": "1", "d3": "0", "d4": "0"}, "part").value == 1


def test_a_scale_of_scales_is_prorated_where_a_part_is(make: Any, content: Any) -> None:
    first, prorate = content["scales"][0], {"rule": "prorate", "at_most": 1, "source": "Here"}
    content["scales"] = [
        first | {"id": "a", "items": ["d1", "d2"], "range": [0, 6], "missing": prorate},
        first | {"id": "b", "items": ["d3", "d4"], "range": [0, 6]},
        {key: first[key] for key in ("label", "source", "missing")}
        | {"id": "top", "scales": ["a", "b"], "range": [0, 12]},
    ]
    instrument = make(content)
    assert total(instrument, {"d1": "2", "d3": "1", "d4": "1"}, "top") == (6, None, True, None)
    assert total(instrument, ALL, "top") == (6, None, False, None)
    assert total(instrument, {"d1": "2", "d3": "1"}, "top") == (None, None, False, (5, 8))


def test_noise_of_binary_fractions_leaves_whole_numbers_whole() -> None:
    for number in (0.1 + 0.2 + 0.7, 2.9999999999, 3.0000000001, 3):
        assert repr(tidy(number)) == str(round(number))
