"""A form behind a link, begun in this browser: its pages, sending, saying no, and the end."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, jsonify, redirect, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from delivery import declining, forms, links, sittings, submissions
from delivery.errors import NotFound, NotSaved
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.sheets import Sheet
from delivery.states import OPEN_LINK, FormState
from delivery.web import answer_end
from delivery.web.answer_form import HELP, SENT, Refused, Step, parse
from delivery.web.answer_page import (
    LANGUAGES,
    ended_page,
    form_content_only,
    own_cookies,
    page,
    wanted_language,
)
from delivery.web.answer_page import about as facts_of
from delivery.web.answer_sitting import language, render, take
from delivery.web.surface import Problem, Surface
from delivery.web.zones import service


def goes_on(form: FormSession, link: Link, row: Assignment) -> bool:
    """Whether this browser's open sitting on a link may still be filled in."""
    return forms.writable(Sheet(form, row, link, [], {}))


def surface(ref: str, lang: str) -> Surface:
    """The surface of a begun form behind a link; `lang` is the language of its page."""
    here = f"/f/{ref}"
    return Surface(
        "link",
        f"{here}?lang={lang}",
        sends=True,
        no=f"{here}/no?lang={lang}",
        code=f"{here}/code?lang={lang}",
    )


def show(ref: str) -> AnyResponse:
    """Where the person is, or the page asked for with `at`. Reads only."""
    with service().db.read() as session:
        if not own_cookies() and forms.REF.fullmatch(ref) and sittings.just_begun(session, ref):
            return page("no-cookies", wanted_language(), 403)
        sheet, secret = find(session, ref)
        if sheet.form.state is FormState.SUBMITTED:
            return answer_end.end(session, sheet, secret)
        if not forms.writable(sheet):
            return closed(sheet)
        at, then, lang = request.args.get("at", ""), request.args.get("then", ""), language(sheet)
        return render(session, sheet, secret, at, surface(ref, lang), then=then)


def help_now(ref: str) -> AnyResponse:
    """Help that can be used at once, shown right after a risk answer; the form goes on from here."""
    with service().db.read() as session:
        sheet, secret = find(session, ref)
        if not forms.writable(sheet):
            return redirect(f"/f/{ref}", 302)
        of = request.args.get("at", "")
        return render(session, sheet, secret, HELP, surface(ref, language(sheet)), of=of)


def save(ref: str) -> AnyResponse:
    """Keep what one page brought, and go where its button leads. A refusal keeps everything on the page."""
    form_content_only()
    try:
        with service().db.write() as session:
            sheet, secret = find(session, ref, lock=True)
            forms.check_key(secret, request.form.get("key", ""))
            if sheet.form.state is FormState.SUBMITTED:
                return _after_sending(session, sheet)
            if not forms.writable(sheet):
                return closed(sheet)
            to = _address(ref, take(session, sheet, secret, request.form, surface(ref, language(sheet))))
    except Refused as refused:
        problem = Problem(refused.reason, 422, request.form, refused.place)
    except NotSaved:
        problem = Problem("not-saved", 503, request.form)
    else:
        return _go(to)
    with service().db.read() as session:
        sheet, secret = find(session, ref)
        wanted = request.form.get("lang", "")
        lang = wanted if wanted in LANGUAGES else language(sheet)
        at, then = request.form.get("at", ""), request.form.get("then", "")
        return render(session, sheet, secret, at, surface(ref, lang), then=then, lang=lang, problem=problem)


def _address(ref: str, step: Step) -> str:
    """Where the browser goes after a page was kept."""
    here = f"/f/{ref}"
    if step.place == HELP:
        return f"{here}/help" + (f"?at={step.of}" if step.of else "")
    if step.place == SENT or (step.place == step.stand and not step.then):
        return here
    asked = {"at": step.place, **({"then": step.then} if step.then else {})}
    return f"{here}?{urlencode(asked, safe=':')}"


def _go(to: str) -> AnyResponse:
    """On to a page: browsers by redirect; the page's own script, which sends again if need be, by name."""
    if request.headers.get("Accept") == "application/json":
        return jsonify(to=to)
    return redirect(to, 303)


def say_no(ref: str) -> AnyResponse:
    """ "This is not for me" and "I don't want these forms now", while answering; the second also after."""
    form_content_only()
    why = request.form.get("why", "")
    with service().db.write() as session:
        sheet, secret = find(session, ref)
        forms.check_key(secret, request.form.get("key", ""))
        about = facts_of(session, sheet.assignment)
        if sheet.link is not None and links.state(sheet.link) in OPEN_LINK:
            declining.decline(session, sheet.link, why)
        elif why in declining.NO_MORE:
            declining.refuse(session, sheet.assignment, why)
        else:
            return closed(sheet)
        sent = sheet.assignment.completed_at is not None
        return page("no", language(sheet), why=why, sent=sent, about=about)


def find(session: Session, ref: str, *, lock: bool = False) -> tuple[Sheet, str]:
    """The sitting of this browser and its secret. Without its cookie the page only shows the way back."""
    secret = own_cookies().get(ref, "")
    try:
        sheet = forms.find(session, ref, secret, lock=lock)
        if sheet.form.device_id is not None or sheet.form.typed_by is not None:
            raise NotFound  # a tablet's or the console's: what was copied from there opens nothing here
        return sheet, secret
    except NotFound:
        words = _(
            "This page opens only where the form was begun. Please open the link in your message again."
        )
        raise NotFound(words) from None


def closed(sheet: Sheet) -> Response:
    """How a begun form ended elsewhere: sent, taken back, or past its time."""
    lang = language(sheet)
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
        return _go(f"/f/{sheet.form.ref}")
    return page("already-sent", language(sheet), 409, ref=sheet.form.ref)
