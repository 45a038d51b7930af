"""The client zone's addresses, and the pages behind a link: look, begin, say no, ask for a new one."""

from __future__ import annotations

import contextlib
from uuid import UUID

from flask import Blueprint, Response, redirect, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from delivery import declining, forms, links
from delivery.db import now
from delivery.errors import NotFound, NotSaved
from delivery.library import library
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.clients import Respondent
from delivery.signing import Purpose
from delivery.states import OPEN_LINK
from delivery.web import answer_sitting
from delivery.web.answer_page import (
    about,
    chosen_language,
    ended_page,
    form_content_only,
    own_cookies,
    page,
    until,
    wanted_language,
)
from delivery.web.zones import service, set_cookie

bp = Blueprint("answer", __name__)
bp.add_url_rule("/f/<ref>", view_func=answer_sitting.show, methods=["GET"])
bp.add_url_rule("/f/<ref>", view_func=answer_sitting.save, methods=["POST"])
bp.add_url_rule("/f/<ref>/help", view_func=answer_sitting.help_now, methods=["GET"])
bp.add_url_rule("/f/<ref>/no", view_func=answer_sitting.say_no, methods=["POST"])


@bp.get("/")
def home() -> Response:
    """A neutral page for whoever types the bare address."""
    return page("home", wanted_language())


@bp.get("/q/<path:token>")
def start(token: str) -> AnyResponse:
    """The start page, or how the link ended. Looking changes nothing but a counter and sets no cookie."""
    with service().db.read() as session:
        link, row, lang = _look(session, token)
        form = forms.of_browser(session, link, own_cookies())
        if form is not None and answer_sitting.goes_on(form, link, row):
            chosen = chosen_language()
            return redirect(f"/f/{form.ref}" + (f"?lang={chosen}" if chosen else ""), 302)
        if links.state(link) not in OPEN_LINK:
            return ended_page(link, lang, again=f"/q/{token}/new")
        reply = _start_page(session, token, link, row, lang)
    with contextlib.suppress(NotSaved), service().db.write() as session:
        links.count_fetch(session, link.id)
    return reply


def _look(session: Session, token: str) -> tuple[Link, Assignment, str]:
    """The link of a token, its ask and the page's language. NotFound, always in the same words."""
    link = links.look(session, token, service().tokens)
    row = session.get(Assignment, link.assignment_id) if link else None
    respondent = session.get(Respondent, row.respondent_id) if row else None
    if link is None or row is None or respondent is None:
        raise NotFound(
            _("This link is not valid. Check that you copied all of it, or ask the person who sent it.")
        )
    return link, row, wanted_language(respondent.language)


def _start_page(session: Session, token: str, link: Link, row: Assignment, lang: str) -> Response:
    chosen = [library().get(i["key"], i["version"]) for i in row.instruments]
    items = [item for instrument in chosen for item in instrument.items]
    respondent = session.get(Respondent, row.respondent_id)
    facts = about(session, row)
    return page(
        "start",
        lang,
        token=token,
        about=facts,
        word=respondent.recognition_word if respondent else None,
        questions=len(items),
        some_skip=any(item.asked_if for item in items),
        minutes=sum(instrument.minutes for instrument in chosen),
        until=until(link.expires_at, facts.zone, lang),
        ask_uses=forms.uses_chosen(session, row.respondent_id) is None,
    )


@bp.post("/q/<token>")
def begin(token: str) -> AnyResponse:
    """A person presses Start: a sitting for this browser, and a clean address."""
    form_content_only()
    with service().db.write() as session:
        link, row, lang = _look(session, token)
        # A click in a mail program comes without our strict cookies; the press on our own page has them.
        form = forms.of_browser(session, link, own_cookies(), lock=True)
        if form is not None and answer_sitting.goes_on(form, link, row):
            if (uses := _uses(session, row)) is not None:
                forms.remember_uses(form, uses)
            return redirect(f"/f/{form.ref}", 303)
        if links.state(link) not in OPEN_LINK:
            return ended_page(link, lang, again=f"/q/{token}/new")
        form, secret = forms.begin(session, link, row, language=lang, uses=_uses(session, row))
    reply = redirect(f"/f/{form.ref}", 303)
    _give_cookie(reply, form, secret, link)
    return reply


def _uses(session: Session, row: Assignment) -> tuple[bool, bool] | None:
    """The choice of permitted uses on the start page, where it was asked or asked for."""
    asked = forms.uses_chosen(session, row.respondent_id) is None
    if not asked and request.form.get("uses") != "again":
        return None
    ticked = set(request.form.getlist("use"))
    return "own" in ticked, "alliance" in ticked


def _give_cookie(reply: AnyResponse, form: FormSession, secret: str, link: Link) -> None:
    days = (link.expires_at - now()).days + 2  # the link's life, and the grace after it
    set_cookie(reply, f"f-{form.ref}", secret, days=days)


@bp.post("/q/<token>/no")
def no(token: str) -> AnyResponse:
    """ "This is not for me" and "I don't want these forms now": one press, nothing asked."""
    form_content_only()
    why = request.form.get("why", "")
    with service().db.write() as session:
        link, row, lang = _look(session, token)
        again = link.end_reason == why and why in ("wrong-person", "refused")
        if links.state(link) not in OPEN_LINK and not again:
            return ended_page(link, lang, again=f"/q/{token}/new")
        declining.decline(session, link, why)
        return page("no", lang, why=why, sent=False, about=about(session, row))


@bp.post("/q/<token>/new")
def new(token: str) -> AnyResponse:
    """Ask for a new link. The answer is always the same sentence."""
    form_content_only()
    with service().db.write() as session:
        link, _row, lang = _look(session, token)
        forms.ask_again(session, link, service().settings)
        return page("asked-again", lang)


@bp.route("/unsubscribe/<token>", methods=["GET", "POST"])
def unsubscribe(token: str) -> Response:
    """No more e-mails: a page with a button, and the one press that mail programs send (RFC 8058)."""
    raw = service().tokens.read(Purpose.UNSUBSCRIBE, token)
    if raw is None:
        raise NotFound(_("This link is not valid. Check that you copied all of it."))
    if request.method == "POST":
        form_content_only("multipart/form-data")
        with service().db.write() as session:
            declining.withdraw_mail(session, UUID(bytes=raw))
    return page("unsubscribe", wanted_language(), done=request.method == "POST")
