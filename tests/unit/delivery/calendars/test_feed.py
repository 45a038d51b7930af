"""Calendar feeds: who, when, what was moved or cancelled, and what hostile ones cost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.calendars.feed import Feed, Session, differences, read
from delivery.errors import Invalid

ZONE = "America/New_York"
SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
CODES = frozenset({"k73", "l88"})
WEEKLY = (
    "UID:a@example.org",
    "DTSTART;TZID=America/New_York:20261020T100000",
    "DTEND;TZID=America/New_York:20261020T105000",
    "RRULE:FREQ=WEEKLY;WKST=SU;UNTIL=20261118T045959Z;BYDAY=TU",
    "SUMMARY:K73",
)


def calendar(*events: tuple[str, ...]) -> bytes:
    """A feed of events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def single(*more: str, uid: str = "b", summary: str = "K73") -> tuple[str, ...]:
    """An event whose times are in `more`."""
    return (f"UID:{uid}", f"SUMMARY:{summary}", *more)


def feed(*events: tuple[str, ...]) -> Feed:
    """What is read of these events."""
    return read(calendar(*events), SINCE, UNTIL, ZONE, CODES)


def starts(*events: tuple[str, ...]) -> list[str]:
    """When these events take place, in UTC, without the cancelled ones."""
    return [f"{one.start:%m-%d %H:%M}" for one in feed(*events).sessions if not one.cancelled]


def test_a_series_stays_at_its_time_on_the_clock_and_ends_at_its_until() -> None:
    assert starts(WEEKLY) == ["10-20 14:00", "10-27 14:00", "11-03 15:00", "11-10 15:00", "11-17 15:00"]
    first = feed(WEEKLY).sessions[0]
    assert (first.code, first.end - first.start, first.cancelled) == ("k73", timedelta(minutes=50), False)
    assert first.key.endswith("|2026-10-20")


def test_left_out_dates_do_not_take_place() -> None:
    for left_out in (
        "EXDATE;TZID=America/New_York:20261027T100000",
        "EXDATE:20261027T140000Z",
        "EXDATE:20261027T100000",
        "EXDATE;VALUE=DATE:20261027",
    ):
        assert "10-27 14:00" not in starts((*WEEKLY, left_out))
        assert len(starts((*WEEKLY, left_out))) == 4


def test_an_added_date_takes_place() -> None:
    assert "10-29 16:00" in starts((*WEEKLY, "RDATE;TZID=America/New_York:20261029T120000"))


def test_a_moved_date_keeps_its_key() -> None:
    moved = single(
        "RECURRENCE-ID:20261027T140000Z", "DTSTART;TZID=America/New_York:20261028T080000", uid="a@example.org"
    )
    before, after = feed(WEEKLY), feed(WEEKLY, moved)
    assert {one.key for one in before.sessions} == {one.key for one in after.sessions}
    found = differences({one.key: one.start for one in before.sessions}, after.sessions, SINCE, UNTIL)
    assert [f"{one.start:%m-%d %H:%M} {one.key[-10:]}" for one in found.moved] == ["10-28 12:00 2026-10-27"]
    assert (found.added, found.cancelled) == ((), ())


def test_a_series_at_another_hour_is_moved_and_not_made_anew() -> None:
    later = tuple(line.replace("T100000", "T113000").replace("T105000", "T122000") for line in WEEKLY)
    before, after = feed(WEEKLY), feed(later)
    found = differences({one.key: one.start for one in before.sessions}, after.sessions, SINCE, UNTIL)
    assert (len(found.moved), found.added, found.cancelled) == (5, (), ())


def test_a_single_event_on_another_day_is_moved() -> None:
    before, after = feed(single("DTSTART:20261110T150000Z")), feed(single("DTSTART:20261112T150000Z"))
    found = differences({one.key: one.start for one in before.sessions}, after.sessions, SINCE, UNTIL)
    assert ([one.start.day for one in found.moved], found.added, found.cancelled) == ([12], (), ())


@pytest.mark.parametrize(
    "cancelled",
    [
        ("STATUS:CANCELLED", "SUMMARY:K73"),
        ("SUMMARY:Canceled: K73",),
        ("SUMMARY:Cancelada: K73",),
        ("STATUS:CANCELLED",),
    ],
)
def test_a_cancelled_date_is_called_off(cancelled: tuple[str, ...]) -> None:
    off = ("UID:a@example.org", "RECURRENCE-ID:20261027T140000Z", "DTSTART:20261027T140000Z", *cancelled)
    before, after = feed(WEEKLY), feed(WEEKLY, off)
    assert [one.cancelled for one in after.sessions] == [False, True, False, False, False]
    found = differences({one.key: one.start for one in before.sessions}, after.sessions, SINCE, UNTIL)
    assert [key[-10:] for key in found.cancelled] == ["2026-10-27"]


