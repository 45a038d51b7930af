from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from delivery import languages


def test_english_needs_no_catalogue_and_is_where_others_fall_back_to() -> None:
    assert languages.catalogue("en") is None
    assert languages.catalogue("tlh") is None
    assert [languages.worded(one) for one in ("en", "tlh", "../es", "")] == ["en"] * 4


def test_spanish_has_its_words() -> None:
    words = languages.catalogue("es")
    assert words is not None
    assert words.gettext("Leave this one blank") == "Dejarla en blanco"
    assert words.ngettext("%(num)s question,", "%(num)s questions,", 1) == "%(num)s pregunta,"
    assert words.ngettext("%(num)s question,", "%(num)s questions,", 2) == "%(num)s preguntas,"
    assert languages.worded("es") == "es"


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Monday 23 November"), ("es", "lunes 23 de noviembre"), ("tlh", "Monday 23 November")],
)
def test_a_day_is_said_as_people_say_it(language: str, said: str) -> None:
    assert languages.day(date(2026, 11, 23), language) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Friday 27 November, 2:05\u00a0PM"),
        ("es", "viernes 27 de noviembre, 2:05\u00a0p.m."),
    ],
)
def test_a_moment_is_said_in_the_readers_zone_and_by_the_clock_they_know(language: str, said: str) -> None:
    at = datetime(2026, 11, 27, 22, 5, tzinfo=UTC)
    assert languages.moment(at, "America/Los_Angeles", language) == said


def test_a_language_that_is_not_at_home_here_keeps_its_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_there", lambda: frozenset({"vi"}))
    monkeypatch.setattr(languages, "catalogue", lambda language: None)
    at = datetime(2026, 11, 27, 22, 5, tzinfo=UTC)
    assert languages.moment(at, "UTC", "vi").endswith("22:05")


def test_a_language_from_right_to_left_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [languages.direction(one) for one in ("en", "es", "ar")] == ["ltr", "ltr", "ltr"]
    monkeypatch.setattr(languages, "_there", lambda: frozenset({"es", "ar"}))
    assert [languages.direction(one) for one in ("en", "es", "ar")] == ["ltr", "ltr", "rtl"]


def test_a_folder_is_a_language_once_it_is_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "es" / "LC_MESSAGES").mkdir(parents=True)
    monkeypatch.setattr(languages, "TRANSLATIONS", tmp_path)
    languages._there.cache_clear()
    try:
        assert languages.worded("es") == "en"
    finally:
        languages._there.cache_clear()
