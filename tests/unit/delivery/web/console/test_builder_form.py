"""The builder's fields are taken by their place, and only those that a page has."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from delivery.web.console.builder_form import lost, page_of, take
from questionnaires.drafts.draft import plain
from tests import building


def _form(*fields: tuple[str, str]) -> MultiDict[str, str]:
    return MultiDict(fields)


def test_texts_are_taken_and_those_that_are_not_there_stay() -> None:
    draft = building.draft()
    assert take(draft, "about", _form(("about.measures", "  Sleep \r\n and rest  "))) == {}
    assert (draft.about.measures, draft.about.recall) == ("Sleep \n and rest", "Last 7 days")


def test_boxes_that_are_not_ticked_are_off() -> None:
    draft = building.draft()
    take(draft, "questions", _form(("questions.0.alone", "yes"), ("questions.1.critical_codes", "3")))
    assert [one.alone for one in draft.questions] == [True, False, False]
    assert [one.scored for one in draft.questions] == [False, False, False]
    assert [one.critical_codes for one in draft.questions] == [[], ["3"], []]


def test_the_parts_of_a_scale_are_taken() -> None:
    draft = building.draft()
    take(
        draft, "scores", _form(("scales.0.bands.1.label", "rough"), ("scales.0.cut_offs.0.basis.text", "Kim"))
    )
    assert draft.scales[0].bands[1].label == "rough"
    assert (draft.scales[0].cut_offs[0].basis.text, draft.scales[0].cut_offs[0].basis.own) == ("Kim", False)


def test_one_page_changes_nothing_of_another() -> None:
    draft, before = building.draft(), plain(building.draft())
    take(draft, "answers", _form(("about.name", "x"), ("scales.0.name", "x"), ("lists.0.id", "x")))
    assert plain(draft) == before


def test_rows_cannot_be_made_of_plain_words() -> None:
    draft = building.draft()
    take(draft, "scores", _form(("scales.0.bands", "x"), ("scales.0.basis", "x"), ("scales", "x")))
    assert len(draft.scales[0].bands) == 2


def test_what_is_too_long_is_told_by_place() -> None:
    draft = building.draft()
    fields = _form(("questions.1.text", "x" * 1001), ("questions.1.message", "x" * 300))
    assert take(draft, "questions", fields) == {
        "questions.1.text": "At most 1,000 characters; this has 1,001."
    }


def test_marks_that_no_page_offers_are_few_and_short() -> None:
    draft = building.draft()
    marks = [("about.settings", "x" * 201), *(("about.settings", str(n)) for n in range(300))]
    take(draft, "about", _form(*marks))
    assert draft.about.settings == [str(n) for n in range(100)]


def test_control_characters_are_left_out_and_signs_of_every_script_stay() -> None:
    draft = building.draft()
    take(draft, "about", _form(("about.measures", "a\x00b\x1b[1mc\u2028 👩\u200d👧 سلام\ud800")))
    assert draft.about.measures == "ab[1mc\u2028 👩\u200d👧 سلام"


def test_what_was_typed_and_is_nowhere_on_the_page_is_lost() -> None:
    draft = building.draft()
    fields = _form(
        ("questions.0.text", "did home feel unsafe?"),
        ("questions.1.text", "Mine"),
        ("questions.0.scored", "yes"),
        ("about.name", "Of another page"),
    )
    assert lost(draft, "questions", fields) == ["Mine"]


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("about", "about"),
        ("scores", "scores"),
        ("scales.0.bands.1.low", "scores"),
        ("lists.0", "answers"),
        ("rights.holder", "publish"),
        ("publish", "publish"),
        (None, "about"),
        ("", "about"),
        ("nothing", "about"),
    ],
)
def test_every_place_has_its_page(name: str | None, page: str) -> None:
    assert page_of(name) == page