def test_a_cancelled_series_is_called_off_with_its_moved_dates() -> None:
    moved = single("RECURRENCE-ID:20261027T140000Z", "DTSTART:20261028T080000Z", uid="a@example.org")
    assert starts((*WEEKLY, "STATUS:CANCELLED"), moved) == []


def test_a_moved_date_that_was_then_left_out_does_not_take_place() -> None:
    moved = single("RECURRENCE-ID:20261027T140000Z", "DTSTART:20261028T080000Z", uid="a@example.org")
    assert len(starts((*WEEKLY, "EXDATE:20261027T140000Z"), moved)) == 4


def test_a_date_of_a_series_may_be_given_to_another_client_or_to_none() -> None:
    when = ("RECURRENCE-ID:20261027T140000Z", "DTSTART:20261027T140000Z")
    given = feed(WEEKLY, single(*when, uid="a@example.org", summary="L88")).sessions
    assert [one.code for one in given] == ["k73", "l88", "k73", "k73", "k73"]
    assert "10-27 14:00" not in starts(WEEKLY, single(*when, uid="a@example.org", summary="Lunch"))


def test_events_without_a_uid_are_told_apart_by_start_and_code() -> None:
    found = feed(
        ("SUMMARY:K73", "DTSTART:20261110T150000Z"),
        ("SUMMARY:L88", "DTSTART:20261110T150000Z"),
        ("SUMMARY:Lunch", "DTSTART:20261110T150000Z"),
        ("SUMMARY:K73", "DTSTART:20261110T160000Z"),
    )
    assert sorted((one.code, one.start.hour) for one in found.sessions) == [
        ("k73", 15),
        ("k73", 16),
        ("l88", 15),
    ]
    assert len({one.key for one in found.sessions}) == 3


def test_the_newest_version_of_an_event_counts() -> None:
    old, new = (
        single("DTSTART:20261110T150000Z", "SEQUENCE:1"),
        single("DTSTART:20261111T150000Z", "SEQUENCE:2"),
    )
    assert starts(new, old) == ["11-11 15:00"]


def test_times_without_a_zone_are_in_the_given_one() -> None:
    assert starts(single("DTSTART:20261110T100000")) == ["11-10 15:00"]


@pytest.mark.parametrize(
    "name",
    [
        "America/Los_Angeles",
        '"Pacific Standard Time"',
        "/freeassociation.sourceforge.net/America/Los_Angeles",
        "/citadel.org/20210210_1/America/Los_Angeles",
    ],
)
def test_zones_are_known_by_their_names(name: str) -> None:
    assert starts(single(f"DTSTART;TZID={name}:20261110T100000")) == ["11-10 18:00"]


@pytest.mark.parametrize("name", ["Customized Time Zone", "America", "../../etc/passwd", "x" * 500])
def test_an_unknown_zone_is_never_guessed(name: str) -> None:
    found = feed(single(f"DTSTART;TZID={name}:20261110T100000"))
    assert (found.sessions, found.unread) == ((), 1)


