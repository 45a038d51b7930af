from __future__ import annotations

import json
from typing import Any

import pytest

from questionnaires.fhir.importing import from_fhir
from questionnaires.fhir.questionnaire import to_fhir
from questionnaires.fhir.reading import FhirError
from questionnaires.registry import Registry

CHANGED = "differs from the instrument that the file carries; it was changed elsewhere"


@pytest.fixture
def exported(make: Any, content: Any) -> Any:
    content["items"][0]["stem"] = None
    content["texts"]["en"]["stems"] = {"main": "How often?"}
    return to_fhir(make(content), "en")


def refusal(resource: Any) -> tuple[str, str]:
    with pytest.raises(FhirError) as caught:
        from_fhir("f", json.dumps(resource).encode())
    return caught.value.path, caught.value.reason.removeprefix(f"{caught.value.path}: ")


def test_our_own_questionnaire_is_exactly_our_instrument(shipped: Registry) -> None:
    for one in shipped.all_versions():
        for language in one.languages or (None,):
            again = from_fhir("f", json.dumps(to_fhir(one, language)).encode())
            assert (again.items, again.scales, again.critical) == (one.items, one.scales, one.critical)
            assert again.licence == one.licence


def test_what_other_systems_add_is_no_matter(exported: Any) -> None:
    plain = from_fhir("f", json.dumps(exported).encode())
    exported |= {
        "id": "17",
        "meta": {"versionId": "3"},
        "date": "2026-01-01",
        "publisher": "X",
        "status": "retired",
    }
    exported["item"][1]["id"] = "element-1"
    exported["extension"].insert(0, {"url": "http://example.org/other", "valueString": "x"})
    assert from_fhir("f", json.dumps(exported).encode()) == plain


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda made: made.update(title="Other"), "title"),
        (lambda made: made.pop("copyright"), "copyright"),
        (lambda made: made.update(version="2"), "version"),
        (lambda made: made["item"].pop(), "item"),
        (lambda made: made["item"].reverse(), "item[0].linkId"),
        (lambda made: made["item"][0].update(text="Other"), "item[0].text"),
        (lambda made: made["item"][0].update(readOnly=True), "item[0].readOnly"),
        (lambda made: made["item"][1]["item"][2].update(type="text"), "item[1].item[2].type"),
        (
            lambda made: made["item"][0]["answerOption"][3]["valueCoding"]["extension"][0].update(
                valueDecimal=4
            ),
            "item[0].answerOption[3].valueCoding.extension[0].valueDecimal",
        ),
    ],
)
def test_a_questionnaire_that_was_changed_elsewhere_is_refused(exported: Any, change: Any, path: str) -> None:
    change(exported)
    assert refusal(exported) == (path, CHANGED)


def carry(exported: Any, text: Any) -> Any:
    exported["extension"][0]["valueString"] = text
    return exported


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        (None, "extension[0].valueString", "is missing"),
        (
            "{",
            "extension[0].valueString",
            "not valid JSON: Expecting property name enclosed in double quotes",
        ),
        ('{"a": 1, "a": 1}', "extension[0].valueString", "a key is given twice in one object"),
        ("[]", "extension[0].valueString", "the file is not one JSON object"),
        ('{"a": "\\u0000"}', "extension[0].valueString", "a: there is a control character in the text"),
        ("{}", "extension[0].valueString", "format: 'format' is missing"),
    ],
)
def test_what_is_carried_is_checked_like_any_file(exported: Any, text: Any, path: str, reason: str) -> None:
    assert refusal(carry(exported, text)) == (path, reason)


def test_errors_inside_name_their_place(exported: Any, content: Any) -> None:
    content["options"]["often"][2]["code"] = "1"
    text = json.dumps(content)
    assert refusal(carry(exported, text))[1] == "options.often.2.code: the code '1' is used twice"


def test_the_language_has_to_be_one_that_is_carried(exported: Any) -> None:
    exported["language"] = "fr"
    assert refusal(exported) == ("language", "the instrument that the file carries has no words in it")
    del exported["language"]
    assert refusal(exported) == ("language", "is missing")


def test_a_language_that_nothing_is_worded_in_is_refused(make: Any, content: Any) -> None:
    del content["texts"]
    made = to_fhir(make(content), None)
    assert from_fhir("f", json.dumps(made).encode()).languages == ()
    assert refusal(made | {"language": "en"})[0] == "language"


def test_two_instruments_in_one_file_are_refused(exported: Any) -> None:
    exported["extension"] *= 2
    assert refusal(exported) == ("extension[1]", "the file carries two instruments")


@pytest.mark.parametrize("key", ["modifierExtension", "implicitRules"])
def test_what_could_turn_the_meaning_is_refused(exported: Any, key: str) -> None:
    assert refusal(exported | {key: []}) == (key, "is not supported")


def test_another_resource_is_refused(exported: Any) -> None:
    exported["resourceType"] = "Patient"
    assert refusal(exported) == ("resourceType", "a Questionnaire is expected here")
