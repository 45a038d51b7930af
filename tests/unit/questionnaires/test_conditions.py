from __future__ import annotations

from typing import Any

import pytest

from questionnaires.scoring import score


def screen(content: Any, condition: dict[str, Any], verified: bool = True) -> Any:
    content["screens"] = [
        {
            "id": "s",
            "label": "S",
            "rule": "R",
            "source": "Here",
            "verified": verified,
            "positive_if": condition,
        }
    ]
    return content


def verdict(instrument: Any, answers: dict[str, str | None], **context: object) -> bool | None:
    return score(instrument, answers, context).screens["s"]


D1, D2 = {"item": "d1", "at_least": 2}, {"item": "d2", "at_least": 2}


@pytest.mark.parametrize(
    ("condition", "both", "one", "none", "one_known", "none_known"),
    [
        ({"all_of": [D1, D2]}, True, False, False, None, False),
        ({"any_of": [D1, D2]}, True, True, False, True, None),
        ({"none_of": [D1, D2]}, False, False, True, False, None),
    ],
)
def test_groups_are_decided_only_where_missing_answers_can_not_matter(
    make: Any,
    content: Any,
    condition: Any,
    both: bool,
    one: bool,
    none: bool,
    one_known: bool | None,
    none_known: bool | None,
) -> None:
    instrument = make(screen(content, condition))
    assert verdict(instrument, {"d1": "2", "d2": "3"}) is both
    assert verdict(instrument, {"d1": "2", "d2": "1"}) is one
    assert verdict(instrument, {"d1": "1", "d2": "1"}) is none
    assert verdict(instrument, {"d1": "2"}) is one_known
    assert verdict(instrument, {"d1": "1"}) is none_known


def test_an_item_is_compared_with_both_bounds(make: Any, content: Any) -> None:
    instrument = make(screen(content, {"item": "d1", "at_least": 1, "at_most": 2}))
    assert [verdict(instrument, {"d1": str(value)}) for value in range(4)] == [False, True, True, False]
    assert verdict(instrument, {"d1": None}) is None


def test_an_item_is_compared_with_codes(make: Any, content: Any) -> None:
    instrument = make(screen(content, {"item": "d1", "codes": ["0", "3"]}))
    assert [verdict(instrument, {"d1": str(value)}) for value in range(4)] == [True, False, False, True]
    assert verdict(instrument, {}) is None


def test_a_not_applicable_answer_is_found_by_its_code_only(make: Any, content: Any) -> None:
    content["options"]["often"].append({"code": "na", "not_applicable": True})
    content["texts"]["en"]["options"]["often"]["na"] = "Not applicable"
    instrument = make(screen(content, {"any_of": [D1, {"item": "d1", "codes": ["na"]}]}))
    assert verdict(instrument, {"d1": "na"}) is True
    assert verdict(instrument, {"d1": "0"}) is False


def test_a_count_is_decided_where_missing_answers_can_not_matter(make: Any, content: Any) -> None:
    count = {"count": {"items": ["d1", "d2", "d3"], "reach": 2}, "at_least": 2}
    instrument = make(screen(content, count))
    assert verdict(instrument, {"d1": "2", "d2": "2"}) is True
    assert verdict(instrument, {"d1": "0", "d2": "0"}) is False
    assert verdict(instrument, {"d1": "2", "d2": "0"}) is None


def test_a_count_of_one_item_works(make: Any, content: Any) -> None:
    instrument = make(screen(content, {"count": {"items": ["d1"], "reach": 2}, "at_least": 1}))
    assert verdict(instrument, {"d1": "2"}) is True


def test_a_scale_without_a_value_decides_nothing(make: Any, content: Any) -> None:
    instrument = make(screen(content, {"scale": "total", "at_least": 3}))
    assert verdict(instrument, {"d1": "3", "d2": "3", "d3": "3"}) is None
    assert verdict(instrument, dict.fromkeys(("d1", "d2", "d3", "d4"), "1")) is True


def test_context_is_compared_and_unknown_context_decides_nothing(make: Any, content: Any) -> None:
    instrument = make(screen(content, {"context": "sex", "equals": "female"}))
    assert verdict(instrument, {}, sex="female") is True
    assert verdict(instrument, {}, sex="male") is False
    assert verdict(instrument, {}) is None


def test_age_is_compared_as_a_number(make: Any, content: Any) -> None:
    instrument = make(screen(content, {"context": "age", "at_most": 5}))
    assert verdict(instrument, {}, age=5) is True
    assert verdict(instrument, {}, age=6) is False
    assert verdict(instrument, {}, age="five") is None


def test_an_unverified_screen_or_category_decides_nothing(make: Any, content: Any) -> None:
    screen(content, {"item": "d1", "at_least": 1}, verified=False)
    case = {"label": "yes", "when": {"item": "d1", "at_least": 1}}
    category = {"label": "C", "cases": [case], "otherwise": "no", "source": "Here"}
    content["categories"] = [
        category | {"id": "kept", "verified": True},
        category | {"id": "dropped", "verified": False},
    ]
    result = score(make(content), {"d1": "3"})
    assert result.screens == {"s": None}
    assert result.categories == {"kept": "yes", "dropped": None}


