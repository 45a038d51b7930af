from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires import registry
from questionnaires.answers import Answers, BadAnswers
from questionnaires.fhir.reading import FhirError
from questionnaires.fhir.response import from_response, to_response
from questionnaires.registry import Registry
from questionnaires.schema import Instrument, Item

KEYS = sorted({path.name.partition("-")[0] for path in registry.SHIPPED.glob("*.yaml")})
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DECLINED = {
    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "valueCode": "asked-declined",
}


def reading_of(item: Item) -> st.SearchStrategy[str | None]:
    if item.whole_number:
        return st.none() | st.integers(*item.whole_number).map(str)
    if item.free_text is not None:
        return st.none() | st.text(min_size=1, max_size=item.free_text).filter(item.takes)
    return st.none() | st.sampled_from([option.code for option in item.options])


def answers_to(instrument: Instrument) -> st.SearchStrategy[Answers]:
    return st.fixed_dictionaries({}, optional={item.id: reading_of(item) for item in instrument.items})


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_answers_come_back_from_a_response_that_the_official_schema_takes(
    key: str, data: Any, shipped: Registry
) -> None:
    one = shipped.get(key)
    answers = data.draw(answers_to(one))
    language = data.draw(st.sampled_from(one.languages or (None,)))
    made = json.dumps(to_response(one, answers, authored=NOON, language=language, subject="Patient/1"))
    QuestionnaireResponse.model_validate_json(made)
    again = from_response(one, json.loads(made))
    assert list(again.items()) == [(item.id, answers[item.id]) for item in one.items if item.id in answers]


@pytest.fixture
def typed(make: Any, content: Any) -> Instrument:
    """Options with and without LOINC codes, a group, a whole number and free text."""
    content["options"]["often"][0]["loinc"] = "LA6568-5"
    content["items"][0]["stem"] = None
    content["items"][1]["number"] = None
    content["items"] += [
        {"id": "d5", "stem": None, "whole_number": [0, 30], "scored": False},
        {"id": "d6", "stem": None, "free_text": 40, "scored": False},
    ]
    content["texts"]["en"]["items"] |= {"d5": "How many?", "d6": "What?"}
    content["texts"]["en"] |= {"stems": {"main": "How often?"}, "instructions": "Please."}
    one: Instrument = make(content)
    return one


def test_a_response_has_the_shape_of_its_questionnaire(typed: Instrument) -> None:
    answers = {"d1": "0", "d2": "1", "d3": None, "d5": "7", "d6": "Ice <b>cream</b>"}
    assert to_response(typed, answers, authored=NOON, language="en", subject="urn:uuid:1") == {
        "resourceType": "QuestionnaireResponse",
        "language": "en",
        "questionnaire": "urn:lightq:questionnaire:demo|1",
        "status": "in-progress",
        "subject": {"reference": "urn:uuid:1"},
        "authored": "2026-03-01T12:00:00+00:00",
        "item": [
            {
                "linkId": "d1",
                "text": "Question 1",
                "answer": [
                    {"valueCoding": {"system": "http://loinc.org", "code": "LA6568-5", "display": "Never"}}
                ],
            },
            {
                "linkId": "stem-main",
                "text": "How often?",
                "item": [
                    {
                        "linkId": "d2",
                        "text": "Question 2",
                        "answer": [{"valueCoding": {"code": "1", "display": "Some"}}],
                    },
                    {"linkId": "d3", "text": "Question 3", "extension": [DECLINED]},
                ],
            },
            {"linkId": "d5", "text": "How many?", "answer": [{"valueInteger": 7}]},
            {"linkId": "d6", "text": "What?", "answer": [{"valueString": "Ice <b>cream</b>"}]},
        ],
    }


def test_left_blank_is_kept_apart_from_not_asked(typed: Instrument) -> None:
    made = to_response(typed, {"d1": None}, authored=NOON, language="en")
    assert [one["linkId"] for one in made["item"]] == ["d1"]
    assert from_response(typed, made) == {"d1": None}
    assert "subject" not in made


def test_it_is_completed_once_everything_is_answered_or_left_blank(typed: Instrument) -> None:
    answers = {f"d{number}": None for number in range(1, 7)}
    assert to_response(typed, answers, authored=NOON, language="en")["status"] == "completed"


def test_what_the_context_takes_out_need_not_be_answered(make: Any, content: Any) -> None:
    content["items"][3]["asked_if"] = {"context": "sex", "equals": "female"}
    one = make(content)
    answers = {"d1": "0", "d2": "0", "d3": "0"}
    states = [
        to_response(one, answers, authored=NOON, language="en", context=context)["status"]
        for context in ({}, {"sex": "male"})
    ]
    assert states == ["in-progress", "completed"]


def test_answers_that_do_not_fit_are_not_written(typed: Instrument) -> None:
    with pytest.raises(BadAnswers):
        to_response(typed, {"d1": "9"}, authored=NOON, language="en")