def test_the_clock_of_one_feed_does_not_set_that_of_another() -> None:
    own_clock = (
        b"BEGIN:VTIMEZONE\r\nTZID:Office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        b"TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    raw = calendar(single("DTSTART;TZID=Office:20261110T100000"))
    with_clock = raw.replace(b"BEGIN:VEVENT", own_clock + b"BEGIN:VEVENT")
    assert read(with_clock, SINCE, UNTIL, ZONE, CODES).unread == 1
    assert read(raw, SINCE, UNTIL, ZONE, CODES).unread == 1


def test_all_day_events_are_no_appointments() -> None:
    found = feed(single("DTSTART;VALUE=DATE:20261110", "DTEND;VALUE=DATE:20261111"))
    assert (found.sessions, found.unread) == ((), 0)


@pytest.mark.parametrize(
    "text",
    [
        "SUMMARY:Session (k73)",
        "DESCRIPTION:Zoom\\nK73\\, weekly",
        "CATEGORIES:Blue,K73",
        "SUMMARY;LANGUAGE=en:K73",
    ],
)
def test_a_code_is_found_in_title_description_and_categories(text: str) -> None:
    assert [one.code for one in feed(("UID:b", "DTSTART:20261110T150000Z", text)).sessions] == ["k73"]


def test_a_folded_line_is_read_as_one() -> None:
    assert starts(single("DTSTART:20261110T150000Z", summary="Session K7\r\n 3")) == ["11-10 15:00"]


@pytest.mark.parametrize(
    "text", ["SUMMARY:K731", "LOCATION:K73", "ATTENDEE;CN=K73:mailto:a@example.org", "X-A:K73"]
)
def test_events_without_a_code_are_not_there(text: str) -> None:
    found = feed(("UID:b", "DTSTART:20261110T150000Z", text))
    assert (found.sessions, found.unread) == ((), 0)


def test_an_event_of_two_clients_is_one_session_for_each() -> None:
    found = feed(single("DTSTART:20261110T150000Z", summary="K73 + L88")).sessions
    assert {one.code for one in found} == {"k73", "l88"}
    assert len({one.key for one in found}) == 2


def test_nothing_of_the_text_is_kept() -> None:
    found = feed(single("DTSTART:20261110T150000Z", uid="Anna Smith", summary="K73 Anna Smith"))
    assert len(found.sessions) == 1
    assert "Anna" not in repr(found)


def test_the_window_takes_its_first_moment_and_not_its_last() -> None:
    event = single("DTSTART:20261110T150000Z")
    at = datetime(2026, 11, 10, 15, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert len(read(calendar(event), at, at + second, ZONE, CODES).sessions) == 1
    assert read(calendar(event), at - second, at, ZONE, CODES).sessions == ()


def test_what_was_known_outside_of_the_window_stays() -> None:
    found = differences({"gone|": UNTIL, "past|": SINCE - timedelta(days=1), "off|": SINCE}, [], SINCE, UNTIL)
    assert found.cancelled == ("off|",)


def test_a_new_session_is_added_unless_it_is_cancelled() -> None:
    new = Session("n|", "k73", SINCE, SINCE, cancelled=False)
    off = Session("o|", "k73", SINCE, SINCE, cancelled=True)
    found = differences({}, [new, off], SINCE, UNTIL)
    assert (found.added, found.moved, found.cancelled) == ((new,), (), ())


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20261110T150000Z", "RRULE:FREQ=SECONDLY"),
        ("DTSTART:20261110T150000Z", "RRULE:FREQ=DAILY;BYHOUR=1,2,3"),
        ("DTSTART:20261110T150000Z", "RRULE:FREQ=DAILY;COUNT=100000000"),
        ("DTSTART:20261110T150000Z", "RRULE:FREQ=DAILY;INTERVAL=0"),
        ("DTSTART:20261110T150000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"),
        ("DTSTART:20261110T150000Z", "EXRULE:FREQ=DAILY", "RRULE:FREQ=DAILY"),
        ("DTSTART:19000101T150000Z", "RRULE:FREQ=DAILY;COUNT=400"),
        ("DTSTART:20261110T150000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261110T150000Z"),
        ("DTSTART:20261110T150000Z", "DTSTART:20261111T150000Z"),
        ("DTSTART:20261110T150000Z", "DURATION:P99999999999W"),
        ("DTSTART:20261110T150000Z", "SEQUENCE:x"),
        ("DTSTART:20269910T150000Z",),
        ("DTEND:20261110T150000Z",),
        ("DTSTART:",),
        ("DTSTART:20261110T150000Z", *["EXDATE:20261110T150000Z"] * 1001),
        ("DTSTART:20261110T150000Z", f"RDATE:{','.join(['20261111T150000Z'] * 1001)}"),
    ],
)
def test_an_event_that_cannot_be_read_for_certain_is_skipped_and_counted(lines: tuple[str, ...]) -> None:
    found = feed(single(*lines), WEEKLY)
    assert (len(found.sessions), found.unread) == (5, 1)


def test_a_rule_that_never_comes_true_leaves_its_first_date() -> None:
    assert starts(single("DTSTART:20261110T150000Z", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31")) == [
        "11-10 15:00"
    ]


def test_the_rules_of_a_whole_feed_may_cost_so_much_and_no_more() -> None:
    old = ("DTSTART:20080101T150000Z", "RRULE:FREQ=DAILY;COUNT=500;BYMONTH=2")
    found = feed(*(single(*old, uid=f"{n}") for n in range(300)))
    assert 100 < found.unread < 300


def test_too_many_appointments_are_refused() -> None:
    daily = ("DTSTART:20260901T150000Z", "RRULE:FREQ=DAILY")
    with pytest.raises(Invalid, match="too many"):
        feed(*(single(*daily, uid=f"{n}") for n in range(100)))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>Please sign in</html>",
        calendar(WEEKLY)[:-10],
        b"\xff\xfe\x00" * 100,
        calendar(WEEKLY).decode().encode("utf-16"),
    ],
)
def test_what_is_no_whole_calendar_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid, match="no whole calendar"):
        read(raw, SINCE, UNTIL, ZONE, CODES)


