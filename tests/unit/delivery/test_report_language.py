from __future__ import annotations

from uuid import uuid4

from delivery import library, report_language
from delivery.models.assignments import Assignment
from delivery.models.results import Submission
from delivery.report_input import Answer

PHQ9 = library.shipped().get("phq9")


def _answered(language: str) -> Submission:
    return Submission(practice_id=uuid4(), instrument_key="phq9", language=language)


def test_the_clinician_gets_english_and_what_was_read() -> None:
    printed, read = report_language.texts(PHQ9, "es")
    assert (printed.language, read.language) == ("en", "es")
    printed, read = report_language.texts(PHQ9, "en")
    assert (printed.language, read.language) == ("en", "en")


def test_words_stand_beside_the_english_only_where_they_differ() -> None:
    answers = [
        Answer(item="phq9_1", number="1", text=PHQ9.item("phq9_1").text, label="Not at all"),
        Answer(item="phq9_2", number="2", text=PHQ9.item("phq9_2").text, state="blank"),
    ]
    first, second = report_language.beside(answers, PHQ9.in_language("es"), {"phq9_1": "0"})
    assert (first.read, first.said) == ("Poco interés o placer en hacer cosas", "Ningún día")
    assert second.said == ""
    same = report_language.beside(answers, PHQ9, {"phq9_1": "0"})
    assert [(one.read, one.said) for one in same] == [("", ""), ("", "")]


def test_an_interpreter_and_another_earlier_language_are_said() -> None:
    plain = Assignment(practice_id=uuid4(), instruments=[{"key": "phq9", "version": 1}])
    entry = {"key": "phq9", "version": 1, "language": "en", "interpreter": True}
    helped = Assignment(practice_id=uuid4(), instruments=[entry])
    before = [(_answered("en"), {}), (_answered("es"), {})]
    assert report_language.notes(_answered("es"), plain, []) == ()
    assert report_language.notes(_answered("es"), plain, before) == (
        "Some earlier forms were answered in English, also official",
    )
    assert report_language.notes(_answered("en"), helped, []) == ("Answered together with an interpreter",)
