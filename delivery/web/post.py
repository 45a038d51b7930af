"""The local post as a page and as JSON, for people at this machine; elsewhere it does not exist."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, render_template

from delivery import local_post
from delivery.local_post import Letter
from delivery.web.zones import service

bp = Blueprint("post", __name__)


@bp.before_request
def only_here() -> None:
    """404 unless messages stay here and both zones are addresses of this machine."""
    settings = service().settings
    if "outbox" not in (settings.email, settings.sms) or not settings.on_loopback:
        abort(404)


def _letters() -> list[Letter]:
    with service().db.write() as session:
        found = [*local_post.passing.letters(session), *local_post.letters(session)]
    return sorted(found, key=lambda letter: letter.sent_at, reverse=True)


@bp.get("/outbox")
def outbox() -> str:
    """The messages, newest first, each with its link."""
    return render_template("console/outbox.html", letters=_letters())


@bp.get("/outbox.json")
def outbox_json() -> Response:
    """[{"id", "kind", "to", "subject", "text", "html", "sent_at", "link"}, …], newest first."""
    return jsonify(
        [
            {
                "id": str(letter.id),
                "kind": letter.kind,
                "to": letter.to,
                "subject": letter.subject,
                "text": letter.text,
                "html": letter.html,
                "sent_at": letter.sent_at.isoformat(),
                "link": letter.link,
            }
            for letter in _letters()
        ]
    )
