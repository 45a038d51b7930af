"""The file that a draft makes: it passes every check, scores what was meant, and names its sources."""

from __future__ import annotations

import pytest

from questionnaires import registry
from questionnaires.content import to_yaml
from questionnaires.drafts.draft import WHOLE_NUMBER, Basis, CutOff, Draft
from questionnaires.drafts.file import OWN, content, key_of, possible
from questionnaires.schema import Instrument
from questionnaires.scoring import score
from tests import building

KEY = "own_week_check"


def _made(draft: Draft) -> Instrument:
    return registry.checked(f"{KEY}-1.yaml", to_yaml(content(draft, KEY, 1, "Alder Street Office")))


def test_the_file_scores_and_alerts_as_it_was_built() -> None:
    made = _made(building.draft())
    result = score(made, {f"{KEY}_2": "2", f"{KEY}_3": "3", f"{KEY}_4": "the stairs"})
    total = result.scores["total"]
    assert (total.value, total.band) == (4, "hard")
    assert result.screens == {"total_1": True}
    assert [one.item for one in result.alerts] == [f"{KEY}_3"]
    assert made.critical[0].message == "Home does not feel safe"


def test_a_question_is_asked_only_after_the_answers_that_were_chosen() -> None:
    made = _made(building.draft())
    never = score(made, {f"{KEY}_2": "1", f"{KEY}_3": "1"})
    assert (never.complete, never.missing) == (True, [])
    assert made.item(f"{KEY}_4").stem is None
    assert made.item(f"{KEY}_2").stem == "In the last 7 days, how often"


def test_own_rules_are_named_as_such_and_published_ones_by_their_source() -> None:
    draft = building.draft()
    scale = draft.scales[0]
    scale.bands_basis = Basis(own=False, text="Kim 2001, table 2", compared=False)
    scale.cut_offs[0].basis = Basis(own=False, text="Kim 2001, page 4", compared=True)
    made = _made(draft)
    own = "Set by Alder Street Office; not a published figure"
    assert (made.scales[0].source, made.scales[0].missing.source) == (own, own)
    bands = made.scales[0].bands
    assert bands is not None
    assert (bands.source, bands.verified) == ("Kim 2001, table 2", False)
    assert (made.screens[0].source, made.screens[0].verified) == ("Kim 2001, page 4", True)


def test_a_rule_of_ones_own_counts() -> None:
    bands = _made(building.draft()).scales[0].bands
    assert bands is not None
    assert bands.verified


def test_the_right_to_the_words_and_who_entered_them_are_in_it() -> None:
    made = _made(building.draft())
    assert (made.licence.status, made.licence.holder) == ("free", "Alder Street Office")
    assert made.licence.notice == "Made by Alder Street Office."
    assert made.wordings["en"].wording_sources == ("As entered by Alder Street Office",)
    assert made.sendable


def test_everything_about_it_is_carried() -> None:
    draft = building.draft()
    about = draft.about
    about.short_name, about.age_high, about.interval, about.language = "WC", "65", "7", "es"
    about.instructions, about.settings, about.respondents = "Read slowly.", ["in_person"], ["parent"]
    draft.changelog, draft.rights.changes = {"1": "First version"}, "New words"
    made = registry.checked(f"{KEY}-2.yaml", to_yaml(content(draft, KEY, 2, "Alder")))
    assert (made.short_name, made.ages.low, made.ages.high, made.shortest_interval_days) == ("WC", 18, 65, 7)
    assert (made.languages, made.instructions, made.settings) == (("es",), "Read slowly.", ("in_person",))
    assert (made.respondents, made.minutes, made.recall) == (("parent",), 2, "Last 7 days")
    assert made.changelog == {"1": "First version", "2": "New words"}


def test_the_name_stands_in_for_a_short_one() -> None:
    draft = building.draft("A long name " * 8)
    assert _made(draft).short_name == ("A long name " * 8)[:40].strip()


def test_whole_numbers_decide_count_and_alert() -> None:
    draft = building.draft()
    first, _, third = draft.questions
    first.answered_with, first.highest = WHOLE_NUMBER, "7"
    first.critical_least, first.message = "6", "Hardly sleeps"
    third.only_if, third.only_if_least = first.id, "2"
    draft.scales[0].bands[1].high = "10"
    made = _made(draft)
    assert made.item(f"{KEY}_2").whole_number == (0, 7)
    result = score(made, {f"{KEY}_2": "7", f"{KEY}_3": "1"})
    assert (result.scores["total"].value, result.complete) == (7, True)
    assert [one.item for one in result.alerts] == [f"{KEY}_2"]
    condition = made.item(f"{KEY}_4").asked_if
    assert condition is not None
    assert (condition.item, condition.at_least) == (f"{KEY}_2", 2)