def test_large_calendars_are_refused() -> None:
    with pytest.raises(Invalid, match="5 MB"):
        read(calendar((f"X:{'x' * 5 * 1024 * 1024}",)), SINCE, UNTIL, ZONE, CODES)
    with pytest.raises(Invalid, match="5,000 events"):
        read(calendar(*[("UID:x",)] * 5001), SINCE, UNTIL, ZONE, CODES)


def test_alarms_and_odd_lines_inside_an_event_change_nothing() -> None:
    odd = ("BEGIN:VALARM", "TRIGGER:-PT15M", "SUMMARY:L88", "DTSTART:x", "END:VALARM", "no colon", "")
    assert starts((*WEEKLY, *odd)) == starts(WEEKLY)
    assert {one.code for one in feed((*WEEKLY, *odd)).sessions} == {"k73"}


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Invalid, match="time zone"):
        read(calendar(WEEKLY), SINCE, UNTIL, "Nowhere", CODES)


PIECES = st.sampled_from(
    [
        "BEGIN:VEVENT",
        "END:VEVENT",
        "BEGIN:VALARM",
        "END:VALARM",
        "SUMMARY:K73",
        "UID:1",
        "DTSTART:20261110T150000Z",
        "DTSTART;TZID=:20261110T150000",
        "RRULE:FREQ=DAILY",
        "RRULE:",
        "RDATE:20261110",
        "EXDATE:x",
        "DURATION:-P1D",
        "RECURRENCE-ID:20261110T150000Z",
        "RECURRENCE-ID:",
        "DTEND:20001110T150000Z",
        "RDATE;VALUE=PERIOD:x/y",
        "\0",
        "RRULE:FREQ=WEEKLY;UNTIL=x",
        "RRULE:FREQ=WEEKLY;UNTIL=20261120",
        "DTSTART:99991231T235959",
        "DTSTART:00010101T000000",
    ]
)


@given(st.lists(PIECES | st.text(max_size=30), max_size=15))
def test_any_lines_are_a_feed_or_refused(lines: list[str]) -> None:
    raw = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"])
    try:
        found = read(raw.encode("utf-8", "replace"), SINCE, UNTIL, ZONE, CODES)
    except Invalid:
        return
    assert all(SINCE <= one.start < UNTIL for one in found.sessions)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_refused(raw: bytes) -> None:
    try:
        read(raw, SINCE, UNTIL, ZONE, CODES)
    except Invalid as refused:
        assert "calendar" in str(refused)


@st.composite
def series(draw: st.DrawFn) -> tuple[tuple[str, ...], ...]:
    """A weekly series as a person makes it, with dates left out and moved."""
    first = date(2026, 9, 1) + timedelta(days=draw(st.integers(0, 60)))
    hour = draw(st.integers(6, 21))
    rule = f"FREQ=WEEKLY;INTERVAL={draw(st.integers(1, 4))}"
    rule += draw(st.sampled_from(["", ";COUNT=5", ";UNTIL=20261110T180000Z"]))
    weeks = st.integers(0, 12).map(lambda n: first + timedelta(weeks=n))
    left_out = draw(st.sets(weeks, max_size=2))
    zone = "TZID=America/Denver"
    master = (
        "UID:s",
        "SUMMARY:K73",
        f"DTSTART;{zone}:{first:%Y%m%d}T{hour:02}0000",
        "DURATION:PT50M",
        f"RRULE:{rule}",
        *(f"EXDATE;{zone}:{day:%Y%m%d}T{hour:02}0000" for day in sorted(left_out)),
    )
    moved = tuple(
        (
            "UID:s",
            "SUMMARY:K73",
            f"RECURRENCE-ID;{zone}:{day:%Y%m%d}T{hour:02}0000",
            f"DTSTART;{zone}:{day + timedelta(days=draw(st.integers(-3, 3))):%Y%m%d}T073000",
            "DURATION:PT50M",
        )
        for day in sorted(draw(st.sets(weeks, max_size=2)))
    )
    return (master, *moved)


@settings(deadline=None)
@given(series())
def test_sessions_are_those_of_recurring_ical_events(events: tuple[tuple[str, ...], ...]) -> None:
    raw = calendar(*events)
    parsed: Any = icalendar.Calendar.from_ical(raw)
    theirs = [one["DTSTART"].dt for one in recurring_ical_events.of(parsed).between(SINCE, UNTIL)]
    ours = [one.start for one in read(raw, SINCE, UNTIL, ZONE, CODES).sessions]
    assert ours == sorted(at.astimezone(UTC) for at in theirs if SINCE <= at < UNTIL)
