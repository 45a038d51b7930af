"""Clients: the list, adding one, one client's page, and what a person can change there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from delivery import access, client_life, client_record, clients, contacts, passphrases, reach
from delivery.clients import NewConsent, NewRespondent
from delivery.contacts import NewContact
from delivery.errors import Invalid
from delivery.models.clients import ContactKind
from delivery.models.people import Role
from delivery.portal import office
from delivery.states import ClientState
from delivery.web.console import message_words
from delivery.web.console.gate import bp, caller, zone
from delivery.web.zones import service

#: As many as a person reads; more are found by searching.
SHOWN = 200
#: Time zones on offer beside the practice's own; any other is typed through the API.
ZONES = (
    "America/Los_Angeles",
    "America/Boise",
    "America/Denver",
    "America/Phoenix",
    "America/Chicago",
    "America/New_York",
    "America/Anchorage",
    "Pacific/Honolulu",
)
LANGUAGES = ("en", "es")
#: Fields of the form for a new client: the address or number, and the day of the consent to it.
TYPED: Final = {
    ContactKind.EMAIL: ("email", "consent_on"),
    ContactKind.SMS: ("phone", "sms_consent_on"),
}


@bp.route("/clients", methods=["GET", "POST"])
def caseload() -> str:
    """The caseload by name. A search is posted, so that names stay out of addresses and their logs."""
    sought = request.form.get("words", "")[:200] if request.method == "POST" else ""
    with service().db.write() as session:
        found = clients.caseload(session, caller(), sought)
    return render_template("console/clients.html", clients=found[:SHOWN], total=len(found), sought=sought)


@bp.route("/clients/new", methods=["GET", "POST"])
def add() -> Response:
    """Add a client; everything but a name may wait."""
    if request.method != "POST":
        return _form(200, request.form)
    try:
        made = _add(request.form)
    except Invalid as error:
        return _form(error.status, request.form, error)
    return redirect(url_for("console.client", client_id=made), 303)


def _form(status: int, typed: MultiDict[str, str], error: Invalid | None = None) -> Response:
    mine = [g.practices[one] for one in caller().practices(Role.CLINICIAN)]
    page = render_template(
        "console/client_new.html",
        typed=typed,
        error=error,
        fields=error.fields if error else {},
        practices=mine,
        zones=ZONES,
        languages=LANGUAGES,
    )
    return make_response(page, status)


def _add(typed: MultiDict[str, str]) -> UUID:
    practice_id = _practice(typed.get("practice", ""))
    language = typed.get("language", "en")
    if language not in LANGUAGES:
        raise Invalid("Choose a language.", {"language": "English or Spanish."})
    new = [_contact(typed, kind, zone(practice_id)) for kind in TYPED]
    points = [contact for contact, _given in new if contact]
    agreed = [given for _point, given in new if given]
    with service().db.write() as session:
        made = clients.add(
            session,
            caller(),
            given_name=typed.get("given_name", ""),
            family_name=typed.get("family_name", ""),
            called_by=typed.get("called_by", ""),
            date_of_birth=day_of(typed, "date_of_birth"),
            sex_for_scoring=typed.get("sex_for_scoring", ""),
            time_zone=typed.get("time_zone", "") or None,
            language=language,
            practice_id=practice_id,
            respondents=[NewRespondent(language=language, contacts=points, consents=agreed)],
        )
        return made.id


def _contact(
    typed: MultiDict[str, str], kind: ContactKind, zone_name: str
) -> tuple[NewContact | None, NewConsent | None]:
    """What was typed, and the consent to it. Raises Invalid by the page's own fields."""
    field, day = TYPED[kind]
    value, signed_on = typed.get(field, "").strip(), day_of(typed, day)
    if signed_on is not None and not value:
        raise Invalid("A consent to what?", {field: "Write it, or leave out the day of the consent."})
    if not value:
        return None, None
    try:
        contacts.normal_contact(kind, value)
        at = reach.signed(signed_on, zone_name) if signed_on else None
    except Invalid as error:
        places = {"contact": field, "consent_on": day}
        raise Invalid(str(error), {places[name]: why for name, why in error.fields.items()}) from None
    given = NewConsent(kind.value, reach.WORDING, at, reach.ON_PAPER, value) if at else None
    return NewContact(kind, value), given