def test_a_time_without_a_zone_is_not_written(typed: Instrument) -> None:
    with pytest.raises(ValueError, match="authored needs a time zone"):
        to_response(typed, {}, authored=datetime(2026, 3, 1), language="en")  # noqa: DTZ001


def one_item(**item: Any) -> Any:
    return lambda made: made.update(item=[{"linkId": "d1", **item}])


CODING = {"valueCoding": {"code": "1"}}


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        (
            lambda made: made.update(resourceType="Questionnaire"),
            "resourceType",
            "a QuestionnaireResponse is expected here",
        ),
        (
            lambda made: made.update(questionnaire="urn:lightq:questionnaire:demo|2"),
            "questionnaire",
            "is not urn:lightq:questionnaire:demo|1",
        ),
        (
            lambda made: made.update(questionnaire="urn:lightq:questionnaire:demo"),
            "questionnaire",
            "is not urn:lightq:questionnaire:demo|1",
        ),
        (lambda made: made.pop("questionnaire"), "questionnaire", "is missing"),
        (
            lambda made: made.update(status="entered-in-error"),
            "status",
            "is none of in-progress, completed, amended",
        ),
        (lambda made: made.update(modifierExtension=[]), "modifierExtension", "is not supported"),
        (lambda made: made.update(implicitRules="x"), "implicitRules", "is not supported"),
        (one_item(linkId="zz"), "item[0].linkId", "is not an item of demo"),
        (one_item(linkId=None), "item[0].linkId", "is missing"),
        (one_item(modifierExtension=[]), "item[0].modifierExtension", "is not supported"),
        (one_item(item=[]), "item[0].item", "there are no items below this question"),
        (one_item(answer=[CODING, CODING]), "item[0].answer[1]", "one answer is expected here"),
        (
            one_item(answer=[CODING], extension=[DECLINED]),
            "item[0].answer",
            "the item is marked as left blank",
        ),
        (one_item(answer=[CODING | {"item": []}]), "item[0].answer[0].item", "is not supported"),
        (
            one_item(answer=[{"valueCoding": {"code": "9"}}]),
            "item[0].answer[0].valueCoding",
            "is missing, or is no answer to this item",
        ),
        (
            one_item(answer=[{"valueCoding": {"code": "0"}}]),
            "item[0].answer[0].valueCoding",
            "is missing, or is no answer to this item",
        ),
        (
            one_item(answer=[{"valueCoding": {"system": "x", "code": "1"}}]),
            "item[0].answer[0].valueCoding",
            "is missing, or is no answer to this item",
        ),
        (
            one_item(answer=[{"valueString": "1"}]),
            "item[0].answer[0].valueCoding",
            "is missing, or is no answer to this item",
        ),
        (
            one_item(linkId="d5", answer=[{"valueInteger": 31}]),
            "item[0].answer[0].valueInteger",
            "is missing, or is no answer to this item",
        ),
        (
            one_item(linkId="d5", answer=[CODING]),
            "item[0].answer[0].valueInteger",
            "is missing, or is no answer to this item",
        ),
        (
            one_item(linkId="d6", answer=[{"valueString": "x" * 41}]),
            "item[0].answer[0].valueString",
            "is missing, or is no answer to this item",
        ),
        (
            lambda made: made["item"].append({"linkId": "d1", "answer": [CODING]}),
            "item[2].linkId",
            "the item is given twice",
        ),
        (lambda made: made["item"][1].update(answer=[CODING]), "item[1].answer", "this is not a question"),
        (
            lambda made: made["item"][1]["item"][0].update(answer=[{}]),
            "item[1].item[0].answer[0].valueCoding",
            "is missing, or is no answer to this item",
        ),
    ],
)
def test_a_response_that_does_not_fit_is_refused_with_its_path(
    typed: Instrument, change: Any, path: str, reason: str
) -> None:
    made = to_response(typed, {"d1": "0", "d2": "1"}, authored=NOON, language="en")
    change(made)
    with pytest.raises(FhirError) as caught:
        from_response(typed, made)
    assert (caught.value.path, caught.value.reason) == (path, f"{path}: {reason}")


def test_an_item_without_an_answer_is_not_answered(typed: Instrument) -> None:
    made = to_response(typed, {"d2": "1"}, authored=NOON, language="en")
    made["item"].insert(0, {"linkId": "d1", "text": "Question 1"})
    made["item"].insert(0, {"linkId": "instructions"})
    made["item"].append({"linkId": "d5", "extension": [{"url": DECLINED["url"], "valueCode": "unknown"}]})
    assert from_response(typed, made) == {"d2": "1"}


def test_without_wording_answers_travel_all_the_same(make: Any, content: Any) -> None:
    del content["texts"]
    one = make(content)
    made = to_response(one, {"d1": "2"}, authored=NOON, language=None)
    assert made["item"] == [{"linkId": "d1", "answer": [{"valueCoding": {"code": "2"}}]}]
    assert from_response(one, made) == {"d1": "2"}
