"""The first page: what needs me now."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery import alerts, feeds, notices
from delivery import today as overview
from delivery.db import now
from delivery.errors import Invalid
from delivery.web.console.gate import bp, caller
from delivery.web.console.words import _
from delivery.web.zones import service


@bp.get("/")
def today() -> str:
    """Risk answers first, then new results, missing answers, refusals and what got stuck."""
    return _page()


def _page(refused: UUID | None = None, error: Invalid | None = None) -> str:
    with service().db.write() as session:
        found = overview.today(session, caller())
        silent = feeds.silent(session, caller())
    return render_template(
        "console/today.html", today=found, silent=silent, now=now(), refused=refused, error=error
    )


@bp.post("/alerts/<uuid:alert_id>")
def take_up(alert_id: UUID) -> Response:
    """Write what was done about a risk answer: one press for "I am calling", or words of one's own."""
    quick = request.form.get("quick") == "calling"
    typed = request.form.get("note", "").strip()
    note = ". ".join(filter(None, [_("I am calling"), typed])) if quick else typed
    try:
        with service().db.write() as session:
            alerts.acknowledge(session, caller(), alert_id, note)
    except Invalid as error:
        return make_response(_page(alert_id, error), error.status)
    return redirect(url_for("console.today"), 303)


@bp.post("/notices/<uuid:notice_id>/done")
def notice_done(notice_id: UUID) -> Response:
    """Take a line about how to reach a client away, for everybody on the care team."""
    with service().db.write() as session:
        client_id = notices.done(session, caller(), notice_id)
    if request.form.get("back") == "client":
        return redirect(url_for("console.client", client_id=client_id), 303)
    return redirect(url_for("console.today"), 303)
