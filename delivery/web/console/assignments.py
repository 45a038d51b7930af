"""One ask: where it is, its history, undo, send again, take back."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery import asked, audit, resending, stuck
from delivery import assignments as asks
from delivery.errors import Invalid
from delivery.models.assignments import Way
from delivery.web.console import message_words, times
from delivery.web.console.gate import bp, caller, zone
from delivery.web.zones import service


@bp.get("/assignments/<uuid:assignment_id>")
def assignment(assignment_id: UUID) -> str:
    """What was asked and what became of it."""
    with service().db.write() as session:
        found = asked.read(session, caller(), assignment_id)
    until = found.undo_until
    return render_template(
        "console/assignment.html",
        asked=found,
        undo_until=times.clock(until, zone(found.assignment.practice_id)) if until else None,
        told=message_words,
    )


@bp.post("/assignments/<uuid:assignment_id>/cancel")
def cancel(assignment_id: UUID) -> Response:
    """Undo before the message goes, take back afterwards: link and unsent messages end."""
    with service().db.write() as session:
        asks.cancel(session, caller(), assignment_id)
    return _back(assignment_id)


@bp.post("/assignments/<uuid:assignment_id>/resend")
def resend(assignment_id: UUID) -> Response:
    """Send the same link once more; through another channel where `how` names one."""
    how = request.form.get("how", "")
    if how not in ("", *Way):
        raise Invalid("Choose a way.")
    with service().db.write() as session:
        message = resending.resend(session, caller(), assignment_id, Way(how) if how else None)
        audit.record(session, message.practice_id, caller().actor, audit.Tag.WORK_RETRIED, message.id)
    return _back(assignment_id)


@bp.post("/assignments/<uuid:assignment_id>/messages/<uuid:dispatch_id>/again")
def send_unclear_again(assignment_id: UUID, dispatch_id: UUID) -> Response:
    """Send an unclear message once more, because a person knows the risk."""
    with service().db.write() as session:
        stuck.send_again(session, caller(), dispatch_id)
    return _back(assignment_id)


def _back(assignment_id: UUID) -> Response:
    return redirect(url_for("console.assignment", assignment_id=assignment_id), 303)
