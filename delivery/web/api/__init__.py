"""`/api/v1`: the practice's other software, with a bearer token of one clinician in one practice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, Response, g, jsonify, make_response, request
from pydantic import BaseModel
from sqlalchemy import update
from sqlalchemy.orm import Session

from delivery import accounts
from delivery.db import now
from delivery.models.people import ApiToken
from delivery.web import errors
from delivery.web.api import (
    assignments,
    batteries,
    clients,
    document,
    idempotency,
    instruments,
    reading,
    submissions,
)
from delivery.web.api.routes import ROUTES, Route
from delivery.web.zones import service

__all__ = ["assignments", "batteries", "bp", "clients", "instruments", "submissions"]

bp = Blueprint("api", __name__, url_prefix="/api/v1")
#: A token's last use is noted this often at most.
SEEN: Final = timedelta(minutes=1)


@bp.before_request
def gate() -> Response | None:
    """Find who calls, or answer 401. Sets `g.caller` and `g.token`."""
    if request.endpoint == "api.openapi":
        return None
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    found = None
    if scheme.lower() == "bearer" and 0 < len(secret) < 200:
        with service().db.read() as session:
            found = accounts.bearer(session, secret.strip())
    if found is None:
        words = "Give a valid token: Authorization: Bearer lq_…"
        response = errors.answer(401, "token", words, {})
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    g.token, g.caller = found
    return None


@bp.get("/openapi.json")
def openapi() -> Response:
    """The document that describes all of this."""
    return jsonify(document.openapi())


def _handler(one: Route) -> Callable[..., Response]:
    def handle(**path: Any) -> Response:
        key = idempotency.key() if one.method == "POST" else None
        given, text = dict(path), ""
        if one.body:
            given["body"], text = reading.body(one.body)
        if one.query:
            given["query"] = reading.query(one.query)
        # Also a read writes: its audit row commits before the answer goes out.
        with service().db.write() as session:
            _note_use(session)

            def act() -> Any:
                made = one.view(session, g.caller, **given)
                return made.model_dump(mode="json") if isinstance(made, BaseModel) else made

            if key is None:
                body, status, repeated = act(), one.status, False
            else:
                body, status, repeated = idempotency.once(session, g.token.id, key, text, one.status, act)
        return _reply(body, status, repeated)

    return handle


def _note_use(session: Session) -> None:
    at = now()
    if g.token.last_used_at is None or g.token.last_used_at < at - SEEN:
        session.execute(update(ApiToken).where(ApiToken.id == g.token.id).values(last_used_at=at))


def _reply(body: Any, status: int, repeated: bool) -> Response:
    if isinstance(body, bytes):
        response = make_response(body, status)
        response.content_type = "application/pdf"
        return response
    response = make_response(jsonify(body), status)
    if repeated:
        response.headers["Idempotency-Replayed"] = "true"
    return response


for _one in ROUTES:
    bp.add_url_rule(_one.rule, _one.name, _handler(_one), methods=[_one.method])