def test_a_mean_of_thirds_takes_the_bands_as_they_are_meant() -> None:
    draft = building.draft()
    draft.questions[2].answered_with, draft.questions[2].only_if = draft.lists[0].id, ""
    draft.lists[0].answers[0].points = "0.1"
    draft.lists[0].answers[2].points = "1.1"
    draft.questions[0].answered_with, draft.questions[0].highest = WHOLE_NUMBER, "3"
    scale = draft.scales[0]
    scale.method, scale.questions, scale.cut_offs = "mean", ["2", "3", "4"], []
    scale.bands[0].low, scale.bands[0].high, scale.bands[1].low, scale.bands[1].high = (
        "0.07",
        "1",
        "1.01",
        "1.73",
    )
    made = _made(draft)
    bands = made.scales[0].bands
    assert bands is not None
    assert (bands.ranges[0].low, bands.ranges[-1].high) == made.scales[0].range
    assert bands.ranges[0].low == pytest.approx(0.2 / 3)


def test_reversed_questions_and_missing_rules_are_the_ones_that_were_chosen() -> None:
    draft = building.draft()
    scale = draft.scales[0]
    scale.reversed, scale.missing, scale.most_blank, scale.higher_is_better = ["3"], "zero", "1", True
    made = _made(draft)
    assert made.scales[0].higher_is_better
    assert score(made, {f"{KEY}_2": "2", f"{KEY}_3": "1"}).scores["total"].value == 4
    assert score(made, {f"{KEY}_2": "2", f"{KEY}_3": None}).scores["total"].value == 1
    scale.missing = "prorate"
    filled = score(_made(draft), {f"{KEY}_2": "2", f"{KEY}_3": None}).scores["total"]
    assert (filled.value, filled.prorated) == (2, True)


def test_a_cut_off_can_be_an_upper_one() -> None:
    draft = building.draft()
    draft.scales[0].cut_offs.append(CutOff(direction="at_most", points="0", label="All quiet"))
    made = _made(draft)
    assert [one.rule for one in made.screens] == ["Total: 4 or more", "Total: 0 or less"]
    assert score(made, {f"{KEY}_2": "1", f"{KEY}_3": "1"}).screens == {"total_1": False, "total_2": True}


def test_scales_that_are_not_the_overall_score_have_names_of_their_own() -> None:
    draft = building.draft()
    draft.scales[0].overall = False
    assert _made(draft).scales[0].id == f"scale_{draft.scales[0].id}"


def test_without_scales_and_lists_it_is_still_a_file() -> None:
    draft = building.draft()
    draft.scales, draft.lists, draft.about.stem = [], [], ""
    for one in draft.questions:
        one.answered_with, one.only_if, one.critical_codes, one.message = "free_text", "", [], ""
    made = _made(draft)
    assert (made.scales, made.options, made.wordings["en"].stems) == ((), {}, {})


def test_texts_are_never_anything_but_text() -> None:
    draft = building.draft()
    strange = '<script>alert(1)</script> {{ 7*7 }} &anchor *alias !tag: "yes" # no\n- 👩‍👩‍👧'
    draft.questions[0].text = draft.lists[0].answers[0].label = draft.about.measures = strange
    draft.questions[1].message = draft.rights.notice = draft.about.stem = strange
    made = _made(draft)
    assert {made.items[0].text, made.items[0].options[0].label, made.measures} == {strange}
    assert {made.critical[0].message, made.licence.notice, made.stem} == {strange}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Week check", "own_week_check"),
        ("  WEEK -- check!", "own_week_check"),
        ("Árbol niño", "own_arbol_nino"),
        ("PHQ-9", "own_phq_9"),
    ],
)
def test_the_key_comes_from_the_name(name: str, key: str) -> None:
    assert key_of(name) == key


def test_names_that_share_their_beginning_or_have_no_latin_letters_stay_apart() -> None:
    names = [
        "A very long name of a form for adults",
        "A very long name of a form for teens",
        "心",
        "身",
        "a 心",
    ]
    keys = {key_of(name) for name in names}
    assert len(keys) == len(names)
    assert all(key.startswith(OWN) and len(key) <= 34 and key.isascii() for key in keys)


def test_no_shipped_key_can_come_out() -> None:
    assert not [one.key for one in registry.load().list() if one.key.startswith(OWN)]


def test_the_possible_scores_are_known_as_soon_as_there_are_points() -> None:
    draft = building.draft()
    scale = draft.scales[0]
    assert possible(draft, scale) == (0, 6)
    scale.method = "mean"
    assert possible(draft, scale) == (0, 3)
    draft.questions[0].answered_with = WHOLE_NUMBER
    assert possible(draft, scale) == (0, 6.5)
    draft.questions[0].lowest = "x"
    assert possible(draft, scale) is None
    draft.questions[0].answered_with = "gone"
    assert possible(draft, scale) is None
    scale.questions = []
    assert possible(draft, scale) is None
