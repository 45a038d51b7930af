"""The builder: a member makes a questionnaire page by page, publishes it, and changes it later."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from delivery import drafts
from delivery.errors import Conflict, Invalid
from delivery.web.console.builder_form import PARTS, TICKED, lost, page_of, take
from delivery.web.console.builder_preview import pdf, phone
from delivery.web.console.gate import bp, caller
from delivery.web.console.instruments import practice_id, practices, show
from delivery.web.zones import service
from questionnaires.drafts import draft as drafted
from questionnaires.drafts import presses as draft_presses
from questionnaires.drafts.file import possible
from questionnaires.drafts.presses import NoSuchPlace, TooMany
from questionnaires.drafts.problems import where

#: A whole page of questions with long texts is more than an ordinary form.
MOST_BYTES: Final = 2_000_000


@bp.route("/instruments/new", methods=["GET", "POST"])
def new_instrument() -> Response:
    """Begin a questionnaire, or go on with a draft."""
    if request.method != "POST":
        return _new(200)
    name = " ".join(request.form.get("name", "").split())
    try:
        with service().db.write() as session:
            row = drafts.begin(session, caller(), practice_id(), name)
    except (Invalid, Conflict) as error:
        return _new(error.status, error)
    return redirect(_address(row.id, "about"), 303)


def _new(status: int, error: Invalid | Conflict | None = None) -> Response:
    here = practice_id()
    with service().db.read() as session:
        listed = drafts.listed(session, caller(), here)
        published = drafts.published(session, here)
    return show(
        "builder_new",
        status,
        drafts=listed,
        published=published,
        error=error,
        fields=error.fields if isinstance(error, Invalid) else {},
        typed=request.form.get("name", ""),
        most=drafted.LONGEST["name"],
    )


@bp.post("/instruments/<key>/edit")
def edit_instrument(key: str) -> Response:
    """Begin the next version of a questionnaire of the practice's own."""
    try:
        with service().db.write() as session:
            row = drafts.edit(session, caller(), practice_id(), key)
    except Conflict as error:
        return _new(error.status, error)
    return redirect(_address(row.id, "about"), 303)


def _address(draft_id: UUID, part: str, **more: Any) -> str:
    return url_for("console.draft", draft_id=draft_id, part=part, **more)


@bp.get("/instruments/drafts/<uuid:draft_id>")
def draft(draft_id: UUID) -> Response:
    """One page of a draft."""
    with service().db.read() as session:
        found = drafts.read(session, caller(), draft_id)
    return _page(found, page_of(request.args.get("part")))


def _page(
    found: drafts.Open, part: str, status: int = 200, *, fields: dict[str, str] | None = None, **values: Any
) -> Response:
    check = "check" in request.values
    shown = found.problems if check else {}
    return show(
        "builder",
        status,
        open=found,
        it=found.draft,
        part=part,
        parts_of=PARTS,
        check=check,
        fields={**shown, **(fields or {})},
        answers_of=lambda listed: [(one.code, one.label or "…") for one in listed.answers],
        where=lambda place: where(found.draft, place),
        possible=lambda scale: possible(found.draft, scale),
        yes=TICKED,
        **{"error": None, "lost": [], **values},
    )


@bp.post("/instruments/drafts/<uuid:draft_id>")
def keep_draft(draft_id: UUID) -> Response:
    """Keep what was typed on a page, and do what the button says."""
    request.max_content_length = request.max_form_memory_size = MOST_BYTES
    form = request.form
    part, seen = page_of(form.get("part")), _moment(form.get("seen", ""))
    verb, _, to = form.get("do", "keep").partition(" ")
    with service().db.read() as session:
        found = drafts.read(session, caller(), draft_id)
    gone = lost(found.draft, part, form)
    if found.row.changed_at != seen:
        return _changed_since(draft_id, part, Conflict(drafts.CHANGED), gone)
    too_long = take(found.draft, part, form)
    try:
        if too_long:
            raise Invalid("Something is too long.", too_long)
        anchor = draft_presses.press(found.draft, f"{verb} {to}") if verb in draft_presses.VERBS else to
        with service().db.write() as session:
            drafts.keep(session, caller(), draft_id, found.draft, seen)
    except (TooMany, Invalid) as error:
        return _page(found, part, 422, error=error, fields=too_long)
    except NoSuchPlace:
        raise Invalid("This request could not be read.") from None
    except Conflict as error:
        return _changed_since(draft_id, part, error, gone)
    if verb in _FINISH:
        return _finish(draft_id, verb)
    shown = page_of(to) if verb in ("go", "see") else part
    check = 1 if "check" in form or verb == "see" else None
    return redirect(_address(draft_id, shown, check=check, _anchor=None if verb == "go" else anchor), 303)


def _finish(draft_id: UUID, verb: str) -> Response:
    """Preview, PDF or publish; while something is open, the page that says what."""
    try:
        return redirect(_FINISH[verb](draft_id), 303)
    except (Invalid, Conflict) as error:
        with service().db.read() as session:
            found = drafts.read(session, caller(), draft_id)
        return _page(found, "publish", error.status, error=error, fields=found.problems)


def _moment(typed: str) -> datetime:
    try:
        return datetime.fromisoformat(typed)
    except ValueError:
        raise Invalid("This request could not be read.") from None


def _changed_since(draft_id: UUID, part: str, error: Conflict, gone: list[str]) -> Response:
    """The draft as it is now, with what was typed and is not in it. A button pressed twice loses nothing."""
    if not gone:
        return redirect(_address(draft_id, part), 303)
    with service().db.read() as session:
        found = drafts.read(session, caller(), draft_id)
    return _page(found, part, error.status, error=error, lost=gone)


def _publish(draft_id: UUID) -> str:
    """Publish; the address of the page of what can be sent from now on."""
    with service().db.write() as session:
        file = drafts.publish(session, caller(), draft_id)
    there = file.practice_id if len(practices()) > 1 else None
    return url_for("console.instrument", key=file.key, version=file.version, practice=there, done="published")


_FINISH: Final = {"preview": phone, "pdf": pdf, "publish": _publish}


@bp.post("/instruments/drafts/<uuid:draft_id>/version")
def move_draft_on(draft_id: UUID) -> Response:
    """Make it the next free version, where somebody else has published one meanwhile."""
    with service().db.write() as session:
        drafts.move_on(session, caller(), draft_id)
    return redirect(_address(draft_id, "publish"), 303)


@bp.post("/instruments/drafts/<uuid:draft_id>/delete")
def delete_draft(draft_id: UUID) -> Response:
    """Delete a draft; what is published stays."""
    with service().db.write() as session:
        drafts.delete(session, caller(), draft_id)
    return redirect(url_for("console.new_instrument"), 303)
