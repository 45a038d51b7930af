"""Sets of measures: list, make, change their order with buttons, put away. No press loses what was typed."""

from __future__ import annotations

from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery import batteries, offers
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.people import Role
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service


@bp.get("/sets")
def sets() -> str:
    """The sets in use of each practice, and those that were put away."""
    with service().db.read() as session:
        shown = [
            (
                g.practices[practice_id],
                offers.sets(session, practice_id),
                offers.sets(session, practice_id, True),
            )
            for practice_id in caller().practices(Role.CLINICIAN)
        ]
    return render_template("console/sets.html", shown=shown)


@bp.route("/sets/new/<uuid:practice_id>", methods=["GET", "POST"])
def new_set(practice_id: UUID) -> Response:
    """A new set of a practice of the caller's."""
    if practice_id not in caller().practices(Role.CLINICIAN):
        raise NotFound
    return _edit(practice_id, None)


@bp.route("/sets/<uuid:battery_id>", methods=["GET", "POST"])
def change_set(battery_id: UUID) -> Response:
    """Name and measures of a set."""
    with service().db.read() as session:
        row = batteries.one(session, caller(), battery_id)
    return _edit(row.practice_id, battery_id)


@bp.post("/sets/<uuid:battery_id>/away")
def put_set_away(battery_id: UUID) -> Response:
    """Take a set out of use, or back into it."""
    with service().db.write() as session:
        batteries.put_away(session, caller(), battery_id, away=request.form.get("to") != "back")
    return redirect(url_for("console.sets"), 303)


def _edit(practice_id: UUID, battery_id: UUID | None) -> Response:
    """The form with one more press done on it, or stored."""
    form, error = request.form, None
    go, _, which = form.get("go", "").partition(":")
    name, keys = form.get("name", ""), form.getlist("measure")
    if go == "add":
        keys = [*keys, form.get("more", "")]
    elif go in ("up", "down", "out") and which in keys:
        keys = _moved(keys, which, go)
    elif request.method == "POST":
        try:
            with service().db.write() as session:
                if battery_id is None:
                    batteries.make(session, caller(), practice_id, name, keys)
                else:
                    batteries.change(session, caller(), battery_id, name, keys)
        except (Invalid, Conflict) as refused:
            error = refused
        else:
            return redirect(url_for("console.sets"), 303)
    with service().db.read() as session:
        if request.method != "POST" and battery_id is not None:
            row = batteries.one(session, caller(), battery_id)
            name, keys = row.name, batteries.keys(row)
        chosen, others = offers.for_set(session, practice_id, keys)
    page = render_template(
        "console/set.html",
        battery_id=battery_id,
        name=name,
        chosen=chosen,
        others=others,
        error=error,
        fields=error.fields if isinstance(error, Invalid) else {},
    )
    return make_response(page, error.status if error else 200)


def _moved(keys: list[str], which: str, go: str) -> list[str]:
    place = keys.index(which)
    left = [key for key in keys if key != which]
    if go != "out":
        left.insert(max(0, place + (1 if go == "down" else -1)), which)
    return left
