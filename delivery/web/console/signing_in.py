"""Signing in and out. A session that ends while somebody types loses nothing of what was typed."""

from __future__ import annotations

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery import accounts
from delivery.errors import TooMany
from delivery.web.console.gate import COOKIE, bp, resume
from delivery.web.console.sign_in_page import KEPT, inside, show
from delivery.web.zones import drop_cookie, service, set_cookie


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """GET shows the page; POST signs in and goes on to where the person wanted to be."""
    form = request.form if request.method == "POST" else request.args
    to = inside(form.get("next", ""))
    kept = [
        (name.removeprefix(KEPT), value)
        for name, value in request.form.items(multi=True)
        if name.startswith(KEPT)
    ]
    if request.method != "POST":
        return redirect(to, 303) if resume() else show(200, to=to)
    email = request.form.get("email", "")
    try:
        secret = accounts.sign_in(
            service().db,
            email,
            request.form.get("password", ""),
            network=request.remote_addr or "",
            throttle_key=service().settings.keys[-1].encode(),
            browser=request.user_agent.string,
        )
    except TooMany as error:
        response = show(429, to=to, kept=kept, email=email, words=str(error))
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    if secret is None:
        return show(401, to=to, kept=kept, email=email, wrong=True)
    done: Response
    if kept:
        # A redirect cannot carry a form: one press posts it as it was.
        done = make_response(render_template("console/go_on.html", to=to, kept=kept))
    else:
        done = redirect(to, 303)
    set_cookie(done, COOKIE, secret, strict=False)  # Lax: a link in a message opens the page itself
    return done


@bp.post("/sign-out")
def sign_out() -> Response:
    """End this session at once."""
    with service().db.write() as session:
        accounts.sign_out(session, g.session_row)
    response = redirect(url_for("console.sign_in"), 303)
    drop_cookie(response, COOKIE)
    return response
