from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery import library
from delivery.caseload.measures import Measures, perhaps_raw, read_total
from delivery.errors import Invalid

EVERY = library.shipped().list()


@pytest.mark.parametrize("key", [one.key for one in EVERY])
def test_every_shipped_measure_is_found_by_its_names_or_refused_for_what_it_is(key: str) -> None:
    one = library.shipped().get(key)
    taken = "self" in one.respondents and any(scale.id == "total" for scale in one.scales)
    for name in (one.key, one.short_name, one.name, one.short_name.upper()):
        if taken:
            assert Measures(EVERY).find(name) is one
        else:
            with pytest.raises(Invalid, match="total"):
                Measures(EVERY).find(name)


def test_a_name_of_two_measures_has_to_be_made_clear() -> None:
    phq9 = library.shipped().get("phq9")
    own = replace(phq9, key="ours", name="Ours")
    measures = Measures([phq9, own])
    with pytest.raises(Invalid, match="More than one"):
        measures.find("PHQ-9")
    assert measures.find("ours") is own
    assert measures.find("phq9") is phq9


@pytest.mark.parametrize(
    ("key", "text", "total"),
    [
        ("phq9", "0", 0),
        ("phq9", "27", 27),
        ("phq9", "14.0", 14),
        ("k10", "10", 10),
        ("who5", "52", 52),
        ("maas", "3.73", 3.73),
    ],
)
def test_totals_that_a_measure_can_have(key: str, text: str, total: float) -> None:
    found = read_total(library.shipped().get(key), text)
    assert found == total
    assert isinstance(found, type(total))


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("phq9", "28", "from 0 to 27"),
        ("phq9", "-1", "from 0 to 27"),
        ("phq9", "9.5", "whole number"),
        ("phq9", "moderate", "from 0 to 27"),
        ("phq9", "1e1", "from 0 to 27"),
        ("phq9", "٩", "from 0 to 27"),
        ("phq9", "nan", "from 0 to 27"),
        ("k10", "9", "from 10 to 50"),
        ("maas", "0.5", "from 1 to 6"),
        ("who5", "13", "steps of 4"),
    ],
)
def test_other_totals_are_refused_with_the_range(key: str, text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read_total(library.shipped().get(key), text)


def test_a_low_total_of_a_measure_that_is_multiplied_may_be_the_raw_sum() -> None:
    who5, phq9 = library.shipped().get("who5"), library.shipped().get("phq9")
    assert "multiply it by 4" in (perhaps_raw(who5, 12) or "")
    assert [perhaps_raw(who5, 28), perhaps_raw(who5, 0), perhaps_raw(phq9, 5)] == [None] * 3


@given(st.text(st.characters()))
def test_any_text_is_a_total_within_the_range_or_refused(text: str) -> None:
    try:
        total = read_total(library.shipped().get("phq9"), text)
    except Invalid:
        return
    assert 0 <= total <= 27
