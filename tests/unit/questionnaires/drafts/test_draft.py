"""What was typed comes back as it was typed."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from questionnaires.drafts import draft
from tests import building


def test_a_draft_survives_json() -> None:
    made = building.draft()
    assert draft.read(json.loads(json.dumps(draft.plain(made)))) == made


def test_what_is_no_draft_is_refused() -> None:
    with pytest.raises(ValidationError):
        draft.read({"questions": "all of them"})


def test_a_question_knows_its_answers_and_whether_it_counts() -> None:
    made = building.draft()
    one, _, free = made.questions
    assert made.list_of(one) is made.lists[0]
    assert made.list_of(free) is None
    assert (made.counts(one), made.counts(free)) == (True, False)
    one.scored = False
    assert not made.counts(one)


def test_without_a_scale_nothing_counts() -> None:
    made = building.draft()
    made.scales = []
    assert not any(made.counts(one) for one in made.questions)


def test_questions_are_found_by_id() -> None:
    made = building.draft()
    assert made.question("3") is made.questions[1]
    assert made.question("99") is None
