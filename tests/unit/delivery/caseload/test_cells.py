from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery import clients
from delivery.caseload import cells, zones
from delivery.errors import Invalid
from delivery.models.assignments import Way

FIRST, LAST = date(1890, 1, 1), date(2026, 6, 1)


def test_a_text_may_be_as_long_as_the_record_takes_it() -> None:
    assert cells.LONGEST == clients.LONGEST


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  Elena \r\n Maria ", "Elena Maria"),
        ("", ""),
        (" \n ", ""),
        ("Jose\u0301", "José"),
        ("\u202a503\u202c 555\u200b", "503 555"),
        ("O'Neil-Ruiz", "O'Neil-Ruiz"),
    ],
)
def test_text_is_kept_on_one_line_without_marks_nobody_sees(cell: str, text: str) -> None:
    assert cells.plain(cell) == text


@pytest.mark.parametrize("cell", ["=1+1", " =A1", "+1", "-1", "@SUM(1)", "\tx", "＝1", "\ufeff=1", "\n=1"])
def test_a_cell_that_begins_like_a_formula_is_refused(cell: str) -> None:
    with pytest.raises(Invalid, match="plain text"):
        cells.plain(cell)


def test_only_a_sign_that_is_asked_for_may_begin_a_cell() -> None:
    assert cells.plain("+1 503", may_begin="+") == "+1 503"
    with pytest.raises(Invalid):
        cells.plain("=1", may_begin="+")


@pytest.mark.parametrize("cell", ["A\0", "A\x07", "A\ud800", "A\ufffd", "A\x85\x90"])
def test_letters_that_nobody_types_are_refused(cell: str) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        cells.plain(cell)


def test_a_text_that_is_too_long_is_refused_with_its_limit() -> None:
    assert len(cells.plain("x" * 200)) == 200
    for longer in ("x" * 201, "x" * 100_000):
        with pytest.raises(Invalid, match="At most 200"):
            cells.plain(longer)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02",
        "2026-3-2",
        "2026/03/02",
        "3/2/2026",
        "03/02/2026",
        "3-2-2026",
        "3/2/2026 0:00",
        "2026-03-02T00:00:00",
    ],
)
def test_days_in_iso_and_us_order(text: str) -> None:
    assert cells.day(text, FIRST, LAST) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3/2/26", "four digits"),
        ("3.2.26", "four digits"),
        ("46083", "into a number"),
        ("46083.0", "into a number"),
        ("25/3/2026", "month comes before"),
        ("2026-13-01", "no such day"),
        ("2/30/2026", "no such day"),
        ("2026-06-02", "still to come"),
        ("1889-12-31", "Check the year"),
        ("0000-01-01", "no such day"),
        ("yes", "2026-03-25"),
        ("03.02.2026", "2026-03-25"),
        ("٢٠٢٦-٠٣-٠٢", "2026-03-25"),
    ],
)
def test_other_days_are_refused_with_what_to_write(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        cells.day(text, FIRST, LAST)


def test_today_and_the_first_day_are_taken() -> None:
    assert cells.day("2026-06-01", FIRST, LAST) == LAST
    assert cells.day("1890-01-01", FIRST, LAST) == FIRST


@pytest.mark.parametrize(
    "text", ["Elena@Example.org", "Elena Rivera <elena@example.org>", "<elena@example.org>"]
)
def test_an_address_has_one_spelling(text: str) -> None:
    assert cells.email(text) == "elena@example.org"


@pytest.mark.parametrize("text", ["elena", "a@b.org, c@d.org", "a@", "<a@b.org", "a@b.org>", "a@b..org"])
def test_what_is_not_one_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        cells.email(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "503 555 0118",
        "(503) 555-0118",
        "503.555.0118",
        "1-503-555-0118",
        "+1 503 555 0118",
        "+15035550118",
        "5035550118",
    ],
)
def test_a_number_has_one_spelling(text: str) -> None:
    assert cells.phone(text) == "+15035550118"


def test_a_number_of_another_country_keeps_its_own() -> None:
    assert cells.phone("+44 20 7946 0018") == "+442079460018"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("555-0118", "area code"),
        ("5.03555E+09", "shortened"),
        ("503 555 0118 x12", "extension"),
        ("503 555 0118 / 503 555 0119", "not a phone number"),
        ("call mom", "not a phone number"),
        ("12", "phone number|area code"),
        ("+", "not a phone number"),
    ],
)
def test_other_numbers_are_refused_with_what_to_do(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        cells.phone(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "en"),
        ("ENGLISH", "en"),
        ("inglés", "en"),
        ("es-MX", "es"),
        ("Español", "es"),
        ("espanol", "es"),
    ],
)
def test_languages_by_name_or_code(text: str, code: str) -> None:
    assert cells.language(text) == code


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("E-mail", Way.EMAIL),
        ("Text", Way.SMS),
        ("in person", Way.IN_PERSON),
        ("in_person", Way.IN_PERSON),
        ("Kiosk", Way.KIOSK),
    ],
)
def test_channels_as_people_call_them(text: str, way: Way) -> None:
    assert cells.channel(text) is way


@pytest.mark.parametrize(
    ("text", "sex"), [("F", "female"), ("Male", "male"), ("femenino", "female"), ("not recorded", None)]
)
def test_the_sex_that_scoring_may_use(text: str, sex: str | None) -> None:
    assert cells.sex(text) == sex


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (cells.language, "Klingon"),
        (cells.language, "e"),
        (cells.channel, "portal"),
        (cells.channel, "both"),
        (cells.sex, "X"),
        (cells.tags, "fine; =1"),
        (cells.tags, "x" * 61),
        (cells.tags, ";".join(map(str, range(21)))),
    ],
)
def test_what_is_not_on_offer_is_refused(reader: Callable[[str], Any], text: str) -> None:
    with pytest.raises(Invalid):
        reader(text)


def test_tags_are_kept_once_in_their_order() -> None:
    assert cells.tags("group; Evening ;;evening; new") == ("group", "Evening", "new")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Pacific", "America/Los_Angeles"),
        ("pacific time", "America/Los_Angeles"),
        ("PST", "America/Los_Angeles"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("Pacific Time (US & Canada)", "America/Los_Angeles"),
        ("Mountain", "America/Denver"),
        ("Arizona", "America/Phoenix"),
        ("EST", "America/New_York"),
        ("America/Boise", "America/Boise"),
        ("america/los angeles", "America/Los_Angeles"),
        ("US/Pacific", "US/Pacific"),
    ],
)
def test_time_zones_as_people_call_them(text: str, zone: str) -> None:
    assert zones.read(text) == zone


@pytest.mark.parametrize(
    "text",
    [
        "America/Portland",
        "Mars",
        "MST",
        "UTC+8",
        "Etc/GMT+8",
        "localtime",
        "../etc/passwd",
        "(Pacific)",
        "time",
    ],
)
def test_a_time_zone_that_does_not_exist_or_could_be_two_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"Write .*Mountain"):
        zones.read(text)


READERS: list[Callable[[str], Any]] = [
    cells.plain, cells.email, cells.phone, cells.language, cells.channel, cells.sex, cells.tags, zones.read,
    lambda text: cells.day(text, FIRST, LAST),
]  # fmt: skip


@given(st.text(st.characters()), st.sampled_from(READERS))
def test_any_text_is_a_value_or_refused(text: str, reader: Callable[[str], Any]) -> None:
    try:
        reader(text)
    except Invalid as error:
        assert str(error).endswith(".")
