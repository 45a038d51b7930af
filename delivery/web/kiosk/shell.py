"""The page that the tablet keeps for good, the same bytes for everybody, and its enrolment."""

from __future__ import annotations

from flask import Response, abort, jsonify, make_response, render_template, request
from flask_babel import force_locale

from delivery.errors import Invalid
from delivery.kiosk import devices
from delivery.web.answer_page import LANGUAGES
from delivery.web.kiosk.door import bp, bytes_of
from delivery.web.zones import service


@bp.get("")
def shell() -> Response:
    """No word of anybody: pages come in by signed steps, and the address never changes."""
    with force_locale("en"):
        words = {lang: _words(lang) for lang in LANGUAGES}
        return make_response(render_template("kiosk/shell.html", words=words))


def _words(lang: str) -> str:
    """What the script shows by itself, without asking: templates in one language."""
    with force_locale(lang):
        return render_template("kiosk/alone.html", lang=lang)


@bp.post("/enrol")
def enrol() -> Response:
    """Take this tablet into use with its code and the public half of the key that it has made."""
    said = request.get_json(silent=True)
    if not isinstance(said, dict):
        abort(415 if request.mimetype != "application/json" else 400)
    code, key = said.get("code"), said.get("key")
    if not isinstance(code, str) or not isinstance(key, str):
        abort(400)
    try:
        with service().db.write() as session:
            device = devices.enrol(session, code, bytes_of(key))
            return jsonify(device=str(device.id))
    except (Invalid, ValueError):
        return make_response(jsonify(device=None), 422)
