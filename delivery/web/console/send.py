"""Sending: pick a client, tick measures, choose a way, see what goes out, send."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery import clients, sending
from delivery.assignments import Ask
from delivery.errors import Conflict, Invalid
from delivery.models.assignments import Way
from delivery.states import ClientState
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

#: Ways that this page offers so far.
WAYS = (Way.EMAIL, Way.IN_PERSON)
#: Where the page shows the reason for a refusal.
PLACES = {"instruments": "what", "channel": "how"}
SHOWN = 50


@bp.route("/send", methods=["GET", "POST"])
def send() -> Response:
    """Without a client: find one. With one: what, how, and what it looks like."""
    typed = request.form if request.method == "POST" else request.args
    if not typed.get("client"):
        sought = request.form.get("words", "")[:200]
        with service().db.write() as session:
            found = clients.caseload(session, caller(), sought)
        active = [one for one in found if one.state is ClientState.ACTIVE]
        page = render_template(
            "console/send_who.html", clients=active[:SHOWN], total=len(active), sought=sought
        )
        return make_response(page)
    client_id = _uuid(typed["client"])
    if request.method != "POST":
        return _form(200, client_id)
    try:
        with service().db.write() as session:
            row = sending.send(session, caller(), _wanted(client_id), service().settings)
    except (Invalid, Conflict) as error:
        return _form(error.status, client_id, error)
    return redirect(url_for("console.assignment", assignment_id=row.id), 303)


def _wanted(client_id: UUID) -> Ask:
    form = request.form
    if form.get("how") not in {way.value for way in WAYS}:
        raise Invalid("Choose how.", {"channel": "Choose a way."})
    return Ask(
        client_id=client_id,
        instruments=form.getlist("what"),
        channel=Way(form["how"]),
        respondent_id=_uuid(form["who"]) if form.get("who") else None,
    )


def _form(status: int, client_id: UUID, error: Invalid | Conflict | None = None) -> Response:
    with service().db.write() as session:
        offered = sending.choices(session, caller(), client_id, service().settings)
    reasons = error.fields if isinstance(error, Invalid) else {}
    page = render_template(
        "console/send.html",
        offered=offered,
        typed=request.form,
        error=error,
        fields={PLACES.get(name, name): why for name, why in reasons.items()},
    )
    return make_response(page, status)


def _uuid(text: str) -> UUID:
    """Raises Invalid for what is no id."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("This request could not be read.") from None
