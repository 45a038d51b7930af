"""Numbers below eleven are withheld, also where they could be worked out."""

from __future__ import annotations

from uuid import uuid4

import pytest

from delivery.models.screening import ScreeningCount
from delivery.screening.counts import _month


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((10, 0, 0), (None, None, 0)),
        ((11, 0, 0), (11, 0, 0)),
        ((40, 20, 0), (40, 20, 0)),
        ((40, 30, 11), (40, None, None)),
        ((40, 29, 11), (40, 29, 11)),
        ((40, 40, 40), (40, 40, 40)),
        ((100, 60, 5), (100, 60, None)),
    ],
)
def test_small_numbers_and_small_rests_are_withheld(
    stored: tuple[int, int, int], shown: tuple[int | None, int | None, int | None]
) -> None:
    started, finished, contacted = stored
    row = ScreeningCount(
        practice_id=uuid4(),
        page_id=uuid4(),
        month="2026-11",
        started=started,
        finished=finished,
        contacted=contacted,
    )
    found = _month(row)
    assert (found.started, found.finished, found.contacted) == shown
