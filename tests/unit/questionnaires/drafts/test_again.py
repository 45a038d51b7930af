"""A published questionnaire comes back as a draft, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from questionnaires import registry
from questionnaires.content import content as written
from questionnaires.drafts import again as draft_again
from questionnaires.drafts.again import NotForTheBuilder
from questionnaires.drafts.draft import WHOLE_NUMBER, Basis, Draft
from questionnaires.drafts.file import content
from questionnaires.schema import Instrument
from questionnaires.source import Source
from tests import building

KEY = "own_week_check"


def _published(draft: Draft, version: int = 1) -> Instrument:
    return registry.check(Source("", content(draft, KEY, version, "Alder Street Office"), {}))


def _rich() -> Draft:
    """A draft that uses everything the builder has."""
    draft = building.draft()
    about, scale = draft.about, draft.scales[0]
    about.age_high, about.interval, about.instructions, about.short_name = "65", "7", "Read slowly.", "WC"
    first, _, third = draft.questions
    first.answered_with, first.critical_least, first.message = WHOLE_NUMBER, "9", "Nine or more"
    third.only_if, third.only_if_codes, third.only_if_least = first.id, [], "2"
    scale.method, scale.reversed, scale.missing, scale.most_blank = "mean", ["3"], "prorate", "1"
    scale.higher_is_better, scale.basis = True, Basis(own=False, text="Kim 2001")
    scale.bands_basis = Basis(own=False, text="Kim 2001, table 2", compared=True)
    scale.bands[1].high = "6.5"
    return draft


@pytest.mark.parametrize("make", [building.draft, _rich])
def test_what_was_built_comes_back_as_it_was_typed(make: Callable[[], Draft]) -> None:
    published = _published(make())
    again = draft_again.draft([published])
    again.rights.may_use = True
    next_one = _published(again, 2)
    same = {**written(next_one), "version": 1, "changelog": {"1": "First version"}}
    assert same == written(published)


def test_the_right_to_the_words_has_to_be_stated_anew_and_the_history_is_kept() -> None:
    again = draft_again.draft([_published(building.draft())])
    assert (again.rights.may_use, again.rights.changes) == (False, "")
    assert again.rights.holder == "Alder Street Office"
    assert again.changelog == {"1": "First version"}
    assert again.wording_sources == ["As entered by Alder Street Office"]


def test_no_id_or_code_of_any_version_is_given_out_again() -> None:
    first = building.draft()
    second = building.draft()
    del second.questions[2], second.lists[0].answers[2]
    second.questions[1].critical_codes = ["2"]
    second.scales[0].bands[1].high = "4"
    second.scales[0].bands[0].high, second.scales[0].bands[1].low = "1", "2"
    second.scales[0].cut_offs[0].points, second.lists[0].answers[1].points = "2", "2"
    again = draft_again.draft([_published(second, 2), _published(first)])
    assert len(again.questions) == 2
    assert again.made > 4
    assert again.lists[0].made == 3


def test_a_practice_that_changed_its_name_still_owns_its_rules() -> None:
    again = draft_again.draft([_published(building.draft())])
    assert again.scales[0].basis == again.scales[0].cut_offs[0].basis == Basis()


def _changed(**values: Any) -> Instrument:
    made = content(building.draft(), KEY, 1, "Alder Street Office")
    return registry.check(Source("", {**made, **values}, {}))


def test_several_languages_are_left_to_the_file() -> None:
    texts = content(building.draft(), KEY, 1, "Alder")["texts"]
    with pytest.raises(NotForTheBuilder, match="languages"):
        draft_again.draft([_changed(texts={**texts, "es": texts["en"]})])


def test_names_that_the_builder_did_not_give_are_left_to_the_file() -> None:
    scales = content(building.draft(), KEY, 1, "Alder")["scales"]
    with pytest.raises(NotForTheBuilder, match="not made with"):
        draft_again.draft([_changed(scales=[{**scales[0], "id": "sleep"}], screens=[])])


@pytest.mark.parametrize(
    "more",
    [
        {"change": [{"scale": "total", "kind": "cutoff", "points": 3, "source": "x", "verified": True}]},
        {"critical": [{"item": f"{KEY}_3", "at_least": 1, "message": "By its points"}]},
        {"critical": [{"item": f"{KEY}_3", "codes": ["3"], "left_blank": True, "message": "Or blank"}]},
        {"loinc": "12345-6"},
        {
            "screens": [
                {
                    "id": "both",
                    "label": "Both",
                    "rule": "Both",
                    "source": "x",
                    "verified": True,
                    "positive_if": {"all_of": [{"item": f"{KEY}_2", "codes": ["3"]}]},
                }
            ]
        },
        {
            "screens": [
                {
                    "id": "by_sex",
                    "label": "By sex",
                    "rule": "By sex",
                    "source": "x",
                    "verified": True,
                    "by": "sex",
                    "cases": {"male": {"scale": "total", "at_least": 4}},
                }
            ]
        },
    ],
)
def test_rules_that_the_builder_cannot_show_are_never_lost(more: dict[str, Any]) -> None:
    with pytest.raises(NotForTheBuilder, match="rules"):
        draft_again.draft([_changed(**more)])


def test_a_rule_that_the_builder_would_not_take_is_left_to_the_file() -> None:
    scales = content(building.draft(), KEY, 1, "Alder")["scales"]
    with pytest.raises(NotForTheBuilder, match="rules"):
        draft_again.draft([_changed(scales=[{**scales[0], "label": ""}], screens=[])])


def test_a_file_that_would_not_pass_its_checks_again_is_left_alone() -> None:
    bands = {
        "ranges": [
            {"low": 0, "high": 2.99996, "label": "quiet"},
            {"low": 2.99998, "high": 6, "label": "hard"},
        ],
        "source": "x",
        "verified": True,
    }
    scales = content(building.draft(), KEY, 1, "Alder")["scales"]
    with pytest.raises(NotForTheBuilder, match="rules"):
        draft_again.draft([_changed(scales=[{**scales[0], "bands": bands}])])
