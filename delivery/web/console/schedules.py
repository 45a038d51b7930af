"""Schedules: plan one and see every message before it is saved, what became of each, change, stop, list."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from delivery import access, appointments
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.clients import Client
from delivery.models.schedules import Schedule
from delivery.schedules import changing, making, pages, saying
from delivery.web.console import schedule_form, times
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

#: Weeks on offer in the list.
WEEKS = (1, 2, 3, 4, 6, 8, 12)
#: Where the page shows the reason for a refusal, by the field that names it.
PLACES = {"channel": "how", "instruments": "what", "wall_time": "time", "rule": "repeat"}


@bp.app_context_processor
def _for_schedules() -> dict[str, Any]:
    return {
        "schedule_words": saying,
        "plans_of": _plans_of,
        "plan_day": lambda on: times.date_words(date.fromisoformat(on)),
    }


def _plans_of(client: Client) -> dict[str, Any]:
    """What the client's page shows of schedules and sessions; that page has written the audit row."""
    with service().db.read() as session:
        rows = appointments.of_client(session, client.id)
        return {
            "schedules": pages.of_client(session, client),
            "typed": [row for row in rows if row.source == appointments.TYPED],
            "sessions": appointments.ahead(session, client.id),
            "suggested": None if client.calendar_code else appointments.suggest_code(session, client),
        }


@bp.get("/schedules")
def schedules() -> str:
    """All schedules of the caseload, those that go next first."""
    with service().db.write() as session:
        running, stopped = pages.of_caseload(session, caller())
    return render_template("console/schedules.html", running=running, stopped=stopped)


@bp.route("/schedules/new", methods=["GET", "POST"])
def new_schedule() -> Response:
    """Plan a schedule for a client: every press shows what it would send, and one of them saves it."""
    typed = _fitted(request.form) if request.method == "POST" else request.args
    client_id = _uuid(typed.get("client", ""))
    if request.method == "POST" and typed.get("go") == "save":
        return _saved(client_id, typed)
    return _page(200, client_id, typed)


@bp.route("/schedules/<uuid:schedule_id>/change", methods=["GET", "POST"])
def change_schedule(schedule_id: UUID) -> Response:
    """The same page for a schedule that runs: it is stopped, and the changed one takes its place."""
    with service().db.write() as session:
        row = changing.one(session, caller(), schedule_id)
    typed = _fitted(request.form) if request.method == "POST" else schedule_form.filled(row)
    if request.method == "POST" and typed.get("go") == "save":
        return _saved(row.client_id, typed, row)
    return _page(200, row.client_id, typed, instead=row)


@bp.get("/schedules/<uuid:schedule_id>")
def schedule(schedule_id: UUID) -> str:
    """One schedule: what went out and what came of it, and what will go out."""
    with service().db.write() as session:
        found = pages.running(session, caller(), schedule_id, service().settings)
    return render_template("console/schedule.html", found=found)


@bp.post("/schedules/<uuid:schedule_id>/stop")
def stop_schedule(schedule_id: UUID) -> Response:
    """One press stops it."""
    with service().db.write() as session:
        changing.stop(session, caller(), schedule_id)
    back = request.form.get("back") == "list"
    address = url_for("console.schedules") if back else url_for("console.schedule", schedule_id=schedule_id)
    return redirect(address, 303)


@bp.post("/schedules/<uuid:schedule_id>/skip")
def skip_turn(schedule_id: UUID) -> Response:
    """Take one message out, or put it back."""
    undo, key = request.form.get("do") == "undo", request.form.get("key", "")
    with service().db.write() as session:
        changing.skip(session, caller(), schedule_id, key, undo=undo)
    return redirect(url_for("console.schedule", schedule_id=schedule_id), 303)


def _saved(client_id: UUID, typed: MultiDict[str, str], instead: Schedule | None = None) -> Response:
    try:
        with service().db.write() as session:
            client = access.client(session, caller(), client_id)
            keys, battery = schedule_form.measures(session, client, typed)
            what = schedule_form.wanted(client, typed, keys, battery)
            if instead is None:
                row = making.save(session, caller(), what)
            else:
                row = changing.change(session, caller(), instead.id, what)
    except (Invalid, Conflict) as error:
        return _page(error.status, client_id, typed, error, instead=instead)
    return redirect(url_for("console.schedule", schedule_id=row.id), 303)


def _page(
    status: int,
    client_id: UUID,
    typed: MultiDict[str, str],
    error: Invalid | Conflict | None = None,
    *,
    instead: Schedule | None = None,
) -> Response:
    sought = "" if typed.get("go") == "all" else typed.get("find", "")[:80]
    with service().db.write() as session:
        client = access.client(session, caller(), client_id)
        keys, battery = schedule_form.measures(session, client, typed)
        what = None
        try:
            what = schedule_form.wanted(client, typed, keys, battery)
        except Invalid as fault:
            # A page that was only just opened has nothing wrong with it.
            error = error or (fault if typed.get("go") == "preview" else None)
        found = pages.planned(
            session,
            caller(),
            client,
            what,
            service().settings,
            keys=keys,
            respondent_id=schedule_form.respondent(typed),
            instead=instead.id if instead else None,
            sought=sought,
        )
    error = error or found.fault
    if error is None and typed.get("go") == "preview" and not keys:
        error = Invalid("Choose at least one measure.", {"what": "Choose at least one."})
    fields = error.fields if isinstance(error, Invalid) else {}
    page = render_template(
        "console/schedule_new.html",
        found=found,
        typed=typed,
        keys=keys,
        sought=sought,
        error=error,
        fields={PLACES.get(name, name): why for name, why in fields.items()},
        instead=instead,
        weeks=WEEKS,
    )
    return make_response(page, error.status if error and status == 200 and typed.get("go") else status)


def _fitted(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The fields, with the interval that fits the measures where that was pressed."""
    if not form.get("fit"):
        return form
    fitted = MultiDict(form)
    fitted["weeks"] = form["fit"]
    return fitted


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
