from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from delivery import library, sheets
from delivery.models.assignments import Assignment, FormSession
from delivery.sheets import Sheet

PHQ9 = library.shipped().get("phq9")
PHQ2 = library.shipped().get("phq2")


def _sheet(entry: dict[str, Any], reads: str, typed_by: UUID | None = None) -> Sheet:
    row = Assignment(practice_id=uuid4(), instruments=[{"key": "phq9", "version": 1, **entry}])
    form = FormSession(practice_id=uuid4(), language=reads, typed_by=typed_by)
    return Sheet(form, row, None, [PHQ9], {})


def test_questions_are_in_the_language_that_the_ask_names() -> None:
    assert _sheet({"language": "es"}, "es").language(PHQ9) == "es"
    assert _sheet({"language": "en"}, "fr").language(PHQ9) == "en"


def test_a_page_in_another_official_language_shows_its_questions_in_it() -> None:
    assert _sheet({"language": "es"}, "es").language(PHQ9, "en") == "en"


def test_what_a_clinician_types_in_was_read_in_the_language_of_the_ask() -> None:
    assert _sheet({"language": "es"}, "en", typed_by=uuid4()).language(PHQ9) == "es"
    assert _sheet({}, "en", typed_by=uuid4()).language(PHQ9) == "en"


def test_a_question_that_another_measure_asks_is_not_among_the_items() -> None:
    row = Assignment(practice_id=uuid4(), instruments=[])
    form = FormSession(practice_id=uuid4(), language="en")
    both = Sheet(form, row, None, [PHQ2, PHQ9], {"phq9": {"phq9_1": "2"}})
    assert both.items(PHQ2) == []
    assert len(both.items(PHQ9)) == 10
    assert both.answers("phq2") == {"phq2_1": "2"}


def test_an_ask_says_who_interprets_and_what_it_names() -> None:
    row = Assignment(
        practice_id=uuid4(),
        instruments=[
            {"key": "pcl5", "version": 1, "language": "en", "interpreter": True},
            {"key": "phq9", "version": 1},
        ],
    )
    assert sheets.interpreted(row) == {"pcl5"}
    assert sheets.asked_in(row) == {"pcl5": "en"}
