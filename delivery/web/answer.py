"""The client zone's addresses, and the pages behind a link: look, begin, say no, ask for a new one."""

from __future__ import annotations

import contextlib
from uuid import UUID

from flask import Blueprint, Response, redirect, request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from delivery import contacts, declining, forms, links, passphrases, throttle
from delivery.db import now
from delivery.errors import NotFound, NotSaved, TooMany
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.models.clients import ContactPoint, Respondent
from delivery.models.messages import Dispatch
from delivery.passphrases import Held
from delivery.signing import Purpose
from delivery.states import OPEN_LINK
from delivery.web import answer_link, answer_resume
from delivery.web.answer_page import (
    about,
    chosen_language,
    ended_page,
    form_content_only,
    own_cookies,
    page,
    wanted_language,
)
from delivery.web.answer_start import look, start_page
from delivery.web.zones import service, set_cookie

bp = Blueprint("answer", __name__)
bp.add_url_rule("/f/<ref>", view_func=answer_link.show, methods=["GET"])
bp.add_url_rule("/f/<ref>", view_func=answer_link.save, methods=["POST"])
bp.add_url_rule("/f/<ref>/help", view_func=answer_link.help_now, methods=["GET"])
bp.add_url_rule("/f/<ref>/no", view_func=answer_link.say_no, methods=["POST"])
bp.add_url_rule("/f/<ref>/code", view_func=answer_resume.show_code, methods=["POST"])
bp.add_url_rule("/q/<token>/code", view_func=answer_resume.send_digits, methods=["POST"])
bp.add_url_rule("/q/<token>/resume", view_func=answer_resume.resume, methods=["POST"])


@bp.get("/")
def home() -> Response:
    """A neutral page for whoever types the bare address."""
    return page("home", wanted_language())


@bp.get("/q/<path:token>")
def start(token: str) -> AnyResponse:
    """The start page, or how the link ended. Looking changes nothing but a counter and sets no cookie."""
    with service().db.read() as session:
        link, row, lang = look(session, token)
        form = forms.of_browser(session, link, own_cookies())
        if form is not None and answer_link.goes_on(form, link, row):
            chosen = chosen_language()
            return redirect(f"/f/{form.ref}" + (f"?lang={chosen}" if chosen else ""), 302)
        stands = links.state(link) in OPEN_LINK
        if stands and (word := _whose(session, row)):
            reply = page("whose", lang, token=token, about=about(session, row), word=word, no=_said("no"))
        elif stands:
            reply = start_page(session, token, link, row, lang)
        else:
            _not_too_often(session)
            reply = ended_page(link, lang, again=f"/q/{token}/new")
    with contextlib.suppress(NotSaved), service().db.write() as session:
        if stands:
            links.count_fetch(session, link.id)
        else:
            _hits().count(session)
    return reply


def _said(whose: str) -> bool:
    """Whether this request is the answer to "Is this form for …?"; nothing of it is kept."""
    return request.args.get("for") == whose


def _whose(session: Session, row: Assignment) -> str | None:
    """The word to ask about first: several people read what comes to where this link went."""
    respondent = session.get_one(Respondent, row.respondent_id)
    if _said("me") or not respondent.recognition_word:
        return None
    used = select(Dispatch.contact_point_id).where(Dispatch.assignment_id == row.id)
    points = session.scalars(select(ContactPoint).where(ContactPoint.id.in_(used)))
    return respondent.recognition_word if any(contacts.shared(session, one) for one in points) else None


def _hits() -> throttle.EndedHits:
    return throttle.ended_hits(service().settings.keys[-1].encode(), request.remote_addr or "")


def _not_too_often(session: Session) -> None:
    """Raise TooMany while ended links are opened too often, from here or from everywhere."""
    if seconds := _hits().wait(session):
        words = _("Links that have ended were opened very often just now. Please wait ten minutes.")
        raise TooMany(words, seconds)


def _ended(session: Session, token: str, link: Link, lang: str) -> Response:
    """The page of a link that takes no answers, where somebody pressed a button all the same."""
    _not_too_often(session)
    _hits().count(session)
    return ended_page(link, lang, again=f"/q/{token}/new")


@bp.post("/q/<token>")
def begin(token: str) -> AnyResponse:
    """A person presses Start: a sitting for this browser, and a clean address.

    Where a word was agreed on, the right one is needed first.
    """
    form_content_only()
    held = _hold(token, request.form.get("passphrase", ""))
    with service().db.write() as session:
        link, row, lang = look(session, token)
        # A click in a mail program comes without our strict cookies; the press on our own page has them.
        form = forms.of_browser(session, link, own_cookies(), lock=True)
        if form is not None and answer_link.goes_on(form, link, row):
            if (uses := _uses(session, row)) is not None:
                forms.remember_uses(form, uses)
            return redirect(f"/f/{form.ref}", 303)
        respondent = session.get_one(Respondent, row.respondent_id)
        refusal = passphrases.admit(session, link, respondent, held)
        if refusal is not None:  # counted with this transaction: from here on it may not be refused
            if links.state(link) in OPEN_LINK:
                return start_page(session, token, link, row, lang, refusal)
            return ended_page(link, lang)
        if links.state(link) not in OPEN_LINK:
            return _ended(session, token, link, lang)
        form, secret = forms.begin(session, link, row, language=lang, uses=_uses(session, row))
    reply = redirect(f"/f/{form.ref}", 303)
    _give_cookie(reply, form, secret, link)
    return reply


def _hold(token: str, word: str) -> Held:
    """The typed word, held against what was agreed on. Takes time, so no transaction is open meanwhile."""
    if not word.strip():
        return Held()
    with service().db.read() as session:
        link, row, _lang = look(session, token)
        respondent = session.get_one(Respondent, row.respondent_id)
        against = passphrases.hold(link, respondent, word)
    return passphrases.compare(against, word)


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
    """ "This is not for me", and the ways to say "I don't want these forms now": one press each."""
    form_content_only()
    why = request.form.get("why", "")
    with service().db.write() as session:
        link, row, lang = look(session, token)
        again = link.end_reason == why and why in declining.SAID
        if links.state(link) not in OPEN_LINK and not again:
            return _ended(session, token, link, lang)
        declining.decline(session, link, why)
        return page("no", lang, why=why, sent=False, about=about(session, row))


@bp.post("/q/<token>/new")
def new(token: str) -> AnyResponse:
    """Ask for a new link. The answer is always the same sentence."""
    form_content_only()
    with service().db.write() as session:
        link, _row, lang = look(session, token)
        if links.state(link) not in OPEN_LINK:
            _not_too_often(session)
            _hits().count(session)
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
