"""On a client's page: a link to their own page, trends there, and signing them out everywhere."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from delivery import access, contact_changes
from delivery.errors import Conflict, Invalid, NotFound
from delivery.portal import office
from delivery.web.console.clients import client_page, respondent_id
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service


@bp.post("/clients/<uuid:client_id>/portal/link")
def portal_link(client_id: UUID) -> Response:
    """ "Send a portal link" to one address or number."""
    try:
        point_id = UUID(request.form.get("point", ""))
    except ValueError:
        raise NotFound from None
    place = f"portal-{point_id}"
    try:
        with service().db.write() as session:
            access.client(session, caller(), client_id)
            point, _respondent, client = contact_changes.find(session, caller(), point_id)
            if client.id != client_id:
                raise NotFound
            office.invite(session, caller(), point.id)
    except Conflict as error:
        page = client_page(client_id, fields={"portal": str(error)}, place=place)
        return make_response(page, error.status)
    return redirect(url_for("console.client", client_id=client_id, _anchor=place), 303)


@bp.post("/clients/<uuid:client_id>/portal")
def portal(client_id: UUID) -> Response:
    """Whether trends show there; or sign somebody out everywhere."""
    who_id, do = respondent_id(client_id), request.form.get("do", "")
    if do not in ("show", "hide", "out"):
        raise Invalid("That is not one of the choices.")
    with service().db.write() as session:
        if do == "out":
            office.sign_out(session, caller(), who_id)
        else:
            office.show_trends(session, caller(), who_id, show=do == "show")
    return redirect(url_for("console.client", client_id=client_id, _anchor=f"own-{who_id}"), 303)
