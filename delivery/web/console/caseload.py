"""A caseload out of a file: what was understood of it first, and after one press all of it."""

from __future__ import annotations

import base64
import binascii
from typing import Final
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from delivery import caseload_import, caseload_look, library, past_totals
from delivery.caseload import file, past
from delivery.caseload.faults import Fault
from delivery.caseload_look import Given, Look
from delivery.db import uuid7
from delivery.errors import Conflict, Invalid
from delivery.models.clients import Client
from delivery.models.people import Practice, Role
from delivery.past_totals import Kept
from delivery.web.console import bulk_form
from delivery.web.console.clients import client_page
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

#: More than a file may have, so that one that is too large is told so in the page's own words.
LARGEST: Final = 12_000_000
#: A file of 1 MB written as text.
LARGEST_FIELD: Final = 1_600_000
TOO_LARGE: Final = (
    f"A file can have at most 1 MB, and {file.MOST_ROWS} clients or {past.MOST_ROWS} past totals. "
    "This one is larger. Split it into several files."
)


@bp.route("/clients/import", methods=["GET", "POST"])
def import_caseload() -> Response:
    """Choose a file; what it would bring in, row by row; and the press that stores all of it."""
    if request.method != "POST":
        return _choose(g.practices[bulk_form.practice_of(request.args)])
    # Has to be said before anything of the form is read.
    request.max_content_length, request.max_form_memory_size = LARGEST, LARGEST_FIELD
    try:
        practice = g.practices[bulk_form.practice_of(request.form)]
    except RequestEntityTooLarge:
        first = bulk_form.practice_of(request.args)
        return _choose(g.practices[first], Invalid(TOO_LARGE))
    try:
        raw = _file()
        with service().db.read() as session:
            there = library.of(session, practice.id).instruments
        given = caseload_look.read(raw, practice, there)
    except Invalid as error:
        return _choose(practice, error)
    return (
        _import(practice, raw, given) if request.form.get("go") == "import" else _look(practice, raw, given)
    )


def _import(practice: Practice, raw: bytes, given: Given) -> Response:
    import_id = bulk_form.form_key(request.form)
    attested = request.form.get("attested") == "yes"
    try:
        with service().db.write() as session:
            caseload_import.bring_in(
                session, caller(), import_id, practice, given, _left_out(), attested=attested
            )
    except (Invalid, Conflict) as error:
        return _look(practice, raw, given, error)
    return redirect(url_for("console.caseload_imported", import_id=import_id), 303)


def _look(practice: Practice, raw: bytes, given: Given, error: Invalid | Conflict | None = None) -> Response:
    left_out = _left_out()
    with service().db.write() as session:
        found = caseload_look.compare(session, caller(), practice.id, given, left_out)
        if request.form.get("go") == "all" and found.snags:
            left_out |= {snag.line for snag in found.snags}
            found = caseload_look.compare(session, caller(), practice.id, given, left_out)
    page = render_template(
        "console/caseload_look.html",
        found=found,
        by_row=_by_row(found),
        past=given.totals is not None,
        content=base64.urlsafe_b64encode(raw).decode(),
        form=request.form.get("form") or uuid7(),
        practice=practice,
        error=error,
        fields=error.fields if isinstance(error, Invalid) else {},
    )
    return make_response(page, error.status if error else 200)


def _by_row(found: Look) -> dict[int, list[Fault]]:
    rows: dict[int, list[Fault]] = {}
    for fault in found.faults:
        rows.setdefault(fault.line, []).append(fault)
    return rows


def _choose(practice: Practice, error: Invalid | None = None) -> Response:
    page = render_template(
        "console/caseload.html",
        practice=practice,
        practices=[row for row in g.practices.values() if row.id in caller().practices(Role.CLINICIAN)],
        most=file.MOST_ROWS,
        most_totals=past.MOST_ROWS,
        error=error,
    )
    return make_response(page, error.status if error else 200)


def _file() -> bytes:
    """The file that was brought, or the one that the page carries. Raises Invalid."""
    if "content" in request.form:
        try:
            return base64.b64decode(request.form["content"], altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise Invalid("This request could not be read. Choose the file again.") from None
    brought = request.files.get("file")
    if brought is None or not brought.filename:
        raise Invalid("Choose a file first.")
    raw: bytes = brought.read()
    return raw


def _left_out() -> frozenset[int]:
    """Rows that were ticked, by their number in the file."""
    typed = request.form.getlist("out")
    return frozenset(int(one) for one in typed if one.isascii() and one.isdigit() and len(one) < 9)


@bp.get("/clients/import/<uuid:import_id>")
def caseload_imported(import_id: UUID) -> str:
    """What came in, and the way to the first questionnaire for all of them."""
    with service().db.write() as session:
        done = caseload_import.find(session, caller(), import_id)
        clients = caseload_import.named(session, caller(), done)
    return render_template("console/caseload_done.html", done=done, clients=clients)


@bp.post("/clients/<uuid:client_id>/past-totals/<uuid:total_id>")
def change_past_total(client_id: UUID, total_id: UUID) -> Response:
    """Correct a total from before LightQ, or take it away, and say why."""
    typed, acting = request.form, caller()
    reason = typed.get("reason", "")
    try:
        with service().db.write() as session:
            if typed.get("do") == "remove":
                past_totals.remove(session, acting, client_id, total_id, reason)
            else:
                total, on = typed.get("total", ""), typed.get("on", "")
                past_totals.correct(session, acting, client_id, total_id, total, on, reason)
    except (Invalid, Conflict) as error:
        fields = error.fields if isinstance(error, Invalid) else {"on": str(error)}
        page = client_page(client_id, typed=typed, fields=fields, place=f"past-{total_id}")
        return make_response(page, error.status)
    return redirect(url_for("console.client", client_id=client_id, _anchor="h-past"), 303)


@bp.app_context_processor
def _for_templates() -> dict[str, object]:
    return {"past_totals": _past_totals}


def _past_totals(client: Client) -> list[Kept]:
    """The totals on a page whose read is in the audit log already."""
    with service().db.read() as session:
        return past_totals.of_client(session, client.id)
