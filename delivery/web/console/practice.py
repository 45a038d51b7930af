"""The owner's page of how the practice shows itself to clients, and a client page to look at it on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery import practices, theme
from delivery.errors import Forbidden, Invalid
from delivery.models.people import Practice, Role
from delivery.practices import LINE, MOST_LINES, Face
from delivery.web import theme as worn
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

#: Bytes: a logo that is too large by far still gets its sentence.
LARGEST = 1_000_000


def _practice_id() -> UUID:
    """The practice in the address, else the first that the caller owns. Raises Forbidden."""
    owned = set(caller().practices(Role.OWNER))
    mine: list[UUID] = [one for one in g.practices if one in owned]
    wanted = request.args.get("practice")
    found = next((one for one in mine if wanted in (None, str(one))), None)
    if found is None:
        raise Forbidden("Only an owner of the practice sees this page.")
    return found


@bp.route("/practice", methods=["GET", "POST"])
def practice() -> Response:
    """What clients see of the practice. What cannot be used is said beside its field; nothing is lost."""
    here = _practice_id()
    if request.method != "POST":
        return _show(here, practices.face(g.practices[here]), done="done" in request.args)
    request.max_content_length = LARGEST
    typed = _typed()
    try:
        with service().db.write() as session:
            practices.change(session, caller(), here, typed)
    except Invalid as refused:
        return _show(here, typed, refused)
    return redirect(_address("practice", here, done=1), 303)


@bp.get("/practice/preview")
def practice_preview() -> str:
    """A client's page in the practice's colours, as it is stored now."""
    found: Practice = g.practices[_practice_id()]
    worn.wear(found)
    return render_template("console/practice_preview.html", practice=found)


def _address(endpoint: str, practice_id: UUID, **values: Any) -> str:
    return url_for(f"console.{endpoint}", practice=practice_id, **values)


def _typed() -> Face:
    form = request.form
    brought = request.files.get("logo")
    logo = brought.read() if brought is not None and brought.filename else None
    lines = [{name: form.get(f"{name}-{n}", "") for name in LINE} for n in range(MOST_LINES)]
    return Face(
        form.get("sender_name", ""),
        form.get("phone", ""),
        form.get("reads_answers", ""),
        form.get("colour", ""),
        lines,
        b"" if form.get("no_logo") and logo is None else logo,
    )


def _show(here: UUID, typed: Face, error: Invalid | None = None, *, done: bool = False) -> Response:
    stored: Practice = g.practices[here]
    fields = error.fields if error else {}
    reads = [*practices.READS, *([] if stored.reads_answers in practices.READS else [stored.reads_answers])]
    owned = set(caller().practices(Role.OWNER))
    page = render_template(
        "console/practice.html",
        practice=stored,
        practices=[one for key, one in g.practices.items() if key in owned],
        typed=typed,
        lines=[typed.help_lines[n] if n < len(typed.help_lines) else {} for n in range(MOST_LINES)],
        reads=reads,
        accents=theme.accents(stored.colour) if stored.colour else None,
        logo_address=url_for("theme.logo", practice_id=here, v=theme.stamp(stored)) if stored.logo else None,
        largest_logo=theme.LARGEST_LOGO // 1000,
        address=_address,
        done=done,
        error=error,
        fields=fields,
    )
    return make_response(page, error.status if error else 200)
