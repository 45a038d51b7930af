"""The member's page for people who are not clients: what it offers, where it may be shown, how it is used.
And what becomes of those who sent a screening."""

from __future__ import annotations

from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from delivery import library
from delivery.errors import Invalid
from delivery.models.people import Role
from delivery.screening import counts, pages, prospects
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service


@bp.route("/screening", methods=["GET", "POST"])
def screening() -> Response:
    """Look at the page's settings, and change them. What is refused stays as it was typed."""
    if request.method != "POST":
        return _page(200)
    typed = request.form
    wish = pages.Wish(
        slug=typed.get("slug", ""),
        instruments=typed.getlist("measure"),
        open=typed.get("open") == "yes",
        takes_contact=typed.get("takes_contact") == "yes",
        origins=typed.get("origins", "")[:4000],
    )
    try:
        with service().db.write() as session:
            pages.change(session, caller(), wish, loopback=service().settings.on_loopback)
    except Invalid as error:
        return _page(error.status, typed, error)
    return redirect(url_for("console.screening", done=1), 303)


def _page(status: int, typed: MultiDict[str, str] | None = None, error: Invalid | None = None) -> Response:
    with service().db.read() as session:
        page = pages.mine(session, caller())
        practice_id = caller().require(Role.CLINICIAN, page.practice_id if page else None)
        assert practice_id is not None
        there = library.of(session, practice_id)
        months = counts.months(session, page) if page else []
    measures = pages.allowed(there)
    known = {one.key for one in measures}
    withdrawn = [one for one in (page.instruments if page else []) if one not in known]
    given = {
        "slug": page.slug if page else pages.suggestion(g.me.known_as),
        "measures": page.instruments if page else [],
        "open": page.open if page else False,
        "takes_contact": page.takes_contact if page else True,
        "origins": "\n".join(page.origins) if page else "",
    }
    if typed is not None:
        given = {
            "slug": typed.get("slug", ""),
            "measures": typed.getlist("measure"),
            "open": typed.get("open") == "yes",
            "takes_contact": typed.get("takes_contact") == "yes",
            "origins": typed.get("origins", ""),
        }
    text = render_template(
        "console/screening.html",
        page=page,
        given=given,
        measures=measures,
        withdrawn=withdrawn,
        months=months,
        shown_from=counts.SHOWN_FROM,
        address=f"{service().settings.client_url}/screen/{page.slug}" if page else "",
        error=error,
        fields=error.fields if error else {},
        done="done" in request.args,
    )
    return make_response(text, status)


@bp.post("/clients/<uuid:client_id>/prospect")
def prospect(client_id: UUID) -> Response:
    """Somebody who sent a screening: make them a client, or delete the record now."""
    if request.form.get("do") == "delete":
        with service().db.write() as session:
            prospects.delete(session, caller(), client_id)
        return redirect(url_for("console.caseload"), 303)
    if request.form.get("do") != "keep":
        raise Invalid("That is not one of the choices.")
    with service().db.write() as session:
        prospects.take_on(session, caller(), client_id)
    return redirect(url_for("console.client", client_id=client_id), 303)
