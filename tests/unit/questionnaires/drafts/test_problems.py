"""What the file's own checks find comes back to the builder in its own words and places."""

from __future__ import annotations

import pytest

from questionnaires import checks
from questionnaires.drafts import problems as draft_problems
from questionnaires.drafts.draft import Draft
from questionnaires.drafts.problems import where
from tests import building

KEY = "own_week_check"


def _problems(draft: Draft) -> dict[str, str]:
    return draft_problems.problems(draft, KEY, 1, "Alder Street Office")


def test_a_whole_draft_has_no_problems() -> None:
    assert _problems(building.draft()) == {}


def test_what_was_typed_comes_before_what_the_file_says() -> None:
    draft = building.draft()
    draft.about.measures, draft.scales[0].bands[0].high = "", "9"
    assert list(_problems(draft)) == ["about.measures"]


def test_a_gap_between_bands_is_named_by_its_bands() -> None:
    draft = building.draft()
    draft.scales[0].bands[1].low = "5"
    assert _problems(draft) == {
        "scales.0.bands.1.low": "There is a gap between the bands “quiet” and “hard”."
    }


def test_bands_that_overlap_are_named() -> None:
    draft = building.draft()
    draft.scales[0].bands[1].low = "3"
    assert _problems(draft) == {"scales.0.bands.1.low": "The band “hard” overlaps “quiet”."}


def test_bands_run_from_end_to_end_of_their_scale() -> None:
    draft = building.draft()
    draft.scales[0].bands[1].high = "7"
    assert _problems(draft) == {"scales.0": "The bands run from 0 to 7, the scale “Total” from 0 to 6."}


def test_a_cut_off_lies_within_the_scale() -> None:
    draft = building.draft()
    draft.scales[0].cut_offs[0].points = "7"
    assert _problems(draft) == {"scales.0.cut_offs.0.points": "7 is outside the possible range 0 to 6."}


def test_answers_of_which_none_was_offered_are_refused_with_their_question() -> None:
    draft = building.draft()
    draft.questions[1].critical_codes = ["77"]
    assert _problems(draft) == {"questions.1.message": "Question 2 has no option “77”."}
    draft = building.draft()
    draft.questions[2].only_if_codes = ["77"]
    assert _problems(draft) == {"questions.2.text": "Question 2 has no option “77”."}


def test_a_code_that_no_file_takes_is_refused_at_its_answer() -> None:
    draft = building.draft()
    draft.lists[0].answers[0].code = "no good"
    assert list(_problems(draft)) == ["lists.0.answers.0.label"]


def test_a_choice_that_was_never_offered_is_refused() -> None:
    draft = building.draft()
    draft.about.purposes = ["fun"]
    assert list(_problems(draft)) == ["about"]
    draft = building.draft()
    draft.about.language = "Klingon"
    assert "language tag" in _problems(draft)["about"]


def test_what_the_list_lacks_is_told_at_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(("options", "answers_1"), "an option list needs at least two options")]
    monkeypatch.setattr(checks, "problems", lambda _form: found)
    assert _problems(building.draft()) == {"lists.0": "An option list needs at least two options."}


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("about.name", "About"),
        ("about", "About"),
        ("questions", "Questions"),
        ("questions.1.text", "Question 2"),
        ("lists.0.answers.1.label", "Answers 1"),
        ("scales.0.bands.1.low", "Scale “Total”"),
        ("scales.1", "Scale 2"),
        ("rights.holder", "Rights"),
    ],
)
def test_places_have_names_that_people_know(place: str, name: str) -> None:
    draft = building.draft()
    draft.scales.append(type(draft.scales[0])(id="9"))
    assert where(draft, place) == name
