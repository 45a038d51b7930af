"""Adding one more who answers about a client, with a contact, a language and a consent of their own."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from delivery import access, clients, consents, contacts, reach, respondents
from delivery.clients import NewConsent, NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.errors import Invalid
from delivery.models.clients import RespondentRole
from delivery.web.console.clients import LANGUAGES, day_of
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

ROLES = tuple(role for role in RespondentRole if role is not RespondentRole.SELF)


@bp.route("/clients/<uuid:client_id>/respondents/new", methods=["GET", "POST"])
def add_respondent(client_id: UUID) -> Response:
    """Add a parent, a teacher, a partner or somebody else."""
    typed = request.form
    if request.method != "POST":
        return _form(200, client_id, typed)
    try:
        with service().db.write() as session:
            client = access.client(session, caller(), client_id)
            made = respondents.add(session, caller(), client.id, _new(typed, clients.zone(session, client)))
            anchor = f"h-{made.id}"
    except Invalid as error:
        return _form(error.status, client_id, typed, error)
    return redirect(url_for("console.client", client_id=client_id, _anchor=anchor), 303)


def _form(status: int, client_id: UUID, typed: MultiDict[str, str], error: Invalid | None = None) -> Response:
    with service().db.read() as session:
        client = access.client(session, caller(), client_id)
    page = render_template(
        "console/respondent_new.html",
        client=client,
        typed=typed,
        error=error,
        fields=error.fields if error else {},
        roles=ROLES,
        languages=LANGUAGES,
        wording=consents.WORDING,
    )
    return make_response(page, status)


def _new(typed: MultiDict[str, str], zone: str) -> NewRespondent:
    """What was typed. Raises Invalid by the page's own fields."""
    role, language = typed.get("role", ""), typed.get("language", "en")
    if role not in {one.value for one in ROLES}:
        raise Invalid("Who is it?", {"role": "Choose one."})
    if language not in LANGUAGES:
        raise Invalid("Choose a language.", {"language": "English or Spanish."})
    point, given = _contact(typed, zone)
    return NewRespondent(
        role=RespondentRole(role),
        name=typed.get("name", ""),
        language=language,
        contacts=[point] if point else [],
        consents=[given] if given else [],
    )


def _contact(typed: MultiDict[str, str], zone: str) -> tuple[NewContact | None, NewConsent | None]:
    value, how = typed.get("contact", "").strip(), typed.get("consent", "none")
    if not value:
        if how != "none":
            raise Invalid("A consent to what?", {"contact": "Write the address or number."})
        return None, None
    kind = contacts.kind_of(value)
    contacts.normal_contact(kind, value)
    on, wording = day_of(typed, "consent_on"), typed.get("wording", "").strip()[:60] or consents.WORDING
    if how == "paper" and on is None:
        raise Invalid("When was it signed?", {"consent_on": "Write the day on the paper."})
    consent = None
    if how == "room":
        consent = NewConsent(kind.value, wording, now(), reach.IN_THE_ROOM, value)
    elif how == "paper" and on is not None:
        consent = NewConsent(kind.value, wording, reach.signed(on, zone), reach.ON_PAPER, value)
    return NewContact(kind, value), consent
