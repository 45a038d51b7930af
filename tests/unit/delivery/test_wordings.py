from __future__ import annotations

from dataclasses import replace

import pytest

from delivery import library, wordings
from questionnaires.schema import Instrument


@pytest.fixture
def phq9() -> Instrument:
    return library.shipped().get("phq9")


@pytest.fixture
def unofficial(phq9: Instrument) -> Instrument:
    """PHQ-9 whose Spanish nobody has approved."""
    return phq9.with_wordings({**phq9.wordings, "es": replace(phq9.wordings["es"], official=False)})


def test_an_official_text_fits_its_readers_and_no_other_does(
    phq9: Instrument, unofficial: Instrument
) -> None:
    assert wordings.fits(phq9, "es")
    assert not wordings.fits(unofficial, "es")
    assert not wordings.fits(phq9, "fr")


def test_the_language_that_a_measure_was_written_in_fits_though_nobody_calls_it_official(
    phq9: Instrument,
) -> None:
    own = phq9.with_wordings({"en": replace(phq9.wordings["en"], official=False)})
    assert wordings.fits(own, "en")
    assert not wordings.official(own, "en")


@pytest.mark.parametrize(
    ("asked", "around", "shown"),
    [
        ("es", "es", "es"),
        ("es", "en", "en"),  # the client went over to English, which is official
        ("en", "es", "es"),
        ("en", "fr", "en"),
        (None, "es", "es"),
        (None, "fr", "en"),
        ("fr", "es", "es"),  # a text that is no longer there counts as none named
    ],
)
def test_questions_follow_the_reader_only_to_official_texts(
    phq9: Instrument, asked: str | None, around: str, shown: str
) -> None:
    assert wordings.shown(phq9, asked, around) == shown


def test_an_unofficial_text_is_shown_only_where_it_was_asked_for(unofficial: Instrument) -> None:
    assert wordings.shown(unofficial, "en", "es") == "en"
    assert wordings.shown(unofficial, "es", "es") == "es"
    assert wordings.shown(unofficial, "es", "en") == "en"


def test_a_clinician_gets_the_official_english_beside_another_language_only(phq9: Instrument) -> None:
    beside = wordings.beside(phq9, "es")
    assert beside is not None and beside.language == "en"
    assert wordings.beside(phq9, "en") is None
    only_spanish = phq9.with_wordings({"es": phq9.wordings["es"]})
    assert wordings.beside(only_spanish, "es") is None


def test_words_are_read_out_in_english_where_it_is_official(phq9: Instrument) -> None:
    assert wordings.to_read_out(phq9.in_language("es")) == "en"
    only_spanish = phq9.with_wordings({"es": phq9.wordings["es"]}).in_language("es")
    assert wordings.to_read_out(only_spanish) == "es"


def test_a_language_without_a_text_leaves_the_words_as_they_are(phq9: Instrument) -> None:
    assert wordings.worded(phq9, "fr") == phq9
    assert wordings.worded(phq9, "es").items[0].text == "Poco interés o placer en hacer cosas"
