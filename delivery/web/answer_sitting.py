"""A sitting at a form, on whatever surface: what a page brought is kept, and the next page is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from delivery import forms, submissions
from delivery.sheets import Sheet
from delivery.signing import form_key
from delivery.web import surface as surfaces
from delivery.web.answer_form import MISSED, SEEN, Step, parse, step
from delivery.web.answer_page import about as facts_of
from delivery.web.answer_page import chosen_language, until
from delivery.web.surface import Problem, Surface


def language(sheet: Sheet) -> str:
    """The language of the page: chosen in its address, else the sitting's."""
    return chosen_language() or sheet.form.language


def take(session: Session, sheet: Sheet, secret: str, fields: MultiDict[str, str], surface: Surface) -> Step:
    """Keep what one page brought, send where its button says so, and tell what to show next.

    The sitting was found with `lock`, and is writable. Raises NotFound without the form's own key, Refused
    for fields that do not belong; then nothing is kept.
    """
    forms.check_key(secret, fields.get("key", ""))
    posted = parse(fields, sheet, surface.hidden)
    taken = step(sheet, posted)
    forms.go_over(session, sheet, language(sheet))
    for key, new in posted.answers.items():
        forms.keep(session, sheet, key, new, place=sheet.form.place)
    if (seen := taken.draft.get(SEEN, {})) != sheet.draft.get(SEEN, {}):
        sheet.form.draft = {**(sheet.form.draft or {}), SEEN: seen}
    sheet = replace(sheet, draft=taken.draft)
    if posted.language:
        forms.go_over(session, sheet, posted.language)
    if sheet.form.place != taken.stand:
        forms.keep(session, sheet, sheet.instruments[0].key, {}, place=taken.stand)
    if taken.by_hand is not None:
        sheet.form.by_hand = taken.by_hand
    if posted.heard:
        sheet.form.heard = True
    if taken.send and submissions.accept(session, sheet).kind == "missed":
        return replace(taken, place=MISSED)
    return taken


def render(
    session: Session,
    sheet: Sheet,
    secret: str,
    at: str,
    surface: Surface,
    *,
    then: str = "",
    of: str = "",
    lang: str | None = None,
    problem: Problem | None = None,
    **more: Any,
) -> Response:
    """The page of a place of this sitting; see `delivery.web.surface.show`. Reads only."""
    lang = lang or language(sheet)
    about = facts_of(session, sheet.assignment)
    return surfaces.show(
        surface,
        sheet,
        at,
        lang,
        key=form_key(secret),
        about=about,
        until=until((sheet.link or sheet.assignment).expires_at, about.zone, lang),
        then=then,
        of=of,
        problem=problem,
        **more,
    )
