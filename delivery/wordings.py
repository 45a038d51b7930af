"""Which of an instrument's texts somebody reads. An unofficial text is never shown as if it were official."""

from __future__ import annotations

from typing import Final

from questionnaires.schema import Instrument

#: The language of an instrument without any text, and of pages that nobody chose one for.
ENGLISH: Final = "en"


def official(instrument: Instrument, language: str) -> bool:
    """Whether the instrument has an official text in a language."""
    return language in instrument.wordings and instrument.wordings[language].official


def fits(instrument: Instrument, language: str) -> bool:
    """Whether a reader of `language` can get it as it is: an official text, or the one it was written in."""
    return official(instrument, language) or language in instrument.languages[:1]


def shown(instrument: Instrument, asked: str | None, around: str) -> str:
    """The language of the questions on pages whose buttons are in `around`.

    `asked` is the language that the ask names: it stays, unless the reader has gone over to one with an
    official text. Asks older than this choice name none; there any text in `around` was shown.
    """
    if asked is None or asked not in instrument.languages:
        return around if around in instrument.languages else instrument.language or ENGLISH
    return around if around != asked and official(instrument, around) else asked


def worded(instrument: Instrument, language: str) -> Instrument:
    """The instrument in a language, or as it stands where it has no such text."""
    return instrument.in_language(language) if language in instrument.languages else instrument


def beside(instrument: Instrument, language: str) -> Instrument | None:
    """The official English for a clinician whose client read another language; None where there is none."""
    if language == ENGLISH or not official(instrument, ENGLISH):
        return None
    return instrument.in_language(ENGLISH)


def to_read_out(instrument: Instrument) -> str:
    """The language in which a clinician reads an instrument to somebody who interprets."""
    return ENGLISH if official(instrument, ENGLISH) else instrument.language or ENGLISH
