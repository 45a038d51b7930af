"""The portal's addresses: signing in, the client's page, and the choices on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from delivery import contacts, sign_in_links, throttle
from delivery.errors import Invalid, NotFound
from delivery.models.clients import ContactKind
from delivery.portal import choices, sessions, signing_in
from delivery.portal import page as pages
from delivery.portal.sessions import NotSignedIn, SignedIn
from delivery.signing import form_key, same
from delivery.web.answer_page import form_content_only, until, wanted_language
from delivery.web.portal_page import ASKING, SIGNED_IN, about, by, cookie, day, ends, page
from delivery.web.zones import drop_cookie, service, set_cookie

bp = Blueprint("portal", __name__, url_prefix="/portal")
#: Asking for a code and trying one take a multiple of so many seconds: the time does not tell who is known.
EVEN: Final = 0.5


@bp.errorhandler(NotSignedIn)
def _not_signed_in(_error: NotSignedIn) -> AnyResponse:
    lang = wanted_language()
    if request.method == "GET":
        reply: AnyResponse = redirect(f"/portal/sign-in?lang={lang}", 302)
    else:
        reply = page("sign_in", lang, 401, typed="", why=None, over=True)
    drop_cookie(reply, SIGNED_IN)
    return reply


@bp.get("/sign-in")
def sign_in() -> Response:
    """Type an e-mail address or a phone number."""
    return page("sign_in", wanted_language(), typed="", why=None, over=False)


@bp.post("/sign-in")
def ask() -> Response:
    """A code, if the contact is on file. The answer is the same in words and time if it is not."""
    form_content_only()
    lang = wanted_language()
    typed = request.form.get("contact", "")[: contacts.LONGEST + 1].strip()
    try:
        kind = contacts.kind_of(typed)
        value = contacts.normal_contact(kind, typed)
    except Invalid as error:
        return page("sign_in", lang, error.status, typed=typed, why=kind.value, over=False)
    with _even():
        secret = _ask(kind, value)
    reply = page("code", lang, key=form_key(secret), wrong=False)
    set_cookie(reply, ASKING, secret)
    return reply


@contextmanager
def _even() -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        time.sleep(EVEN - (time.monotonic() - began) % EVEN)


def _ask(kind: ContactKind, value: str) -> str:
    asks = throttle.asks(service().settings.keys[-1].encode(), value, request.remote_addr or "")
    with service().db.write() as session:
        asks.take(session)
        return signing_in.ask(session, kind, value, cookie(ASKING))


@bp.get("/code")
def code() -> AnyResponse:
    """Type the six digits."""
    secret = cookie(ASKING)
    if not secret:
        return redirect(f"/portal/sign-in?lang={wanted_language()}", 302)
    return page("code", wanted_language(), key=form_key(secret), wrong=False)


@bp.post("/code")
def enter() -> AnyResponse:
    """The digits open the page, or nothing. A page of another browser is sent back to the beginning."""
    form_content_only()
    secret, lang = cookie(ASKING), wanted_language()
    if not secret or not same(form_key(secret), request.form.get("key", "")):
        return page("sign_in", lang, 422, typed="", why="cookie", over=False)
    with _even(), service().db.write() as session:
        opened = signing_in.enter(session, secret, request.form.get("code", ""), _browser())
    if opened is None:
        return page("code", lang, 422, key=form_key(secret), wrong=True)
    return _in(opened)


def _in(secret: str) -> AnyResponse:
    reply = redirect("/portal", 303)
    set_cookie(reply, SIGNED_IN, secret)
    drop_cookie(reply, ASKING)
    return reply


def _browser() -> str:
    return request.user_agent.string[:60]


@bp.get("/<token>")
def link(token: str) -> Response:
    """The link of a message: a button. Looking changes nothing."""
    with service().db.read() as session:
        stands = sign_in_links.look(session, token, service().tokens) is not None
    return _link(token, stands)


@bp.post("/<token>")
def press(token: str) -> AnyResponse:
    """The button of such a link signs in, once."""
    form_content_only()
    with service().db.write() as session:
        opened = signing_in.press(session, token, service().tokens, _browser())
    return _in(opened) if opened is not None else _link(token, False)


def _link(token: str, stands: bool) -> Response:
    lang = wanted_language()
    return page("link", lang, token=token) if stands else page("link_ended", lang, 410)


@bp.get("")
def home() -> Response:
    """What is due, and where just one person reads the contact, everything else."""
    with service().db.write() as session:
        who = sessions.find(session, cookie(SIGNED_IN))
        lang = wanted_language(who.respondent.language)
        return page(
            "home",
            lang,
            who=who,
            page=pages.read(session, who, lang),
            key=_key(),
            until=until,
            day=day,
            ends=ends,
            by=by,
            **_facts(session, who),
        )


@bp.post("/open")
def open_form() -> AnyResponse:
    """Go to a form that is due."""
    with service().db.write() as session:
        who = _posted(session)
        ask_id = _uuid(request.form.get("form", ""))
        token = pages.token_of(session, who, ask_id, service().tokens)
        lang = wanted_language(who.respondent.language)
    return redirect(f"/q/{token}?lang={lang}", 303)


@bp.get("/uses")
def uses() -> Response:
    """What the answers may be used for."""
    with service().db.write() as session:
        who = _whole(sessions.find(session, cookie(SIGNED_IN)))
        lang = wanted_language(who.respondent.language)
        chosen = pages.read(session, who, lang).uses
        marked = {"own": chosen and chosen.own_statistics, "alliance": chosen and chosen.alliance_figures}
        ticked = [name for name, yes in marked.items() if yes]
        return page("uses", lang, key=_key(), ticked=ticked, **_facts(session, who))


@bp.post("/uses")
def allow() -> AnyResponse:
    """Keep the choice."""
    with service().db.write() as session:
        who = _whole(_posted(session))
        ticked = set(request.form.getlist("use"))
        own, alliance = "own" in ticked, "alliance" in ticked
        lang = wanted_language(who.respondent.language)
        choices.allow(session, who.respondent, own=own, alliance=alliance, language=lang)
    return _home(lang)


@bp.get("/not-now")
def not_now() -> Response:
    """ "I don't want these forms now", or forms again."""
    with service().db.write() as session:
        who = _whole(sessions.find(session, cookie(SIGNED_IN)))
        lang = wanted_language(who.respondent.language)
        refused = who.respondent.refused_at is not None
        return page("not_now", lang, key=_key(), refused=refused, **_facts(session, who))


@bp.post("/not-now")
def refuse() -> AnyResponse:
    """One press; the other button takes it back."""
    with service().db.write() as session:
        who = _whole(_posted(session))
        lang = wanted_language(who.respondent.language)
        if request.form.get("do") == "again":
            choices.want_again(session, who.respondent)
        else:
            choices.refuse(session, who.respondent)
    return _home(lang)


@bp.post("/language")
def speak() -> AnyResponse:
    """The language of messages and pages from now on."""
    with service().db.write() as session:
        who = _whole(_posted(session))
        language = request.form.get("language", "")
        choices.speak(session, who.respondent, language)
    return _home(language)


@bp.post("/out")
def sign_out() -> AnyResponse:
    """Sign out of this browser."""
    with service().db.write() as session:
        who = _posted(session)
        lang = wanted_language(who.respondent.language)
        sessions.end(session, who)
    reply = page("out", lang)
    drop_cookie(reply, SIGNED_IN)
    return reply


def _home(lang: str) -> AnyResponse:
    return redirect(f"/portal?lang={lang}", 303)


def _key() -> str:
    return form_key(cookie(SIGNED_IN))


def _posted(session: Session) -> SignedIn:
    """Who pressed a button of a page that was made for this browser. Raises NotSignedIn."""
    form_content_only()
    who = sessions.find(session, cookie(SIGNED_IN))
    if not same(_key(), request.form.get("key", "")):
        raise NotSignedIn("Please sign in.")
    return who


def _whole(who: SignedIn) -> SignedIn:
    """Raise NotFound where only what is due may be shown."""
    if not who.full:
        raise NotFound
    return who


def _facts(session: Session, who: SignedIn) -> dict[str, Any]:
    found = about(session, who)
    return {"about": found} if found is not None else {}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
