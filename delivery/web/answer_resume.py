"""Going on with a form on another device: the code on the stop page, and the ways back in from the link."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from delivery import codes, forms, links, resuming, sittings
from delivery.db import now
from delivery.errors import Conflict, TooMany
from delivery.models.assignments import Assignment, FormSession, Link
from delivery.states import OPEN_LINK
from delivery.web import answer_link, answer_start
from delivery.web.answer_form import STOP
from delivery.web.answer_page import about, form_content_only, page
from delivery.web.answer_sitting import language, render
from delivery.web.zones import service, set_cookie


def show_code(ref: str) -> AnyResponse:
    """ "I want to go on on another device": a code to type there. A new press makes the old code void."""
    form_content_only()
    with service().db.read() as session:
        _sheet, secret = answer_link.find(session, ref)
        forms.check_key(secret, request.form.get("key", ""))
    code, hash_ = resuming.make()
    with service().db.write() as session:
        sheet, secret = answer_link.find(session, ref, lock=True)
        if not forms.writable(sheet):
            return answer_link.closed(sheet)
        resuming.keep(sheet, hash_)
        surface = answer_link.surface(ref, language(sheet))
        return render(session, sheet, secret, STOP, surface, code=code)


def send_digits(token: str) -> AnyResponse:
    """ "Send me a 6-digit code": to the contact on file, and the page that takes the digits."""
    form_content_only()
    try:
        with service().db.write() as session:
            link, row, lang = answer_start.look(session, token)
            found = _waiting(session, link, row)
            if found is None or found.point is None:
                return redirect(f"/q/{token}", 303)
            asked = resuming.send_digits(session, found)
            return _digits_page(session, token, row, lang, asked)
    except (Conflict, TooMany):
        return _start_again(token, told="no-code")


def resume(token: str) -> AnyResponse:
    """A typed code, or the digits that were sent: the right one brings the sitting to this browser."""
    form_content_only()
    asked, typed = request.form.get("asked", ""), request.form.get("code", "")
    return _with_digits(token, asked, typed) if asked else _with_code(token, typed)


def _with_digits(token: str, asked: str, typed: str) -> AnyResponse:
    with service().db.write() as session:
        link, row, lang = answer_start.look(session, token)
        if _waiting(session, link, row) is None:
            return redirect(f"/q/{token}", 303)
        found = resuming.check_digits(session, row, asked, typed)
        if isinstance(found, UUID):
            return _brought(token, link, resuming.take_over(session, link, found, "digits"))
        if found.left:
            return _digits_page(session, token, row, lang, asked, found)
    return _start_again(token, told="over")


def _with_code(token: str, typed: str) -> AnyResponse:
    with service().db.write() as session:
        link, row, _lang = answer_start.look(session, token)
        sittings.lock(session, row.id)
        found = _waiting(session, link, row)
        if found is None:
            return redirect(f"/q/{token}", 303)
        tried = resuming.begin_try(session, found, typed)
    form_id = resuming.compare(tried, typed)
    if form_id is None:
        return _start_again(token, told="wrong-code")
    with service().db.write() as session:
        link, _row, _lang = answer_start.look(session, token)
        return _brought(token, link, resuming.take_over(session, link, form_id, "code"))


def _waiting(session: Session, link: Link, row: Assignment) -> resuming.Waiting | None:
    return resuming.waiting(session, row) if links.state(link) in OPEN_LINK else None


def _brought(token: str, link: Link, taken: tuple[FormSession, str] | None) -> AnyResponse:
    if taken is None:
        return redirect(f"/q/{token}", 303)
    form, secret = taken
    reply = redirect(f"/f/{form.ref}", 303)
    set_cookie(reply, f"f-{form.ref}", secret, days=(link.expires_at - now()).days + 2)
    return reply


def _digits_page(
    session: Session, token: str, row: Assignment, lang: str, asked: str, wrong: codes.Wrong | None = None
) -> Response:
    more: dict[str, Any] = {"token": token, "asked": asked, "wrong": wrong, "about": about(session, row)}
    return page("digits", lang, 422 if wrong else 200, **more)


def _start_again(token: str, told: str) -> AnyResponse:
    """The start page, which says what became of the code; Start is on it all the same."""
    with service().db.read() as session:
        link, row, lang = answer_start.look(session, token)
        if links.state(link) not in OPEN_LINK:
            return redirect(f"/q/{token}", 303)
        return answer_start.start_page(session, token, link, row, lang, told=told)
