"""Where a form is filled in: behind a link, on a tablet, on a public page, in a preview.

The pages inside a form are the same everywhere. Each holds one `<form id="sheet">` whose buttons lead
everywhere: `go` (next, back, …), `to` (a place) or `lang`, so that what is marked on a page is never left
behind. Nothing here reads the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response
from werkzeug.datastructures import MultiDict

from delivery import languages, wordings
from delivery.sheets import Sheet
from delivery.web.answer_form import (
    HELP,
    MISSED,
    REVIEW,
    STOP,
    WHOLE,
    Question,
    Reason,
    asked,
    by_place,
    everything,
    standing,
    unanswered,
)
from delivery.web.answer_page import About, page

NOTHING: Final[MultiDict[str, str]] = MultiDict()


@dataclass(frozen=True)
class Surface:
    """What differs between the places where a form is filled in.

    `base` is the template that the pages extend, `action` takes the form `sheet`, `hidden` are fields that
    go along with it. `help` is the page that follows a risk answer.
    """

    name: str
    action: str
    base: str = "answer/base.html"
    hidden: Mapping[str, str] = field(default_factory=dict)
    help: str = "help"
    #: The page's script sends in its own time: without network what was marked stays, and goes out later.
    sends: bool = False
    #: "Stop here" is offered: the answers are kept for later.
    stops: bool = True
    #: All questions can be shown on one page.
    whole: bool = True
    #: Address that takes "not for me" and "not now" while answering.
    no: str | None = None
    #: Address that shows a code to go on with on another device.
    code: str | None = None


@dataclass(frozen=True)
class Problem:
    """What was not taken: why, what was typed, and the place of the question it is about, if it is one's."""

    reason: Reason
    status: int
    typed: MultiDict[str, str]
    place: str = ""


def show(
    surface: Surface,
    sheet: Sheet,
    at: str,
    lang: str,
    *,
    key: str,
    about: About,
    until: str = "",
    then: str = "",
    of: str = "",
    problem: Problem | None = None,
    **more: Any,
) -> Response:
    """The page of a place (a question, REVIEW, MISSED, WHOLE, STOP, HELP), or of where the person stands.

    `key` is the form's own key, `until` how long it can be filled in, in words; `then` and `of` as in
    `answer_form.Step`. With a `problem`, what was typed is still on the page. `more` goes to the template.
    """
    questions = asked(sheet)
    places = by_place(questions)
    if at not in (*places, REVIEW, MISSED, WHOLE, STOP, HELP):
        at = standing(sheet)
    missing = unanswered(sheet)
    if at == MISSED and not missing:
        at = REVIEW
    typed = problem.typed if problem else NOTHING
    common: dict[str, Any] = {
        "surface": surface,
        "key": key,
        "at": at,
        "about": about,
        "problem": problem.reason if problem else None,
        "wrong": problem.place if problem else "",
        "panes": [_pane(sheet, q, at) for q in questions],
        "total": len(questions),
        "until": until,
        "code": "",
        "first": next((q.place for q in [*missing, *questions]), REVIEW),
        **more,
    }
    status = problem.status if problem else 200
    if at == HELP:
        of = of if of in by_place(everything(sheet)) else ""
        return page(surface.help, lang, status, of=of, **common)
    if at == STOP:
        return page("stopped", lang, status, **common)
    rows = [_row(sheet, q, n, lang) for n, q in enumerate(questions, 1)]
    if at == REVIEW:
        return page(
            "review", lang, status, rows=rows, left=len(missing), notices=_notices(sheet, lang), **common
        )
    if at in (MISSED, WHOLE):
        here = {q.place for q in (missing if at == MISSED else questions)}
        marked = [
            {**row, "typed": typed.get(row["place"], row["code"])} for row in rows if row["place"] in here
        ]
        name = "missed" if at == MISSED else "whole"
        return page(
            name, lang, status, rows=marked, left=len(missing), notices=_notices(sheet, lang), **common
        )
    number = questions.index(places[at]) + 1
    row = {**rows[number - 1], "typed": typed.get("answer") or rows[number - 1]["code"]}
    then = REVIEW if then else ""
    item = places[at].item
    moves_on = not (item.typed_in or item.critical or then or number == len(questions) or sheet.form.by_hand)
    return page(
        "question",
        lang,
        status,
        row=row,
        number=number,
        then=then,
        moves_on=moves_on,
        by_hand=sheet.form.by_hand,
        **common,
    )


def _notices(sheet: Sheet, lang: str) -> list[str]:
    worded = (wordings.worded(one, sheet.language(one, lang)) for one in sheet.instruments)
    return list(dict.fromkeys(one.licence.notice for one in worded))


def _pane(sheet: Sheet, question: Question, at: str) -> str:
    if question.place == at:
        return "here"
    answers = sheet.draft.get(question.instrument.key, {})
    if question.item.id not in answers:
        return ""
    return "lit" if answers[question.item.id] is not None else "blank"


def _row(sheet: Sheet, question: Question, number: int, lang: str) -> dict[str, Any]:
    """What a template needs of one question on pages in `lang`: its words in the language it is asked in."""
    instrument = wordings.worded(question.instrument, sheet.language(question.instrument, lang))
    item = instrument.item(question.item.id)
    answers = sheet.answers(instrument.key)
    code = answers.get(item.id)
    return {
        "place": question.place,
        "number": number,
        "item": item,
        "language": instrument.language,
        "foreign": languages.name(read, lang) if (read := instrument.language) and read != lang else "",
        "instructions": instrument.instructions if item.id == instrument.items[0].id else None,
        "notice": instrument.licence.notice if item.id == instrument.items[0].id else None,
        "code": code,
        "label": item.words(code),
        "blank": item.id in answers and code is None,
    }
