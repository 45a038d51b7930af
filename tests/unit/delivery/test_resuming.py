"""The code that opens a form on another device."""

from __future__ import annotations

from uuid import uuid4

import pytest

from delivery import resuming


def test_a_code_has_eight_letters_that_nobody_takes_for_others() -> None:
    code, hash_ = resuming.make()
    assert len(resuming.plain(code)) == resuming.LENGTH
    assert not set(resuming.ALPHABET) & set("0O1IL5S2Z8B6")
    assert hash_.startswith("$argon2id$") and resuming.plain(code) not in hash_


@pytest.mark.parametrize("typed", ["acde fghj", "ACDE-FGHJ", "  acdefghj "])
def test_a_code_may_be_typed_with_spaces_and_small_letters(typed: str) -> None:
    assert resuming.plain(typed) == "ACDEFGHJ"


@pytest.mark.parametrize("typed", ["", "ACDEFGH0", "áCDEFGHJ", "ACDE\nFGHJ"])
def test_what_can_be_no_code_is_empty(typed: str) -> None:
    assert resuming.plain(typed) == ""


def test_of_several_drafts_the_one_whose_code_was_typed_is_opened() -> None:
    (one, one_hash), (_two, two_hash) = resuming.make(), resuming.make()
    first, second = uuid4(), uuid4()
    assert resuming.compare([(second, two_hash), (first, one_hash)], one) == first
    assert resuming.compare([(second, two_hash)], one) is None
    assert resuming.compare([(second, "no hash at all")], one) is None
