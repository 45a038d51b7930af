"""Reading what a page of a form posted. Strict, and in words: what is refused loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from werkzeug.datastructures import MultiDict

from delivery.sheets import Sheet
from questionnaires import answers as given
from questionnaires import sharing
from questionnaires.schema import Instrument, Item
from questionnaires.scoring import score

Go = Literal["next", "back", "blank", "send", "review", "stop"]
Reason = Literal["twice", "foreign", "not-an-answer", "not-saved"]
Drafts = Mapping[str, Mapping[str, str | None]]

#: Places that are not a question.
REVIEW: Final = "review"
MISSED: Final = "missed"
STOP: Final = "stop"
BLANK: Final = "blank"


class Refused(Exception):
    """What was posted does not belong to this page; `reason` says how, the template in which words.

    `place` is the question whose answer it is, where it is one question's.
    """

    def __init__(self, reason: Reason, place: str = "") -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.place = place


@dataclass(frozen=True)
class Question:
    """One question of a sitting and where it stands among all of them."""

    instrument: Instrument
    item: Item

    @property
    def place(self) -> str:
        """ "phq9:phq9_4": the question's name in addresses and fields."""
        return f"{self.instrument.key}:{self.item.id}"


@dataclass(frozen=True)
class Posted:
    """A page of a form as it came back."""

    at: str
    go: Go
    then: str
    answers: dict[str, dict[str, str | None]] = field(default_factory=dict)


def everything(sheet: Sheet) -> list[Question]:
    """Every question of the ask in printed order, asked or not."""
    return [Question(i, item) for i in sheet.instruments for item in i.items]


def asked(sheet: Sheet, draft: Drafts | None = None) -> list[Question]:
    """The questions to ask as the answers stand."""
    answers, elsewhere = sheet.all_answers(draft), sharing.asked_elsewhere(sheet.instruments)
    return [
        Question(i, item)
        for i in sheet.instruments
        for item in given.applicable(i, answers[i.key])
        if (i.key, item.id) not in elsewhere
    ]


def unanswered(sheet: Sheet, draft: Drafts | None = None) -> list[Question]:
    """Questions to ask that are neither answered nor left blank on purpose."""
    draft = sheet.draft if draft is None else draft
    return [q for q in asked(sheet, draft) if q.item.id not in draft.get(q.instrument.key, {})]


def by_place(questions: Iterable[Question]) -> dict[str, Question]:
    """Questions by their place."""
    return {q.place: q for q in questions}


def standing(sheet: Sheet) -> str:
    """Where the person is: the kept place, else the first open question, else the review."""
    places = by_place(asked(sheet))
    if sheet.form.place in places or sheet.form.place == REVIEW:
        return sheet.form.place
    return next((q.place for q in unanswered(sheet)), REVIEW)


def neighbour(sheet: Sheet, draft: Drafts, place: str, step: int) -> str:
    """The question after (`step` 1) or before (-1) `place`; the review after the last one."""
    order = [q.place for q in everything(sheet)]
    open_places = by_place(asked(sheet, draft))
    start = order.index(place) if place in order else len(order)
    walk = order[start + 1 :] if step > 0 else order[:start][::-1]
    return next((p for p in walk if p in open_places), REVIEW if step > 0 else place)


def parse(fields: MultiDict[str, str], sheet: Sheet) -> Posted:
    """What a page posted. Raises Refused; the answers are option codes that their items have."""
    questions = by_place(everything(sheet))
    at = fields.get("at", "")
    allowed = {"key", "at", "go", "then"}
    shown: list[str] = []
    if at == MISSED:
        shown = fields.getlist("named")
        allowed |= {"named", *shown}
    elif at in questions:
        allowed.add("answer")
    elif at != REVIEW:
        raise Refused("foreign")
    if set(fields) - allowed or set(shown) - set(questions) or len(set(shown)) != len(shown):
        raise Refused("foreign")
    if any(len(fields.getlist(name)) > 1 for name in fields if name != "named"):
        raise Refused("twice")
    go = fields.get("go", "next")
    if go not in get_args(Go):
        raise Refused("foreign")
    then = fields.get("then", "")
    if then not in ("", REVIEW):
        raise Refused("foreign")
    marks = {place: fields.get(place) for place in shown} if at == MISSED else {at: fields.get("answer")}
    answers: dict[str, dict[str, str | None]] = {}
    for place, mark in marks.items():
        if place not in questions:
            continue
        q = questions[place]
        kept = answers.setdefault(q.instrument.key, {})
        if _left_blank(sheet, q, mark, at, go):
            kept[q.item.id] = None
        elif mark:
            answer = q.item.normal(mark) if q.item.typed_in else mark
            if not q.item.takes(answer):
                raise Refused("not-an-answer", place)
            kept[q.item.id] = answer
    return Posted(at, go, then, {key: kept for key, kept in answers.items() if kept})  # type: ignore[arg-type]


def _left_blank(sheet: Sheet, q: Question, mark: str | None, at: str, go: str) -> bool:
    if at != MISSED and go == "blank":
        return True
    if q.item.typed_in and not mark and sheet.answers(q.instrument.key).get(q.item.id):
        return True  # what was typed in has been deleted
    # On the page that names what is missing, sending without a mark leaves it blank on purpose.
    chosen = mark == BLANK and not q.item.typed_in
    return at == MISSED and (chosen or (not mark and go == "send"))


def risk(sheet: Sheet, posted: Posted, draft: Drafts) -> Question | None:
    """The first question whose answer, new with this page, is one that the clinician is told of."""
    for instrument in sheet.instruments:
        new = posted.answers.get(instrument.key, {})
        if not any(item.critical and item.id in new for item in instrument.items):
            continue
        before = sheet.answers(instrument.key)
        for found in score(instrument, dict(draft[instrument.key])).alerts:
            if found.item in new and new[found.item] != before.get(found.item):
                return Question(instrument, instrument.item(found.item))
    return None
