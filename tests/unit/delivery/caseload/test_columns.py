from __future__ import annotations

from datetime import date
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery import library
from delivery.caseload import columns
from delivery.caseload.cells import key_of
from delivery.caseload.columns import CASELOAD, PAST, Columns
from delivery.caseload.file import Record
from delivery.caseload.measures import Measures
from delivery.errors import Invalid

TODAY: Final = date(2026, 6, 1)


def _read(*headings: str) -> Columns:
    return columns.read(Record(1, headings), CASELOAD, Measures(library.shipped().list()), TODAY)


@pytest.mark.parametrize("known", [CASELOAD, PAST])
def test_no_word_stands_for_two_columns(known: dict[str, tuple[str, ...]]) -> None:
    words = [key_of(word) for name, others in known.items() for word in (name, *others)]
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("given_name", "given_name"),
        ("First name", "given_name"),
        ("GIVEN NAME", "given_name"),
        ("E-mail", "email"),
        (" Cell ", "phone"),
        ("D.O.B.", "date_of_birth"),
        ("Teléfono", "phone"),
        ("Consent date", "consent_on"),
    ],
)
def test_a_column_is_known_by_what_people_call_it(heading: str, name: str) -> None:
    assert [one.name for one in _read(heading).named] == [name]


def test_a_column_keeps_its_place_and_its_heading() -> None:
    found = _read("", "First name", "", "E-mail")
    assert [(one.place, one.heading) for one in found.named] == [(1, "First name"), (3, "E-mail")]
    assert found.heading("email") == "E-mail"
    assert found.heading("phone") == "phone"
    assert found.faults == ()


@pytest.mark.parametrize(
    ("heading", "hint"),
    [
        ("famly name", "Did you mean family_name?"),
        ("Name", "Split it into given_name and family_name."),
        ("Gender", "sex_for_scoring"),
        ("Shoe size", "Delete it"),
        ("PHQ-9", "such as PHQ-9 2026-03-02"),
        ("PHQ-9 total", "such as PHQ-9 2026-03-02"),
        ("PHQ-9 date", "such as PHQ-9 2026-03-02"),
    ],
)
def test_a_column_that_is_not_known_is_named_with_a_hint(heading: str, hint: str) -> None:
    (fault,) = _read("given_name", heading).faults
    assert (fault.line, fault.column) == (1, heading)
    assert hint in fault.words


@pytest.mark.parametrize(
    "heading",
    ["PHQ-9 2026-03-02", "phq9 3/2/2026", "PHQ 9 (2026-03-02)", "PHQ-9 total 2026-03-02", "phq9_2026-03-02"],
)
def test_a_measure_and_a_day_are_a_column_of_past_totals(heading: str) -> None:
    found = _read("given_name", heading)
    assert [(one.place, one.instrument.key, one.on) for one in found.past] == [(1, "phq9", date(2026, 3, 2))]
    assert found.faults == ()


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("PHQ-99 2026-03-02", "no measure of this name"),
        ("PHQ-9 2026-06-02", "still to come"),
        ("PHQ-9 3/2/26", "four digits"),
        ("PHQ-9 1969-12-31", "Check the year"),
        ("DASS-21 2026-03-02", "no total"),
        ("PSC-17 2026-03-02", "not answered by clients themselves"),
    ],
)
def test_a_column_of_totals_that_cannot_be_taken_says_why(heading: str, words: str) -> None:
    (fault,) = _read("given_name", heading).faults
    assert fault.column == heading
    assert words in fault.words


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [("Cell", "Phone", "phone"), ("PHQ-9 2026-03-02", "phq9 3/2/2026", "PHQ-9 of that day")],
)
def test_two_columns_of_one_thing_are_named_at_the_second(first: str, second: str, what: str) -> None:
    (fault,) = _read("given_name", first, second).faults
    assert (fault.column, fault.words) == (second, f"Two columns hold {what}. Keep one of them.")


def test_a_first_row_that_names_no_column_is_not_repeated() -> None:
    with pytest.raises(Invalid) as caught:
        _read("Elena", "Rivera", "elena@example.org")
    assert "given_name, family_name" in str(caught.value)
    assert "Elena" not in str(caught.value)


def test_a_heading_is_shown_short_and_without_marks() -> None:
    (first, second) = _read("given_name", "x" * 1000, "a\nb\x07\u202ec").faults
    assert (len(first.column), first.column[-1], second.column) == (40, "…", "a b c")


@given(st.lists(st.text(st.characters()), min_size=1, max_size=6))
def test_any_headings_are_columns_or_refused(headings: list[str]) -> None:
    try:
        found = _read(*headings)
    except Invalid:
        return
    assert len(found.headings) == len(headings)
    assert found.named or found.past
