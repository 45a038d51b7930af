"""`enableWhen` of a Questionnaire from another publisher as the condition on which an item is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from questionnaires.fhir.answers import Question
from questionnaires.fhir.reading import Element, Json

_ANSWERS = ("answerBoolean", "answerInteger", "answerString", "answerCoding")


def condition(item: Element, questions: Mapping[str, Question]) -> Json | None:
    """The condition in the form of our files; None where the item is always asked.

    `questions` holds the questions before this item, by linkId. Raises FhirError for what a condition
    can't say.
    """
    tests = item.children("enableWhen")
    if not tests:
        return None
    found = [_test(test, questions) for test in tests]
    if len(found) == 1:
        return found[0]
    behaviour = item.text("enableBehavior")
    if behaviour not in ("any", "all"):
        raise item.error("enableBehavior", "with several conditions, any or all is expected here")
    return {f"{behaviour}_of": found}


def _test(test: Element, questions: Mapping[str, Question]) -> Json:
    test.refuse_others(("extension", "question", "operator", *_ANSWERS))
    asked = questions.get(test.needed("question"))
    if asked is None:
        raise test.error("question", "there is no such question before this one")
    operator = test.needed("operator")
    given = [key for key in _ANSWERS if key in test.value]
    if len(given) != 1:
        raise test.error("", "one answer to compare with is expected here")
    if operator == "exists":
        return _exists(test, asked)
    if asked.whole_number:
        return _number(test, asked.id, asked.whole_number, operator)
    if operator not in ("=", "!="):
        raise test.error("operator", f"'{operator}' is supported for whole numbers only")
    if not asked.answers:
        raise test.error("question", "a condition on free text is not supported")
    chosen = [answer for answer in asked.answers if _same(answer.key, _given(test, given[0]))]
    if len(chosen) != 1:
        raise test.error(given[0], "is not one of the answers to that question")
    codes = [answer.code for answer in asked.answers if (answer in chosen) == (operator == "=")]
    return {"item": asked.id, "codes": codes}


def _exists(test: Element, asked: Question) -> Json:
    if test.flag("answerBoolean") is not True:
        raise test.error("answerBoolean", "only a condition that there is an answer is supported")
    if asked.whole_number:
        return {"item": asked.id, "at_least": asked.whole_number[0]}
    if asked.answers:
        return {"item": asked.id, "codes": [answer.code for answer in asked.answers]}
    raise test.error("question", "a condition on free text is not supported")


def _number(test: Element, item_id: str, limits: tuple[int, int], operator: str) -> Json:
    number = test.integer("answerInteger")
    if number is None:
        raise test.error("answerInteger", "is missing")
    bounds = {
        "=": {"at_least": number, "at_most": number},
        ">=": {"at_least": number},
        "<=": {"at_most": number},
        ">": {"at_least": number + 1},
        "<": {"at_most": number - 1},
    }.get(operator)
    if bounds is None:
        raise test.error("operator", f"'{operator}' is not supported for whole numbers")
    low, high = limits
    if not all(low <= bound <= high for bound in bounds.values()):
        raise test.error("answerInteger", f"the question is answered with a number from {low} to {high}")
    return {"item": item_id, **bounds}


def _given(test: Element, key: str) -> Any:
    if key == "answerCoding":
        coding = test.child(key)
        assert coding is not None
        return coding.text("system"), coding.needed("code")
    return {"answerBoolean": test.flag, "answerInteger": test.integer, "answerString": test.text}[key](key)


def _same(one: Any, other: Any) -> bool:
    """Codes are the same in one system, or where one of the two names none."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return one[1] == other[1] and (one[0] == other[0] or None in (one[0], other[0]))
    return type(one) is type(other) and bool(one == other)
