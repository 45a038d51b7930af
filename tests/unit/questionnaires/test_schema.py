from __future__ import annotations

from typing import Any

import pytest

from questionnaires.schema import Instrument, Item


@pytest.fixture
def typed(make: Any, content: Any) -> Instrument:
    """Four items with options, a whole number from 3 to 365, and free text of at most ten characters."""
    content["items"] += [
        {"id": "days", "whole_number": [3, 365], "scored": False},
        {"id": "more", "free_text": 10, "scored": False},
        {"id": "glasses", "whole_number": [0, 20]},
    ]
    content["texts"]["en"]["items"] |= {"days": "Days", "more": "More", "glasses": "Glasses"}
    return make(content)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("item", "good", "bad"),
    [
        ("d1", ["0", "3"], ["4", "", "00", None, 0, ["0"]]),
        (
            "days",
            ["3", "10", "365"],
            ["2", "366", "03", "+3", "-3", "3.0", " 3", "3 ", "", "\u00b3", "\u0663", "9" * 4_500, 3, None],
        ),
        ("more", ["x", "0123456789", "a: b", "<b>x</b>"], ["", " ", "\n\t", "0123456789x", 1, None]),
    ],
)
def test_an_item_takes_its_own_kind_of_answer_only(typed: Instrument, item: str, good: Any, bad: Any) -> None:
    assert [code for code in good if not typed.item(item).takes(code)] == []
    assert [code for code in bad if typed.item(item).takes(code)] == []


@pytest.mark.parametrize(
    ("item", "given", "stored"),
    [
        ("days", " 007 ", "7"),
        ("days", "000", "0"),
        ("days", "7.5", "7.5"),
        ("days", "\u0663", "\u0663"),
        ("more", " 007 ", "007"),
        ("more", " a\r\nb\n", "a\nb"),
        ("more", "a\tb\x00\x1b", "a b"),
        ("more", "\x00 a", "a"),
        ("more", "a\u00a0b", "a b"),
    ],
)
def test_what_is_typed_in_is_stored_without_what_can_not_be_seen(
    typed: Instrument, item: str, given: str, stored: str
) -> None:
    assert typed.item(item).normal(given) == stored


def test_the_value_of_an_answer_depends_on_its_kind(typed: Instrument) -> None:
    def value(item: str, code: str | None) -> Any:
        return typed.item(item).value(code)

    assert (value("d1", "2"), value("d1", None), value("d1", "9")) == (2, None, None)
    assert (value("glasses", "12"), value("glasses", None)) == (12, None)
    assert (value("days", "12"), value("more", "12")) == (None, None)


def test_the_words_of_an_answer_are_its_label_or_what_was_typed_in(typed: Instrument) -> None:
    assert typed.item("d1").words("1") == "Some"
    assert typed.item("d1").words("9") is None
    assert typed.item("d1").words(None) is None
    assert typed.item("days").words("12") == "12"
    assert typed.item("more").words("<b>x</b>") == "<b>x</b>"
    assert [item.typed_in for item in typed.items] == [False] * 4 + [True] * 3


def test_the_limits_are_the_lowest_and_highest_value(typed: Instrument) -> None:
    assert (typed.item("d1").limits, typed.item("days").limits) == ((0, 3), (3, 365))
    with pytest.raises(ValueError, match="empty"):
        _ = typed.item("more").limits


def test_options_are_listed_once_by_name(typed: Instrument) -> None:
    assert list(typed.options) == ["often"]


def test_script_in_a_text_stays_text(make: Any, content: Any) -> None:
    script = '<script>alert("{{ 7 * 7 }}")</script>'
    content["texts"]["en"]["items"]["d1"] = script
    content["texts"]["en"]["options"]["often"]["0"] = script
    item: Item = make(content).items[0]
    assert (item.text, item.options[0].label) == (script, script)


def test_a_text_may_bring_a_notice_of_its_own(make: Any, content: Any) -> None:
    content["texts"]["es"] = content["texts"]["en"] | {"notice": "Gratis"}
    instrument = make(content)
    assert instrument.licence.notice == "Free"
    assert instrument.in_language("es").licence.notice == "Gratis"
    assert instrument.in_language("es").licence.holder == "Nobody"
    content["texts"]["en"]["notice"] = "Free for all"
    assert make(content).licence.notice == "Free for all"


def test_a_definition_can_be_sent_once_its_wording_is_there(make: Any, content: Any) -> None:
    content["licence"]["status"] = "definition_only"
    wording = make(content).wordings
    del content["texts"]
    bare = make(content)
    assert bare.not_sendable == "Its wording is not included. The licence holder has to add it first."
    completed = bare.with_wordings(wording)
    assert (completed.not_sendable, completed.language, completed.items[0].text) == (None, "en", "Question 1")
    assert completed.content_hash == bare.content_hash
    assert bare.with_wordings({}) == bare


def test_an_added_wording_leaves_the_language_in_use(make: Any, content: Any) -> None:
    instrument = make(content)
    added = instrument.with_wordings({"es": instrument.texts("en"), **instrument.wordings})
    assert (added.language, added.languages) == ("en", ("es", "en"))
