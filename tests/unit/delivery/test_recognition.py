"""The recognition word: what it may be, and what it would tell others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import gsm7
from delivery import recognition
from delivery.errors import Invalid

NAMES = ["Elena", "Ríos Vega", "Lenny"]


@pytest.mark.parametrize(
    "word", ["Azul", "Red kite", "  Blue   moon ", "Niño", "R2 D2", "O'Neil", "drum", "café"]
)
def test_a_colour_or_a_nickname_is_taken(word: str) -> None:
    assert recognition.checked(word, NAMES) == " ".join(word.split())


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("x" * 21, "20"),
        ("Melón", "Write it like Melon"),
        ("海", "Text messages have no"),
        ("go.com/x", "Letters and digits only"),
        ("7", "beginning with a letter"),
        ("a\u202eb", "letters only"),
        ("Anxiety", "what the form is about"),
        ("mi terapia", "what the form is about"),
        ("PHQ-9", "what the form is about"),
        ("phq 9", "what the form is about"),
        ("Dr Ana", "what the form is about"),
    ],
)
def test_what_others_must_not_read_or_a_text_cannot_carry_is_refused(word: str, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        recognition.checked(word, NAMES)
    assert told.lower() in caught.value.fields["word"].lower()
    assert "real_name" not in caught.value.fields


@pytest.mark.parametrize("word", ["Elena", "elena", "RIOS", "Lenny 2"])
def test_the_clients_own_name_is_taken_only_if_they_insist(word: str) -> None:
    with pytest.raises(Invalid) as caught:
        recognition.checked(word, NAMES)
    assert "real_name" in caught.value.fields
    assert recognition.checked(word, NAMES, insist=True) == word


@given(st.text(max_size=60))
def test_whatever_is_taken_fits_a_text(word: str) -> None:
    try:
        kept = recognition.checked(word, NAMES)
    except Invalid:
        return
    assert 0 < len(kept) <= 20
    assert gsm7.septets(kept) == len(kept)
    assert not gsm7.foreign(kept)
