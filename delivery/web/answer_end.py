""" "Sent. Thank you.": who reads it and when, and what it shows where the clinician allowed that."""

from __future__ import annotations

from flask import Response
from sqlalchemy.orm import Session

from delivery import submissions, wordings
from delivery.models.results import Submission
from delivery.screening import reading
from delivery.screening.reading import Reading
from delivery.sheets import Sheet
from delivery.signing import form_key
from delivery.web.answer_page import about, page
from delivery.web.answer_sitting import language
from delivery.web.screen import words
from delivery.web.zones import set_cookie
from questionnaires.schema import Instrument


def end(session: Session, sheet: Sheet, secret: str) -> Response:
    """The last page, for the browser that sent the form; shows no answer."""
    stored = submissions.of_assignment(session, sheet.assignment.id)
    lang = language(sheet)
    reply = page(
        "end",
        lang,
        ref=sheet.form.ref,
        key=form_key(secret),
        about=about(session, sheet.assignment),
        blanks=submissions.left_blank(sheet, {one.instrument_key: one.answers or {} for one in stored}),
        shows=_shows(sheet, stored, lang) if sheet.assignment.show_result else [],
        words_for=words,
    )
    set_cookie(reply, f"f-{sheet.form.ref}", secret, days=1)  # for a reload; then this device forgets
    return reply


def _shows(sheet: Sheet, stored: list[Submission], lang: str) -> list[tuple[Instrument, Reading]]:
    """The reading of each measure that has one, scored here and now: nobody waits for the worker."""
    answers = {one.instrument_key: one.answers or {} for one in stored}
    shows = []
    for one in sheet.instruments:
        given = answers.get(one.key)
        if given is None:
            continue
        found = reading.read(one, given, sum(code is None for code in given.values()))
        if found is not None and found.tier != "unknown":
            shows.append((wordings.worded(one, sheet.language(one, lang)), found))
    return shows
