from __future__ import annotations

from typing import Any

import pytest

from questionnaires import program
from questionnaires.answers import BadAnswers, check
from questionnaires.program import program_of
from questionnaires.scoring import Raised, score


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


def typed(content: Any) -> Any:
    """With a scored whole number and an unscored free text."""
    content["items"] += [
        {"id": "glasses", "whole_number": [1, 9]},
        {"id": "why", "free_text": 20, "scored": False},
    ]
    content["texts"]["en"]["items"] |= {"glasses": "Glasses", "why": "Why"}
    content["scales"][0]["items"].append("glasses")
    content["scales"][0]["range"] = [1, 21]
    return content


ONES = dict.fromkeys(("d1", "d2", "d3", "d4"), "1")


def test_a_whole_number_is_its_own_value(make: Any, content: Any) -> None:
    instrument = make(typed(content))
    assert score(instrument, ONES | {"glasses": "7", "why": "a: b"}).scores["total"].value == 11
    partial = score(instrument, ONES | {"why": None})
    assert (partial.scores["total"].range, partial.missing) == ((5, 13), ["glasses"])


def test_a_reversed_whole_number_counts_from_the_other_end(make: Any, content: Any) -> None:
    typed(content)["scales"][0]["reverse"] = ["glasses"]
    assert score(make(content), ONES | {"glasses": "7"}).scores["total"].value == 4 + 3


@pytest.mark.parametrize(
    "bad", [{"glasses": "0"}, {"glasses": 7}, {"why": ""}, {"why": "x" * 21}, {"why": []}]
)
def test_what_does_not_fit_a_typed_item_is_refused(make: Any, content: Any, bad: Any) -> None:
    with pytest.raises(BadAnswers):
        score(make(typed(content)), bad)


def test_many_different_texts_are_not_kept(make: Any, content: Any) -> None:
    instrument = make(typed(content))
    for number in range(50):
        score(instrument, {"why": str(number)})
    assert [len(row) for _name, row in program_of(instrument)._rows] == [5, 5, 5, 5, 1, 1]


def test_a_critical_rule_may_name_a_blank_alone(make: Any, content: Any) -> None:
    content["critical"] = [{"item": "d1", "left_blank": True, "message": "Look"}]
    instrument = make(content)
    assert score(instrument, {"d1": None}).alerts == [Raised("d1", "Look")]
    assert score(instrument, {"d1": "3"}).alerts == score(instrument, {}).alerts == []


def test_a_critical_rule_may_name_a_blank_beside_answers(make: Any, content: Any) -> None:
    content["critical"] = [
        {"item": "d1", "left_blank": True, "at_least": 2, "message": "One"},
        {"item": "d2", "left_blank": True, "codes": ["1"], "message": "Two"},
    ]
    instrument = make(content)
    assert [one.reason for one in score(instrument, {"d1": None, "d2": None}).alerts] == ["One", "Two"]
    assert [one.reason for one in score(instrument, {"d1": "2", "d2": "1"}).alerts] == ["One", "Two"]
    assert score(instrument, {"d1": "1", "d2": "2"}).alerts == []
    assert [item.critical for item in instrument.items] == [True, True, False, False]
