from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from questionnaires import registry
from questionnaires.registry import InstrumentError, Registry
from questionnaires.schema import Instrument
from questionnaires.scoring import score
from questionnaires.sharing import asked_elsewhere, problems, shared


def short(content: Any) -> Any:
    """A shorter form of the demonstration: its first two questions."""
    made = copy.deepcopy(content)
    made["key"] = "short"
    made["items"] = [{"id": f"s{n}", "options": "often", "same_as": f"d{n}"} for n in (1, 2)]
    made["scales"][0] |= {"items": ["s1", "s2"], "range": [0, 6]}
    made["texts"]["en"]["items"] = {f"s{n}": f"Question {n}" for n in (1, 2)}
    return made


@pytest.fixture
def two(write: Any, content: Any) -> Any:
    """Write both forms, changed as wanted, and read them back."""

    def writer(one: Any = None, other: Any = None) -> list[Instrument]:
        brief, long = short(content), copy.deepcopy(content)
        for edit, of in ((one, brief), (other, long)):
            if edit:
                edit(of)
        return [registry.read(write(of)) for of in (brief, long)]

    return writer


def reasons(instruments: list[Instrument]) -> list[str]:
    return [f"{instrument.key}: {reason}" for instrument, reason in problems(instruments)]


def test_the_same_question_in_two_forms_is_fine(two: Any) -> None:
    assert reasons(two()) == []


def other_values(content: Any) -> None:
    content["options"]["often"][3]["value"] = 4
    content["scales"][0]["range"] = [0, 8]


NOT_THE_SAME = "short: 's1' is not the same question as 'd1': "


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (lambda c: c.update(recall="Last week"), None, "another recall window"),
        (
            lambda c: c["items"][0].update(asked_if={"context": "sex", "equals": "male"}),
            None,
            "one of them is not always asked",
        ),
        (
            None,
            lambda c: c["items"][0].update(asked_if={"context": "sex", "equals": "male"}),
            "one of them is not always asked",
        ),
        (lambda c: c["options"]["often"].reverse(), None, "other answers or values"),
        (other_values, None, "other answers or values"),
        (lambda c: c["texts"]["en"]["items"].update(s1="Question one"), None, "another wording (en)"),
        (lambda c: c["texts"]["en"].update(stems={"main": "Today"}), None, "another wording (en)"),
        (
            lambda c: c["texts"]["en"]["options"]["often"].update({"0": "Not at all"}),
            None,
            "other words for the answers (en)",
        ),
        (
            None,
            lambda c: c.update(critical=[{"item": "d1", "codes": ["3"], "message": "Look"}]),
            "the clinician is told of other answers",
        ),
    ],
)
def test_a_question_that_differs_is_named_with_the_reason(
    two: Any, one: Any, other: Any, reason: str
) -> None:
    assert reasons(two(one, other))[0] == NOT_THE_SAME + reason


def test_a_critical_question_may_be_shared_where_both_tell_the_same_answers(two: Any) -> None:
    def told(item: str, *codes: str) -> Any:
        rule = {"item": item, "codes": list(codes), "message": f"Look at {item}"}
        return lambda c: c.update(critical=[rule])

    assert reasons(two(told("s1", "2", "3"), told("d1", "3", "2"))) == []
    (reason,) = reasons(two(told("s1", "3"), told("d1", "2", "3")))
    assert reason == NOT_THE_SAME + "the clinician is told of other answers"


def test_a_form_does_not_share_one_question_twice(two: Any) -> None:
    def twice(content: Any) -> None:
        content["items"][1]["same_as"] = "d1"
        content["texts"]["en"]["items"]["s2"] = "Question 1"

    assert reasons(two(twice)) == ["short: two of its items are the same as 'd1'"]


