from __future__ import annotations

from typing import Any

import pytest

from questionnaires.fhir.answers import Question, question
from questionnaires.fhir.reading import MAX_VALUE, MIN_VALUE, ORDINAL, WEIGHT, Element, FhirError


def asked(item: Any, resource: Any = None, language: str = "en") -> Question:
    return question("q", Element("f", item, "item[0]"), Element("f", resource or {}), language)


def options(*listed: Any, **more: Any) -> Any:
    return {"type": "choice", "answerOption": list(listed), **more}


def refusal(item: Any, resource: Any = None, language: str = "en") -> str:
    with pytest.raises(FhirError) as caught:
        asked(item, resource, language)
    return caught.value.reason


def test_whole_numbers_and_texts_are_their_own_values() -> None:
    found = asked(options({"valueInteger": 0}, {"valueInteger": 5})).answers
    assert [(one.code, one.label, one.value, one.key) for one in found] == [
        ("0", "0", 0, 0),
        ("5", "5", 5, 5),
    ]
    found = asked(options({"valueString": "Not at all"}, {"valueString": "Very"})).answers
    assert [(one.code, one.label, one.value) for one in found] == [
        ("1", "Not at all", None),
        ("2", "Very", None),
    ]


def test_a_value_may_stand_at_the_option_or_at_the_coding() -> None:
    at_coding = {"valueCoding": {"code": "a", "extension": [{"url": ORDINAL, "valueDecimal": 2}]}}
    at_option = {"valueCoding": {"code": "b"}, "extension": [{"url": WEIGHT, "valueInteger": 3}]}
    number = {"valueInteger": 7, "extension": [{"url": ORDINAL, "valueDecimal": 1.5}]}
    assert [one.value for one in asked(options(at_coding, at_option, number)).answers] == [2, 3, 1.5]


def test_codes_that_we_could_not_keep_are_numbered() -> None:
    found = asked(
        options({"valueCoding": {"code": "more than half"}}, {"valueCoding": {"code": "b", "display": "B"}})
    ).answers
    assert [(one.code, one.label, one.key) for one in found] == [
        ("1", "more than half", (None, "more than half")),
        ("2", "B", (None, "b")),
    ]


def test_loinc_answers_keep_their_code() -> None:
    listed = [{"valueCoding": {"system": "http://loinc.org", "code": code}} for code in ("LA33-6", "LA32-8")]
    assert [(one.code, one.loinc) for one in asked(options(*listed)).answers] == [
        ("LA33-6", "LA33-6"),
        ("LA32-8", "LA32-8"),
    ]


VALUES = [
    {"code": "n", "display": "No", "extension": [{"url": ORDINAL, "valueDecimal": 0}]},
    {"code": "y", "display": "Yes"},
]


@pytest.mark.parametrize(
    "contained",
    [
        {"compose": {"include": [{"system": "http://example.org", "concept": VALUES}]}},
        {"expansion": {"contains": [{"system": "http://example.org", **one} for one in VALUES]}},
    ],
)
def test_answers_may_stand_in_a_value_set_that_the_file_contains(contained: Any) -> None:
    resource = {
        "contained": [
            {"resourceType": "CodeSystem", "id": "v"},
            {"resourceType": "ValueSet", "id": "v", **contained},
        ]
    }
    found = asked({"type": "choice", "answerValueSet": "#v"}, resource).answers
    assert [(one.code, one.label, one.value, one.key) for one in found] == [
        ("n", "No", 0, ("http://example.org", "n")),
        ("y", "Yes", None, ("http://example.org", "y")),
    ]


@pytest.mark.parametrize(("language", "words"), [("en", ["Yes", "No"]), ("es-MX", ["Sí", "No"])])
def test_a_truth_value_is_a_yes_or_a_no(language: str, words: list[str]) -> None:
    found = asked({"type": "boolean"}, language=language).answers
    assert [(one.code, one.value) for one in found] == [("yes", None), ("no", None)]
    assert [one.label for one in found] == words


def test_numbers_have_their_limits_or_run_to_a_thousand() -> None:
    assert asked({"type": "integer"}).whole_number == (0, 1000)
    limits = [{"url": MIN_VALUE, "valueInteger": 1}, {"url": MAX_VALUE, "valueInteger": 31}]
    assert asked({"type": "integer", "extension": limits}).whole_number == (1, 31)


def test_texts_have_room_for_what_the_file_says_and_no_more_than_ours() -> None:
    assert [asked({"type": kind}).free_text for kind in ("string", "text")] == [200, 2000]
    assert [asked({"type": "text", "maxLength": most}).free_text for most in (50, 9000)] == [50, 2000]


