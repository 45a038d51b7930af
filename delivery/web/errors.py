"""Expected errors as pages (client zone, console) or problem documents (API)."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from delivery.db import taken
from delivery.errors import Conflict, Invalid, LightQError, NotFound, TooMany
from delivery.jobs import where
from delivery.web.zones import service

log = structlog.get_logger()
WORDS = {
    400: _("This request could not be read."),
    403: _("This is not allowed from here. Load the page again and retry."),
    404: _("There is nothing here."),
    405: _("There is nothing here."),
    409: _("Somebody else did the same at this moment. Load the page again."),
    413: _("That is too much at once. Nothing was stored."),
    415: _("This kind of content is not taken here."),
    500: _("Something went wrong on our side. It has been noted; please try again."),
}


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(LightQError, _expected)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(IntegrityError, _refused)
    app.register_error_handler(Exception, _unexpected)


def _expected(error: LightQError) -> Response:
    fields = error.fields if isinstance(error, Invalid) else {}
    response = answer(error.status, error.code, str(error), fields)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(error.get_response().get_data(), status, error.get_response().headers)
    code = NotFound.code if status == NotFound.status else "http"
    response = answer(status, code, str(WORDS.get(status, WORDS[400 if status < 500 else 500])), {})
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _refused(error: IntegrityError) -> Response:
    """Two at once where there can be one is a conflict; any other broken rule is a fault of ours."""
    return answer(Conflict.status, Conflict.code, str(WORDS[409]), {}) if taken(error) else _unexpected(error)


def _unexpected(error: Exception) -> Response:
    # Only the class and the place: the text of an exception may hold what a person typed.
    log.error("web.unexpected", error=where(error), endpoint=request.endpoint)
    return answer(500, "unexpected", str(WORDS[500]), {})


def answer(status: int, code: str, words: str, fields: dict[str, str]) -> Response:
    """The error in the form that the caller reads."""
    if request.path.startswith(("/api/", "/hooks/")):
        problem = {
            "type": f"urn:lightq:problem:{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": words,
        }
        if fields:
            problem["errors"] = [{"field": name, "reason": why} for name, why in fields.items()]
        response = jsonify(problem)
        response.status_code = status
        response.content_type = "application/problem+json"
        return response
    words, fields = _translated(words), {name: _translated(why) for name, why in fields.items()}
    zone = "answer" if request.host == service().settings.client_host else "console"
    page = render_template(f"{zone}/error.html", words=words, status=status, fields=fields)
    return make_response(page, status)


def _translated(words: str) -> str:
    """A use case's English in the reader's language; what is in that language already stays as it is."""
    return str(gettext(words)) if words else ""
