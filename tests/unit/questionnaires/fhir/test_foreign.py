from __future__ import annotations

import json
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

from questionnaires.content import content as content_of
from questionnaires.fhir.importing import from_fhir
from questionnaires.fhir.reading import HIDDEN, ORDINAL, WEIGHT, FhirError
from questionnaires.scoring import score


def choice(link: str, text: str, *values: float, url: str = ORDINAL, **more: Any) -> Any:
    """A question with answers that carry these values, or three without any."""
    options = [
        {
            "valueCoding": {
                "system": "http://example.org/often",
                "code": f"a{number}",
                "display": f"Answer {number}",
            },
            **({"extension": [{"url": url, "valueDecimal": values[number]}]} if values else {}),
        }
        for number in range(len(values) or 3)
    ]
    return {"linkId": link, "type": "choice", "text": text, "answerOption": options, **more}


def questionnaire(*items: Any, **more: Any) -> Any:
    return {
        "resourceType": "Questionnaire",
        "id": "sleep-check",
        "url": "http://example.org/Questionnaire/sleep",
        "version": "2.1.0",
        "name": "SleepCheck",
        "title": "A short check of sleep",
        "status": "active",
        "item": list(items),
        **more,
    }


def read(resource: Any) -> Any:
    data = json.dumps(resource)
    Questionnaire.model_validate_json(data)
    return from_fhir("f.json", data.encode())


