"""Sending: pick a client, tick measures or press a set, choose a way, see what goes out, send."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from delivery import access, batteries, clients, sending
from delivery.assignments import MOST_REMINDERS, Ask
from delivery.eligibility import INTERPRETER
from delivery.errors import Conflict, Invalid
from delivery.models.assignments import Battery, Occasion, Way
from delivery.models.clients import Client
from delivery.states import ClientState
from delivery.web.console.gate import bp, caller
from delivery.web.console.words import _
from delivery.web.zones import service

#: Ways that this page offers so far.
WAYS = {way.value: way for way in (Way.EMAIL, Way.SMS, Way.PORTAL, Way.KIOSK, Way.IN_PERSON)}
#: Where the page shows the reason for a refusal; "instruments.phq9" stands beside that measure.
PLACES = {"instruments": "what", "channel": "how", "even_if_recent": "anyway", "reminders": "remind"}
#: The radio of a measure without an official text that stands for another measure.
INSTEAD = "instead"
SHOWN = 50


@bp.route("/send", methods=["GET", "POST"])
def send() -> Response:
    """Without a client: find one. With one: what, how, and what it looks like."""
    typed = request.form if request.method == "POST" else request.args
    if not typed.get("client"):
        return _whom()
    client_id = _uuid(typed["client"])
    if request.method != "POST" or typed.get("go") in ("find", "all"):
        return _page(200, client_id, typed)
    try:
        with service().db.write() as session:
            wanted = _ask(session, access.client(session, caller(), client_id), typed, strict=True)
            row = sending.send(session, caller(), wanted, service().settings)
    except (Invalid, Conflict) as error:
        return _page(error.status, client_id, typed, error)
    return redirect(url_for("console.assignment", assignment_id=row.id), 303)


def _whom() -> Response:
    sought = request.form.get("words", "")[:200]
    with service().db.write() as session:
        found = clients.caseload(session, caller(), sought)
    active = [one for one in found if one.state is ClientState.ACTIVE]
    page = render_template("console/send_who.html", clients=active[:SHOWN], total=len(active), sought=sought)
    return make_response(page)


def _ask(session: Session, client: Client, typed: MultiDict[str, str], *, strict: bool) -> Ask:
    """What the page's fields ask for. What can't be read raises Invalid, or without `strict` is left out."""
    keys, battery = _measures(session, client, typed)
    if strict and battery is None and typed.get("now", "").startswith("set:"):
        raise Invalid("This set is no longer in use.", {"instruments": "Choose another set."})
    if strict and typed.get("how") not in WAYS:
        raise Invalid("Choose how.", {"channel": "Choose a way."})
    occasion = typed.get("why", "")
    keys, languages = _languages(keys, typed)
    way = WAYS.get(typed.get("how", ""), Way.EMAIL)
    if INTERPRETER in languages.values():
        way = Way.IN_PERSON  # that choice names the room
    return Ask(
        client_id=client.id,
        instruments=keys,
        channel=way,
        respondent_id=(_uuid if strict else _id_in)(typed["who"]) if typed.get("who") else None,
        battery_id=battery.id if battery and set(keys) == set(batteries.keys(battery)) else None,
        occasion=Occasion(occasion) if occasion in list(Occasion) else None,
        languages=languages,
        even_if_recent=typed.get("anyway") == "yes",
        reason=typed.get("reason", "")[:500],
        reminders=_reminders(typed, strict=strict) if way in sending.BY_MESSAGE else 0,
        show_result=typed.get("show_result") == "yes",
    )


def _reminders(typed: MultiDict[str, str], *, strict: bool) -> int:
    said = typed.get("remind", "0")
    if said.isascii() and said.isdigit() and int(said) <= MOST_REMINDERS:
        return int(said)
    if strict:
        raise Invalid("Choose how often to remind.", {"reminders": f"At most {MOST_REMINDERS} times."})
    return 0


def _measures(
    session: Session, client: Client, typed: MultiDict[str, str]
) -> tuple[list[str], Battery | None]:
    """The keys that were ticked, or that one press stands for, and the set they come from."""
    press = typed.get("now", "")
    if press and not press.startswith("set:"):
        return press.split(","), None
    battery = _set(session, client, press.removeprefix("set:") or typed.get("battery", ""))
    order = batteries.keys(battery) if battery else []
    if press:
        return order, battery
    ticked = typed.getlist("what")
    # What comes from a set keeps its order; what was ticked beside it comes after.
    return sorted(ticked, key=lambda key: order.index(key) if key in order else len(order)), battery


def _set(session: Session, client: Client, named: str) -> Battery | None:
    battery_id = _id_in(named)
    rows = batteries.of_practice(session, client.practice_id) if battery_id else []
    return next((row for row in rows if row.id == battery_id), None)


def _languages(keys: list[str], typed: MultiDict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The keys with those replaced that another measure was chosen for, and the language chosen for each."""
    replaced, languages = [], {}
    for key in keys:
        said = typed.get(f"language:{key}", "")
        if said == INSTEAD:
            other = typed.get(f"{INSTEAD}:{key}", "")
            if other not in keys and other not in replaced:
                replaced.append(other)
            continue
        replaced.append(key)
        if said:
            languages[key] = said
    return replaced, languages


def _page(
    status: int, client_id: UUID, typed: MultiDict[str, str], error: Invalid | Conflict | None = None
) -> Response:
    sought = "" if typed.get("go") == "all" else typed.get("find", "")[:80]
    with service().db.write() as session:
        client = access.client(session, caller(), client_id)
        wanted = _ask(session, client, typed, strict=False)
        offered = sending.choices(session, caller(), wanted, service().settings, sought=sought)
    fields = {_place(name): why for name, why in error.fields.items()} if isinstance(error, Invalid) else {}
    if any(place.startswith("what:") for place in fields):
        fields.pop("what", None)  # each reason stands beside its measure
        together = [one.instrument.short_name for one in offered.offer.chosen if one.together_only]
        if together and wanted.channel is not Way.IN_PERSON:
            fields["how"] = _("For %(measures)s choose “Together, now”.", measures=", ".join(together))
    page = render_template(
        "console/send.html",
        offered=offered,
        wanted=wanted,
        typed=typed,
        sought=sought,
        error=error,
        fields=fields,
    )
    return make_response(page, status)


def _place(name: str) -> str:
    field, _, key = name.partition(".")
    place = PLACES.get(field, field)
    return f"{place}:{key}" if key else place


def _uuid(text: str) -> UUID:
    """Raises Invalid for what is no id."""
    if (found := _id_in(text)) is None:
        raise Invalid("This request could not be read.")
    return found


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
