from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery import crypto
from delivery.crypto import PracticeKeys, Vault
from delivery.errors import Sealing, SettingsError

A, B = UUID(int=1), UUID(int=2)
KEYS = {A: PracticeKeys({1: b"a" * 32}, b"i" * 32), B: PracticeKeys({1: b"b" * 32}, b"j" * 32)}


def vault(change: Callable[[UUID], PracticeKeys] = KEYS.__getitem__) -> Vault:
    return Vault(change)


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again_and_shows_nothing(plain: bytes) -> None:
    sealed = vault().seal(plain, A, "t|c|1")
    assert vault().open(sealed, A, "t|c|1") == plain
    assert len(plain) < 8 or plain not in sealed


def test_the_same_text_never_looks_the_same_twice() -> None:
    assert len({vault().seal(b"no", A, "t|c|1") for _ in range(50)}) == 50


@pytest.mark.parametrize("place", ["t|c|2", "t|d|1", "u|c|1", ""])
def test_a_value_moved_to_another_place_does_not_open(place: str) -> None:
    sealed = vault().seal(b"secret", A, "t|c|1")
    with pytest.raises(Sealing):
        vault().open(sealed, A, place)


def test_a_value_of_another_practice_does_not_open_even_under_the_same_key() -> None:
    one = Vault(lambda _: KEYS[A])
    with pytest.raises(Sealing):
        one.open(one.seal(b"secret", A, "t|c|1"), B, "t|c|1")


def test_no_changed_bit_goes_unnoticed() -> None:
    sealed = vault().seal(b"secret", A, "t|c|1")
    for position in range(len(sealed)):
        spoilt = bytearray(sealed)
        spoilt[position] ^= 1
        with pytest.raises(Sealing):
            vault().open(bytes(spoilt), A, "t|c|1")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" * 60, b"\x01" * 30])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(Sealing):
        vault().open(sealed, A, "t|c|1")


def test_after_a_new_data_key_old_values_open_and_new_ones_use_the_new_key() -> None:
    old = vault().seal(b"old", A, "t|c|1")
    grown = vault(lambda _: PracticeKeys({1: b"a" * 32, 2: b"c" * 32}, b"i" * 32))
    new = grown.seal(b"new", A, "t|c|1")
    assert grown.open(old, A, "t|c|1") == b"old"
    assert new[1:3] == b"\x00\x02"
    with pytest.raises(Sealing, match="does not have"):
        vault().open(new, A, "t|c|1")


def test_keys_are_fetched_once() -> None:
    asked: list[UUID] = []

    def load(practice: UUID) -> PracticeKeys:
        asked.append(practice)
        return KEYS[practice]

    one = vault(load)
    one.seal(b"x", A, "p")
    one.seal(b"x", A, "p")
    assert asked == [A]


def test_blind_indexes_meet_inside_one_practice_and_purpose_only() -> None:
    one = vault()
    same = {one.blind(A, "email", "x@example.org") for _ in range(3)}
    assert len(same) == 1
    others = {one.blind(B, "email", "x@example.org"), one.blind(A, "sms", "x@example.org")}
    assert not same & others
    assert len(others) == 2


def test_a_wrapped_key_opens_only_for_its_owner_number_and_kek() -> None:
    kek, owner = os.urandom(32), uuid4()
    wrapped = crypto.wrap(kek, owner, 1, b"d" * 32)
    assert crypto.unwrap(kek, owner, 1, wrapped) == b"d" * 32
    for other in ((os.urandom(32), owner, 1), (kek, uuid4(), 1), (kek, owner, 2)):
        with pytest.raises(SettingsError, match="does not fit"):
            crypto.unwrap(*other, wrapped)


def test_keys_for_different_purposes_differ() -> None:
    assert crypto.derive(b"s" * 32, "a") != crypto.derive(b"s" * 32, "b")
    assert crypto.derive(b"s" * 32, "a") != crypto.derive(b"t" * 32, "a")


@pytest.mark.parametrize("content", ["", "xyz", "ab" * 31, "ab" * 33, "ab" * 32 + " ab"])
def test_a_file_that_is_no_key_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "kek").write_text(content)
    with pytest.raises(SettingsError, match="64 hexadecimal digits") as caught:
        crypto.read_kek(tmp_path / "kek")
    assert len(content) < 8 or content not in str(caught.value)


def test_a_file_of_other_characters_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "kek").write_bytes(b"\xff" * 64)
    with pytest.raises(SettingsError, match="64 hexadecimal digits"):
        crypto.read_kek(tmp_path / "kek")


def test_a_missing_key_file_names_the_way_back(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="keys recover"):
        crypto.read_kek(tmp_path / "kek")
