"""Reading what a page of a form posted. Strict, and in words: what is refused loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from werkzeug.datastructures import MultiDict

from delivery.sheets import Sheet
from delivery.web.answer_page import LANGUAGES
from questionnaires import answers as given
from questionnaires import sharing
from questionnaires.schema import Instrument, Item
from questionnaires.scoring import score

#: What a button does. "hand" and "tap": choices stay until Next is pressed, or move on after a tap.
Go = Literal["next", "back", "blank", "send", "review", "stop", "hand", "tap"]
Reason = Literal["twice", "foreign", "not-an-answer", "not-saved"]
Drafts = Mapping[str, Mapping[str, str | None]]

#: Places that are not a question.
REVIEW: Final = "review"
MISSED: Final = "missed"
STOP: Final = "stop"
WHOLE: Final = "whole"
HELP: Final = "help"
SENT: Final = "sent"
#: Where a draft keeps which risk answers somebody has seen the page of help for. No instrument has this key.
SEEN: Final = "?seen"
#: Pages that show several questions and name them.
SEVERAL: Final = (MISSED, WHOLE)
#: The mark of "Leave this one blank" on them.
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
    """A page of a form as it came back: where it stood, the button, and the answers.

    `to` and `language` are the button's where it leads to a place or to another language; `shown` are the
    places of all questions on a page that has several, `of` the question that a help page is about.
    """

    at: str
    go: Go
    then: str
    answers: dict[str, dict[str, str | None]] = field(default_factory=dict)
    to: str = ""
    language: str | None = None
    #: The button is a language's, or turns moving on by itself on or off: the same page is shown again.
    stays: bool = False
    shown: tuple[str, ...] = ()
    of: str = ""
    heard: bool = False


@dataclass(frozen=True)
class Step:
    """What a posted page leads to; nothing is stored yet.

    `place` is shown next: a question, REVIEW, MISSED, WHOLE, STOP, HELP (about the question `of`), or SENT,
    where the answers are complete and go out. `stand` is where the person is found later, `then` where a
    question leads back to. `told` is the question whose answer the clinician is told of.
    """

    draft: dict[str, dict[str, str | None]]
    place: str
    stand: str
    then: str = ""
    of: str = ""
    told: Question | None = None
    by_hand: bool | None = None

    @property
    def send(self) -> bool:
        """Whether the answers go out now."""
        return self.place == SENT


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
    if sheet.form.place in places or sheet.form.place in (REVIEW, WHOLE):
        return sheet.form.place
    return next((q.place for q in unanswered(sheet)), REVIEW)


def neighbour(sheet: Sheet, draft: Drafts, place: str, step: int) -> str:
    """The question after (`step` 1) or before (-1) `place`; the review after the last one."""
    order = [q.place for q in everything(sheet)]
    open_places = by_place(asked(sheet, draft))
    start = order.index(place) if place in order else len(order)
    walk = order[start + 1 :] if step > 0 else order[:start][::-1]
    return next((p for p in walk if p in open_places), REVIEW if step > 0 else place)


def parse(fields: MultiDict[str, str], sheet: Sheet, also: Iterable[str] = ()) -> Posted:
    """What a page posted. Raises Refused; the answers are option codes that their items have.

    `also` names the hidden fields of the page's surface.
    """
    questions = by_place(everything(sheet))
    at = fields.get("at", "")
    allowed = {"key", "at", "go", "then", "to", "lang", "heard", *also}
    shown: list[str] = []
    if at in SEVERAL:
        shown = fields.getlist("named")
        allowed |= {"named", *shown}
    elif at in questions:
        allowed.add("answer")
    elif at == HELP:
        allowed.add("of")
    elif at not in (REVIEW, STOP):
        raise Refused("foreign")
    if set(fields) - allowed or set(shown) - set(questions) or len(set(shown)) != len(shown):
        raise Refused("foreign")
    if any(len(fields.getlist(name)) > 1 for name in fields if name != "named"):
        raise Refused("twice")
    go, then, to, language, of = (fields.get(name, "") for name in ("go", "then", "to", "lang", "of"))
    places = ("", *questions, REVIEW, WHOLE)
    if go not in ("", *get_args(Go)) or then not in ("", REVIEW) or to not in places or of not in places:
        raise Refused("foreign")
    go = go or "next"
    marks = {place: fields.get(place) for place in shown} if at in SEVERAL else {at: fields.get("answer")}
    return Posted(
        at,
        go,  # type: ignore[arg-type]
        then,
        _answers(sheet, {place: mark for place, mark in marks.items() if place in questions}, at, go),
        to=to,
        # A language that is not there changes nothing; what was marked is kept all the same.
        language=language if language in LANGUAGES else None,
        stays=bool(language) or go in ("hand", "tap"),
        shown=tuple(shown),
        of=of,
        heard=fields.get("heard") == "1",
    )


def _answers(
    sheet: Sheet, marks: Mapping[str, str | None], at: str, go: str
) -> dict[str, dict[str, str | None]]:
    questions = by_place(everything(sheet))
    answers: dict[str, dict[str, str | None]] = {}
    for place, mark in marks.items():
        q = questions[place]
        kept = answers.setdefault(q.instrument.key, {})
        if _left_blank(sheet, q, mark, at, go):
            kept[q.item.id] = None
        elif mark and mark.strip():
            answer = q.item.normal(mark) if q.item.typed_in else mark
            if not q.item.takes(answer):
                raise Refused("not-an-answer", place)
            kept[q.item.id] = answer
    return {key: kept for key, kept in answers.items() if kept}


def _left_blank(sheet: Sheet, q: Question, mark: str | None, at: str, go: str) -> bool:
    if at not in SEVERAL and go == "blank":
        return True
    mark = (mark or "").strip()
    if q.item.typed_in and not mark and sheet.answers(q.instrument.key).get(q.item.id):
        return True  # what was typed in has been deleted
    if at in SEVERAL and mark == BLANK and not q.item.typed_in:
        return True
    # On the page that names what is missing, sending without a mark leaves it blank on purpose.
    return at == MISSED and not mark and go == "send"


def step(sheet: Sheet, posted: Posted) -> Step:
    """Where a posted page leads, and the draft with its answers. Pure: nothing is stored."""
    draft = {key: dict(kept) for key, kept in sheet.draft.items()}
    for key, new in posted.answers.items():
        draft.setdefault(key, {}).update(new)
    if (seen := _seen(sheet, posted, draft)) or SEEN in draft:
        draft = {**draft, SEEN: seen}
    place, stand, then = _leads(sheet, posted, draft)
    by_hand = {"hand": True, "tap": False}.get(posted.go)
    told, of = risk(sheet, posted, draft), posted.of
    if told is not None:  # help comes before anything else, also before sending
        place, of, then = HELP, told.place, ""
    return Step(draft, place, stand, then, of, told, by_hand)


def _seen(sheet: Sheet, posted: Posted, draft: Drafts) -> dict[str, str | None]:
    """The answers (place -> code) with which somebody went on from the help page; none that has changed."""
    if posted.at != HELP:
        was = draft.get(SEEN, {})
        now = {f"{key}:{item}": code for key, kept in draft.items() for item, code in kept.items()}
        return {place: code for place, code in was.items() if now.get(place, "") == code}
    return {
        f"{one.key}:{found.item}": draft[one.key].get(found.item)
        for one in sheet.instruments
        if one.key in draft
        for found in score(one, dict(draft[one.key])).alerts
    }


def _leads(sheet: Sheet, posted: Posted, draft: Drafts) -> tuple[str, str, str]:
    """(the page to show, where the person is found later, what a question leads back to)."""
    at = posted.at
    here = at if at == WHOLE or at in by_place(everything(sheet)) else REVIEW
    if at in (HELP, STOP):
        here = standing(sheet)
    if posted.stays:
        return at, here, posted.then
    if posted.to:
        return posted.to, posted.to, REVIEW if at == REVIEW and posted.to not in (REVIEW, WHOLE) else ""
    if posted.go == "stop":
        return STOP, here, ""
    if posted.go == "send":
        return (MISSED if unanswered(sheet, draft) else SENT), REVIEW, ""
    if posted.go == "review" or at in (REVIEW, MISSED):
        following = REVIEW
    elif at in (HELP, STOP):
        following = here
    elif at == WHOLE:
        # Answers may open further questions; these are shown before the review.
        opened = [q.place for q in unanswered(sheet, draft) if q.place not in posted.shown]
        following = WHOLE if opened else REVIEW
    else:
        following = posted.then or neighbour(sheet, draft, at, -1 if posted.go == "back" else 1)
    return following, following, ""


def risk(sheet: Sheet, posted: Posted, draft: Drafts) -> Question | None:
    """The first question of this page with an answer that the clinician is told of, and after which nobody
    has gone on from the page of help yet. A press that comes twice shows that page twice."""
    seen = draft.get(SEEN, {})
    for instrument in sheet.instruments:
        new = posted.answers.get(instrument.key, {})
        if not any(item.critical and item.id in new for item in instrument.items):
            continue
        for found in score(instrument, dict(draft[instrument.key])).alerts:
            question = Question(instrument, instrument.item(found.item))
            if found.item in new and seen.get(question.place) != new[found.item]:
                return question
    return None
