"""A begun form: one question a page, the review, what was missed, sending, and the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, redirect, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from delivery import declining, forms, links, submissions, wordings
from delivery.errors import NotFound, NotSaved
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.sheets import Sheet
from delivery.signing import form_key
from delivery.states import OPEN_LINK, FormState
from delivery.web.answer_form import (
    MISSED,
    REVIEW,
    STOP,
    Drafts,
    Posted,
    Question,
    Reason,
    Refused,
    asked,
    by_place,
    everything,
    neighbour,
    parse,
    risk,
    standing,
    unanswered,
)
from delivery.web.answer_page import about as facts_of
from delivery.web.answer_page import chosen_language, ended_page, form_content_only, own_cookies, page, until
from delivery.web.zones import service, set_cookie

NOTHING: MultiDict[str, str] = MultiDict()


def goes_on(form: FormSession, link: Link, row: Assignment) -> bool:
    """Whether this browser's open sitting on a link may still be filled in."""
    return forms.writable(Sheet(form, row, link, [], {}))


def show(ref: str) -> AnyResponse:
    """Where the person is, or the page asked for with `at`. Reads only."""
    with service().db.read() as session:
        sheet, secret = _find(session, ref)
        if sheet.form.state is FormState.SUBMITTED:
            return _end(session, sheet, secret)
        if not forms.writable(sheet):
            return _closed(sheet)
        return _render(session, sheet, secret, request.args.get("at", ""))


def save(ref: str) -> AnyResponse:
    """Keep what one page brought, and go where its button leads. A refusal keeps everything on the page."""
    form_content_only()
    reason: Reason
    place = ""
    try:
        with service().db.write() as session:
            sheet, secret = _find(session, ref, lock=True)
            forms.check_key(secret, request.form.get("key", ""))
            if sheet.form.state is FormState.SUBMITTED:
                return _after_sending(session, sheet)
            if not forms.writable(sheet):
                return _closed(sheet)
            reply = redirect(_take(session, sheet, parse(request.form, sheet)), 303)
    except Refused as refused:
        reason, place, status = refused.reason, refused.place, 422
    except NotSaved:
        reason, status = "not-saved", 503
    else:
        return reply
    with service().db.read() as session:
        sheet, secret = _find(session, ref)
        return _render(
            session, sheet, secret, request.form.get("at", ""), reason, status, request.form, place
        )


def help_now(ref: str) -> AnyResponse:
    """Help that can be used at once, shown right after a risk answer; the form goes on from here."""
    with service().db.read() as session:
        sheet, _secret = _find(session, ref)
        if not forms.writable(sheet):
            return redirect(f"/f/{ref}", 302)
        place = request.args.get("at", "")
        if place not in by_place(everything(sheet)):
            place = ""
        about = facts_of(session, sheet.assignment)
        return page("help", _language(sheet), about=about, ref=ref, place=place)


def say_no(ref: str) -> AnyResponse:
    """ "This is not for me" and "I don't want these forms now", while answering; the second also after."""
    form_content_only()
    why = request.form.get("why", "")
    with service().db.write() as session:
        sheet, secret = _find(session, ref)
        forms.check_key(secret, request.form.get("key", ""))
        about = facts_of(session, sheet.assignment)
        if sheet.link is not None and links.state(sheet.link) in OPEN_LINK:
            declining.decline(session, sheet.link, why)
        elif why == "refused":
            declining.refuse(session, sheet.assignment)
        else:
            return _closed(sheet)
        sent = sheet.assignment.completed_at is not None
        return page("no", _language(sheet), why=why, sent=sent, about=about)


def _find(session: Session, ref: str, *, lock: bool = False) -> tuple[Sheet, str]:
    """The sitting of this browser. Without its cookie the page only shows the way back."""
    secret = own_cookies().get(ref, "")
    try:
        return forms.find(session, ref, secret, lock=lock), secret
    except NotFound:
        words = _(
            "This page opens only where the form was begun. Please open the link in your message again."
        )
        raise NotFound(words) from None


def _language(sheet: Sheet) -> str:
    return chosen_language() or sheet.form.language


