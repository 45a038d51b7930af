"""A client's appointments, a list of them from a file, and the member's calendar."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any, Final
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from delivery import access, appointment_lists, appointments, audit, feeds
from delivery.calendars.appointment_file import AppointmentFile
from delivery.errors import Conflict, Invalid
from delivery.models.clients import Client
from delivery.models.people import Role
from delivery.web.console import words
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

#: A list of 1 MB, also as text on the page that asks whether to keep it.
LARGEST: Final = 1_500_000
MOST_BYTES: Final = 1024 * 1024


@bp.get("/appointments")
def all_appointments() -> Response:
    """The member's calendar address, the list from a file, and appointments that overlap."""
    return _page(200)


@bp.post("/appointments/calendar")
def add_calendar() -> Response:
    """Read this calendar from now on."""
    try:
        with service().db.write() as session:
            feeds.add(session, caller(), _practice(), request.form.get("url", ""), service().settings)
    except Invalid as error:
        return _page(error.status, error=error, fields=error.fields)
    return redirect(url_for("console.all_appointments"), 303)


@bp.post("/appointments/calendar/<uuid:feed_id>/stop")
def stop_calendar(feed_id: UUID) -> Response:
    """Read it no more."""
    with service().db.write() as session:
        feeds.stop(session, caller(), feed_id)
    return redirect(url_for("console.all_appointments"), 303)


@bp.post("/appointments/file")
def appointment_list() -> Response:
    """A list: first what is in it and what is wrong, then, after a press, all of it is kept."""
    request.max_content_length = request.max_form_memory_size = LARGEST
    practice_id = _practice()
    try:
        raw = _brought()
        with service().db.write() as session:
            read = appointment_lists.read(session, caller(), practice_id, raw)
            if request.form.get("go") == "keep" and not read.faults:
                kept = appointment_lists.keep(session, caller(), practice_id, read)
                return redirect(url_for("console.all_appointments", kept=kept), 303)
    except Invalid as error:
        return _page(error.status, error=error, fields=error.fields or {"file": str(error)})
    carried = base64.b64encode(zlib.compress(raw)).decode()
    return _page(422 if read.faults else 200, read=read, carried=carried)


def _brought() -> bytes:
    carried = request.form.get("carried", "")
    if carried:
        try:
            packed = base64.b64decode(carried, validate=True)
            return bytes(zlib.decompressobj().decompress(packed, MOST_BYTES + 1))
        except (binascii.Error, ValueError, zlib.error):
            raise Invalid("Choose the file again.", {"file": "Choose the file again."}) from None
    brought = request.files.get("file")
    if brought is None or not brought.filename:
        raise Invalid("Choose a file first.", {"file": "Choose a file first."})
    return bytes(brought.read())


@bp.post("/clients/<uuid:client_id>/appointments")
def add_appointment(client_id: UUID) -> Response:
    """ "Tuesdays 10:00", typed once."""
    try:
        with service().db.write() as session:
            appointments.add(session, caller(), client_id, request.form.get("appointment", ""))
    except (Invalid, Conflict) as error:
        return _of_client(client_id, error)
    return _back(client_id)


@bp.post("/clients/<uuid:client_id>/code")
def set_code(client_id: UUID) -> Response:
    """The code by which a client is found in the calendar."""
    try:
        with service().db.write() as session:
            appointments.set_code(session, caller(), client_id, request.form.get("code", ""))
    except Invalid as error:
        return _of_client(client_id, error)
    return _back(client_id)


@bp.post("/appointments/<uuid:appointment_id>/skip")
def skip_session(appointment_id: UUID) -> Response:
    """Skip one session, or take that back."""
    undo, key = request.form.get("do") == "undo", request.form.get("key", "")
    with service().db.write() as session:
        client_id = appointments.skip(session, caller(), appointment_id, key, undo=undo)
    return _back(client_id)


@bp.post("/appointments/<uuid:appointment_id>/end")
def end_appointment(appointment_id: UUID) -> Response:
    """The client no longer comes at this time."""
    with service().db.write() as session:
        client_id = appointments.end(session, caller(), appointment_id)
    return _back(client_id)


def _back(client_id: UUID) -> Response:
    return redirect(url_for("console.client", client_id=client_id, _anchor="sessions"), 303)


def _of_client(client_id: UUID, error: Invalid | Conflict) -> Response:
    """The client's sessions alone, with what was typed and why it was not taken."""
    with service().db.write() as session:
        client = access.client(session, caller(), client_id)
        audit.record(session, client.practice_id, caller().actor, audit.Tag.CLIENT_READ, client.id)
    fields = error.fields if isinstance(error, Invalid) else {"appointment": str(error)}
    page = render_template(
        "console/client_sessions.html",
        client=client,
        session_typed=request.form,
        session_fields=fields,
        error=error,
    )
    return make_response(page, error.status)


def _practice() -> UUID:
    mine = caller().practices(Role.CLINICIAN)
    named = request.form.get("practice", "")
    found = next((one for one in mine if str(one) == named), mine[0] if not named else None)
    if found is None:
        raise Invalid("Choose a practice.", {"practice": "One of yours."})
    return found


def _page(status: int, read: AppointmentFile | None = None, **more: Any) -> Response:
    with service().db.write() as session:
        mine: list[Client] = list(session.scalars(access.clients(caller())))
        for practice_id in caller().practices(Role.CLINICIAN):
            ids = sorted(str(one.id) for one in mine if one.practice_id == practice_id)
            tag = audit.Tag.CLIENT_LIST_READ
            audit.record(session, practice_id, caller().actor, tag, detail={"clients": ids})
        names = {client.id: words.name(client) for client in mine}
        values = {
            "calendars": feeds.of_person(session, caller()),
            "is_silent": feeds.is_silent,
            "clashes": appointments.clashes(session, caller(), names),
            "with_code": {client.calendar_code: client for client in mine if client.calendar_code},
            "practices": [g.practices[one] for one in caller().practices(Role.CLINICIAN)],
            "kept": request.args.get("kept", type=int),
            "error": None,
            "fields": {},
            "carried": "",
            "typed": request.form,
            **more,
        }
    return make_response(render_template("console/appointments.html", read=read, **values), status)
