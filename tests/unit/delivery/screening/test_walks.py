"""A walk is sealed into its page: it opens on that page alone, for an hour, unchanged."""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from delivery.db import now
from delivery.screening.walks import LIFE, Seals, Walk, Wanted

KEY, OLDER = "k" * 20 + "3y-for-tests-0123456789", "older-" * 6 + "0123456789"
WALK = Walk(
    page_id=uuid4(),
    run_id=uuid4(),
    key="phq9",
    version=1,
    age="adult",
    language="es",
    began_at=1_790_000_000.5,
    step=4,
    place="phq9:phq9_3",
    risk=True,
    draft={"phq9": {"phq9_1": "2", "phq9_2": None}},
    wanted=Wanted("email", "wren@example.org", "Wren ñ", "ab" * 32, 1_790_000_100.0, 2),
)


def test_a_walk_comes_back_as_it_was() -> None:
    seals = Seals([KEY])
    assert seals.open(seals.seal(WALK), WALK.page_id) == WALK
    plain = WALK.after(wanted=None)
    assert plain.step == 5
    assert seals.open(seals.seal(plain), WALK.page_id) == plain


def test_a_token_shows_nothing_and_is_new_each_time() -> None:
    seals = Seals([KEY])
    one, other = seals.seal(WALK), seals.seal(WALK)
    assert one != other
    raw = base64.urlsafe_b64decode(one)
    for telltale in (b"phq9", b"wren", b"example"):
        assert telltale not in raw


def test_a_key_that_was_rotated_still_opens_and_a_foreign_one_does_not() -> None:
    token = Seals([OLDER]).seal(WALK)
    assert Seals([OLDER, KEY]).open(token, WALK.page_id) == WALK
    assert Seals([KEY]).open(token, WALK.page_id) is None


def test_a_token_opens_on_its_own_page_alone() -> None:
    seals = Seals([KEY])
    assert seals.open(seals.seal(WALK), uuid4()) is None


def test_a_changed_token_does_not_open() -> None:
    seals = Seals([KEY])
    raw = bytearray(base64.urlsafe_b64decode(seals.seal(WALK)))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        assert seals.open(base64.urlsafe_b64encode(changed).decode(), WALK.page_id) is None


@pytest.mark.parametrize("token", ["", "=", "A", "AA==", "é", "\x00", "A" * 44, "!" * 80, "A" * 70_000])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    assert Seals([KEY]).open(token, WALK.page_id) is None


def test_a_token_ends_after_an_hour() -> None:
    seals = Seals([KEY])
    token = seals.seal(WALK)
    with time_machine.travel(now() + LIFE - timedelta(seconds=5)):
        assert seals.open(token, WALK.page_id) == WALK
    with time_machine.travel(now() + LIFE + timedelta(seconds=5)):
        assert seals.open(token, WALK.page_id) is None
