from __future__ import annotations

from typing import Any

import pytest

from questionnaires.fhir.conditions import enable_when


def said(part: Any) -> list[tuple[str, str, Any]]:
    return [
        (
            one["question"],
            one["operator"],
            one["answerInteger"] if "answerInteger" in one else one["answerCoding"]["code"],
        )
        for one in part["enableWhen"]
    ]


@pytest.fixture
def rule(make: Any, content: Any) -> Any:
    """The `enableWhen` of the last item for a condition on the items before it."""
    content["items"][3:3] = [
        {"id": "n", "whole_number": [0, 50]},
        {"id": "t", "free_text": 9, "scored": False},
    ]
    content["items"][1]["asked_if"] = {"item": "d1", "at_least": 1}
    content["texts"]["en"]["items"] |= {"n": "How many?", "t": "What?"}

    def of(condition: Any) -> Any:
        content["items"][5]["asked_if"] = condition
        one = make(content)
        return enable_when({item.id: item for item in one.items}, one.items[5])

    return of


@pytest.mark.parametrize(
    ("condition", "behaviour", "expected"),
    [
        ({"item": "d1", "codes": ["2"]}, None, [("d1", "=", "2")]),
        ({"item": "d1", "at_least": 2}, "any", [("d1", "=", "2"), ("d1", "=", "3")]),
        ({"item": "d1", "at_least": 1, "at_most": 1}, None, [("d1", "=", "1")]),
        ({"item": "n", "at_least": 3}, None, [("n", ">=", 3)]),
        ({"item": "n", "at_least": 3, "at_most": 9}, "all", [("n", ">=", 3), ("n", "<=", 9)]),
        (
            {"any_of": [{"item": "d1", "codes": ["3"]}, {"item": "n", "at_most": 4}]},
            "any",
            [("d1", "=", "3"), ("n", "<=", 4)],
        ),
        (
            {"all_of": [{"item": "d1", "codes": ["3"]}, {"item": "d3", "at_least": 2}]},
            "all",
            [("d1", "=", "3"), ("d3", "!=", "0"), ("d3", "!=", "1")],
        ),
        (
            {"count": {"items": ["d1", "d3"], "reach": 3, "reach_for": {"d3": 2}}, "at_least": 1},
            "any",
            [("d1", "=", "3"), ("d3", "=", "2"), ("d3", "=", "3")],
        ),
        (
            {"count": {"items": ["d1", "d3"], "reach": 3}, "at_least": 2},
            "all",
            [("d1", "=", "3"), ("d3", "=", "3")],
        ),
        (
            {"how_many": [{"item": "d1", "codes": ["1"]}, {"item": "d3", "codes": ["1"]}], "at_least": 1},
            "any",
            [("d1", "=", "1"), ("d3", "=", "1")],
        ),
        (
            {"how_many": [{"item": "d1", "codes": ["1"]}, {"item": "d3", "codes": ["1"]}], "at_least": 2},
            "all",
            [("d1", "=", "1"), ("d3", "=", "1")],
        ),
    ],
)
def test_what_fhir_can_say_is_said(rule: Any, condition: Any, behaviour: str | None, expected: Any) -> None:
    (part,) = rule(condition)
    assert said(part) == expected
    assert part.get("enableBehavior") == behaviour


@pytest.mark.parametrize(
    "condition",
    [
        {"item": "d1", "left_blank": True},
        {"item": "n", "left_blank": True},
        {"item": "n", "at_least": 2.5},
        {"context": "sex", "equals": "female"},
        {"context": "age", "at_least": 1},
        {"none_of": [{"item": "d1", "codes": ["1"]}]},
        {"item": "d1", "at_least": 1.5, "at_most": 1.6},
        {"count": {"items": ["d1", "d3", "n"], "reach": 3}, "at_least": 2},
        {"count": {"items": ["d1", "d3"], "reach": 3}, "at_least": 1, "at_most": 1},
        {"any_of": [{"item": "d1", "codes": ["1"]}, {"item": "d3", "left_blank": True}]},
        {"all_of": [{"item": "d1", "codes": ["1"]}, {"item": "d3", "left_blank": True}]},
        {"how_many": [{"item": "d1", "codes": ["1"]}, {"item": "d3", "codes": ["1"]}], "at_most": 1},
    ],
)
def test_what_fhir_cannot_say_is_left_to_the_extension(rule: Any, condition: Any) -> None:
    assert rule(condition) == []


def test_what_needs_brackets_is_given_in_parts(rule: Any) -> None:
    either = [{"item": "d2", "at_least": 2}, {"item": "d3", "at_least": 3}]
    outer, inner = rule({"all_of": [{"item": "d1", "at_least": 2}, {"any_of": either}]})
    assert said(outer) == [("d1", "=", "2"), ("d1", "=", "3")]
    assert said(inner) == [("d2", "=", "2"), ("d2", "=", "3"), ("d3", "=", "3")]


def test_not_equal_is_not_said_of_an_item_that_may_not_have_been_asked(rule: Any) -> None:
    parts = rule({"all_of": [{"item": "d2", "at_least": 2}, {"item": "d3", "codes": ["1"]}]})
    assert [said(part) for part in parts] == [[("d2", "=", "2"), ("d2", "=", "3")], [("d3", "=", "1")]]


def test_an_item_without_a_rule_has_none(make: Any, content: Any) -> None:
    one = make(content)
    assert enable_when({}, one.items[0]) == []
