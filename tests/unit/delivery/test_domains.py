from __future__ import annotations

from dataclasses import replace

import pytest

from delivery import domains, library


@pytest.mark.parametrize(
    ("key", "heading"),
    [
        ("asq", "Suicide risk"),
        ("pcl5", "Trauma"),
        ("audit_c", "Alcohol and drugs"),
        ("phq9", "Depression and mood"),
        ("gad7", "Anxiety and worry"),
        ("k10", "Distress, stress and anger"),
        ("who5", "Well-being and self"),
        ("apeqpt", "The care itself"),
    ],
)
def test_a_measure_stands_under_what_it_says_it_measures(key: str, heading: str) -> None:
    assert domains.of(library.shipped().get(key)) == heading


def test_every_shipped_measure_finds_a_heading() -> None:
    assert [one.key for one in library.shipped().list() if domains.of(one) == domains.OTHER] == []


def test_the_name_helps_where_the_subject_says_nothing_and_parts_of_words_do_not_count() -> None:
    one = library.shipped().get("phq9")
    assert domains.of(replace(one, measures="What we ask", name="Our sleep form")) == "Sleep"
    assert domains.of(replace(one, measures="Treating", name="Our form")) == domains.OTHER


def test_groups_hold_every_measure_once_and_none_is_empty() -> None:
    everything = library.shipped().list()
    groups = domains.grouped(everything)
    assert sorted(one.key for group in groups.values() for one in group) == [one.key for one in everything]
    assert all(groups.values())
    names = [one.short_name for one in groups["Depression and mood"]]
    assert names == sorted(names, key=str.casefold)


def test_a_search_wants_every_word_in_name_subject_or_heading() -> None:
    everything = library.shipped().list()
    assert [one.key for one in domains.matching(everything, "phq-9 teen")] == ["phq9_teen"]
    assert "pcl5" in {one.key for one in domains.matching(everything, "TRAUMA")}
    assert domains.matching(everything, "depression nowhere") == []
    assert domains.matching(everything, " ") == everything


def test_what_most_clients_are_asked_stands_first() -> None:
    assert list(domains.grouped(library.shipped().list()))[:3] == list(domains.FIRST)
