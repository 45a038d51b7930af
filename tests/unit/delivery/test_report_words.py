from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from delivery.report_input import Alert, Answer, People
from delivery.report_words import Words
from tests.unit.workers.samples import COURSE, PEOPLE

PACIFIC = Words("America/Los_Angeles")


@pytest.mark.parametrize(
    ("zone", "printed"),
    [
        ("America/Los_Angeles", "Fri 20 Nov 2026, 19:38"),
        ("America/New_York", "Fri 20 Nov 2026, 22:38"),
        ("UTC", "Sat 21 Nov 2026, 03:38"),
    ],
)
def test_a_moment_is_printed_in_the_zone_of_the_practice(zone: str, printed: str) -> None:
    assert Words(zone).moment("2026-11-21T03:38:00Z") == printed


def test_summer_time_is_kept() -> None:
    assert PACIFIC.moment("2026-07-01T03:38:00Z") == "Tue 30 Jun 2026, 20:38"


def test_a_time_without_its_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        PACIFIC.moment("2026-11-21T03:38:00")


@pytest.mark.parametrize(
    ("instant", "printed"),
    [
        ("2026-11-21T03:31:00Z", "19:31"),
        ("2026-11-20T02:00:00Z", "19 Nov, 18:00"),
        ("2025-12-31T20:00:00Z", "31 Dec 2025, 12:00"),
    ],
)
def test_another_day_is_named_beside_its_time(instant: str, printed: str) -> None:
    assert PACIFIC.clock(instant, COURSE.finished_at) == printed


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("America/Los_Angeles", "Pacific time"),
        ("Europe/Madrid", "Madrid time"),
        ("America/New_York", "Eastern time"),
    ],
)
def test_the_zone_has_a_name_in_words(zone: str, name: str) -> None:
    assert Words(zone).zone_name() == name


def test_a_day_has_no_leading_zero() -> None:
    assert PACIFIC.day(date(2026, 6, 5)) == "5 Jun 2026"


@pytest.mark.parametrize(
    ("people", "printed"),
    [
        (PEOPLE, "The client: likely"),
        (replace(PEOPLE, certainty="seen"), "The client: seen"),
        (replace(PEOPLE, respondent_role="parent", respondent_label="Rosa R."), "Rosa R. (parent): likely"),
        (replace(PEOPLE, respondent_role="aunt", certainty="uncertain"), "other person: uncertain"),
    ],
)
def test_who_answered_comes_with_how_sure(people: People, printed: str) -> None:
    assert PACIFIC.who(people) == printed


def test_sent_and_started_are_left_out_where_unknown() -> None:
    assert PACIFIC.sent(COURSE) == "Started 19:31, sent 18:00, Pacific time"
    assert PACIFIC.sent(replace(COURSE, started_at=None)) == "Sent 18:00, Pacific time"
    assert PACIFIC.sent(replace(COURSE, started_at=None, sent_at=None)) == "Pacific time"


def test_the_place_in_the_treatment_is_named() -> None:
    assert PACIFIC.place(COURSE) == "Form 13 of the schedule “every 2 weeks”"
    assert PACIFIC.place(replace(COURSE, form_number=None)) == "Schedule “every 2 weeks”"
    assert PACIFIC.place(replace(COURSE, schedule=None, occasion="outcome")) == "Outcome, outside a schedule"
    assert PACIFIC.episode(COURSE) == "Week 24 of the episode (5 Jun 2026)"
    assert PACIFIC.episode(replace(COURSE, episode_week=None)) == "Episode since 5 Jun 2026"
    assert PACIFIC.episode(replace(COURSE, episode_started=None)) == ""


def test_the_device_is_named_only_where_it_is_known() -> None:
    assert PACIFIC.device(COURSE) == "On a phone, in one sitting"
    assert PACIFIC.device(replace(COURSE, device=None, sittings=3)) == "In 3 sittings"
    assert PACIFIC.device(replace(COURSE, device=None, sittings=None)) == ""


TOLD = Alert("phq9_9", "Dr. Rowan", "sms", "2026-11-21T03:38:20Z", "not_confirmed")


@pytest.mark.parametrize(
    ("alert", "printed"),
    [
        (TOLD, "Alert to Dr. Rowan by text, 19:38; not yet confirmed when this page was made, 19:39."),
        (
            replace(TOLD, state="acknowledged", state_at="2026-11-21T03:39:00Z"),
            "Alert to Dr. Rowan by text, 19:38; taken up by Dr. Rowan, 19:39 "
            "(as known when this page was made, 19:39).",
        ),
        (
            replace(TOLD, told_by=None, told_at=None, state="escalated", state_by="Dr. Lee"),
            "Alert to Dr. Rowan; passed on to Dr. Lee (as known when this page was made, 19:39).",
        ),
        (Alert("phq9_9"), "Nobody had been told yet when this page was made, 19:39."),
        (replace(TOLD, told=None), "Nobody had been told yet when this page was made, 19:39."),
    ],
)
def test_an_alert_says_what_was_known_and_never_that_it_was_dealt_with(alert: Alert, printed: str) -> None:
    assert PACIFIC.alert(alert, COURSE) == printed


def test_the_answer_column_never_shows_a_blank_as_an_answer() -> None:
    answered = Answer("a", "1", "Text", label="Not at all", value=0)
    assert PACIFIC.shown(answered) == "Not at all"
    assert PACIFIC.shown(replace(answered, scored=False)) == "Not at all (not scored)"
    assert PACIFIC.shown(replace(answered, state="blank")) == "Left blank"
    assert PACIFIC.shown(replace(answered, state="not_asked")) == "Not asked, by the rules of the measure"
