"""Two zones by host: clients on one, console, API and hooks on the other. Plus headers, sizes, CSRF.

The wrong zone redirects a GET and answers 404 to the rest. Client pages carry their own key in each form
(`delivery.signing.form_key`); the console refuses every request that another site could have sent.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from delivery.service import Service
from delivery.settings import is_loopback
from delivery.web import policy

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE: Final = ("GET", "HEAD", "OPTIONS")
#: Pressed in mail programs too (RFC 8058), and so from other sites.
ONE_CLICK: Final = "answer.unsubscribe"
#: Without anything of a person, at addresses that change with the content.
KEPT: Final = ("static", "theme.style", "theme.logo")


def service() -> Service:
    """The service of this app."""
    found = current_app.extensions["lightq"]
    assert isinstance(found, Service)
    return found


def _secure() -> bool:
    """Whether the zone of this request speaks https."""
    return service().settings.secure(request.host)


def cookie_name(name: str) -> str:
    """`__Host-` cookies, except over plain http on loopback, where browsers do not take them."""
    return f"__Host-{name}" if _secure() else f"lq-{name}"


def set_cookie(response: AnyResponse, name: str, value: str, *, days: int = 1, strict: bool = True) -> None:
    """A cookie that scripts cannot read and that goes to this host alone."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=days * 86400,
        secure=_secure(),
        httponly=True,
        samesite="Strict" if strict else "Lax",
        path="/",
    )


def drop_cookie(response: AnyResponse, name: str) -> None:
    """Forget a cookie."""
    response.delete_cookie(cookie_name(name), path="/", secure=_secure(), httponly=True)


def install(app: Flask) -> None:
    """Put the zone's rules before and after every request of `app`."""
    app.before_request(_enter)
    app.after_request(_leave)


def _enter() -> AnyResponse | None:
    settings = service().settings
    host = request.host
    if host not in (settings.base_host, settings.client_host):
        abort(404)
    if request.endpoint is None:
        return None  # unknown path: the ordinary 404
    decided = policy(request.endpoint)
    if decided is None:
        abort(404)
    zone, access = decided
    here = "client" if host == settings.client_host else "console"
    if zone not in ("both", here):
        if request.method not in ("GET", "HEAD"):
            abort(404)
        target = settings.client_url if zone == "client" else settings.base_url
        return redirect(target + request.full_path.rstrip("?"), 302)
    if access == "local" and not is_loopback(request.remote_addr or ""):
        abort(404)
    if access in ("person", "open", "local") and here == "console":
        _same_site()
    if here == "client" and request.endpoint != ONE_CLICK:
        _not_cross_site()
    return None


def _same_site() -> None:
    """Refuse a change that did not start on a page of ours (Sec-Fetch-Site, else Origin)."""
    if request.method in SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("Origin", "")
    if site is None and origin and urlsplit(origin).netloc == service().settings.base_host:
        return
    abort(403)


def _not_cross_site() -> None:
    """Refuse a press on another site's page: it could sign a browser in as somebody else."""
    if request.method not in SAFE and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403)


def _leave(response: Response) -> Response:
    client_zone = request.host == service().settings.client_host
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers["Referrer-Policy"] = "no-referrer" if client_zone else "same-origin"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Robots-Tag"] = "noindex, nofollow"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), interest-cohort=()"
    if request.endpoint in KEPT and response.status_code in (200, 304):
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers["Cache-Control"] = "no-store"
    if _secure():
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return response
