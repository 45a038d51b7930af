"""No answer yet: every open ask of the caseload, and one press that reminds of them."""

from __future__ import annotations

from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery import unanswered
from delivery.db import uuid7
from delivery.errors import Conflict
from delivery.models.people import Role
from delivery.web.console import bulk_form
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service


@bp.get("/unanswered")
def no_answer_yet() -> Response:
    """Who was asked what, when, and what has become of the message."""
    return _page()


@bp.post("/unanswered/<uuid:practice_id>")
def remind(practice_id: UUID) -> Response:
    """Plan one reminder for each of those ticked, or for all that can get one."""
    chosen = None if request.form.get("go") == "all" else bulk_form.ids_in(request.form.getlist("ask"))
    try:
        with service().db.write() as session:
            row = unanswered.remind(session, caller(), bulk_form.form_key(request.form), practice_id, chosen)
    except Conflict as error:
        return _page(error)
    return redirect(url_for("console.bulk_send", bulk_id=row.id), 303)


def _page(error: Conflict | None = None) -> Response:
    with service().db.write() as session:
        lines = unanswered.lines(session, caller())
    mine = [g.practices[one] for one in g.practices if one in caller().practices(Role.CLINICIAN)]
    shown = [
        (practice, uuid7(), [line for line in lines if line.waiting.ask.practice_id == practice.id])
        for practice in mine
    ]
    page = render_template(
        "console/unanswered.html", shown=shown, total=len(lines), most=unanswered.MOST, error=error
    )
    return make_response(page, error.status if error else 200)
