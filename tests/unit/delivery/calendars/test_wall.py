"""Wall time and zone to a moment: gaps, overlaps, and every zone of the United States over 400 days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.calendars.wall import earlier, moment, zone, zone_names
from delivery.errors import Invalid

#: Columns of zone.tab: country, place, name. Territories have countries of their own.
US_ZONES = sorted(
    line.split("\t")[2]
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines()
    if line.split("\t")[0] in ("US", "PR", "GU", "VI", "AS", "MP")
)
FIRST = date(2026, 11, 1)
WALLS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
DAYS = st.integers(0, 399).map(lambda n: FIRST + timedelta(days=n))


def test_the_zones_of_the_united_states_are_all_there() -> None:
    wanted = {"America/Phoenix", "Pacific/Honolulu", "America/Adak", "America/Puerto_Rico", "Pacific/Guam"}
    assert wanted <= set(US_ZONES) <= zone_names()
    assert len(US_ZONES) > 30


def test_a_time_on_the_clock_becomes_a_moment() -> None:
    assert moment(date(2026, 7, 1), "09:00", "America/Los_Angeles") == datetime(2026, 7, 1, 16, tzinfo=UTC)
    assert moment(date(2026, 12, 1), "09:00", "America/Los_Angeles") == datetime(2026, 12, 1, 17, tzinfo=UTC)


def test_a_skipped_time_becomes_the_next_minute_that_exists() -> None:
    assert moment(date(2027, 3, 14), "02:30", "America/New_York") == datetime(2027, 3, 14, 7, 0, tzinfo=UTC)
    assert moment(date(2027, 3, 14), "02:00", "America/New_York") == datetime(2027, 3, 14, 7, 0, tzinfo=UTC)
    assert moment(date(2027, 3, 14), "03:00", "America/New_York") == datetime(2027, 3, 14, 7, 0, tzinfo=UTC)


def test_a_whole_skipped_day_becomes_the_first_minute_of_the_next() -> None:
    at = moment(date(2011, 12, 30), "12:00", "Pacific/Apia")
    assert at.astimezone(zone("Pacific/Apia")).replace(tzinfo=None) == datetime.fromisoformat("2011-12-31")


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    assert moment(date(2026, 11, 1), "01:30", "America/New_York") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", US_ZONES)
def test_nine_in_the_morning_is_nine_on_400_days(name: str) -> None:
    for n in range(400):
        day = FIRST + timedelta(days=n)
        at = moment(day, "09:00", name)
        assert at.astimezone(zone(name)).replace(tzinfo=None) == datetime.combine(day, time(9))


@given(name=st.sampled_from(US_ZONES), day=DAYS, wall=WALLS)
def test_a_moment_is_at_the_wanted_wall_time_except_in_a_gap(name: str, day: date, wall: str) -> None:
    wanted = datetime.fromisoformat(f"{day}T{wall}")
    at = moment(day, wall, name)
    got = at.astimezone(zone(name)).replace(tzinfo=None)
    if got != wanted:
        before = (at - timedelta(minutes=1)).astimezone(zone(name)).replace(tzinfo=None)
        assert before < wanted < got, "only a skipped time may move, and only to the end of its gap"
    hour_earlier = (at - timedelta(hours=1)).astimezone(zone(name)).replace(tzinfo=None)
    assert hour_earlier != wanted, "the first of two"


@pytest.mark.parametrize("name", ["Mars/Olympus", "America", "", "../etc/passwd", "Factory", "\0", "a" * 500])
def test_a_zone_that_does_not_exist_is_named_in_plain_words(name: str) -> None:
    with pytest.raises(Invalid, match="Write it like America/Los_Angeles"):
        moment(FIRST, "09:00", name)


@pytest.mark.parametrize("wall", ["9:00", "24:00", "09:60", "0900", "", "٠٩:٠٠", "09:00\n"])
def test_another_shape_of_time_is_refused(wall: str) -> None:
    with pytest.raises(Invalid, match="like 09:00"):
        moment(FIRST, wall, "UTC")


def test_days_at_the_ends_of_the_calendar_are_refused() -> None:
    for day, name in ((date.min, "Asia/Tokyo"), (date.max, "America/Adak")):
        with pytest.raises(Invalid, match="too far"):
            moment(day, "00:00" if day == date.min else "23:59", name)


def test_a_day_before_keeps_the_time_on_the_clock_over_a_change() -> None:
    monday = moment(date(2027, 3, 15), "02:00", "America/Chicago")
    assert earlier(monday, timedelta(days=2), "America/Chicago") == moment(
        date(2027, 3, 13), "02:00", "America/Chicago"
    )
    # A skipped time again: Sunday 02:00 does not exist.
    assert earlier(monday, timedelta(days=1), "America/Chicago") == moment(
        date(2027, 3, 14), "03:00", "America/Chicago"
    )


def test_hours_before_are_real_hours() -> None:
    sunday = moment(date(2027, 3, 14), "04:00", "America/Chicago")
    assert earlier(sunday, timedelta(hours=3), "America/Chicago") == sunday - timedelta(hours=3)
    assert earlier(sunday, timedelta(days=1, hours=2), "America/Chicago") == moment(
        date(2027, 3, 13), "02:00", "America/Chicago"
    )
    second_half_past_one = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert earlier(second_half_past_one, timedelta(), "America/New_York") == second_half_past_one
