"""A questionnaire while somebody builds it: what was typed, as it was typed, in the order of the pages.

Nothing here is checked; `questionnaires.drafts.checks` says what is missing, `questionnaires.drafts.file`
makes the file. A place in a draft is a path such as `questions.3.text`; it is also the name of the field.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter

WHOLE_NUMBER: Final = "whole_number"
FREE_TEXT: Final = "free_text"


@dataclass(slots=True, kw_only=True)
class Basis:
    """Where a figure comes from: a rule of one's own, or a publication, compared with it or not."""

    own: bool = True
    text: str = ""
    compared: bool = False


@dataclass(slots=True, kw_only=True)
class About:
    """What the questionnaire is, whom it is for, and where it may be used."""

    name: str = ""
    short_name: str = ""
    measures: str = ""
    purposes: list[str] = field(default_factory=list)
    respondents: list[str] = field(default_factory=lambda: ["self"])
    age_low: str = "18"
    age_high: str = ""
    minutes: str = ""
    recall: str = ""
    settings: list[str] = field(default_factory=lambda: ["remote", "in_person"])
    interval: str = ""
    language: str = "en"
    instructions: str = ""
    stem: str = ""


@dataclass(slots=True, kw_only=True)
class Answer:
    """One answer of a list; its code never changes."""

    code: str
    label: str = ""
    points: str = ""


@dataclass(slots=True, kw_only=True)
class AnswerList:
    """Answers that questions share. `made` is how many codes were given out."""

    id: str
    answers: list[Answer] = field(default_factory=list)
    made: int = 0


@dataclass(slots=True, kw_only=True)
class Question:
    """One question. `answered_with` is the id of an answer list, WHOLE_NUMBER or FREE_TEXT.

    `only_if` is the id of the question that decides whether this one is asked: with one of
    `only_if_codes`, or where it is a number, from `only_if_least` up. A critical answer is one of
    `critical_codes`, or a number from `critical_least` up.
    """

    id: str
    text: str = ""
    answered_with: str = ""
    lowest: str = "0"
    highest: str = "10"
    longest: str = "500"
    scored: bool = True
    alone: bool = False
    only_if: str = ""
    only_if_codes: list[str] = field(default_factory=list)
    only_if_least: str = ""
    critical_codes: list[str] = field(default_factory=list)
    critical_least: str = ""
    message: str = ""

    @property
    def can_count(self) -> bool:
        """Whether a scale may hold it."""
        return self.scored and self.answered_with != FREE_TEXT


@dataclass(slots=True, kw_only=True)
class Band:
    """A named part of a scale."""

    low: str = ""
    high: str = ""
    label: str = ""


@dataclass(slots=True, kw_only=True)
class CutOff:
    """A score from which, or up to which, a label applies."""

    direction: str = "at_least"
    points: str = ""
    label: str = ""
    basis: Basis = field(default_factory=Basis)


@dataclass(slots=True, kw_only=True)
class Scale:
    """A sum or mean of questions, with its bands and cut-offs."""

    id: str
    name: str = ""
    overall: bool = False
    method: str = "sum"
    questions: list[str] = field(default_factory=list)
    reversed: list[str] = field(default_factory=list)
    missing: str = "none"
    most_blank: str = ""
    higher_is_better: bool = False
    basis: Basis = field(default_factory=Basis)
    bands: list[Band] = field(default_factory=list)
    bands_basis: Basis = field(default_factory=Basis)
    cut_offs: list[CutOff] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Rights:
    """Who owns the words, what the form shows about it, and what is new in this version."""

    may_use: bool = False
    holder: str = ""
    notice: str = ""
    changes: str = ""


@dataclass(slots=True, kw_only=True)
class Draft:
    """Everything that was typed. `made` is how many ids of questions, lists and scales were given out.

    `changelog` and `wording_sources` are those of the versions before.
    """

    about: About = field(default_factory=About)
    lists: list[AnswerList] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    scales: list[Scale] = field(default_factory=list)
    rights: Rights = field(default_factory=Rights)
    made: int = 0
    changelog: dict[str, str] = field(default_factory=dict)
    wording_sources: list[str] = field(default_factory=list)

    def list_of(self, question: Question) -> AnswerList | None:
        """The answers that a question offers; None for numbers, free text and a list that is gone."""
        return next((one for one in self.lists if one.id == question.answered_with), None)

    def question(self, name: str) -> Question | None:
        """The question with this id, or None."""
        return next((one for one in self.questions if one.id == name), None)

    def counts(self, question: Question) -> bool:
        """Whether a question can count in a score; without a scale none does."""
        return question.can_count and bool(self.scales)


#: How long a text can be, in characters; any other field has room for SHORT.
LONGEST: Final = {
    "name": 120,
    "short_name": 40,
    "measures": 300,
    "instructions": 2000,
    "stem": 500,
    "text": 1000,
    "message": 300,
    "holder": 300,
    "notice": 1000,
    "changes": 500,
}
SHORT: Final = 200
_DRAFT: TypeAdapter[Draft] = TypeAdapter(Draft)


def plain(draft: Draft) -> dict[str, Any]:
    """The draft as JSON values."""
    return asdict(draft)


def read(content: dict[str, Any]) -> Draft:
    """The draft of JSON values that `plain` made."""
    return _DRAFT.validate_python(content)
