"""Looking at a measure before it is used: as a client on a phone, and as the PDF that a worker makes."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from delivery import instrument_files, previews
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.previews import Preview
from delivery.states import WorkState
from delivery.web import answer_page
from delivery.web.answer_page import About
from delivery.web.console import rule_words
from delivery.web.console.gate import bp, caller
from delivery.web.console.instruments import address, practice_id, show, version
from delivery.web.surface import Surface
from delivery.web.zones import service
from questionnaires.content import content
from questionnaires.schema import Instrument

ABOUT = About(sender="", phone=None, reader="", reading="", zone="UTC")


def question_page(instrument: Instrument, number: int, language: str, *, here: str, back: str) -> Response:
    """One question as a client sees it on a phone, marked as a preview; nothing is kept.

    `number` counts the items in printed order from 1, also those that are asked only after certain answers;
    outside of them, NotFound. `language` is one of the instrument's. `here` is the address of the preview:
    it takes `?n=` and `?in=` with GET, and its buttons post there (see `turn`); `back` is where it ends.
    """
    if language not in instrument.languages or not 1 <= number <= len(instrument.items):
        raise NotFound
    worded = instrument.in_language(language)
    item = worded.items[number - 1]
    row = {
        "place": item.id,
        "number": number,
        "item": item,
        "language": language,
        "foreign": False,
        "instructions": worded.instructions if number == 1 else None,
        "notice": worded.licence.notice if number == 1 else None,
        "code": None,
        "label": None,
        "blank": False,
        "typed": None,
    }
    shown = language if language in answer_page.LANGUAGES else "en"
    return answer_page.page(
        "preview",
        shown,
        it=worded,
        row=row,
        number=number,
        total=len(instrument.items),
        panes=["here" if place == number else "" for place in range(1, len(instrument.items) + 1)],
        only_if=rule_words.condition(worded, item.asked_if) if item.asked_if else None,
        wordings=instrument.languages,
        surface=Surface("preview", _with(here, number, language), whole=False),
        here=lambda n, code=language: _with(here, n, code),
        back=back,
        about=ABOUT,
        at="",
        key="",
        then="",
        moves_on=False,
        by_hand=False,
        problem=None,
        wrong="",
    )


def turn(instrument: Instrument, *, here: str, back: str) -> Response:
    """What a press on a preview's page does: on, back, or out. Whatever was marked is dropped."""
    number, language = place(instrument)
    go = request.form.get("go", "next")
    number += -1 if go == "back" else 1
    if go == "stop" or number > len(instrument.items):
        return redirect(back, 303)
    return redirect(_with(here, max(1, number), language), 303)


def place(instrument: Instrument) -> tuple[int, str]:
    """Question number and language in the address. Raises NotFound, also where there are no words at all."""
    language = request.args.get("in") or instrument.language
    typed = request.args.get("n", "1")
    if language not in instrument.languages or not (typed.isascii() and typed.isdigit() and len(typed) < 5):
        raise NotFound
    return int(typed), str(language)


def _with(here: str, number: int, language: str) -> str:
    return f"{here}{'&' if '?' in here else '?'}n={number}&in={language}"


@bp.route("/instruments/<key>/preview", methods=["GET", "POST"])
def instrument_preview(key: str) -> Response:
    """A measure of the library as a client sees it."""
    with service().db.read() as session:
        found = instrument_files.find(session, practice_id(), key, version())
    here = address("instrument_preview", key=key, version=found.version)
    back = address("instrument", key=key, version=found.version)
    if request.method == "POST":
        return turn(found, here=here, back=back)
    return question_page(found, *place(found), here=here, back=back)


@bp.post("/instruments/<key>/pdf")
def instrument_pdf(key: str) -> Response:
    """Have the PDF with example answers made."""
    here = practice_id()
    with service().db.write() as session:
        found = instrument_files.find(session, here, key, version())
        language = request.args.get("in") or found.language
        if language is None or language not in found.languages:
            raise Invalid(f"{found.short_name} has no words yet, so there is nothing to show.")
        made = previews.ask_pdf(session, here, content(found), language)
    return redirect(waiting(made, address("instrument", key=key, version=found.version)), 303)


def waiting(preview_id: UUID, back: str) -> str:
    """The address of the page that waits for a preview's PDF; `back` is where its way back leads."""
    return url_for("console.instrument_previewed", preview_id=preview_id, back=back)


@bp.get("/instruments/previews/<uuid:preview_id>")
def instrument_previewed(preview_id: UUID) -> Response:
    """Where the PDF is: being made, there, or it could not be made."""
    row = _find(preview_id)
    back = request.args.get("back", "")
    if not back.startswith("/console/instruments") or "\\" in back or not back.isprintable():
        back = address("instruments")
    return show("instrument_pdf", preview=row, ready=row.state is WorkState.READY, back=back)


@bp.get("/instruments/previews/<uuid:preview_id>.pdf")
def instrument_previewed_pdf(preview_id: UUID) -> Response:
    """The PDF itself."""
    row = _find(preview_id)
    if row.pdf is None:
        raise Conflict("The PDF is being made. It is usually there within a few seconds.")
    response = make_response(row.pdf)
    response.content_type = "application/pdf"
    response.headers["Content-Disposition"] = 'inline; filename="preview.pdf"'
    return response


def _find(preview_id: UUID) -> Preview:
    with service().db.read() as session:
        return previews.find(session, caller(), preview_id)
