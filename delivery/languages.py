"""The languages that clients read: their words, their direction and their days.

The words are written in English; every other language is a folder of `delivery/translations`. A language
without a folder is shown in English.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.support import Translations

TRANSLATIONS: Final = Path(__file__).resolve().parent / "translations"
ENGLISH: Final = "en"


@cache
def catalogue(language: str) -> NullTranslations | None:
    """The words of a language; None for English and for a language that has none here."""
    if language not in _there():
        return None
    return Translations.load(TRANSLATIONS, [language])


def worded(language: str) -> str:
    """The language that pages in `language` come in: itself where its words are there, else English."""
    return language if language in _there() else ENGLISH


@cache
def _there() -> frozenset[str]:
    return frozenset(found.parent.parent.name for found in TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo"))


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Which way a language is written, as the `dir` of a page."""
    return "rtl" if Locale.parse(worded(language)).text_direction == "rtl" else "ltr"


def day(on: date, language: str) -> str:
    """A day as it is said: "Monday 23 November", "lunes 23 de noviembre"."""
    language = worded(language)
    words = catalogue(language) or NullTranslations()
    # In this pattern (Unicode date fields) words of the language stand in straight quotes.
    pattern = words.gettext("EEEE d MMMM")
    return format_date(on, pattern, locale=language)


def name(of: str, language: str) -> str:
    """What a language is called in another: "English", "inglés"."""
    return str(Locale.parse(worded(language)).languages.get(of, of))


def moment(at: datetime, zone: str, language: str) -> str:
    """A moment in a zone, in words: "Friday 27 November, 2:05 PM", "viernes 27 de noviembre, 2:05 p.m."."""
    local = at.astimezone(ZoneInfo(zone))
    clock = format_time(local, "short", locale=_here(worded(language)))
    return f"{day(local, language)}, {clock}".replace("\u202f", "\u00a0")  # our font has no narrow space


def _here(language: str) -> Locale:
    """A language as it is written in the United States, where that is known."""
    try:
        return Locale(language, "US")
    except UnknownLocaleError:
        return Locale(language)
