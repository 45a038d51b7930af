"""The answers of an item in a Questionnaire from another publisher: options, boolean, integer, text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from questionnaires.checks import LONGEST, MOST
from questionnaires.conditions import Number
from questionnaires.fhir.reading import LOINC, MAX_VALUE, MIN_VALUE, ORDINAL, WEIGHT, Element

_CODE = re.compile(r"[A-Za-z0-9_.+-]{1,40}")
_TYPES = ("choice", "boolean", "integer", "string", "text")
_YES_NO = {"en": ("Yes", "No"), "es": ("Sí", "No")}
DEFAULT_MOST = 1_000
SHORT_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One option. `key` is what FHIR compares: (system, code), a text, a number, or a truth value."""

    code: str
    label: str
    key: Any
    value: Number | None = None
    loinc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How an item is answered: with `answers`, a `whole_number`, or `free_text`."""

    id: str
    answers: tuple[Answer, ...] = ()
    whole_number: tuple[int, int] | None = None
    free_text: int | None = None


def question(item_id: str, item: Element, resource: Element, language: str) -> Question:
    """The question of an item. Raises FhirError for a type or an answer that LightQ does not have."""
    kind = item.needed("type")
    if kind not in _TYPES:
        raise item.error("type", f"the type '{kind}' is not supported")
    if kind != "choice":
        for key in ("answerOption", "answerValueSet"):
            if key in item.value:
                raise item.error(key, f"answers to choose from are not supported for the type '{kind}'")
    if kind == "choice":
        return Question(id=item_id, answers=_choices(item, resource))
    if kind == "boolean":
        words = _YES_NO.get(language.partition("-")[0])
        if words is None:
            raise item.error(
                "type", f"there are no words for yes and no in '{language}'; give them as choices"
            )
        yes, no = words
        return Question(
            id=item_id,
            answers=(Answer(code="yes", label=yes, key=True), Answer(code="no", label=no, key=False)),
        )
    if kind == "integer":
        return Question(id=item_id, whole_number=_limits(item))
    wanted = item.integer("maxLength") or (SHORT_TEXT if kind == "string" else LONGEST)
    return Question(id=item_id, free_text=max(1, min(wanted, LONGEST)))


def _limits(item: Element) -> tuple[int, int]:
    found = []
    for url, default in ((MIN_VALUE, 0), (MAX_VALUE, DEFAULT_MOST)):
        given = [(one, one.integer("valueInteger")) for one in item.extensions(url)]
        for one, number in given:
            if number is None or not 0 <= number <= MOST:
                raise one.error("valueInteger", f"a whole number from 0 to {MOST:,} is expected here")
        found.append(next((number for _, number in given if number is not None), default))
    low, high = found
    if low >= high:
        raise item.error("extension", f"the lowest number, {low}, is not below the highest, {high}")
    return low, high


def _choices(item: Element, resource: Element) -> tuple[Answer, ...]:
    reference = item.text("answerValueSet")
    if reference is not None and "answerOption" in item.value:
        raise item.error("answerValueSet", "answers are given twice, here and as answerOption")
    if reference is not None:
        found = [_coding(concept, system) for concept, system in _concepts(item, reference, resource)]
        key = "answerValueSet"
    else:
        found = [_option(option) for option in item.children("answerOption")]
        key = "answerOption"
    if len(found) < 2:
        raise item.error(key, "a choice needs at least two answers")
    if len({answer.key for answer in found}) < len(found):
        raise item.error(key, "an answer is given twice")
    codes = [answer.code for answer in found]
    if len(set(codes)) == len(codes) and all(map(_CODE.fullmatch, codes)):
        return tuple(found)
    return tuple(
        Answer(code=str(number), label=one.label, key=one.key, value=one.value, loinc=one.loinc)
        for number, one in enumerate(found, 1)
    )


def _option(option: Element) -> Answer:
    option.refuse_others(("extension", "valueCoding", "valueInteger", "valueString", "initialSelected"))
    if option.flag("initialSelected"):
        raise option.error("initialSelected", "an answer that is chosen beforehand is not supported")
    number, words, chosen = (
        option.integer("valueInteger"),
        option.text("valueString"),
        option.child("valueCoding"),
    )
    if sum(part is not None for part in (number, words, chosen)) != 1:
        raise option.error("", "an answer is one of valueCoding, valueInteger and valueString")
    if chosen is not None:
        return _coding(chosen, chosen.text("system"), value=_value(option))
    value = _value(option)
    if number is not None:
        return Answer(
            code=str(number), label=str(number), key=number, value=number if value is None else value
        )
    assert words is not None
    return Answer(code="", label=words, key=words, value=value)


def _coding(coding: Element, system: str | None, *, value: Number | None = None) -> Answer:
    code = coding.needed("code")
    own = _value(coding)
    return Answer(
        code=code,
        label=coding.text("display") or code,
        key=(system, code),
        value=value if own is None else own,
        loinc=code if system == LOINC else None,
    )


def _value(element: Element) -> Number | None:
    """The score that an answer carries; the two extensions for it mean the same."""
    found = [
        (one, key, one.number(key))
        for one in element.extensions(ORDINAL, WEIGHT)
        for key in ("valueDecimal", "valueInteger")
        if key in one.value
    ]
    for one, key, number in found:
        if number is None or not -MOST <= number <= MOST:
            raise one.error(key, f"a number from -{MOST:,} to {MOST:,} is expected here")
        if number != found[0][2]:
            raise one.error("", "the answer has two different values")
    return found[0][2] if found else None


def _concepts(item: Element, reference: str, resource: Element) -> list[tuple[Element, str | None]]:
    """The codes of a value set that the Questionnaire contains, each with its system."""
    if not reference.startswith("#"):
        raise item.error("answerValueSet", "only answers that the file itself contains are supported")
    for contained in resource.children("contained"):
        if contained.text("id") == reference[1:] and contained.text("resourceType") == "ValueSet":
            return _codes_of(contained)
    raise item.error("answerValueSet", f"the file contains no ValueSet '{reference[1:60]}'")


def _codes_of(contained: Element) -> list[tuple[Element, str | None]]:
    expansion, compose = contained.child("expansion"), contained.child("compose")
    if expansion is not None:
        listed = expansion.children("contains")
        for one in listed:
            one.refuse_others(("extension", "system", "version", "code", "display", "designation"))
        return [(one, one.text("system")) for one in listed]
    if compose is None:
        raise contained.error("compose", "is missing")
    compose.refuse_others(("include", "inactive", "lockedDate"))
    found = []
    for include in compose.children("include"):
        include.refuse_others(("extension", "system", "version", "concept"))
        found += [(concept, include.text("system")) for concept in include.children("concept")]
    return found
