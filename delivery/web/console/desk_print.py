"""Paper for an outage: blank sheets of one ask or of the morning, and typing them in later."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response

from delivery.errors import Invalid
from delivery.kiosk import arrivals, paper
from delivery.kiosk.paper import Pack
from delivery.languages import worded
from delivery.models.people import Role
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service


@bp.get("/desk/blank/<uuid:assignment_id>")
def desk_blank(assignment_id: UUID) -> str:
    """The sheets of one ask, to print."""
    with service().db.write() as session:
        return _printed([paper.pack(session, caller(), assignment_id)])


@bp.get("/desk/blank")
def desk_morning() -> str:
    """The sheets of everybody who is expected today and has a form ready."""
    with service().db.write() as session:
        lines = [line for one in arrivals.today(session, caller()) for line in one.lines]
        ready = [line.ask.id for line in lines if line.here and line.state != "done"]
        return _printed([paper.pack(session, caller(), one) for one in ready])


def _printed(packs: list[Pack]) -> str:
    sheets = []
    for pack in packs:
        with force_locale(worded(pack.language)):
            sheets.append(render_template("kiosk/paper.html", pack=pack))
    return render_template("console/blank.html", sheets=sheets)


@bp.route("/desk/paper", methods=["GET", "POST"])
def desk_paper() -> Response:
    """Find the ask whose code stands on a sheet, and go on to typing it in: for its clinician."""
    caller().require(Role.CLINICIAN)
    typed = request.form.get("code", "")[:20]
    error = None
    if request.method == "POST":
        try:
            with service().db.write() as session:
                row = paper.to_be_typed(session, caller(), typed)
        except Invalid as found:
            error = found
        else:
            return redirect(url_for("console.answer", assignment_id=row.id), 303)
    page = render_template("console/desk_paper.html", typed=typed, error=error)
    return make_response(page, error.status if error else 200)
