"""What is missing or wrong in a draft is said in plain words, at its place."""

from __future__ import annotations

import pytest

from questionnaires.conditions import Number
from questionnaires.drafts import checks as draft_checks
from questionnaires.drafts import presses as draft_presses
from questionnaires.drafts.checks import number, whole
from questionnaires.drafts.draft import FREE_TEXT, WHOLE_NUMBER, Basis, Draft, Scale
from tests import building


def _with(**values: object) -> Draft:
    """The draft of the tests with other values, by place: `questions__0__text`."""
    made = building.draft()
    for name, value in values.items():
        *around, last = name.split("__")
        place: object = made
        for part in around:
            place = place[int(part)] if isinstance(place, list) else getattr(place, part)
        setattr(place, last, value)
    return made


def test_a_whole_draft_has_no_problems() -> None:
    assert draft_checks.problems(building.draft()) == {}


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("about.name", "", "Give it a name"),
        ("about.name", "🙂🙂", "letters or digits"),
        ("about.measures", "", "Say what it measures"),
        ("about.recall", "", "which time"),
        ("about.minutes", "", "how many minutes"),
        ("about.minutes", "0", "1 to 240"),
        ("about.minutes", "241", "1 to 240"),
        ("about.minutes", "two", "1 to 240"),
        ("about.age_low", "", "0 to 120"),
        ("about.age_low", "121", "0 to 120"),
        ("about.age_high", "17", "not below the youngest"),
        ("about.age_high", "x", "not below the youngest"),
        ("about.interval", "0", "whole number of days"),
        ("about.interval", "3651", "whole number of days"),
        ("about.purposes", [], "what it is for"),
        ("about.respondents", [], "who answers"),
        ("about.settings", [], "where it may be used"),
        ("lists.0.answers.0.label", "", "Write the answer"),
        ("lists.0.answers.2.label", "NEVER", "twice"),
        ("lists.0.answers.1.points", "", "question 1 counts"),
        ("lists.0.answers.1.points", "few", "Points are a number"),
        ("questions.0.text", "", "Write the question"),
        ("questions.0.answered_with", "", "Choose how"),
        ("questions.1.message", "", "what the clinician is told"),
        ("questions.0.message", "Told of nothing", "Choose the answers"),
        ("scales.0.name", "", "Give the scale a name"),
        ("scales.0.questions", [], "Choose the questions"),
        ("scales.0.bands.0.label", "", "Name the band"),
        ("scales.0.cut_offs.0.points", "many", "at which score"),
        ("scales.0.cut_offs.0.label", "", "what it means"),
        ("rights.may_use", False, "may use them"),
        ("rights.holder", "", "who owns"),
        ("rights.notice", "", "sentence"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(place: str, value: object, words: str) -> None:
    found = draft_checks.problems(_with(**{place.replace(".", "__"): value}))
    assert words in found[place]


@pytest.mark.parametrize(
    ("place", "value"),
    [("about.minutes", "240"), ("about.age_high", "18"), ("about.interval", "1"), ("about.age_low", "0")],
)
def test_the_ends_of_what_is_allowed_are_allowed(place: str, value: str) -> None:
    assert draft_checks.problems(_with(**{place.replace(".", "__"): value})) == {}


def test_two_questions_without_text_are_both_named() -> None:
    found = draft_checks.problems(_with(questions__0__text="", questions__2__text=""))
    assert list(found) == ["questions.0.text", "questions.2.text"]


def test_a_questionnaire_has_questions() -> None:
    made = building.draft()
    made.questions, made.scales, made.lists = [], [], []
    assert draft_checks.problems(made) == {"questions": "Add a question."}


def test_answers_that_no_question_uses_are_named() -> None:
    made = building.draft()
    draft_presses.press(made, "add lists")
    for answer, label in zip(made.lists[1].answers, ("Yes", "No"), strict=True):
        answer.label = label
    assert list(draft_checks.problems(made)) == ["lists.1"]


def test_a_list_has_two_answers() -> None:
    made = building.draft()
    del made.lists[0].answers[1:]
    made.scales = []
    assert "two answers" in draft_checks.problems(made)["lists.0"]


def test_without_a_score_answers_need_no_points() -> None:
    made = _with(lists__0__answers__1__points="")
    made.scales = []
    assert draft_checks.problems(made) == {}


@pytest.mark.parametrize(("low", "high"), [("5", "5"), ("6", "5"), ("", "5"), ("0", "x"), ("0", "100001")])
def test_a_whole_number_runs_from_low_to_high(low: str, high: str) -> None:
    changed = {"answered_with": WHOLE_NUMBER, "lowest": low, "highest": high}
    made = _with(**{f"questions__0__{name}": value for name, value in changed.items()})
    assert "lower to a higher" in draft_checks.problems(made)["questions.0.lowest"]


def test_a_critical_number_lies_in_its_range_and_has_a_message() -> None:
    made = _with(questions__0__answered_with=WHOLE_NUMBER, questions__0__critical_least="11")
    found = draft_checks.problems(made)
    assert "0 to 10" in found["questions.0.critical_least"]
    assert "questions.0.message" in found
    made.questions[0].critical_least, made.questions[0].message = "10", "Ten or more"
    assert draft_checks.problems(made) == {}


def _skip(asked: str, **values: object) -> dict[str, str]:
    made = _with(questions__2__only_if=asked, **values)
    return draft_checks.problems(made)


def test_a_skip_looks_back_never_forward_or_at_itself() -> None:
    made = building.draft()
    made.questions[0].only_if = made.questions[1].id
    assert draft_checks.problems(made) == {
        "questions.0.only_if": "Question 2 comes later. A question can only depend on one before it."
    }
    assert "itself" in _skip("4")["questions.2.only_if"]


def test_a_skip_needs_answers_that_can_decide() -> None:
    assert "question 2" in _skip("3", questions__2__only_if_codes=[])["questions.2.only_if"]
    assert "free text" in _skip("2", questions__0__answered_with=FREE_TEXT)["questions.2.only_if"]
    number_first = {"questions__0__answered_with": WHOLE_NUMBER}
    assert (
        "0 to 10" in _skip("2", questions__2__only_if_least="11", **number_first)["questions.2.only_if_least"]
    )
    assert _skip("2", questions__2__only_if_least="10", **number_first) == {}
    wrong_range = _skip("2", questions__0__lowest="", **number_first)
    assert list(wrong_range) == ["questions.0.lowest"]


def test_scales_have_names_of_their_own_and_one_of_them_is_the_overall_score() -> None:
    made = building.draft()
    made.scales.append(Scale(id="9", name="TOTAL", overall=True, questions=["2"]))
    found = draft_checks.problems(made)
    assert (list(found), "Two scales" in found["scales.1.name"]) == (
        ["scales.1.name", "scales.1.overall"],
        True,
    )


@pytest.mark.parametrize(("blank", "fine"), [("", False), ("0", False), ("1", True), ("2", False)])
def test_a_few_blanks_are_fewer_than_the_questions(blank: str, fine: bool) -> None:
    found = draft_checks.problems(_with(scales__0__missing="prorate", scales__0__most_blank=blank))
    assert (found == {}) is fine
    assert fine or "1 to 1" in found["scales.0.most_blank"]


def test_one_question_leaves_no_room_for_blanks() -> None:
    made = _with(scales__0__missing="zero", scales__0__most_blank="1", scales__0__questions=["2"])
    assert "one question" in draft_checks.problems(made)["scales.0.most_blank"]


@pytest.mark.parametrize("side", ["low", "high"])
def test_a_band_says_from_where_to_where(side: str) -> None:
    made = _with(**{f"scales__0__bands__1__{side}": "a bit"})
    assert draft_checks.problems(made) == {"scales.0.bands.1.low": "Say from which score to which."}


@pytest.mark.parametrize("place", ["basis", "bands_basis", "cut_offs.0.basis"])
def test_a_figure_names_its_publication_or_is_our_own_rule(place: str) -> None:
    named = f"scales.0.{place}".replace(".", "__")
    found = draft_checks.problems(_with(**{named: Basis(own=False)}))
    assert list(found) == [f"scales.0.{place}.text"]
    assert draft_checks.problems(_with(**{named: Basis(own=False, text="Kim 2001")})) == {}


def test_without_bands_nobody_asks_where_they_come_from() -> None:
    made = _with(scales__0__bands=[], scales__0__bands_basis=Basis(own=False))
    assert draft_checks.problems(made) == {}


def test_an_opening_sentence_needs_a_question_to_hang_on_it() -> None:
    made = building.draft()
    for one in made.questions:
        one.alone = True
    assert list(draft_checks.problems(made)) == ["about.stem"]
    made.about.stem = ""
    assert draft_checks.problems(made) == {}


def test_a_later_version_says_what_is_new() -> None:
    made = building.draft()
    made.changelog = {"1": "First version"}
    assert list(draft_checks.problems(made)) == ["rights.changes"]
    made.rights.changes = "Clearer words"
    assert draft_checks.problems(made) == {}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0", 0),
        ("12", 12),
        ("0.5", 0.5),
        ("1,25", 1.25),
        ("-3", -3),
        ("−3", -3),
        ("2.0", 2),
        ("", None),
        ("1e5", None),
        ("1.", None),
        ("1234567", None),
        ("٣", None),
        ("3 points", None),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, value: Number | None) -> None:
    assert number(typed) == value
    assert isinstance(number("2.0"), int)


@pytest.mark.parametrize(
    ("typed", "value"), [("3", 3), ("1", 1), ("5", 5), ("0", None), ("6", None), ("٣", None), ("", None)]
)
def test_whole_numbers_have_two_ends(typed: str, value: int | None) -> None:
    assert whole(typed, 1, 5) == value
