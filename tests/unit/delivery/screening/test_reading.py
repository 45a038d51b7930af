"""What answers come to, for every measure that may be public."""

from __future__ import annotations

import pytest

from delivery.screening.reading import read
from questionnaires import registry
from questionnaires.schema import Instrument

PUBLIC = [one for one in registry.load().list() if "public" in one.settings and one.wordings]


def instrument(key: str) -> Instrument:
    return registry.load().get(key)


def lowest(one: Instrument, *, most: bool = False) -> dict[str, str | None]:
    """Every item with its lowest, or highest, option."""
    found: dict[str, str | None] = {}
    for item in one.items:
        options = [option for option in item.options if option.value is not None] or list(item.options)
        options.sort(key=lambda option: option.value or 0)
        found[item.id] = options[-1 if most else 0].code
    return found


def test_a_total_comes_with_its_band_and_source() -> None:
    one = instrument("phq9")
    answers = {item.id: "1" for item in one.items if item.scored}
    found = read(one, answers, 0)
    assert found is not None
    assert (found.value, found.bands[found.band or 0].label, found.tier) == (9, "mild", "raised")


@pytest.mark.parametrize(
    ("key", "most", "tier"),
    [
        ("phq9", False, "low"),
        ("phq9", True, "raised"),
        ("gad2", False, "low"),
        ("gad2", True, "raised"),
        ("pcl5", False, "low"),
        ("pcl5", True, "raised"),
        ("audit_c", False, "unknown"),
    ],
)
def test_ranges_and_cut_offs_say_whether_a_closer_look_is_advised(key: str, most: bool, tier: str) -> None:
    one = instrument(key)
    found = read(one, lowest(one, most=most), 0)
    assert found is not None
    assert found.tier == tier


def test_blank_questions_give_a_span_and_no_tier() -> None:
    one = instrument("phq9")
    answers: dict[str, str | None] = {item.id: "1" for item in one.items if item.scored}
    answers["phq9_2"] = None
    found = read(one, answers, 1)
    assert found is not None
    assert (found.value, found.span, found.band, found.tier) == (None, (8, 11), None, "unknown")


@pytest.mark.parametrize("one", PUBLIC, ids=lambda one: one.key)
@pytest.mark.parametrize("most", [False, True])
def test_every_public_measure_has_a_reading_with_a_checked_source(one: Instrument, most: bool) -> None:
    found = read(one, lowest(one, most=most), 0)
    assert found is not None
    assert found.value is not None
    assert found.bands or found.screens
    if found.bands:
        assert found.scale.bands is not None
        assert found.scale.bands.verified
        assert found.scale.bands.source
    assert all(screen.verified and screen.source for screen, _ in found.screens)
