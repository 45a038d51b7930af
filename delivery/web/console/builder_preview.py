"""A draft as a client sees it, and as a PDF with example answers."""

from __future__ import annotations

from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from delivery import drafts, previews
from delivery.web.console import preview
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service
from questionnaires.content import content


def _back(draft_id: UUID) -> str:
    return url_for("console.draft", draft_id=draft_id, part="publish")


@bp.route("/instruments/drafts/<uuid:draft_id>/preview", methods=["GET", "POST"])
def draft_preview(draft_id: UUID) -> Response:
    """The draft as a client sees it. Nothing that is marked is kept."""
    with service().db.read() as session:
        built = drafts.read(session, caller(), draft_id).instrument()
    here = url_for("console.draft_preview", draft_id=draft_id)
    if request.method == "POST":
        return preview.turn(built, here=here, back=_back(draft_id))
    return preview.question_page(built, *preview.place(built), here=here, back=_back(draft_id))


def phone(draft_id: UUID) -> str:
    """The address of the draft as a client sees it. Raises Invalid while something is open."""
    with service().db.read() as session:
        drafts.read(session, caller(), draft_id).instrument()
    return url_for("console.draft_preview", draft_id=draft_id)


def pdf(draft_id: UUID) -> str:
    """Have the PDF made; the address of the page that waits for it. Raises Invalid as `phone`."""
    with service().db.write() as session:
        found = drafts.read(session, caller(), draft_id)
        language = found.draft.about.language
        made = previews.ask_pdf(session, found.row.practice_id, content(found.instrument()), language)
    return preview.waiting(made, _back(draft_id))