def refusal(*items: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(FhirError) as caught:
        from_fhir("f.json", json.dumps(questionnaire(*items, **more)).encode())
    return caught.value.path, caught.value.reason.removeprefix(f"{caught.value.path}: ")


def test_a_questionnaire_of_another_publisher_becomes_an_instrument() -> None:
    one = read(
        questionnaire(
            {"linkId": "intro", "type": "display", "text": "Think of the last week."},
            {
                "linkId": "group-1",
                "type": "group",
                "text": "How often did you",
                "item": [
                    choice("/q.1", "lie awake?", 0, 1, 2, prefix="1."),
                    choice(
                        "/q.2",
                        "wake up early?",
                        0,
                        1,
                        2,
                        url=WEIGHT,
                        code=[{"system": "http://loinc.org", "code": "1-8"}],
                    ),
                ],
            },
            {"linkId": "note", "type": "text", "text": "Anything else?"},
            copyright="Free for all",
            publisher="The Sleepers",
            description="How well one sleeps",
            code=[
                {"system": "http://example.org", "code": "x"},
                {"system": "http://loinc.org", "code": "9-9"},
            ],
        )
    )
    assert (one.key, one.version, one.name, one.short_name) == (
        "sleepcheck",
        2,
        "A short check of sleep",
        "A short check of sleep",
    )
    assert (one.measures, one.loinc, one.instructions) == (
        "How well one sleeps",
        "9-9",
        "Think of the last week.",
    )
    assert [(item.id, item.number, item.text, item.stem, item.scored) for item in one.items] == [
        ("sleepcheck_q_1", "1.", "lie awake?", "How often did you", True),
        ("sleepcheck_q_2", None, "wake up early?", "How often did you", True),
        ("sleepcheck_note", None, "Anything else?", None, False),
    ]
    assert one.items[1].loinc == "1-8"
    assert [(option.code, option.label, option.value) for option in one.items[0].options] == [
        ("a0", "Answer 0", 0),
        ("a1", "Answer 1", 1),
        ("a2", "Answer 2", 2),
    ]
    assert one.items[0].option_set == one.items[1].option_set
    assert (one.licence.holder, one.licence.notice) == ("The Sleepers", "Free for all")
    assert one.changelog == {"2": "Read from http://example.org/Questionnaire/sleep, version 2.1.0"}


def test_nothing_is_claimed_that_the_file_does_not_say() -> None:
    one = read(questionnaire(choice("1", "One?", 0, 1)))
    assert one.licence.status == "unsettled"
    assert one.not_sendable == "Its licence is not settled."
    assert one.licence.notice == "No licence notice came with this questionnaire."
    assert not one.wordings["en"].official
    total = one.scale("total")
    assert (total.bands, total.missing.rule, total.range) == (None, "none", (0, 1))
    assert total.source.startswith(
        "The sum of the values of the answers in http://example.org/Questionnaire/sleep"
    )
    assert (one.screens, one.critical, one.change) == ((), (), ())


def test_the_total_is_the_sum_of_the_values_that_the_answers_carry() -> None:
    one = read(questionnaire(choice("1", "One?", 0, 1.5), choice("2", "Two?", 3, 1, -1)))
    assert one.scale("total").range == (-1, 4.5)
    assert score(one, {"sleepcheck_1": "a1", "sleepcheck_2": "a0"}).scores["total"].value == 4.5
    assert score(one, {"sleepcheck_1": "a1"}).scores["total"].value is None


@pytest.mark.parametrize(
    "items",
    [
        [choice("1", "One?", 0, 1), choice("2", "Two?")],
        [choice("1", "One?", 0, 1), {"linkId": "2", "type": "boolean", "text": "Two?"}],
        [{"linkId": "2", "type": "text", "text": "Two?"}],
    ],
)
def test_there_is_no_total_where_an_answer_has_no_value(items: Any) -> None:
    assert read(questionnaire(*items)).scales == ()


def test_an_item_with_values_on_some_answers_is_not_scored() -> None:
    item = choice("1", "One?", 0, 1)
    item["answerOption"].append({"valueCoding": {"code": "na", "display": "Not applicable"}})
    one = read(questionnaire(item))
    assert one.scales == ()
    assert [(option.value, one.items[0].scored) for option in one.items[0].options] == [
        (0, False),
        (1, False),
        (None, False),
    ]


def test_nested_groups_and_texts_are_shown_above_their_questions() -> None:
    one = read(
        questionnaire(
            {
                "linkId": "g",
                "type": "group",
                "prefix": "A",
                "text": "Part",
                "item": [
                    {"linkId": "d1", "type": "display", "text": "First words."},
                    {"linkId": "d2", "type": "display", "text": "More words."},
                    choice("1", "One?"),
                    {"linkId": "d3", "type": "display", "text": "Other words."},
                    {"linkId": "h", "type": "group", "text": "Inside", "item": [choice("2", "Two?")]},
                    {"linkId": "i", "type": "group", "item": [choice("3", "Three?")]},
                ],
            },
            choice("4", "Four?"),
            {"linkId": "d4", "type": "display", "text": "Last words."},
            choice("5", "Five?"),
        )
    )
    assert [item.stem for item in one.items] == [
        "A Part\nFirst words.\nMore words.",
        "A Part\nOther words.\nInside",
        "A Part\nOther words.",
        None,
        "Last words.",
    ]
    assert one.instructions is None


def test_conditions_of_groups_hold_for_all_inside() -> None:
    gate = {"question": "1", "operator": "=", "answerCoding": {"code": "a1"}}
    later = {"question": "2", "operator": "!=", "answerCoding": {"code": "a0"}}
    one = read(
        questionnaire(
            choice("1", "One?"),
            {
                "linkId": "g",
                "type": "group",
                "enableWhen": [gate],
                "item": [choice("2", "Two?"), choice("3", "Three?", enableWhen=[later])],
            },
        )
    )
    asked = [item.get("asked_if") for item in content_of(one)["items"]]
    first = {"item": "sleepcheck_1", "codes": ["a1"]}
    assert asked == [None, first, {"all_of": [first, {"item": "sleepcheck_2", "codes": ["a1", "a2"]}]}]


def test_a_rule_may_look_at_a_number_although_it_is_not_scored() -> None:
    number = {"linkId": "n", "type": "integer", "text": "How many?"}
    gate = {"question": "n", "operator": ">", "answerInteger": 0}
    one = read(questionnaire(number, choice("1", "One?", 0, 1, enableWhen=[gate])))
    assert [item.scored for item in one.items] == [False, True]
    assert score(one, {"sleepcheck_n": "0"}).missing == []
    assert score(one, {"sleepcheck_n": "1"}).missing == ["sleepcheck_1"]


@pytest.mark.parametrize(
    ("item", "place", "reason"),
    [
        ({"type": "open-choice"}, "type", "the type 'open-choice' is not supported"),
        ({"type": "decimal"}, "type", "the type 'decimal' is not supported"),
        ({"type": "date"}, "type", "the type 'date' is not supported"),
        ({"type": "attachment"}, "type", "the type 'attachment' is not supported"),
        ({"type": "reference"}, "type", "the type 'reference' is not supported"),
        ({"type": None}, "type", "is missing"),
        ({"repeats": True}, "repeats", "several answers to one question are not supported"),
        ({"readOnly": True}, "readOnly", "an item that can't be answered is not supported"),
        (
            {"initial": [{"valueString": "x"}]},
            "initial",
            "an answer that is given beforehand is not supported",
        ),
        ({"item": [choice("3", "Three?")]}, "item", "items below a question are not supported"),
        ({"text": None}, "text", "is missing"),
        ({"linkId": None}, "linkId", "is missing"),
        ({"linkId": "1"}, "linkId", "the linkId '1' is used twice"),
        ({"modifierExtension": []}, "modifierExtension", "is not supported"),
        ({"answerConstraint": "optionsOnly"}, "answerConstraint", "is not supported"),
        (
            {"extension": [{"url": "http://example.org/calculatedExpression", "valueExpression": {}}]},
            "extension[0].valueExpression",
            "a formula is not supported",
        ),
        (
            {"extension": [{"url": HIDDEN, "valueBoolean": True}]},
            "extension[0]",
            "a hidden item is not supported",
        ),
    ],
)
def test_what_lightq_does_not_have_is_refused_with_its_path(item: Any, place: str, reason: str) -> None:
    group = {"linkId": "g", "type": "group", "text": "Part", "item": [choice("2", "Two?") | item]}
    assert refusal(choice("1", "One?"), group) == (f"item[1].item[0].{place}", reason)


def test_flags_that_say_no_are_no_matter() -> None:
    item = choice(
        "1", "One?", required=True, repeats=False, readOnly=False, definition="http://example.org/d"
    )
    item["extension"] = [{"url": HIDDEN, "valueBoolean": False}, {"url": "http://example.org/other"}]
    assert len(read(questionnaire(item)).items) == 1


@pytest.mark.parametrize(
    ("items", "path", "reason"),
    [
        ([], "item", "there are no questions"),
        ([{"linkId": "d", "type": "display", "text": "Hello"}], "item", "there are no questions"),
        ([{"linkId": "g", "type": "group"}], "item[0].item", "a group needs items"),
        ([{"linkId": "d", "type": "display"}], "item[0].text", "is missing"),
        (
            [choice("1", "One?"), {"linkId": "d", "type": "display", "text": "Thanks"}],
            "item[1].text",
            "no question follows this text, so there is no place to show it",
        ),
        (
            [
                choice("1", "One?"),
                {
                    "linkId": "d",
                    "type": "display",
                    "text": "Sometimes",
                    "enableWhen": [{"question": "1", "operator": "=", "answerCoding": {"code": "a1"}}],
                },
            ],
            "item[1].enableWhen",
            "a condition on a text without a question is not supported",
        ),
    ],
)
def test_texts_without_a_place_are_refused(items: Any, path: str, reason: str) -> None:
    assert refusal(*items) == (path, reason)


def test_a_formula_of_the_whole_is_refused() -> None:
    found = refusal(
        choice("1", "One?"), extension=[{"url": "http://example.org/variable", "valueExpression": {}}]
    )
    assert found == ("extension[0].valueExpression", "a formula is not supported")


def test_the_key_comes_from_the_name_or_the_id() -> None:
    item = choice("1", "One?")
    assert (
        read(questionnaire(item, name="PHQ 9 [Reported], a name that goes on")).key
        == "phq_9_reported_a_name_th"
    )
    assert read(questionnaire(item, name="9 symptoms")).key == "q_9_symptoms"
    assert read(questionnaire(item, name="???")).key == "sleep_check"
    resource = questionnaire(item)
    del resource["name"], resource["title"]
    one = read(resource)
    assert (one.key, one.name) == ("sleep_check", "sleep_check")
    del resource["id"]
    with pytest.raises(FhirError, match="name: give the questionnaire a name or an id"):
        read(resource)


def test_a_long_title_is_no_short_name() -> None:
    assert read(questionnaire(choice("1", "One?"), title="A" * 41)).short_name == "sleepcheck"


@pytest.mark.parametrize(
    ("version", "expected"), [("3", 3), ("v12.1", 12), ("0.9", 1), (None, 1), ("2024-05-01", 2024), ("x", 1)]
)
def test_the_version_is_the_first_number(version: str | None, expected: int) -> None:
    assert read(questionnaire(choice("1", "One?"), version=version)).version == expected


def test_the_source_is_the_best_name_there_is() -> None:
    resource = questionnaire(choice("1", "One?"))
    for gone, expected in (
        ("version", "http://example.org/Questionnaire/sleep"),
        ("url", "A short check of sleep"),
        ("title", "SleepCheck"),
        ("name", "f.json"),
    ):
        del resource[gone]
        assert read(resource).licence.source == expected


def test_ids_stay_short_and_apart() -> None:
    links = ["a" * 60, "1.1", "1-1", "???", "sleepcheck_x"]
    ids = [item.id for item in read(questionnaire(*(choice(link, "One?") for link in links))).items]
    assert (ids[1], ids[4]) == ("sleepcheck_1_1", "sleepcheck_x")
    assert len(set(ids)) == 5
    assert all(len(one) == len("sleepcheck_12345678") for one in (ids[0], ids[2], ids[3]))
    again = [
        item.id
        for item in read(
            questionnaire(choice("new", "New?"), *(choice(link, "One?") for link in links))
        ).items
    ]
    assert again[1:] == ids


@pytest.mark.parametrize("language", ["es", "en-US"])
def test_the_language_is_kept(language: str) -> None:
    one = read(questionnaire(choice("1", "¿Uno?"), language=language))
    assert one.languages == (language,)


def test_what_only_the_checks_of_our_files_see_has_its_path_too() -> None:
    assert refusal(choice("1", "One?"), language="english") == (
        "language",
        "'english' is not a language tag such as en or es",
    )


def test_an_id_that_comes_out_twice_is_refused_at_its_item() -> None:
    first = read(questionnaire(choice("???", "One?"))).items[0].id
    path, reason = refusal(choice(first, "One?"), choice("???", "Two?"))
    assert (path, reason) == ("item[1]", f"the id '{first}' is used twice")


def test_loinc_codes_of_answers_are_kept() -> None:
    item = choice("1", "One?")
    for option, code in zip(item["answerOption"], ("LA33-6", "LA32-8", "LA11-1"), strict=True):
        option["valueCoding"] |= {"system": "http://loinc.org", "code": code}
    options = read(questionnaire(item)).items[0].options
    assert [(option.code, option.loinc) for option in options] == [
        (code, code) for code in ("LA33-6", "LA32-8", "LA11-1")
    ]


def test_script_in_a_foreign_text_stays_text() -> None:
    script = "<img src=x onerror=alert(1)> {{ 7 * 7 }}"
    item = choice("1", script)
    item["answerOption"][0]["valueCoding"]["display"] = script
    one = read(questionnaire(item, title=script, copyright=script))
    assert {one.name, one.licence.notice, one.items[0].text, one.items[0].options[0].label} == {script}
