"""Codes and where they stand in a text."""

from __future__ import annotations

import pytest

from delivery.calendars.codes import found_in, normal_code
from delivery.errors import Invalid


@pytest.mark.parametrize(("typed", "code"), [(" K73 ", "k73"), ("oak-12", "oak-12"), ("Ｋ７３", "k73")])
def test_a_code_is_compared_in_small_letters(typed: str, code: str) -> None:
    assert normal_code(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "Anna", "12", "2026", "k7", "k73 b", "=k73", "k73-", "a1" * 13, "é73", "k7\n3"]
)
def test_names_words_and_numbers_are_no_codes(typed: str) -> None:
    with pytest.raises(Invalid, match="3 to 24"):
        normal_code(typed)


@pytest.mark.parametrize(
    "text", ["K73", "session (k73)", "K73: weekly", "#k73.", "<b>K73</b>", "K73,L88", "x\nK73\ny", "Ｋ７３"]
)
def test_a_code_is_found_as_a_whole_word(text: str) -> None:
    assert found_in(text, {"k73"}) == {"k73"}


@pytest.mark.parametrize("text", ["K731", "aK73", "K73-1", "oak-K73", "K73.5", "K 73", "K73_x", "éK73", ""])
def test_a_code_is_not_found_inside_another_word(text: str) -> None:
    assert found_in(text, {"k73"}) == set()


def test_every_code_in_a_text_is_found() -> None:
    assert found_in("couple: K73 & L88", {"k73", "l88", "m99"}) == {"k73", "l88"}
