"""Reading a posted page, and finding the way through the questions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from delivery import library
from delivery.sheets import Sheet
from delivery.web import answer_form
from delivery.web.answer_form import REVIEW, Posted, Refused, parse

ZERO = {f"phq9_{n}": "0" for n in range(1, 10)}


def sheet(draft: dict[str, dict[str, str | None]] | None = None, place: str = "") -> Sheet:
    form: Any = SimpleNamespace(place=place)
    return Sheet(
        form,
        SimpleNamespace(),
        None,
        [library.shipped().get("phq9"), library.shipped().get("gad2")],
        draft or {},
    )  # type: ignore[arg-type]


def test_the_next_question_crosses_into_the_next_instrument() -> None:
    draft = {"phq9": {**ZERO, "phq9_1": "1"}}
    step = answer_form.neighbour
    assert step(sheet(draft), draft, "phq9:phq9_1", 1) == "phq9:phq9_2"
    assert step(sheet(draft), draft, "phq9:phq9_10", 1) == "gad2:gad2_1"
    assert step(sheet(draft), draft, "gad2:gad2_2", 1) == REVIEW
    assert step(sheet(draft), draft, REVIEW, -1) == "gad2:gad2_2"
    assert step(sheet(draft), draft, "phq9:phq9_1", -1) == "phq9:phq9_1"


def test_a_question_that_is_not_asked_is_stepped_over_both_ways() -> None:
    draft = {"phq9": dict(ZERO)}
    assert answer_form.neighbour(sheet(draft), draft, "phq9:phq9_9", 1) == "gad2:gad2_1"
    assert answer_form.neighbour(sheet(draft), draft, "gad2:gad2_1", -1) == "phq9:phq9_9"


def test_the_person_stands_where_they_stopped_or_at_the_first_open_question() -> None:
    assert answer_form.standing(sheet(place="phq9:phq9_4")) == "phq9:phq9_4"
    assert answer_form.standing(sheet({"phq9": {"phq9_1": None}})) == "phq9:phq9_2"
    assert answer_form.standing(sheet({"phq9": dict(ZERO)}, place="phq9:phq9_10")) == "gad2:gad2_1"
    done = {"phq9": dict(ZERO), "gad2": {"gad2_1": "0", "gad2_2": None}}
    assert answer_form.standing(sheet(done)) == REVIEW


def test_one_answer_a_page() -> None:
    posted = parse(MultiDict({"key": "k", "at": "phq9:phq9_2", "answer": "3"}), sheet())
    assert posted == Posted("phq9:phq9_2", "next", "", {"phq9": {"phq9_2": "3"}})


def test_leaving_blank_wins_over_a_mark_on_the_same_page() -> None:
    fields = MultiDict({"at": "phq9:phq9_2", "answer": "3", "go": "blank"})
    assert parse(fields, sheet()).answers == {"phq9": {"phq9_2": None}}


@pytest.mark.parametrize(
    ("go", "kept"),
    [
        ("send", {"phq9": {"phq9_1": "2", "phq9_2": None}, "gad2": {"gad2_1": None}}),
        ("review", {"phq9": {"phq9_1": "2"}, "gad2": {"gad2_1": None}}),
    ],
)
def test_only_sending_leaves_the_unmarked_blank(go: str, kept: dict[str, dict[str, str | None]]) -> None:
    named = ["phq9:phq9_1", "phq9:phq9_2", "gad2:gad2_1"]
    fields: MultiDict[str, str] = MultiDict([("named", name) for name in named])
    fields.update({"at": "missed", "go": go, "phq9:phq9_1": "2", "gad2:gad2_1": "blank"})
    assert parse(fields, sheet()).answers == kept


NAMES = st.sampled_from(["at", "go", "then", "answer", "named", "key", "phq9:phq9_1", "gad2:gad2_2", "x"])
VALUES = st.sampled_from(["missed", "review", "phq9:phq9_1", "send", "0", "3", "9", "blank", ""]) | st.text()


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_whatever_is_posted_is_read_or_refused_and_never_stored_out_of_range(
    fields: list[tuple[str, str]],
) -> None:
    try:
        posted = parse(MultiDict(fields), sheet())
    except Refused as refused:
        assert refused.reason in ("twice", "foreign", "not-an-answer")
        return
    for key, kept in posted.answers.items():
        instrument = library.shipped().get(key)
        for item, code in kept.items():
            assert code is None or code in {option.code for option in instrument.item(item).options}


def test_a_risk_answer_counts_until_somebody_has_gone_on_from_the_help() -> None:
    posted = Posted("phq9:phq9_9", "next", "", {"phq9": {"phq9_9": "2"}})
    after = {"phq9": {"phq9_9": "2"}}
    found = answer_form.risk(sheet(), posted, after)
    assert found is not None and found.place == "phq9:phq9_9"
    assert answer_form.risk(sheet(after), posted, after) is not None, "the same press twice"
    seen = {**after, answer_form.SEEN: {"phq9:phq9_9": "2"}}
    assert answer_form.risk(sheet(seen), posted, seen) is None
    harmless = Posted("phq9:phq9_9", "next", "", {"phq9": {"phq9_9": "0"}})
    assert answer_form.risk(sheet(), harmless, {"phq9": {"phq9_9": "0"}}) is None


def test_going_on_from_the_help_is_kept_until_the_answer_changes() -> None:
    marked = press({"phq9": {"phq9_9": "2"}}, at=answer_form.HELP, of="phq9:phq9_9", go="next").draft
    assert marked[answer_form.SEEN] == {"phq9:phq9_9": "2"}
    again = press(marked, at="phq9:phq9_9", go="next", answer="2")
    assert again.told is None and again.place == "phq9:phq9_10"
    taken_back = press(marked, at="phq9:phq9_9", go="next", answer="0")
    assert taken_back.draft[answer_form.SEEN] == {}
    assert press(taken_back.draft, at="phq9:phq9_9", go="next", answer="2").place == answer_form.HELP


# --- what a posted page leads to

ALL: dict[str, dict[str, str | None]] = {
    "phq9": {**ZERO, "phq9_10": "0"},
    "gad2": {"gad2_1": "0", "gad2_2": None},
}


def press(draft: Any = None, place: str = "", **fields: Any) -> answer_form.Step:
    found = sheet(draft, place)
    return answer_form.step(found, parse(MultiDict(fields), found))


@pytest.mark.parametrize(
    ("fields", "place", "stand"),
    [
        ({"at": "phq9:phq9_2", "answer": "1"}, "phq9:phq9_3", "phq9:phq9_3"),
        ({"at": "phq9:phq9_2", "go": "back"}, "phq9:phq9_1", "phq9:phq9_1"),
        ({"at": "phq9:phq9_2", "then": "review"}, "review", "review"),
        ({"at": "phq9:phq9_2", "go": "stop"}, "stop", "phq9:phq9_2"),
        ({"at": "phq9:phq9_2", "lang": "es"}, "phq9:phq9_2", "phq9:phq9_2"),
        ({"at": "phq9:phq9_2", "go": "hand"}, "phq9:phq9_2", "phq9:phq9_2"),
        ({"at": "phq9:phq9_2", "to": "whole"}, "whole", "whole"),
        ({"at": "whole", "to": "gad2:gad2_1"}, "gad2:gad2_1", "gad2:gad2_1"),
        ({"at": "whole", "go": "stop"}, "stop", "whole"),
        ({"at": "review", "go": "stop"}, "stop", "review"),
        ({"at": "review", "go": "send"}, "missed", "review"),
        ({"at": "missed", "lang": "es"}, "missed", "review"),
        ({"at": "missed", "go": "review"}, "review", "review"),
        ({"at": "stop", "go": "next"}, "phq9:phq9_4", "phq9:phq9_4"),
        ({"at": "help", "of": "phq9:phq9_9", "go": "next"}, "phq9:phq9_4", "phq9:phq9_4"),
        ({"at": "help", "of": "phq9:phq9_9", "lang": "es"}, "help", "phq9:phq9_4"),
        ({"at": "help", "of": "phq9:phq9_9", "to": "phq9:phq9_9"}, "phq9:phq9_9", "phq9:phq9_9"),
    ],
)
def test_each_button_leads_to_its_page_and_remembers_where_the_person_is(
    fields: dict[str, str], place: str, stand: str
) -> None:
    found = press(place="phq9:phq9_4", **fields)
    assert (found.place, found.stand) == (place, stand)


def test_a_question_that_is_changed_from_the_review_leads_back_to_it() -> None:
    found = press(ALL, at="review", to="phq9:phq9_2")
    assert (found.place, found.then) == ("phq9:phq9_2", REVIEW)
    assert press(ALL, at="review", to="whole").then == ""


def test_only_a_form_without_open_questions_goes_out() -> None:
    found = press(ALL, at="review", go="send")
    assert found.send and found.place == answer_form.SENT
    assert not press({"phq9": dict(ZERO)}, at="review", go="send").send


def test_help_comes_before_sending_and_before_every_other_page() -> None:
    for button in ({"go": "next"}, {"go": "stop"}, {"lang": "es"}, {"to": "whole"}):
        found = press(None, at="phq9:phq9_9", answer="1", **button)
        assert (found.place, found.of) == ("help", "phq9:phq9_9"), button
        assert found.told is not None and found.told.item.critical
    marks: dict[str, Any] = {"at": "missed", "go": "send", "named": ["phq9:phq9_9"], "phq9:phq9_9": "2"}
    assert (
        press({**ALL, "phq9": {k: v for k, v in ALL["phq9"].items() if k != "phq9_9"}}, **marks).place
        == "help"
    )


def test_questions_that_an_answer_opens_are_shown_before_the_whole_form_leads_on() -> None:
    none = {"phq9": {**ZERO, "phq9_1": None}, "gad2": {"gad2_1": "0", "gad2_2": "0"}}
    marks: dict[str, Any] = {"at": "whole", "named": ["phq9:phq9_1"], "phq9:phq9_1": "2"}
    assert press(none, **marks).place == answer_form.WHOLE
    marks = {"at": "whole", "named": ["phq9:phq9_1", "phq9:phq9_10"], "phq9:phq9_1": "2"}
    assert press(none, **marks).place == REVIEW, "it was there, and left out"


def test_a_mark_goes_along_whatever_button_is_pressed() -> None:
    for fields in ({"lang": "es"}, {"to": "whole"}, {"go": "hand"}, {"go": "stop"}, {"lang": "tlh"}):
        assert press(at="phq9:phq9_2", answer="2", **fields).draft == {"phq9": {"phq9_2": "2"}}, fields


def test_the_step_changes_nothing_of_the_sheet_it_was_given() -> None:
    found = sheet({"phq9": {"phq9_1": "0"}})
    answer_form.step(found, parse(MultiDict({"at": "phq9:phq9_1", "answer": "3"}), found))
    assert found.draft == {"phq9": {"phq9_1": "0"}}


def test_a_language_that_is_not_there_changes_nothing() -> None:
    posted = parse(MultiDict({"at": "phq9:phq9_2", "lang": "tlh"}), sheet())
    assert posted.language is None
    assert press(at="phq9:phq9_2", lang="tlh").place == "phq9:phq9_2"


@pytest.mark.parametrize("to", ["missed", "stop", "help", "sent", "phq9:phq9_99", "https://example.org"])
def test_a_button_leads_only_to_places_of_the_form(to: str) -> None:
    with pytest.raises(Refused):
        parse(MultiDict({"at": "phq9:phq9_2", "to": to}), sheet())
