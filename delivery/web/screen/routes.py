"""The addresses of public screening. No page sets a cookie; only the embedded ones may be framed."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from delivery.errors import NotFound
from delivery.screening import prospects
from delivery.web import zones
from delivery.web.answer_page import form_content_only, wanted_language
from delivery.web.screen import showing, stepping
from delivery.web.zones import service

bp = Blueprint("screen", __name__, url_prefix="/screen")


@bp.get("/<slug>")
def start(slug: str) -> Response:
    """A member's public page."""
    return _start(slug, framed=False)


@bp.get("/<slug>/embed")
def embed(slug: str) -> Response:
    """The same page for a frame on the member's own website."""
    return _start(slug, framed=True)


def _start(slug: str, *, framed: bool) -> Response:
    with service().db.read() as session:
        shown = stepping.shown_for(session, slug, framed=framed)
    return _framed(showing.start(shown, wanted_language()), shown)


@bp.post("/<slug>/step")
def step(slug: str) -> Response:
    """Every press on a page, answered with the next page itself."""
    return _step(slug, framed=False)


@bp.post("/<slug>/embed/step")
def embed_step(slug: str) -> Response:
    """The same inside a frame."""
    return _step(slug, framed=True)


def _step(slug: str, *, framed: bool) -> Response:
    form_content_only()
    with service().db.read() as session:
        shown = stepping.shown_for(session, slug, framed=framed)
    return _framed(stepping.press(shown, request.form), shown)


def _framed(reply: Response, shown: showing.Shown) -> Response:
    """Let the websites that the member names show this page in a frame, where it is one for frames."""
    if shown.framed and (sites := shown.offer.page.origins):
        reply.headers["Content-Security-Policy"] = zones.CSP.replace(
            "frame-ancestors 'none'", f"frame-ancestors {' '.join(sites)}"
        )
    return reply


@bp.get("/<slug>/step")
@bp.get("/<slug>/embed/step")
def again(slug: str) -> AnyResponse:  # noqa: ARG001 - part of the address
    """Somebody opened the address of a press: the start page."""
    return redirect(request.path.removesuffix("/step"), 302)


@bp.route("/withdraw/<token>", methods=["GET", "POST"])
def withdraw(token: str) -> Response:
    """A visitor takes back what they sent: a page with a button, and the press on it."""
    lang = wanted_language()
    if request.method == "POST":
        form_content_only()
        with service().db.write() as session:
            done = prospects.take_back(session, token, service().tokens)
    else:
        done = False
        with service().db.read() as session:
            if prospects.of_token(session, token, service().tokens) is None:
                raise NotFound
    return showing.render("withdraw", lang, 200, done=done)
