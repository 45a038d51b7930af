from __future__ import annotations

from typing import Any

import pytest

from questionnaires.fhir.answers import Answer, Question
from questionnaires.fhir.reading import Element, FhirError
from questionnaires.fhir.skips import condition

QUESTIONS = {
    "choice": Question(
        id="c",
        answers=(
            Answer(code="a", label="A", key=("http://example.org", "a")),
            Answer(code="b", label="B", key=("http://example.org", "b")),
            Answer(code="s", label="S", key="S"),
            Answer(code="1", label="1", key=1),
        ),
    ),
    "truth": Question(
        id="t", answers=(Answer(code="yes", label="Yes", key=True), Answer(code="no", label="No", key=False))
    ),
    "number": Question(id="n", whole_number=(0, 10)),
    "words": Question(id="w", free_text=20),
}


def when(question: str, operator: str, **answer: Any) -> Any:
    return {"question": question, "operator": operator, **answer}


def read(*tests: Any, **more: Any) -> Any:
    return condition(Element("f", {"enableWhen": list(tests), **more}, "item[3]"), QUESTIONS)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (when("choice", "=", answerCoding={"code": "a"}), {"item": "c", "codes": ["a"]}),
        (
            when("choice", "!=", answerCoding={"system": "http://example.org", "code": "a"}),
            {"item": "c", "codes": ["b", "s", "1"]},
        ),
        (when("choice", "=", answerString="S"), {"item": "c", "codes": ["s"]}),
        (when("choice", "=", answerInteger=1), {"item": "c", "codes": ["1"]}),
        (when("truth", "=", answerBoolean=True), {"item": "t", "codes": ["yes"]}),
        (when("truth", "!=", answerBoolean=True), {"item": "t", "codes": ["no"]}),
        (when("choice", "exists", answerBoolean=True), {"item": "c", "codes": ["a", "b", "s", "1"]}),
        (when("number", "exists", answerBoolean=True), {"item": "n", "at_least": 0}),
        (when("number", "=", answerInteger=4), {"item": "n", "at_least": 4, "at_most": 4}),
        (when("number", ">=", answerInteger=4), {"item": "n", "at_least": 4}),
        (when("number", "<=", answerInteger=4), {"item": "n", "at_most": 4}),
        (when("number", ">", answerInteger=4), {"item": "n", "at_least": 5}),
        (when("number", "<", answerInteger=4), {"item": "n", "at_most": 3}),
    ],
)
def test_a_test_becomes_a_condition(test: Any, expected: Any) -> None:
    assert read(test) == expected


def test_several_tests_are_joined_as_the_file_says() -> None:
    tests = [when("truth", "=", answerBoolean=True), when("number", ">", answerInteger=0)]
    joined = [{"item": "t", "codes": ["yes"]}, {"item": "n", "at_least": 1}]
    assert read(*tests, enableBehavior="any") == {"any_of": joined}
    assert read(*tests, enableBehavior="all") == {"all_of": joined}


def test_without_a_test_there_is_no_condition() -> None:
    assert read() is None


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        (when("later", "=", answerBoolean=True), "question: there is no such question before this one"),
        ({"operator": "=", "answerBoolean": True}, "question: is missing"),
        ({"question": "truth", "answerBoolean": True}, "operator: is missing"),
        (when("truth", "=", answerDate="2026-01-01"), "answerDate: is not supported"),
        (when("truth", "="), "one answer to compare with is expected here"),
        (
            when("truth", "=", answerBoolean=True, answerInteger=1),
            "one answer to compare with is expected here",
        ),
        (
            when("truth", "exists", answerBoolean=False),
            "answerBoolean: only a condition that there is an answer is supported",
        ),
        (when("words", "exists", answerBoolean=True), "question: a condition on free text is not supported"),
        (when("words", "=", answerString="x"), "question: a condition on free text is not supported"),
        (when("choice", ">", answerInteger=0), "operator: '>' is supported for whole numbers only"),
        (
            when("choice", "=", answerCoding={"code": "z"}),
            "answerCoding: is not one of the answers to that question",
        ),
        (
            when("choice", "=", answerCoding={"system": "x", "code": "a"}),
            "answerCoding: is not one of the answers to that question",
        ),
        (
            when("choice", "=", answerBoolean=True),
            "answerBoolean: is not one of the answers to that question",
        ),
        (when("number", "!=", answerInteger=1), "operator: '!=' is not supported for whole numbers"),
        (when("number", "=", answerString="1"), "answerInteger: is missing"),
        (
            when("number", ">", answerInteger=10),
            "answerInteger: the question is answered with a number from 0 to 10",
        ),
        (
            when("number", "<", answerInteger=0),
            "answerInteger: the question is answered with a number from 0 to 10",
        ),
    ],
)
def test_what_a_condition_cannot_say_is_refused_with_its_path(test: Any, reason: str) -> None:
    with pytest.raises(FhirError) as caught:
        read(test)
    whole = ": " if reason.startswith("one answer") else "."
    assert caught.value.reason == f"item[3].enableWhen[0]{whole}{reason}"


@pytest.mark.parametrize("behaviour", [{}, {"enableBehavior": "some"}])
def test_several_tests_need_to_say_how_they_join(behaviour: Any) -> None:
    test = when("truth", "=", answerBoolean=True)
    with pytest.raises(FhirError, match=r"item\[3\]\.enableBehavior: with several conditions, any or all"):
        read(test, test, **behaviour)
