"""The composition root: settings in, a WSGI application out."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import Flask, request
from flask_babel import Babel
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from delivery import languages, library, logs
from delivery import settings as configuration
from delivery.service import Service, start
from delivery.settings import ROOT, Settings
from delivery.web import (
    answer,
    answer_page,
    api,
    compression,
    console,
    errors,
    health,
    hooks,
    kiosk,
    portal,
    post,
    theme,
    zones,
)
from delivery.web.screen import routes as screen

STATIC = ROOT / "delivery" / "static"


def create_app(settings: Settings | None = None, service: Service | None = None) -> Flask:
    """The web application. Raises SettingsError where it would not be safe to run like this."""
    settings = settings or (service.settings if service else configuration.load())
    logs.install()
    app = Flask(
        "lightq",
        root_path=str(ROOT),
        template_folder=str(ROOT / "templates"),
        static_folder=str(STATIC),
        static_url_path="/static",
    )
    app.config.update(
        MAX_CONTENT_LENGTH=64 * 1024,
        MAX_FORM_MEMORY_SIZE=64 * 1024,
        MAX_FORM_PARTS=200,
        DEBUG=settings.debug,
        BABEL_TRANSLATION_DIRECTORIES=str(languages.TRANSLATIONS),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["lightq"] = service or start(settings)
    library.shipped()
    Babel(app, locale_selector=language)
    zones.install(app)
    errors.install(app)
    compression.install(app)
    app.register_blueprint(health.bp)
    for part in (answer, console, post, api, hooks, theme, screen, kiosk, portal):
        app.register_blueprint(part.bp)
    stamps = _stamps()
    app.jinja_env.filters["direction"] = languages.direction
    app.jinja_env.globals["asset"] = lambda name: f"/static/{name}?v={stamps[name]}"
    app.context_processor(_common)
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    return app


def language() -> str:
    """The interface language of this request; the console's is English."""
    if request.host != zones.service().settings.client_host:
        return languages.ENGLISH
    return answer_page.wanted_language()


def _common() -> dict[str, Any]:
    """What every template may use."""
    settings = zones.service().settings
    return {"local_post": settings.email == "outbox", "lang": language()}


def _stamps() -> dict[str, str]:
    """A short content hash per static file, so that browsers may keep them for ever."""
    files = (path for path in STATIC.rglob("*") if path.is_file())
    return {f.relative_to(STATIC).as_posix(): sha256(f.read_bytes()).hexdigest()[:12] for f in files}