def _take(session: Session, sheet: Sheet, posted: Posted) -> str:
    """Keep the answers and do what the button says; returns the next address."""
    here = f"/f/{sheet.form.ref}"
    before = sheet
    forms.go_over(session, sheet, _language(sheet))
    draft: Drafts = sheet.draft
    for key, new in posted.answers.items():
        draft = forms.keep(session, sheet, key, new, place=sheet.form.place)
    sheet = replace(sheet, draft={key: dict(kept) for key, kept in draft.items()})
    step = -1 if posted.go == "back" else 1
    following = posted.then or neighbour(sheet, draft, posted.at, step)
    if posted.go in ("send", "review") or posted.at == MISSED:
        following = REVIEW
    if posted.go == "stop":
        following = posted.at if posted.at in by_place(everything(sheet)) else REVIEW
    if sheet.form.place != following:
        forms.keep(session, sheet, sheet.instruments[0].key, {}, place=following)
    told = risk(before, posted, draft)
    if told is not None:
        return f"{here}/help?at={told.place}"
    if posted.go == "stop":
        return f"{here}?at={STOP}"
    if posted.go == "send" and submissions.accept(session, sheet).kind == "missed":
        return f"{here}?at={MISSED}"
    return here


def _render(
    session: Session,
    sheet: Sheet,
    secret: str,
    at: str,
    problem: Reason | None = None,
    status: int = 200,
    typed: MultiDict[str, str] = NOTHING,
    wrong: str = "",
) -> Response:
    """The page of a place, with what was typed still on it where it could not be kept.

    `wrong` is the place of the question whose answer could not be taken.
    """
    lang = _language(sheet)
    questions = asked(sheet)
    places = by_place(questions)
    if at not in (*places, REVIEW, MISSED, STOP):
        at = standing(sheet)
    missing = unanswered(sheet)
    if at == MISSED and not missing:
        at = REVIEW
    about = facts_of(session, sheet.assignment)
    common: dict[str, Any] = {
        "ref": sheet.form.ref,
        "key": form_key(secret),
        "at": at,
        "about": about,
        "problem": problem,
        "wrong": wrong,
        "panes": [_pane(sheet, q, at) for q in questions],
        "total": len(questions),
        "notices": list(
            dict.fromkeys(
                wordings.worded(i, sheet.language(i, lang)).licence.notice for i in sheet.instruments
            )
        ),
        "until": until((sheet.link or sheet.assignment).expires_at, about.zone, lang),
    }
    if at == STOP:
        return page("stopped", lang, status, **common)
    if at == REVIEW:
        return page(
            "review",
            lang,
            status,
            rows=[_row(sheet, q, n, lang) for n, q in enumerate(questions, 1)],
            left=len(missing),
            **common,
        )
    if at == MISSED:
        rows = [
            {**_row(sheet, q, questions.index(q) + 1, lang), "typed": typed.get(q.place)} for q in missing
        ]
        return page("missed", lang, status, rows=rows, **common)
    number = questions.index(places[at]) + 1
    row = _row(sheet, places[at], number, lang)
    row["typed"] = typed.get("answer") or row["code"]
    then = (typed or request.args).get("then", "")
    return page("question", lang, status, row=row, number=number, then=REVIEW if then else "", **common)


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
        "foreign": instrument.language != lang,
        "instructions": instrument.instructions if item.id == instrument.items[0].id else None,
        "notice": instrument.licence.notice if item.id == instrument.items[0].id else None,
        "code": code,
        "label": item.words(code),
        "blank": item.id in answers and code is None,
    }


def _end(session: Session, sheet: Sheet, secret: str) -> Response:
    """ "Sent. Thank you.", for the browser that sent it; shows no answer."""
    stored = submissions.of_assignment(session, sheet.assignment.id)
    blanks = submissions.left_blank(sheet, {one.instrument_key: one.answers or {} for one in stored})
    about = facts_of(session, sheet.assignment)
    reply = page(
        "end", _language(sheet), ref=sheet.form.ref, key=form_key(secret), about=about, blanks=blanks
    )
    set_cookie(reply, f"f-{sheet.form.ref}", secret, days=1)  # for a reload; then this device forgets
    return reply


def _closed(sheet: Sheet) -> Response:
    """How a begun form ended elsewhere: sent, taken back, or past its time."""
    lang = _language(sheet)
    if sheet.assignment.completed_at is not None:
        return page("used", lang)
    if sheet.link is None or links.state(sheet.link) in OPEN_LINK:
        return page("ended", lang, 410, again=None)
    return ended_page(sheet.link, lang)


def _after_sending(session: Session, sheet: Sheet) -> AnyResponse:
    """A press after the form was sent: the same answers meet the end page, others are told not to count."""
    stored = {
        one.instrument_key: one.answers or {}
        for one in submissions.of_assignment(session, sheet.assignment.id)
    }
    try:
        posted = parse(request.form, sheet)
    except Refused:
        posted = None
    same = posted is not None and all(
        stored.get(key, {}).get(item, "") == code
        for key, kept in posted.answers.items()
        for item, code in kept.items()
    )
    if same:
        return redirect(f"/f/{sheet.form.ref}", 303)
    return page("already-sent", _language(sheet), 409, ref=sheet.form.ref)