def _practice(typed: str) -> UUID:
    mine = caller().practices(Role.CLINICIAN)
    found = next((one for one in mine if str(one) == typed), mine[0] if not typed else None)
    if found is None:
        raise Invalid("Choose a practice.", {"practice": "One of yours."})
    return found


def day_of(typed: MultiDict[str, str], field: str) -> date | None:
    """A day from a date field; None where it is empty. Raises Invalid."""
    text = typed.get(field, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("That is not a day.", {field: "Write it like 2026-11-23."}) from None


@bp.get("/clients/<uuid:client_id>")
def client(client_id: UUID) -> str:
    """One client's page."""
    return client_page(client_id)


def client_page(
    client_id: UUID,
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
    fields: Mapping[str, str] = MappingProxyType({}),
    place: str = "",
) -> str:
    """The page; `place` names the form that `typed` and the reasons in `fields` belong to."""
    with service().db.write() as session:
        record = client_record.read(session, caller(), client_id)
        desks = office.of_client(session, caller(), client_id)
    return render_template(
        "console/client.html",
        record=record,
        desks=desks,
        typed=typed,
        fields=fields,
        place=place,
        check=request.args.get("check", ""),
        stopped=request.args.get("stopped", 0, type=int),
        told=message_words,
        wording=reach.WORDING,
    )


@bp.post("/clients/<uuid:client_id>/state")
def change_state(client_id: UUID) -> Response:
    """Pause, go on, close, or note a death; what was open stops at once."""
    wanted = request.form.get("to", "")
    if wanted not in {state.value for state in ClientState}:
        raise Invalid("That is not one of the choices.")
    with service().db.write() as session:
        stopped = client_life.set_state(session, caller(), client_id, ClientState(wanted))
    return redirect(url_for("console.client", client_id=client_id, stopped=stopped or None), 303)


@bp.post("/clients/<uuid:client_id>/about")
def change_about(client_id: UUID) -> Response:
    """Note what some measures need: date of birth, sex used for scoring; and the name to be called by."""
    typed = request.form
    try:
        with service().db.write() as session:
            clients.change(
                session,
                caller(),
                client_id,
                called_by=typed.get("called_by", ""),
                date_of_birth=day_of(typed, "date_of_birth"),
                sex_for_scoring=typed.get("sex_for_scoring", ""),
            )
    except Invalid as error:
        page = client_page(client_id, typed=typed, fields=error.fields, place="about")
        return make_response(page, error.status)
    return redirect(url_for("console.client", client_id=client_id), 303)


@bp.post("/clients/<uuid:client_id>/passphrase")
def agree_on_word(client_id: UUID) -> Response:
    """Set, change or remove the word that links of one who answers ask for."""
    who_id = respondent_id(client_id)
    remove = request.form.get("do") == "remove"
    try:
        hashed = None if remove else passphrases.hashed(request.form.get("passphrase", ""))
    except Invalid as error:
        page = client_page(client_id, fields=error.fields, place=f"word-{who_id}")
        return make_response(page, error.status)
    with service().db.write() as session:
        passphrases.keep(session, caller(), who_id, hashed)
    return redirect(url_for("console.client", client_id=client_id), 303)


@bp.post("/clients/<uuid:client_id>/wants-again")
def wants_again(client_id: UUID) -> Response:
    """After a talk the client wants forms again."""
    who_id = respondent_id(client_id)
    with service().db.write() as session:
        reach.wants_again(session, caller(), who_id)
    return redirect(url_for("console.client", client_id=client_id), 303)


def respondent_id(client_id: UUID) -> UUID:
    """The posted respondent, who must answer for the client of the address. Raises NotFound, Invalid."""
    with service().db.read() as session:
        access.client(session, caller(), client_id)
        known = {str(one.id): one.id for one in clients.respondents(session, client_id)}
    try:
        return known[request.form.get("respondent", "")]
    except KeyError:
        raise Invalid("Choose who answers.") from None
