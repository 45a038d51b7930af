from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

from questionnaires import registry
from questionnaires.fhir.questionnaire import to_fhir
from questionnaires.fhir.reading import INSTRUMENT, ORDINAL, TRANSLATION
from questionnaires.schema import NoSuchLanguage

TYPES = {"group", "display", "choice", "integer", "text"}


def nodes(items: list[Any]) -> Iterator[Any]:
    for item in items:
        yield item
        yield from nodes(item.get("item", []))


def languages_of(one: Any) -> list[str | None]:
    return list(one.languages) or [None]


def test_the_official_schema_takes_every_shipped_instrument(shipped: registry.Registry) -> None:
    for one in shipped.all_versions():
        for language in languages_of(one):
            made = to_fhir(one, language)
            read = Questionnaire.model_validate_json(json.dumps(made))
            assert json.loads(read.model_dump_json())["item"] == made["item"]


def test_every_shipped_item_is_there_once_in_printed_order(shipped: registry.Registry) -> None:
    for one in shipped.all_versions():
        found = list(nodes(to_fhir(one, languages_of(one)[0])["item"]))
        links = [node["linkId"] for node in found]
        assert len(set(links)) == len(links)
        assert {node["type"] for node in found} <= TYPES
        asked = [node for node in found if node["type"] not in ("group", "display")]
        assert [node["linkId"] for node in asked] == [item.id for item in one.items]
        assert [node.get("prefix") for node in asked] == [item.number for item in one.items]
        for node in found:
            for test in node.get("enableWhen", []):
                assert links.index(test["question"]) < links.index(node["linkId"])
            assert ("enableBehavior" in node) == (len(node.get("enableWhen", [])) > 1)


def test_options_carry_their_values(shipped: registry.Registry) -> None:
    first = next(node for node in nodes(to_fhir(shipped.get("phq9"), "en")["item"]) if "answerOption" in node)
    assert first["code"] == [{"system": "http://loinc.org", "code": "44250-9"}]
    chosen = first["answerOption"][1]["valueCoding"]
    translated = chosen.pop("_display", None)
    assert translated is None or translated["extension"][0]["url"] == TRANSLATION
    assert chosen == {
        "extension": [{"url": ORDINAL, "valueDecimal": 1}],
        "system": "http://loinc.org",
        "code": "LA6569-3",
        "display": "Several days",
    }


def test_a_code_that_two_options_share_is_not_used(make: Any, content: Any) -> None:
    for option, code in zip(content["options"]["often"], ("LA1", "LA1", "LA2", None), strict=True):
        option["loinc"] = code
    made = to_fhir(make(content), "en")["item"][0]["answerOption"]
    codes = [(one["valueCoding"].get("system"), one["valueCoding"]["code"]) for one in made]
    assert codes == [(None, "0"), (None, "1"), ("http://loinc.org", "LA2"), (None, "3")]


def test_items_are_grouped_under_their_stem(make: Any, content: Any) -> None:
    stems = ("main", "main", None, "main")
    for item, stem in zip(content["items"], stems, strict=True):
        item["stem"] = stem
    content["texts"]["en"] |= {"stems": {"main": "How often?"}, "instructions": "Please answer."}
    made = to_fhir(make(content), "en")["item"]
    assert [(one["linkId"], one["type"], one["text"]) for one in made] == [
        ("instructions", "display", "Please answer."),
        ("stem-main", "group", "How often?"),
        ("d3", "choice", "Question 3"),
        ("stem-main-2", "group", "How often?"),
    ]
    assert [one["linkId"] for one in made[1]["item"]] == ["d1", "d2"]


def test_numbers_and_free_text_have_their_limits(make: Any, content: Any) -> None:
    content["items"] += [
        {"id": "d5", "whole_number": [2, 30]},
        {"id": "d6", "free_text": 80, "scored": False},
    ]
    content["texts"]["en"]["items"] |= {"d5": "How many?", "d6": "What?"}
    number, text = to_fhir(make(content), "en")["item"][4:]
    assert number["type"] == "integer"
    assert [list(one.values())[1] for one in number["extension"]] == [2, 30]
    assert (text["type"], text["maxLength"]) == ("text", 80)


def test_the_other_languages_stand_beside_as_translations(make: Any, content: Any) -> None:
    content["texts"]["es"] = content["texts"]["en"] | {
        "name": "Demostración",
        "items": {f"d{number}": f"Pregunta {number}" for number in range(1, 5)},
    }
    made = to_fhir(make(content), "es")
    assert (made["language"], made["title"], made["item"][0]["text"]) == ("es", "Demostración", "Pregunta 1")
    extension = made["item"][0]["_text"]["extension"]
    assert extension == [
        {
            "url": TRANSLATION,
            "extension": [
                {"url": "lang", "valueCode": "en"},
                {"url": "content", "valueString": "Question 1"},
            ],
        }
    ]
    assert "_display" in made["item"][0]["answerOption"][0]["valueCoding"]
    Questionnaire.model_validate_json(json.dumps(made))


def test_the_licence_notice_and_the_whole_file_travel_along(make: Any, content: Any) -> None:
    made = to_fhir(make(content), "en")
    assert (made["url"], made["version"], made["name"]) == ("urn:lightq:questionnaire:demo", "1", "DEMO")
    assert (made["status"], made["copyright"]) == ("active", "Free")
    assert made["extension"][0]["url"] == INSTRUMENT
    assert json.loads(made["extension"][0]["valueString"]) == content


def test_without_wording_there_is_the_scoring_alone(make: Any, content: Any) -> None:
    del content["texts"]
    made = to_fhir(make(content), None)
    assert made["status"] == "draft"
    assert "language" not in made
    assert made["item"][0] == {
        "linkId": "d1",
        "prefix": "1",
        "type": "choice",
        "answerOption": [
            {"valueCoding": {"extension": [{"url": ORDINAL, "valueDecimal": value}], "code": str(value)}}
            for value in range(4)
        ],
    }


def test_no_language_is_chosen_silently(make: Any, content: Any) -> None:
    with pytest.raises(NoSuchLanguage, match="name one of the languages of demo"):
        to_fhir(make(content), None)
    with pytest.raises(NoSuchLanguage, match="demo has no text in 'fr'"):
        to_fhir(make(content), "fr")
