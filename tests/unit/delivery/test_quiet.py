"""When a message may arrive, in the recipient's own time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery import quiet

ZONES = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
]
MAINLAND = [*ZONES[:5], "America/Boise", "America/Detroit", "America/Indiana/Knox"]
#: A year around both changes of the clocks.
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def local(zone: str, *when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone))  # type: ignore[misc, arg-type]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("clock", "goes"),
    [((7, 59), (24, 8, 0)), ((8, 0), None), ((20, 59), None), ((21, 0), (25, 8, 0)), ((3, 0), (24, 8, 0))],
)
def test_messages_arrive_between_eight_and_nine_where_the_client_is(
    zone: str, clock: tuple[int, int], goes: tuple[int, int, int] | None
) -> None:
    at = local(zone, 2026, 11, 24, *clock)
    wanted = local(zone, 2026, 11, *goes) if goes else at
    assert quiet.next_allowed(at.astimezone(UTC), zone, {}) == wanted


@pytest.mark.parametrize("day", [(2026, 3, 8), (2026, 11, 1)])
def test_on_days_when_clocks_change_eight_is_eight_on_the_wall(day: tuple[int, int, int]) -> None:
    zone = "America/Los_Angeles"
    midnight = local(zone, *day, 0, 30)
    found = quiet.next_allowed(midnight.astimezone(UTC), zone, {})
    assert found is not None
    spring = day[1] == 3
    assert found.astimezone(UTC) == datetime(*day, 15 if spring else 16, tzinfo=UTC)
    evening = datetime(*day, 21, tzinfo=ZoneInfo(zone)) - timedelta(days=1)
    assert quiet.next_allowed(evening.astimezone(UTC), zone, {}) == found


def test_the_hour_that_comes_twice_is_night_both_times() -> None:
    zone = "America/New_York"
    for fold in (0, 1):
        at = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(zone), fold=fold)
        assert quiet.next_allowed(at.astimezone(UTC), zone, {}) == local(zone, 2026, 11, 1, 8)


@pytest.mark.parametrize(
    ("clock", "goes"), [((10, 59), (24, 11)), ((11, 0), None), ((19, 59), None), ((20, 0), (25, 11))]
)
def test_without_a_zone_the_window_is_eleven_to_eight_in_new_york(
    clock: tuple[int, int], goes: tuple[int, int] | None
) -> None:
    at = local(quiet.ANYWHERE_ZONE, 2026, 11, 24, *clock)
    wanted = local(quiet.ANYWHERE_ZONE, 2026, 11, *goes) if goes else at
    assert quiet.next_allowed(at.astimezone(UTC), None, {}) == wanted


@given(at=MOMENTS)
def test_without_a_zone_it_is_day_everywhere_on_the_mainland(at: datetime) -> None:
    found = quiet.next_allowed(at, None, {})
    assert found is not None
    assert all(8 <= found.astimezone(ZoneInfo(zone)).hour < 21 for zone in MAINLAND)


@given(at=MOMENTS, first=st.integers(0, 22), hours=st.integers(1, 23))
def test_without_a_zone_hours_that_were_named_hold_everywhere_on_the_mainland(
    at: datetime, first: int, hours: int
) -> None:
    last = min(first + hours, 23)
    safe = {"from": f"{first:02d}:00", "to": f"{last:02d}:00"}
    found = quiet.next_allowed(at, None, safe)
    for zone in MAINLAND if found else []:
        assert found is not None
        there = found.astimezone(ZoneInfo(zone))
        assert max(first, 8) <= there.hour < min(last, 21), (zone, there, safe)


@given(at=MOMENTS, zone=st.sampled_from(ZONES), first=st.integers(0, 22), hours=st.integers(1, 23))
def test_a_message_never_comes_outside_the_hours_and_waits_no_longer_than_it_has_to(
    at: datetime, zone: str, first: int, hours: int
) -> None:
    last = min(first + hours, 23)
    safe = {"from": f"{first:02d}:00", "to": f"{last:02d}:00"}
    found = quiet.next_allowed(at, zone, safe)
    low, high = max(first, 8), min(last, 21)
    if low >= high:
        assert found is None
        return
    assert found is not None
    assert at <= found <= at + timedelta(hours=25)
    assert low <= found.astimezone(ZoneInfo(zone)).hour < high
    if low <= at.astimezone(ZoneInfo(zone)).hour < high:
        assert found == at


@pytest.mark.parametrize(
    ("clock", "goes"), [((9, 0), (24, 17, 30)), ((17, 30), None), ((18, 59), None), ((19, 0), (25, 17, 30))]
)
def test_hours_that_the_client_named_hold(clock: tuple[int, int], goes: tuple[int, int, int] | None) -> None:
    zone, safe = "America/Los_Angeles", {"from": "17:30", "to": "19:00"}
    at = local(zone, 2026, 11, 24, *clock)
    wanted = local(zone, 2026, 11, *goes) if goes else at
    assert quiet.next_allowed(at.astimezone(UTC), zone, safe) == wanted


@pytest.mark.parametrize("safe", [{"from": "21:00", "to": "23:00"}, {"from": "02:00", "to": "08:00"}])
def test_hours_that_are_all_at_night_leave_no_time(safe: dict[str, str]) -> None:
    zone = "America/Los_Angeles"
    assert quiet.window(zone, safe) is None
    assert quiet.next_allowed(local(zone, 2026, 11, 24, 12), zone, safe) is None
    assert quiet.next_day(local(zone, 2026, 11, 24, 12), zone, safe) is None


def test_hours_that_reach_into_the_night_end_with_the_day() -> None:
    zone = "America/Los_Angeles"
    at = local(zone, 2026, 11, 24, 21, 30)
    assert quiet.next_allowed(at, zone, {"from": "19:00", "to": "23:00"}) == local(zone, 2026, 11, 25, 19)


def test_the_next_day_is_the_clients() -> None:
    zone = "America/Los_Angeles"
    at = datetime(2026, 11, 25, 5, tzinfo=UTC)  # nine in the evening of the 24th in Portland
    assert quiet.next_day(at, zone, {}) == local(zone, 2026, 11, 25, 8)
    assert quiet.next_day(at, zone, {"from": "10:00"}) == local(zone, 2026, 11, 25, 10)
