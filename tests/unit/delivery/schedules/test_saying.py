from __future__ import annotations

from uuid import uuid4

import pytest

from delivery.models.schedules import Schedule, ScheduleKind
from delivery.schedules import saying


def row(**values: object) -> Schedule:
    return Schedule(practice_id=uuid4(), starts_on="2027-01-05", **values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"kind": ScheduleKind.DATES, "rule": "FREQ=WEEKLY;BYDAY=TU", "wall_time": "09:00"},
            "every week on Tuesday at 9:00",
        ),
        (
            {"kind": ScheduleKind.DATES, "rule": "FREQ=DAILY;COUNT=1", "wall_time": "00:30"},
            "once at 0:30",
        ),
        (
            {"kind": ScheduleKind.APPOINTMENTS, "lead_minutes": 120, "every": 2},
            "2 hours before every other session",
        ),
    ],
)
def test_a_schedule_says_when_it_asks(values: dict[str, object], words: str) -> None:
    assert saying.when(row(**values)) == words


def test_one_that_runs_has_no_reason_to_have_stopped() -> None:
    assert saying.stopped(row()) == ""