def test_whole_numbers_with_other_limits_differ(two: Any) -> None:
    def as_number(*limits: int) -> Any:
        def edit(content: Any) -> None:
            content["items"][0] |= {"whole_number": list(limits), "scored": False}
            del content["items"][0]["options"]
            content["scales"][0] |= {"items": [content["items"][1]["id"]], "range": [0, 3]}

        return edit

    assert reasons(two(as_number(0, 9), as_number(0, 9))) == []
    assert reasons(two(as_number(0, 9), as_number(0, 8))) == [NOT_THE_SAME + "other answers or values"]


def test_a_language_that_only_one_of_them_has_is_not_compared(two: Any) -> None:
    def spanish(content: Any) -> None:
        content["texts"]["es"] = copy.deepcopy(content["texts"]["en"])
        content["texts"]["es"]["items"]["s1"] = "Pregunta"

    assert reasons(two(spanish)) == []


def test_an_item_that_no_instrument_has_is_named(two: Any) -> None:
    found = reasons(two(lambda c: c["items"][0].update(same_as="d9")))
    assert found == ["short: 's1' is the same as 'd9', which no instrument has"]


ANOTHER = "short: 's1' has to name an item of another instrument that names no other itself"


def test_an_item_names_neither_its_own_instrument_nor_a_chain(two: Any) -> None:
    assert reasons(two(lambda c: c["items"][0].update(same_as="s2"))) == [ANOTHER]
    chain = reasons(two(None, lambda c: c["items"][0].update(same_as="s2")))
    assert ANOTHER in chain
    assert len(chain) == 2


def test_a_folder_with_such_a_file_is_refused(tmp_path: Path, write: Any, content: Any) -> None:
    write(short(content))
    with pytest.raises(InstrumentError, match=r"short-1\.yaml: 's1' is the same as 'd1', which no"):
        registry.load(tmp_path)
    write(content)
    assert len(registry.load(tmp_path).list()) == 2


def test_the_form_that_a_question_comes_from_asks_it_wherever_it_stands(shipped: Registry) -> None:
    phq2, phq9 = shipped.get("phq2"), shipped.get("phq9")
    where = {("phq2", f"phq2_{n}"): ("phq9", f"phq9_{n}") for n in (1, 2)}
    assert asked_elsewhere([phq2, phq9]) == asked_elsewhere([phq9, phq2]) == where
    assert asked_elsewhere([phq2]) == asked_elsewhere([phq9]) == {}


def test_without_it_the_first_form_that_has_the_question_asks_it(shipped: Registry) -> None:
    phq2, phq8 = shipped.get("phq2"), shipped.get("phq8")
    assert asked_elsewhere([phq2, phq8]) == {("phq8", f"phq8_{n}"): ("phq2", f"phq2_{n}") for n in (1, 2)}
    assert asked_elsewhere([phq8, phq2])[("phq2", "phq2_1")] == ("phq8", "phq8_1")


def test_shared_answers_count_in_every_form_and_scores_equal_asking_apart(shipped: Registry) -> None:
    battery = [shipped.get(key) for key in ("phq2", "phq9", "gad2", "gad7")]
    phq9 = {f"phq9_{n}": str(n % 4) for n in range(1, 11)}
    gad7 = {f"gad7_{n}": str(n % 3) for n in range(1, 8)}
    full = shared(battery, {"phq9": phq9, "gad7": gad7})
    assert full["phq9"] == phq9
    assert full["phq2"] == {"phq2_1": "1", "phq2_2": "2"}
    assert full["gad2"] == {"gad2_1": "1", "gad2_2": "2"}
    assert score(battery[0], full["phq2"]) == score(battery[0], {"phq2_1": "1", "phq2_2": "2"})


def test_a_blank_is_shared_and_an_answer_of_its_own_gives_way(shipped: Registry) -> None:
    battery = [shipped.get("phq2"), shipped.get("phq9")]
    given = {"phq2": {"phq2_1": "3", "phq2_2": "3"}, "phq9": {"phq9_1": None}}
    assert shared(battery, given) == {"phq2": {"phq2_1": None}, "phq9": {"phq9_1": None}}
    assert given["phq2"] == {"phq2_1": "3", "phq2_2": "3"}
    assert shared(battery, {}) == {"phq2": {}, "phq9": {}}
