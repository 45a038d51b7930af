from __future__ import annotations

from typing import Any

import pytest

from questionnaires.answers import (
    BadAnswers,
    BadContext,
    applicable,
    blank,
    check,
    check_context,
    unanswered,
)
from questionnaires.registry import Registry

NINE = [f"phq9_{number}" for number in range(1, 10)]


def ids(items: list[Any]) -> list[str]:
    return [item.id for item in items]


def test_answers_are_kept_as_they_are_in_printed_order(shipped: Registry) -> None:
    phq9 = shipped.get("phq9")
    given = {"phq9_3": "2", "phq9_1": "0", "phq9_2": None}
    assert list(check(phq9, given).items()) == [("phq9_1", "0"), ("phq9_2", None), ("phq9_3", "2")]


@pytest.mark.parametrize(
    ("raw", "item", "words"),
    [
        ({"phq9_1": "4"}, "phq9_1", "not one of its option codes"),
        ({"phq9_1": ""}, "phq9_1", "not one of its option codes"),
        ({"phq9_1": " 1"}, "phq9_1", "not one of its option codes"),
        ({"phq9_1": 1}, "phq9_1", "not text"),
        ({"phq9_1": True}, "phq9_1", "not text"),
        ({"phq9_1": ["1"]}, "phq9_1", "not text"),
        ({"phq9_1": 1.0}, "phq9_1", "not text"),
        ({"phq9_11": "1"}, "phq9_11", "is not an item of phq9"),
        ({"gad7_1": "1"}, "gad7_1", "is not an item of phq9"),
        ({1: "1"}, "1", "is not an item of phq9"),
        ({"x" * 200: "1"}, "x" * 60, "is not an item of phq9"),
        (["1"], "", "not an object"),
        (None, "", "not an object"),
        ("phq9_1", "", "not an object"),
    ],
)
def test_what_does_not_fit_is_refused_with_item_and_reason(
    shipped: Registry, raw: Any, item: str, words: str
) -> None:
    with pytest.raises(BadAnswers) as caught:
        check(shipped.get("phq9"), raw)
    ((named, reason),) = caught.value.problems
    assert named == item
    assert words in reason
    assert words in str(caught.value)


def test_all_problems_are_named_and_no_answer_is_quoted(shipped: Registry) -> None:
    with pytest.raises(BadAnswers) as caught:
        check(shipped.get("phq9"), {"phq9_1": "secret", "phq9_2": 5, "other": "x"})
    assert [item for item, _ in caught.value.problems] == ["other", "phq9_1", "phq9_2"]
    assert "secret" not in str(caught.value)


def test_the_difficulty_item_is_asked_unless_nothing_was_checked(shipped: Registry) -> None:
    phq9 = shipped.get("phq9")
    assert ids(applicable(phq9, {})) == [*NINE, "phq9_10"]
    assert ids(applicable(phq9, dict.fromkeys(NINE, "0"))) == NINE
    assert ids(applicable(phq9, {**dict.fromkeys(NINE, "0"), "phq9_4": "1"})) == [*NINE, "phq9_10"]
    assert ids(applicable(phq9, {**dict.fromkeys(NINE, "0"), "phq9_4": None})) == [*NINE, "phq9_10"]


def test_unanswered_and_left_blank_are_told_apart(shipped: Registry) -> None:
    phq9 = shipped.get("phq9")
    answers = {**dict.fromkeys(NINE[:7], "1"), "phq9_8": None}
    assert ids(unanswered(phq9, answers)) == ["phq9_9", "phq9_10"]
    assert ids(blank(phq9, answers)) == ["phq9_8"]


def test_an_item_may_depend_on_the_context(make: Any, content: Any) -> None:
    content["items"][1]["asked_if"] = {"none_of": [{"context": "sex", "equals": "male"}]}
    instrument = make(content)
    assert ids(unanswered(instrument, {}, {"sex": "male"})) == ["d1", "d3", "d4"]
    assert ids(unanswered(instrument, {}, {"sex": "female"})) == ["d1", "d2", "d3", "d4"]
    assert ids(unanswered(instrument, {})) == ["d1", "d2", "d3", "d4"]
    assert ids(blank(instrument, {"d1": None, "d2": None}, {"sex": "male"})) == ["d1"]


def test_a_context_may_be_empty_full_or_null() -> None:
    assert check_context({}) == {}
    assert check_context({"sex": "male", "age": 40}) == {"sex": "male", "age": 40}
    assert check_context({"sex": None, "age": None}) == {"sex": None, "age": None}
    assert [check_context({"age": age})["age"] for age in (0, 0.5, 130)] == [0, 0.5, 130]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "not an object"),
        ({"gender": "male"}, "not 'gender'"),
        ({"x" * 200: "male"}, f"not '{'x' * 40}'$"),
        ({"sex": "m"}, "sex is male, female"),
        ({"age": "40"}, "age is a number"),
        ({"age": True}, "age is a number"),
        ({"age": -1}, "age is a number"),
        ({"age": 131}, "age is a number"),
    ],
)
def test_a_context_that_could_mislead_is_refused(raw: Any, words: str) -> None:
    with pytest.raises(BadContext, match=words):
        check_context(raw)


@pytest.mark.parametrize(
    ("kind", "bad", "words"),
    [
        ({"whole_number": [0, 30]}, "31", "the answer is not a whole number from 0 to 30"),
        ({"whole_number": [0, 30]}, "1e1", "the answer is not a whole number from 0 to 30"),
        ({"free_text": 5}, "secret", "the answer is empty or longer than 5 characters"),
        ({"free_text": 5}, "  ", "the answer is empty or longer than 5 characters"),
    ],
)
def test_what_does_not_fit_a_typed_item_is_refused(
    make: Any, content: Any, kind: Any, bad: str, words: str
) -> None:
    content["items"].append({"id": "d5", "scored": False, **kind})
    content["texts"]["en"]["items"]["d5"] = "Typed in"
    instrument = make(content)
    with pytest.raises(BadAnswers) as caught:
        check(instrument, {"d5": bad})
    assert caught.value.problems == [("d5", words)]
    assert check(instrument, {"d5": "12"}) == {"d5": "12"}
    assert ids(blank(instrument, {"d5": None})) == ["d5"]
