"""One act for many clients: choose, see who gets it and who does not, send, and watch it go."""

from __future__ import annotations

from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from delivery import (
    bulk,
    bulk_choice,
    bulk_preview,
    bulk_progress,
    bulk_stop,
    domains,
    eligibility,
    library,
    offers,
)
from delivery.bulk_progress import TO_COME
from delivery.db import uuid7
from delivery.errors import Conflict, Invalid
from delivery.models.people import Role
from delivery.web.console import bulk_form
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

#: Seconds until the page of a bulk send under way shows itself anew.
REFRESH = 5


@bp.route("/bulk", methods=["GET", "POST"])
def send_many() -> Response:
    """The form; the list of who gets it; and the press that sends. Nothing goes before that press."""
    typed = request.form if request.method == "POST" else request.args
    practice_id = bulk_form.practice_of(typed)
    go = request.form.get("go", "")
    try:
        if go == "send":
            return _send(practice_id, typed)
        if go == "see":
            return _list(practice_id, typed)
    except (Invalid, Conflict) as error:
        return _form(practice_id, typed, error)
    return _form(practice_id, typed)


def _send(practice_id: UUID, typed: MultiDict[str, str]) -> Response:
    shown = frozenset(bulk_form.ids_in(typed.get("to", "").split()))
    with service().db.write() as session:
        plan, whom = bulk_form.plan_of(session, typed, practice_id), bulk_form.whom_of(typed)
        row = bulk.send(session, caller(), bulk_form.form_key(typed), plan, whom, shown)
    return redirect(url_for("console.bulk_send", bulk_id=row.id), 303)


def _list(practice_id: UUID, typed: MultiDict[str, str]) -> Response:
    with service().db.write() as session:
        plan, whom = bulk_form.plan_of(session, typed, practice_id), bulk_form.whom_of(typed)
        lines = bulk_preview.preview(session, caller(), plan, whom)
        instruments = offers.known(library.of(session, practice_id), plan.instruments)
    page = render_template(
        "console/bulk.html",
        plan=plan,
        instruments=instruments,
        gets=[line for line in lines if line.bar is None],
        left_out=[line for line in lines if line.bar is not None],
        form=uuid7(),
        carried=[pair for pair in typed.items(multi=True) if pair[0] not in bulk_form.PRESSES],
        practice=g.practices[practice_id],
    )
    return make_response(page)


def _form(practice_id: UUID, typed: MultiDict[str, str], error: Invalid | Conflict | None = None) -> Response:
    with service().db.write() as session:
        clients = bulk_choice.caseload(session, caller(), practice_id)
        there = library.of(session, practice_id)
        by_link = [
            one for one in there.list() if eligibility.refused(there, one, bulk_choice.BY_LINK) is None
        ]
        sets = offers.sets(session, practice_id)
        recent = bulk.of_caller(session, caller())
    page = render_template(
        "console/bulk.html",
        plan=None,
        typed=typed,
        clients=clients,
        tags=sorted({tag for client in clients for tag in bulk_choice.tags(client)}, key=str.casefold),
        sets=sets,
        groups=domains.grouped(by_link),
        recent=recent,
        practice=g.practices[practice_id],
        practices=[g.practices[one] for one in g.practices if one in caller().practices(Role.CLINICIAN)],
        error=error,
        fields=error.fields if isinstance(error, Invalid) else {},
    )
    return make_response(page, error.status if error else 200)


@bp.get("/bulk/<uuid:bulk_id>")
def bulk_send(bulk_id: UUID) -> str:
    """How far a bulk send has come; while it moves the page shows itself anew."""
    with service().db.write() as session:
        found = bulk_progress.read(session, caller(), bulk_id)
    to_come = sum(found.counts[step] for step in TO_COME)
    still = request.args.get("still") == "yes"
    return render_template(
        "console/bulk_progress.html",
        found=found,
        to_come=to_come,
        still=still,
        refresh=REFRESH if found.moving and not still else None,
    )


@bp.post("/bulk/<uuid:bulk_id>/stop")
def stop_bulk_send(bulk_id: UUID) -> Response:
    """Take back what has not left."""
    with service().db.write() as session:
        bulk_stop.stop(session, caller(), bulk_id)
    return redirect(url_for("console.bulk_send", bulk_id=bulk_id), 303)
