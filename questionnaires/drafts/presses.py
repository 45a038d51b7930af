"""The buttons of the builder: add, up, down, remove; and what a change leaves without meaning."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from questionnaires.drafts.draft import About, Answer, AnswerList, Band, CutOff, Draft, Question, Scale

#: How many there can be of each.
MOST: Final = {"lists": 20, "answers": 20, "questions": 100, "scales": 20, "bands": 12, "cut_offs": 6}

VERBS: Final = ("add", "up", "down", "remove")
_ROWS = re.compile(
    r"(?P<outer>questions|lists|scales)(\.(?P<place>[0-9]{1,3})\.(?P<inner>answers|bands|cut_offs))?"
)


class NoSuchPlace(LookupError):
    """A path that leads nowhere in this draft."""


class TooMany(ValueError):
    """There is no room for one more; the text says how many there can be."""


def new(name: str = "") -> Draft:
    """A draft with one list of two answers and one question, so that no page begins empty."""
    draft = Draft(about=About(name=name))
    for button in ("add lists", "add questions"):
        press(draft, button)
    return draft


def press(draft: Draft, button: str) -> str:
    """Do what a button says: `add`, `up`, `down` or `remove` with a path. Returns the path to show next.

    Raises NoSuchPlace, TooMany.
    """
    verb, _, path = button.partition(" ")
    if verb == "add":
        return _add(draft, path)
    if verb not in VERBS:
        raise NoSuchPlace(button)
    around, _, last = path.rpartition(".")
    rows = _rows(draft, around)
    if last not in map(str, range(len(rows))):
        raise NoSuchPlace(path)
    place = int(last)
    if verb == "remove":
        del rows[place]
        return f"{around}.{max(place - 1, 0)}"
    to = place - 1 if verb == "up" else place + 1
    to = max(0, min(to, len(rows) - 1))
    rows[place], rows[to] = rows[to], rows[place]
    return f"{around}.{to}"


def _rows(draft: Draft, path: str) -> list[Any]:
    """The rows that a path leads to. Raises NoSuchPlace."""
    found = _ROWS.fullmatch(path)
    if found is None:
        raise NoSuchPlace(path)
    outer, place, inner = found["outer"], found["place"], found["inner"]
    rows: list[Any] = getattr(draft, outer)
    if place is None:
        return rows
    if int(place) >= len(rows) or not hasattr(rows[int(place)], inner):
        raise NoSuchPlace(path)
    within: list[Any] = getattr(rows[int(place)], inner)
    return within


def _add(draft: Draft, path: str) -> str:
    kind = path.rpartition(".")[2]
    rows = _rows(draft, path)
    if len(rows) >= MOST[kind]:
        raise TooMany(f"There is room for {MOST[kind]} {kind.replace('_', '-')}, and that many are there.")
    rows.append(_NEW[kind](draft, path))
    return f"{path}.{len(rows) - 1}"


def _id(draft: Draft) -> str:
    draft.made += 1
    return str(draft.made)


def _question(draft: Draft, _path: str) -> Question:
    before = draft.questions[-1].answered_with if draft.questions else ""
    return Question(id=_id(draft), answered_with=before or (draft.lists[0].id if draft.lists else ""))


def _list(draft: Draft, _path: str) -> AnswerList:
    codes = [Answer(code=str(n)) for n in (1, 2)]
    return AnswerList(id=_id(draft), answers=codes, made=len(codes))


def _answer(draft: Draft, path: str) -> Answer:
    around: AnswerList = draft.lists[int(path.split(".")[1])]
    around.made += 1
    return Answer(code=str(around.made))


def _scale(draft: Draft, _path: str) -> Scale:
    first = not draft.scales
    every = [one.id for one in draft.questions if one.can_count]
    return Scale(
        id=_id(draft), overall=first, name="Total" if first else "", questions=every if first else []
    )


_NEW: Final[dict[str, Callable[[Draft, str], Any]]] = {
    "questions": _question,
    "lists": _list,
    "answers": _answer,
    "scales": _scale,
    "bands": lambda _draft, _path: Band(),
    "cut_offs": lambda _draft, _path: CutOff(),
}


def settle(before: Draft, after: Draft) -> None:
    """Take out of `after` what a change has left without meaning: marks on answers of another list."""
    known = {one.id for one in after.questions}
    scored = {one.id for one in after.questions if one.can_count}
    changed = {
        one.id
        for one in after.questions
        if (old := before.question(one.id)) and old.answered_with != one.answered_with
    }
    for one in after.questions:
        old = before.question(one.id)
        if one.id in changed:
            one.critical_codes = []
        if one.only_if not in known:
            one.only_if = ""
        if one.only_if in changed or (old and old.only_if != one.only_if):
            one.only_if_codes = []
        one.critical_codes = _offered(after, one.id, one.critical_codes)
        one.only_if_codes = _offered(after, one.only_if, one.only_if_codes)
    for scale in after.scales:
        scale.questions = [name for name in scale.questions if name in scored]
        scale.reversed = [name for name in scale.reversed if name in scale.questions]


def _offered(draft: Draft, question: str, codes: list[str]) -> list[str]:
    asked = draft.question(question)
    answers = draft.list_of(asked) if asked else None
    return [one.code for one in answers.answers if one.code in codes] if answers else []
