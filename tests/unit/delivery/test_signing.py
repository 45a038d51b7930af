"""Tokens: exactly what was made here, for exactly this purpose, in exactly one spelling."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.signing import Purpose, Tokens, digest, encode, form_key, fresh_secret, same

KEY = "k3y-for-tests-only-9f8e7d6c5b4a-zyxwvu"
TOKENS = Tokens([KEY])


@given(st.binary(min_size=16, max_size=16))
def test_a_token_gives_its_sixteen_bytes_back(raw: bytes) -> None:
    token = TOKENS.make(Purpose.LINK, raw)
    assert len(token) == 45
    assert TOKENS.read(Purpose.LINK, token) == raw


@given(st.text(max_size=60))
def test_no_text_is_a_token_and_none_breaks_the_reader(text: str) -> None:
    assert TOKENS.read(Purpose.LINK, text) is None


@given(st.binary(max_size=15) | st.binary(min_size=17, max_size=24))
def test_another_length_than_sixteen_bytes_is_not_a_token(raw: bytes) -> None:
    assert TOKENS.read(Purpose.LINK, TOKENS.make(Purpose.LINK, raw)) is None


def test_a_second_spelling_of_the_same_bits_is_refused() -> None:
    """The last of 22 base64 letters carries four spare bits; sixteen spellings mean one value."""
    token = TOKENS.make(Purpose.LINK, bytes(16))
    name, signature = token.split(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for part, rebuilt in ((name, lambda p: f"{p}.{signature}"), (signature, lambda p: f"{name}.{p}")):
        value = base64.urlsafe_b64decode(part + "==")
        twins = [
            part[:-1] + letter
            for letter in letters
            if letter != part[-1] and base64.urlsafe_b64decode(part[:-1] + letter + "==") == value
        ]
        assert len(twins) == 15
        assert [TOKENS.read(Purpose.LINK, rebuilt(twin)) for twin in twins] == [None] * 15


@pytest.mark.parametrize("purpose", list(Purpose))
def test_each_purpose_has_a_signature_of_its_own(purpose: Purpose) -> None:
    token = TOKENS.make(purpose, bytes(16))
    assert [p for p in Purpose if TOKENS.read(p, token) is not None] == [purpose]


def test_the_last_key_signs_and_all_keys_read() -> None:
    other = "an0ther-k3y-for-tests-only-8e7d6c5b4a-abc"
    both = Tokens([KEY, other])
    assert both.make(Purpose.LINK, bytes(16)) == Tokens([other]).make(Purpose.LINK, bytes(16))
    assert both.read(Purpose.LINK, TOKENS.make(Purpose.LINK, bytes(16))) == bytes(16)


def test_a_forms_key_follows_from_its_secret_alone() -> None:
    secret = fresh_secret()
    assert form_key(secret) == form_key(secret) != form_key(fresh_secret())
    assert secret not in form_key(secret)
    assert len(secret) == 22


def test_the_stored_digest_is_that_of_the_text_or_the_bytes() -> None:
    assert digest("abc") == digest(b"abc") != digest("abd")
    assert same("a", b"a") and not same("a", "b")
    assert encode(b"\xff\xfe") == "__4"
