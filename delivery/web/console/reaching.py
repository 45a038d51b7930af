"""How a client is reached: addresses and numbers with their consents and tests, the recognition word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import make_response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from delivery import clients, contact_changes, contact_tests, contacts, reach
from delivery.contact_changes import Given
from delivery.contacts import NewContact
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.clients import Client, SafeFor
from delivery.web.console.clients import client_page, day_of, respondent_id
from delivery.web.console.gate import bp, caller
from delivery.web.zones import service

Act = Callable[[Session, UUID, MultiDict[str, str]], object]


@bp.post("/clients/<uuid:client_id>/contacts")
def add_contact(client_id: UUID) -> Response:
    """Add an e-mail address or a phone number, in any shape that people type, with its consent."""
    who_id, typed = respondent_id(client_id), request.form

    def add(session: Session) -> None:
        respondent, client = reach.find(session, caller(), who_id)
        value = typed.get("contact", "").strip()
        new = NewContact(contacts.kind_of(value), value, **_safety(typed))
        contact_changes.add(session, caller(), respondent, new, _given(session, client, typed))

    return _do(client_id, f"add-{who_id}", add)


@bp.post("/clients/<uuid:client_id>/contacts/<uuid:point_id>")
def change_contact(client_id: UUID, point_id: UUID) -> Response:
    """What the pressed button says, about one address or number."""
    act = ACTS.get(request.form.get("do", ""))
    if act is None:
        raise Invalid("That is not one of the choices.")

    def change(session: Session) -> None:
        _point, _respondent, client = contact_changes.find(session, caller(), point_id)
        if client.id != client_id:
            raise NotFound
        act(session, point_id, request.form)

    return _do(client_id, f"point-{point_id}", change, check=point_id if act is _missing else None)


@bp.post("/clients/<uuid:client_id>/known-by")
def recognition_word(client_id: UUID) -> Response:
    """Set, change or remove the word that tells whose form it is."""
    who_id, typed = respondent_id(client_id), request.form
    word = "" if typed.get("do") == "remove" else typed.get("word", "")

    def choose(session: Session) -> None:
        reach.choose_word(session, caller(), who_id, word, insist=typed.get("insist") == "yes")

    return _do(client_id, f"known-{who_id}", choose)


@bp.post("/clients/<uuid:client_id>/in-person-only")
def in_person_only(client_id: UUID) -> Response:
    """Kiosk or in the room only, or messages again."""
    who_id = respondent_id(client_id)

    def keep(session: Session) -> None:
        reach.in_person_only(session, caller(), who_id, only=request.form.get("only") == "yes")

    return _do(client_id, f"only-{who_id}", keep)


def _do(
    client_id: UUID, place: str, act: Callable[[Session], object], *, check: UUID | None = None
) -> Response:
    """Do it and go back to the page; what can't be taken is explained at its place, with what was typed."""
    try:
        with service().db.write() as session:
            act(session)
    except (Invalid, Conflict) as error:
        fields = dict(error.fields) if isinstance(error, Invalid) else {"contact": str(error)}
        page = client_page(client_id, typed=request.form, fields=fields, place=place)
        return make_response(page, error.status)
    return redirect(url_for("console.client", client_id=client_id, check=check, _anchor=place), 303)


def _given(session: Session, client: Client, typed: MultiDict[str, str]) -> Given | None:
    """The consent that was marked; None where there is none yet. Raises Invalid."""
    how, wording = typed.get("consent", ""), typed.get("wording", "").strip() or reach.WORDING
    if how == "room":
        return Given(now(), reach.IN_THE_ROOM, wording)
    signed_on = day_of(typed, "consent_on")
    if signed_on is not None and how in ("", "paper"):
        return Given(reach.signed(signed_on, clients.zone(session, client)), reach.ON_PAPER, wording)
    if how == "paper":
        raise Invalid("When was it signed?", {"consent_on": "Write the day on the paper."})
    return None


def _safety(typed: MultiDict[str, str]) -> dict[str, Any]:
    """What may be sent there and when, as the fields say; without them: everything, at any hour."""
    said = typed.get("safe_for", SafeFor.REMINDERS.value)
    if said not in set(SafeFor):
        raise Invalid("Choose what is safe.", {"safe_for": "One of these."})
    hours = contacts.normal_hours(typed.get("safe_from", "").strip(), typed.get("safe_to", "").strip())
    return {"safe_for": SafeFor(said), "safe_hours": hours, "fallback": typed.get("fallback") == "yes"}


def _protect(session: Session, point_id: UUID, typed: MultiDict[str, str]) -> None:
    contact_changes.protect(session, caller(), point_id, **_safety(typed))


def _agree(session: Session, point_id: UUID, typed: MultiDict[str, str]) -> None:
    _point, _respondent, client = contact_changes.find(session, caller(), point_id)
    given = _given(session, client, typed)
    if given is None:
        raise Invalid("Mark how it was given.", {"consent_on": "Mark one, with the day on the paper."})
    contact_changes.agree(session, caller(), point_id, given)


def _disagree(session: Session, point_id: UUID, _typed: MultiDict[str, str]) -> None:
    contact_changes.disagree(session, caller(), point_id)


def _replace(session: Session, point_id: UUID, typed: MultiDict[str, str]) -> None:
    _point, _respondent, client = contact_changes.find(session, caller(), point_id)
    given = _given(session, client, typed)
    contact_changes.replace(session, caller(), point_id, typed.get("contact", "").strip(), given)


def _try_anew(session: Session, point_id: UUID, _typed: MultiDict[str, str]) -> None:
    contact_changes.try_anew(session, caller(), point_id)


def _test(session: Session, point_id: UUID, _typed: MultiDict[str, str]) -> None:
    contact_tests.send(session, caller(), point_id)


def _arrived(session: Session, point_id: UUID, _typed: MultiDict[str, str]) -> None:
    contact_tests.arrived(session, caller(), point_id)


def _missing(session: Session, point_id: UUID, _typed: MultiDict[str, str]) -> None:
    """ "No": nothing is noted; the page then says what to check."""


#: The button that was pressed -> what it does.
ACTS: Final[dict[str, Act]] = {
    "protect": _protect,
    "agree": _agree,
    "disagree": _disagree,
    "replace": _replace,
    "anew": _try_anew,
    "test": _test,
    "arrived": _arrived,
    "missing": _missing,
}
