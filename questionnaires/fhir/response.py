"""Answers as a FHIR R4 QuestionnaireResponse, and back.

Left blank on purpose is an item without an answer that says so (`asked-declined`); an item that was not
asked, or is not answered yet, is not there at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from questionnaires.answers import NO_CONTEXT, Answers, check, unanswered
from questionnaires.fhir.conditions import coding
from questionnaires.fhir.questionnaire import address, to_fhir
from questionnaires.fhir.reading import ABSENT, DECLINED, Element, Json
from questionnaires.schema import Instrument, Item

_USABLE = ("in-progress", "completed", "amended")
_VALUES = ("valueCoding", "valueInteger", "valueString")


def to_response(
    instrument: Instrument,
    answers: Mapping[str, str | None],
    *,
    authored: datetime,
    language: str | None,
    subject: str | None = None,
    context: Mapping[str, object] = NO_CONTEXT,
) -> Json:
    """The answers as a QuestionnaireResponse in a language of the instrument as a registry gives it.

    `authored` has a time zone, and `subject` is a reference of the caller's choice, such as `Patient/1`.
    Raises BadAnswers and NoSuchLanguage.
    """
    if authored.tzinfo is None:
        raise ValueError("authored needs a time zone")
    checked = check(instrument, answers)
    worded = instrument.in_language(language) if language else instrument
    made: Json = {
        "resourceType": "QuestionnaireResponse",
        "language": language,
        "questionnaire": address(instrument),
        "status": "in-progress" if unanswered(instrument, checked, context) else "completed",
        "subject": subject and {"reference": subject},
        "authored": authored.isoformat(timespec="seconds"),
        "item": _items(worded, to_fhir(instrument, language)["item"], checked),
    }
    return {key: value for key, value in made.items() if value}


def from_response(instrument: Instrument, response: Json, name: str = "response") -> Answers:
    """The answers of a QuestionnaireResponse, checked. Raises FhirError, which quotes no answer."""
    resource = Element(name, response)
    if resource.text("resourceType") != "QuestionnaireResponse":
        raise resource.error("resourceType", "a QuestionnaireResponse is expected here")
    for key in ("modifierExtension", "implicitRules"):
        if key in response:
            raise resource.error(key, "is not supported")
    if resource.needed("questionnaire") != address(instrument):
        raise resource.error("questionnaire", f"is not {address(instrument)}")
    if resource.needed("status") not in _USABLE:
        raise resource.error("status", f"is none of {', '.join(_USABLE)}")
    found: Answers = {}
    _read(instrument, resource, _groups(to_fhir(instrument, instrument.language)["item"]), found)
    return check(instrument, found)


def _items(instrument: Instrument, nodes: list[Json], answers: Answers) -> list[Json]:
    """The response items for the items of a Questionnaire, without those that say nothing."""
    found: list[Json] = []
    for node in nodes:
        kept: Json = {key: node[key] for key in ("linkId", "text") if key in node}
        if node["type"] == "group":
            inside = _items(instrument, node["item"], answers)
            if inside:
                found.append({**kept, "item": inside})
        elif node["linkId"] in answers:
            code = answers[node["linkId"]]
            found.append(kept | _answer(instrument.item(node["linkId"]), code))
    return found


def _answer(item: Item, code: str | None) -> Json:
    if code is None:
        return {"extension": [{"url": ABSENT, "valueCode": DECLINED}]}
    option = item.option(code)
    if option:
        words = {"display": option.label} if option.label else {}
        return {"answer": [{"valueCoding": coding(item, option) | words}]}
    return {"answer": [{"valueInteger": int(code)} if item.whole_number else {"valueString": code}]}


def _groups(nodes: list[Json]) -> set[str]:
    inner = [_groups(node["item"]) for node in nodes if node["type"] == "group"]
    return {node["linkId"] for node in nodes if node["type"] in ("group", "display")}.union(*inner)


def _read(instrument: Instrument, element: Element, groups: set[str], found: Answers) -> None:
    items = {item.id: item for item in instrument.items}
    for one in element.children("item"):
        link = one.needed("linkId")
        one.refuse_others(("linkId", "definition", "text", "extension", "answer", "item"))
        if link in groups:
            if "answer" in one.value:
                raise one.error("answer", "this is not a question")
            _read(instrument, one, groups, found)
            continue
        if link not in items:
            raise one.error("linkId", f"is not an item of {instrument.key}")
        if link in found:
            raise one.error("linkId", "the item is given twice")
        if "item" in one.value:
            raise one.error("item", "there are no items below this question")
        declined = any(mark.text("valueCode") == DECLINED for mark in one.extensions(ABSENT))
        given = one.children("answer")
        if declined and given:
            raise one.error("answer", "the item is marked as left blank")
        if len(given) > 1:
            raise one.error("answer[1]", "one answer is expected here")
        if declined:
            found[link] = None
        elif given:
            found[link] = _code(items[link], given[0])


def _code(item: Item, answer: Element) -> str:
    answer.refuse_others((*_VALUES, "extension"))
    wanted = _VALUES[0] if item.options else _VALUES[1] if item.whole_number else _VALUES[2]
    code: Any
    if item.options:
        chosen = answer.child(wanted)
        given = chosen and {key: chosen.text(key) for key in ("system", "code") if chosen.value.get(key)}
        code = next((option.code for option in item.options if coding(item, option) == given), None)
    elif item.whole_number:
        code = str(answer.integer(wanted))
    else:
        code = answer.text(wanted)
    if not item.takes(code):
        raise answer.error(wanted, "is missing, or is no answer to this item")
    return str(code)
