from __future__ import annotations

import pytest

from delivery import library
from delivery.schedules import remarks


@pytest.mark.parametrize(("key", "days"), [("phq9", 14), ("pcl5", 28), ("audit_c", 365)])
def test_a_measure_looks_back_so_many_days(key: str, days: int) -> None:
    assert remarks.window_days(library.shipped().get(key)) == days


def test_the_words_name_the_measure_and_the_interval_that_fits() -> None:
    often = remarks.TooOften(library.shipped().get("phq9"), 7, 2)
    assert (
        often.words == "PHQ-9 asks about: Last 2 weeks. This asks again after 7 days. Every 2 weeks fits it."
    )
    assert remarks.Remarks([often], 11).weeks == 2
    assert remarks.Remarks([], 11).too_much
    assert not remarks.Remarks([], 10).too_much
