"""The front desk: who has forms ready, a code for the tablet, a square for their own phone, and calls."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery.errors import Conflict, LightQError
from delivery.kiosk import arrivals, calls, devices, slips, tickets
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

#: Seconds after which the list loads itself again, unless it is held still.
AGAIN = 20


@bp.get("/desk")
def desk() -> Response:
    """The arrivals list, and whom somebody at a tablet asks for."""
    with service().db.write() as session:
        desks = arrivals.today(session, caller())
        waiting = calls.waiting(session, caller())
    still = request.args.get("still") == "1"
    reply = make_response(render_template("console/desk.html", desks=desks, calls=waiting, still=still))
    if not still:
        reply.headers["Refresh"] = str(AGAIN)
    return reply


@bp.get("/desk/<uuid:assignment_id>")
def desk_ask(assignment_id: UUID) -> Response:
    """One person's form: on which tablet, or on their own phone."""
    return _ask(assignment_id)


def _ask(assignment_id: UUID, error: LightQError | None = None) -> Response:
    with service().db.write() as session:
        practice, line = arrivals.one(session, caller(), assignment_id)
        there = devices.in_use(session, practice.id)
    page = render_template(
        "console/desk_ask.html",
        practice=practice,
        line=line,
        tablets=[(one, devices.there(one)) for one in there],
        error=error,
    )
    return make_response(page, error.status if error else 200)


@bp.post("/desk/<uuid:assignment_id>/tablet")
def desk_code(assignment_id: UUID) -> Response:
    """A code for one tablet. It is shown here once and kept nowhere."""
    try:
        with service().db.write() as session:
            practice, line = arrivals.one(session, caller(), assignment_id)
            chosen = request.form.get("tablet", "")
            device = next(
                (one for one in devices.in_use(session, practice.id) if str(one.id) == chosen), None
            )
            if device is None or not line.by_tablet:
                raise Conflict("This form cannot be answered on that tablet.")
            key = service().settings.keys[-1].encode()
            ticket, digits = tickets.make(session, caller(), line.ask, device, key)
    except Conflict as error:
        return _ask(assignment_id, error)
    page = render_template(
        "console/desk_code.html", line=line, device=device, digits=digits, until=ticket.expires_at
    )
    return make_response(page)


@bp.post("/desk/<uuid:assignment_id>/phone")
def desk_slip(assignment_id: UUID) -> Response:
    """The ask's link as a square, to point a phone at or to print."""
    try:
        with service().db.write() as session:
            practice, line = arrivals.one(session, caller(), assignment_id)
            slip = slips.make(session, caller(), line, service())
    except Conflict as error:
        return _ask(assignment_id, error)
    return make_response(render_template("console/desk_slip.html", line=line, practice=practice, slip=slip))


@bp.post("/desk/calls/<uuid:call_id>")
def desk_call_done(call_id: UUID) -> Response:
    """Somebody has gone to fetch them."""
    with service().db.write() as session:
        calls.done(session, caller(), call_id)
    return redirect(url_for("console.desk"), 303)