A, B = {"valueCoding": {"code": "a"}}, {"valueCoding": {"code": "b"}}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (
            {"type": "integer", "answerOption": [A, B]},
            "item[0].answerOption: answers to choose from are not supported for the type 'integer'",
        ),
        (
            {"type": "text", "answerValueSet": "#v"},
            "item[0].answerValueSet: answers to choose from are not supported for the type 'text'",
        ),
        ({"type": "choice"}, "item[0].answerOption: a choice needs at least two answers"),
        (options(A), "item[0].answerOption: a choice needs at least two answers"),
        (options(A, B, A), "item[0].answerOption: an answer is given twice"),
        (
            options(A, B, answerValueSet="#v"),
            "item[0].answerValueSet: answers are given twice, here and as answerOption",
        ),
        (options(A, {"valueDate": "2026-01-01"}), "item[0].answerOption[1].valueDate: is not supported"),
        (
            options(A, {}),
            "item[0].answerOption[1]: an answer is one of valueCoding, valueInteger and valueString",
        ),
        (
            options(A, B | {"valueInteger": 1}),
            "item[0].answerOption[1]: an answer is one of valueCoding, valueInteger and valueString",
        ),
        (
            options(A, {"valueCoding": {"display": "B"}}),
            "item[0].answerOption[1].valueCoding.code: is missing",
        ),
        (
            options(A, B | {"initialSelected": True}),
            "item[0].answerOption[1].initialSelected: an answer that is chosen beforehand is not supported",
        ),
        (
            options(
                A,
                B | {"extension": [{"url": ORDINAL, "valueDecimal": 1}, {"url": WEIGHT, "valueDecimal": 2}]},
            ),
            "item[0].answerOption[1].extension[1]: the answer has two different values",
        ),
        (
            options(A, B | {"extension": [{"url": ORDINAL, "valueDecimal": "1"}]}),
            "item[0].answerOption[1].extension[0].valueDecimal: a number is expected here",
        ),
        (
            options(A, B | {"extension": [{"url": ORDINAL, "valueDecimal": 1e400}]}),
            "item[0].answerOption[1].extension[0].valueDecimal: "
            "a number from -100,000 to 100,000 is expected here",
        ),
        (
            {"type": "choice", "answerValueSet": "http://example.org/vs"},
            "item[0].answerValueSet: only answers that the file itself contains are supported",
        ),
        (
            {"type": "choice", "answerValueSet": "#w"},
            "item[0].answerValueSet: the file contains no ValueSet 'w'",
        ),
        (
            {"type": "integer", "extension": [{"url": MIN_VALUE, "valueInteger": -1}]},
            "item[0].extension[0].valueInteger: a whole number from 0 to 100,000 is expected here",
        ),
        (
            {"type": "integer", "extension": [{"url": MAX_VALUE}]},
            "item[0].extension[0].valueInteger: a whole number from 0 to 100,000 is expected here",
        ),
        (
            {"type": "integer", "extension": [{"url": MIN_VALUE, "valueInteger": 1000}]},
            "item[0].extension: the lowest number, 1000, is not below the highest, 1000",
        ),
    ],
)
def test_other_answers_are_refused_with_their_path(item: Any, reason: str) -> None:
    assert refusal(item) == reason


def test_yes_and_no_are_not_translated_by_us() -> None:
    reason = "item[0].type: there are no words for yes and no in 'fr'; give them as choices"
    assert refusal({"type": "boolean"}, language="fr") == reason


@pytest.mark.parametrize(
    ("contained", "reason"),
    [
        ({}, "contained[0].compose: is missing"),
        ({"compose": {"exclude": []}}, "contained[0].compose.exclude: is not supported"),
        (
            {"compose": {"include": [{"filter": []}]}},
            "contained[0].compose.include[0].filter: is not supported",
        ),
        (
            {"compose": {"include": [{"valueSet": ["x"]}]}},
            "contained[0].compose.include[0].valueSet: is not supported",
        ),
        (
            {"expansion": {"contains": [{"contains": []}]}},
            "contained[0].expansion.contains[0].contains: is not supported",
        ),
        ({"expansion": {}}, "item[0].answerValueSet: a choice needs at least two answers"),
    ],
)
def test_value_sets_that_are_more_than_a_list_are_refused(contained: Any, reason: str) -> None:
    resource = {"contained": [{"resourceType": "ValueSet", "id": "v", **contained}]}
    assert refusal({"type": "choice", "answerValueSet": "#v"}, resource) == reason
