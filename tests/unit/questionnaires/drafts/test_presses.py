"""The buttons of the builder, and what a change leaves without meaning."""

from __future__ import annotations

from copy import deepcopy

import pytest

from questionnaires.drafts.draft import FREE_TEXT, Draft
from questionnaires.drafts.presses import MOST, NoSuchPlace, TooMany, new, press, settle
from tests import building


def _texts(draft: Draft) -> list[str]:
    return [one.text for one in draft.questions]


def test_a_new_draft_has_a_question_with_two_answers() -> None:
    made = new("Week check")
    assert made.about.name == "Week check"
    assert [one.code for one in made.lists[0].answers] == ["1", "2"]
    assert [one.answered_with for one in made.questions] == [made.lists[0].id]


def test_rows_are_added_moved_and_removed_and_the_place_is_told() -> None:
    made = building.draft()
    one, two, three = _texts(made)
    assert press(made, "down questions.0") == "questions.1"
    assert _texts(made) == [two, one, three]
    assert press(made, "up questions.1") == "questions.0"
    assert _texts(made) == [one, two, three]
    assert press(made, "remove questions.1") == "questions.0"
    assert _texts(made) == [one, three]
    assert press(made, "add questions") == "questions.2"
    assert _texts(made) == [one, three, ""]


def test_the_ends_of_a_list_stay_where_they_are() -> None:
    made = building.draft()
    before = _texts(made)
    assert press(made, "up questions.0") == "questions.0"
    assert press(made, "down questions.2") == "questions.2"
    assert _texts(made) == before


def test_the_first_row_can_be_removed() -> None:
    made = building.draft()
    assert press(made, "remove questions.0") == "questions.0"
    assert len(made.questions) == 2


def test_ids_and_codes_are_never_given_out_twice() -> None:
    made = building.draft()
    last = made.questions[-1].id
    press(made, "remove questions.2")
    press(made, "add questions")
    assert int(made.questions[-1].id) > int(last)
    press(made, "remove lists.0.answers.2")
    press(made, "add lists.0.answers")
    assert [one.code for one in made.lists[0].answers] == ["1", "2", "4"]


def test_the_first_scale_is_the_total_of_everything_that_counts() -> None:
    made = building.draft()
    assert (made.scales[0].name, made.scales[0].overall, made.scales[0].questions) == (
        "Total",
        True,
        ["2", "3"],
    )
    press(made, "add scales")
    assert (made.scales[1].name, made.scales[1].overall, made.scales[1].questions) == ("", False, [])


def test_bands_and_cut_offs_belong_to_their_scale() -> None:
    made = building.draft()
    assert press(made, "add scales.0.bands") == "scales.0.bands.2"
    assert press(made, "add scales.0.cut_offs") == "scales.0.cut_offs.1"
    assert (made.scales[0].bands[2].low, made.scales[0].cut_offs[1].direction) == ("", "at_least")


def test_a_question_begins_with_the_answers_of_the_one_before_it() -> None:
    made = building.draft()
    press(made, "add questions")
    assert made.questions[-1].answered_with == FREE_TEXT
    empty = Draft()
    press(empty, "add questions")
    assert empty.questions[0].answered_with == ""


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("questions", "100 questions"),
        ("lists", "20 lists"),
        ("lists.0.answers", "20 answers"),
        ("scales", "20 scales"),
        ("scales.0.bands", "12 bands"),
        ("scales.0.cut_offs", "6 cut-offs"),
    ],
)
def test_there_is_an_end_to_how_many_there_can_be(rows: str, words: str) -> None:
    made = building.draft()
    with pytest.raises(TooMany, match=words):
        for _ in range(200):
            press(made, f"add {rows}")
    assert len(made.questions) <= MOST["questions"]


@pytest.mark.parametrize(
    "button",
    [
        "burn questions.0",
        "add",
        "add rights",
        "add scales.0.questions",
        "add questions.0.answers",
        "add lists.0.bands",
        "add lists.9.answers",
        "remove questions",
        "remove questions.99",
        "remove questions.-1",
        "up questions.x",
        "up questions.٣",
        "down __class__.0",
    ],
)
def test_a_button_that_is_not_on_the_page_does_nothing(button: str) -> None:
    made = building.draft()
    before = deepcopy(made)
    with pytest.raises(NoSuchPlace):
        press(made, button)
    assert made == before


def _settled(change: str) -> Draft:
    before = building.draft()
    after = deepcopy(before)
    press(after, change)
    settle(before, after)
    return after


def test_marks_on_answers_that_are_gone_go_too() -> None:
    after = _settled("remove lists.0.answers.2")
    assert after.questions[1].critical_codes == ["2"]
    assert after.questions[2].only_if_codes == ["2"]


def test_a_question_that_is_gone_decides_and_counts_nothing() -> None:
    after = _settled("remove questions.1")
    assert (after.questions[1].only_if, after.questions[1].only_if_codes) == ("", [])
    assert after.scales[0].questions == ["2"]


def test_other_answers_take_all_marks_away() -> None:
    before = building.draft()
    press(before, "add lists")
    after = deepcopy(before)
    after.questions[1].answered_with = after.lists[1].id
    settle(before, after)
    assert after.questions[1].critical_codes == []
    assert after.questions[2].only_if_codes == []


def test_another_question_that_decides_begins_without_marks() -> None:
    before = building.draft()
    after = deepcopy(before)
    after.questions[2].only_if = after.questions[0].id
    settle(before, after)
    assert after.questions[2].only_if_codes == []


def test_nothing_is_taken_from_a_question_that_is_new() -> None:
    before = building.draft()
    after = deepcopy(before)
    press(after, "add questions")
    after.questions[-1].only_if, after.questions[-1].only_if_codes = "3", ["3"]
    settle(before, after)
    assert after.questions[-1].only_if_codes == ["3"]


def test_what_no_longer_counts_leaves_its_scale() -> None:
    before = building.draft()
    before.scales[0].reversed = ["2", "3"]
    after = deepcopy(before)
    after.questions[0].scored = False
    settle(before, after)
    assert (after.scales[0].questions, after.scales[0].reversed) == (["3"], ["3"])
