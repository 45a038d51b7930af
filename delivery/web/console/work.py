"""What got stuck: work that gave up, and messages that did not go or may not have gone."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from delivery import stuck
from delivery import today as overview
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service


@bp.get("/work")
def work() -> str:
    """Each with a button that tries again."""
    with service().db.write() as session:
        astray, parked = stuck.astray(session, caller()), stuck.parked(session, caller())
        named = {a.client_id for a in astray if a.client_id}
        named |= {p.assignment.client_id for p in parked if p.assignment}
        clients = overview.named_clients(session, caller(), named)
    return render_template("console/work.html", astray=astray, parked=parked, clients=clients)


@bp.post("/work/<uuid:entry_id>/retry")
def retry(entry_id: UUID) -> Response:
    """Make parked work due at once."""
    with service().db.write() as session:
        stuck.retry(session, caller(), entry_id)
    return redirect(url_for("console.work"), 303)


@bp.post("/messages/<uuid:dispatch_id>/again")
def send_again(dispatch_id: UUID) -> Response:
    """Send a failed or unclear message once more, because a person decided it."""
    with service().db.write() as session:
        stuck.send_again(session, caller(), dispatch_id)
    return redirect(url_for("console.work"), 303)
