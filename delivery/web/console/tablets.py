"""Tablets: add one, let a practice's clients answer on it, take it out of use, and how to set it up."""

from __future__ import annotations

from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery.errors import Conflict, Invalid
from delivery.kiosk import devices, policies, shown
from delivery.models.people import Role
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service


@bp.get("/tablets")
def tablets() -> Response:
    """The tablets of the caller's practices."""
    return _page()


def _page(
    error: Invalid | Conflict | None = None, code: str | None = None, fresh: UUID | None = None
) -> Response:
    with service().db.read() as session:
        found = devices.of_caller(session, caller())
    page = render_template(
        "console/tablets.html",
        tablets=found,
        practices=g.practices,
        owned=[g.practices[one] for one in caller().practices(Role.OWNER)],
        kept=set(caller().practices(*devices.KEEPERS)),
        number=devices.number,
        error=error,
        fields=error.fields if isinstance(error, Invalid) else {},
        typed=request.form,
        code=code,
        fresh=fresh,
        address=f"{service().settings.client_url}/kiosk",
    )
    return make_response(page, error.status if error else 200)


@bp.post("/tablets")
def tablet_add() -> Response:
    """A new tablet. Its code is shown here once."""
    chosen = [one for one in caller().practices(Role.OWNER) if str(one) in request.form.getlist("practice")]
    try:
        with service().db.write() as session:
            device, code = devices.add(session, caller(), chosen, request.form.get("name", ""))
            return _with_code(device.id, code)
    except Invalid as error:
        return _page(error)


def _with_code(device_id: UUID, code: str) -> Response:
    page = render_template(
        "console/tablets_code.html",
        code=f"{code[:4]} {code[4:]}",
        device_id=device_id,
        address=f"{service().settings.client_url}/kiosk",
        minutes=int(devices.CODE_LIFE.total_seconds() // 60),
    )
    return make_response(page)


@bp.post("/tablets/<uuid:device_id>/code")
def tablet_code(device_id: UUID) -> Response:
    """Another code, where the first one ran out."""
    try:
        with service().db.write() as session:
            device, code = devices.new_code(session, caller(), device_id)
            return _with_code(device.id, code)
    except Conflict as error:
        return _page(error)


@bp.post("/tablets/grant")
def tablet_grant() -> Response:
    """Let the clients of one of the caller's practices answer on a tablet that is in use."""
    wanted = next(
        (one for one in caller().practices(Role.OWNER) if str(one) == request.form.get("practice")), None
    )
    try:
        if wanted is None:
            raise Invalid("Choose a practice.", {"grant": "Choose one of yours."})
        with service().db.write() as session:
            devices.grant(session, caller(), request.form.get("number", ""), wanted)
    except Invalid as error:
        return _page(error)
    return redirect(url_for("console.tablets"), 303)


@bp.post("/tablets/<uuid:device_id>/withdraw/<uuid:practice_id>")
def tablet_withdraw(device_id: UUID, practice_id: UUID) -> Response:
    """The clients of one practice answer there no more."""
    with service().db.write() as session:
        devices.withdraw(session, caller(), device_id, practice_id)
    return redirect(url_for("console.tablets"), 303)


@bp.post("/tablets/<uuid:device_id>/revoke")
def tablet_revoke(device_id: UUID) -> Response:
    """A lost tablet: out of use at once, with what it could have shown."""
    with service().db.write() as session:
        seen = shown.of_device(session, caller(), device_id)
        device = devices.revoke(session, caller(), device_id)
        page = render_template("console/tablets_lost.html", device=device, shown=seen)
    return make_response(page)


@bp.get("/tablets/setup")
def tablet_setup() -> str:
    """How to lock a tablet down, with a policy file for each kind."""
    address = f"{service().settings.client_url}/kiosk"
    return render_template(
        "console/tablets_setup.html",
        address=address,
        chrome=policies.chrome(address),
        edge=policies.edge(address),
    )