def test_a_category_stops_at_the_first_case_that_is_open(make: Any, content: Any) -> None:
    content["categories"] = [
        {
            "id": "c",
            "label": "C",
            "source": "Here",
            "verified": True,
            "cases": [{"label": "one", "when": D1}, {"label": "two", "when": D2}],
            "otherwise": "neither",
        }
    ]
    instrument = make(content)
    assert score(instrument, {"d1": "0", "d2": "3"}).categories == {"c": "two"}
    assert score(instrument, {"d1": "0", "d2": "0"}).categories == {"c": "neither"}
    assert score(instrument, {"d2": "3"}).categories == {"c": None}


def test_a_skipped_item_is_not_endorsed(make: Any, content: Any) -> None:
    content["items"][1]["asked_if"] = {"item": "d1", "at_least": 1}
    instrument = make(screen(content, {"count": {"items": ["d1", "d2"], "reach": 2}, "at_least": 1}))
    assert verdict(instrument, {"d1": "0", "d2": "3"}) is False
    instrument = make(screen(content, D2))
    assert verdict(instrument, {"d1": "0", "d2": "3"}) is False


def test_how_many_is_decided_where_open_conditions_can_not_matter(make: Any, content: Any) -> None:
    parts = [{"item": f"d{number}", "at_least": 2} for number in (1, 2, 3)]
    instrument = make(screen(content, {"how_many": parts, "at_least": 2}))
    assert verdict(instrument, {"d1": "2", "d2": "3"}) is True
    assert verdict(instrument, {"d1": "0", "d2": "1"}) is False
    assert verdict(instrument, {"d1": "2", "d2": "1"}) is None
    assert verdict(instrument, {"d1": "2", "d2": "1", "d3": "1"}) is False


def test_how_many_may_have_an_upper_bound(make: Any, content: Any) -> None:
    instrument = make(screen(content, {"how_many": [D1, D2], "at_least": 1, "at_most": 1}))
    assert verdict(instrument, {"d1": "2", "d2": "2"}) is False
    assert verdict(instrument, {"d1": "2", "d2": "0"}) is True
    assert verdict(instrument, {"d1": "0", "d2": "0"}) is False
    assert verdict(instrument, {"d1": "2"}) is None


def test_left_blank_is_known_only_once_the_item_was_seen(make: Any, content: Any) -> None:
    instrument = make(screen(content, {"item": "d1", "left_blank": True}))
    assert verdict(instrument, {"d1": None}) is True
    assert verdict(instrument, {"d1": "0"}) is False
    assert verdict(instrument, {}) is None


def test_an_item_that_is_not_asked_was_not_left_blank(make: Any, content: Any) -> None:
    content["items"][1]["asked_if"] = {"item": "d1", "at_least": 1}
    instrument = make(screen(content, {"item": "d2", "left_blank": True}))
    assert verdict(instrument, {"d1": "0", "d2": None}) is False
    assert verdict(instrument, {"d1": "1", "d2": None}) is True


def test_a_skip_may_look_at_a_whole_number(make: Any, content: Any) -> None:
    content["items"].insert(0, {"id": "days", "whole_number": [0, 365], "scored": False})
    content["texts"]["en"]["items"]["days"] = "Days"
    content["items"][1]["asked_if"] = {"item": "days", "at_least": 10}
    instrument = make(content)
    rest = {"d2": "1", "d3": "1", "d4": "1"}
    assert score(instrument, rest | {"days": "9"}).scores["total"].value == 3
    assert score(instrument, rest | {"days": "10"}).missing == ["d1"]


def test_a_blank_answer_is_open_whichever_way_it_is_looked_at(make: Any, content: Any) -> None:
    for condition in ({"item": "d1", "codes": ["0"]}, {"item": "d1", "at_most": 0}):
        instrument = make(screen(content, condition))
        assert verdict(instrument, {"d1": None}) is None
        assert verdict(instrument, {"d1": "0"}) is True


def test_a_value_of_its_own_may_be_named_for_single_items_of_a_count(make: Any, content: Any) -> None:
    count = {"count": {"items": ["d1", "d2"], "reach": 2, "reach_for": {"d2": 1}}, "at_least": 2}
    instrument = make(screen(content, count))
    assert verdict(instrument, {"d1": "2", "d2": "1"}) is True
    assert verdict(instrument, {"d1": "1", "d2": "2"}) is False
    assert verdict(instrument, {"d1": "2", "d2": None}) is None


def test_an_answer_without_a_value_is_no_blank(make: Any, content: Any) -> None:
    content["options"]["bare"] = [{"code": "no"}, {"code": "yes"}]
    content["items"].append({"id": "d5", "options": "bare", "scored": False})
    content["texts"]["en"]["items"]["d5"] = "Question 5"
    content["texts"]["en"]["options"]["bare"] = {"no": "No", "yes": "Yes"}
    instrument = make(screen(content, {"item": "d5", "left_blank": True}))
    assert verdict(instrument, {"d5": "yes"}) is False
    assert verdict(instrument, {"d5": None}) is True
