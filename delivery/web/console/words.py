"""The console's words for states, channels and codes. Nothing is called sent that only lies here."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from delivery.library import Library
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client, ContactPoint, ContactState, Respondent, RespondentRole
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch, Purpose
from delivery.states import AssignmentState, ClientState, DispatchState


def _(text: str, **values: object) -> str:
    """The text in the language of this request."""
    return str(gettext(text, **values))


def name(client: Client) -> str:
    """Both names as written."""
    return " ".join(filter(None, [client.given_name, client.family_name])) or _("Client")


def measure(there: Library, key: str, version: int | None = None) -> str:
    """A measure's short name."""
    return there.get(key, version).short_name


def by(channel: Way) -> str:
    """How it reaches the client: "by email"."""
    return {
        Way.EMAIL: _("by email"),
        Way.SMS: _("by text"),
        Way.PORTAL: _("in the portal"),
        Way.KIOSK: _("on the waiting-room tablet"),
        Way.IN_PERSON: _("together"),
    }[channel]


def respondent(row: Respondent, client: Client) -> str:
    """Who answers: the client's name, or another person with their part."""
    if row.role is RespondentRole.SELF:
        return name(client)
    part = {
        RespondentRole.PARENT: _("parent"),
        RespondentRole.TEACHER: _("teacher"),
        RespondentRole.PARTNER: _("partner"),
    }.get(row.role, _("other person"))
    return f"{row.name} ({part})" if row.name else part


def language(code: str) -> str:
    """A language's name."""
    return {"en": _("English"), "es": _("Spanish")}.get(code, code)


def state(client: Client) -> str:
    """A client's state."""
    return {
        ClientState.ACTIVE: _("active"),
        ClientState.PAUSED: _("paused"),
        ClientState.CLOSED: _("closed"),
        ClientState.DECEASED: _("died"),
    }[client.state]


def contact_state(point: ContactPoint) -> str:
    """Whether a contact point may be used."""
    return {
        ContactState.CONFIRMED: _("confirmed"),
        ContactState.UNCONFIRMED: _("not confirmed yet"),
        ContactState.BLOCKED: _("blocked: somebody there said it is not for them"),
        ContactState.DEAD: _("does not work"),
    }[point.state]


def message(row: Dispatch) -> str:
    """Where a message is."""
    if row.state is DispatchState.HANDED_OVER and row.code == "local-post":
        return _("in the local post of this machine, not sent")
    return {
        DispatchState.PLANNED: _("waiting to go"),
        DispatchState.HELD: _("held back"),
        DispatchState.DUE: _("waiting to go"),
        DispatchState.HANDED_OVER: _("handed over to the mail service"),
        DispatchState.UNCLEAR: _("unclear: it may have been sent, nothing proves it"),
        DispatchState.DELIVERED: _("delivered"),
        DispatchState.FAILED: _("could not be sent"),
        DispatchState.CANCELLED: _("stopped before it went"),
    }[row.state]


def ask(row: Assignment, newest: Dispatch | None) -> str:
    """What has become of an ask, in a few words."""
    if row.state is AssignmentState.SENT and newest is not None:
        return message(newest) + ", " + _("not begun")
    if row.state is AssignmentState.PLANNED:
        if row.channel is Way.IN_PERSON:
            return _("to be answered together")
        return message(newest) if newest else _("planned")
    return {
        AssignmentState.SENT: _("handed over, not begun"),
        AssignmentState.STARTED: _("begun, not finished"),
        AssignmentState.COMPLETED: _("answered"),
        AssignmentState.EXPIRED: _("the time ran out"),
        AssignmentState.CANCELLED: _("taken back"),
        AssignmentState.DECLINED: end_reason(row.end_reason),
    }[row.state]


def end_reason(code: str | None) -> str:
    """Why an ask ended, or a message stopped."""
    reasons = {
        "wrong-person": _("“This is not for me”"),
        "refused": _("“I don’t want these forms now”"),
        "paused": _("the client was paused"),
        "closed": _("the client was closed"),
        "died": _("the client died"),
        "cancelled": _("taken back"),
        "time": _("the time ran out"),
        "answered": _("already answered"),
    }
    return reasons.get(code or "", "")


def line(entry: dict[str, Any]) -> str:
    """A line of an ask's history."""
    what, code = entry["what"], entry.get("code")
    simple = {
        "asked": _("asked"),
        "started": _("first answer"),
        "completed": _("answers received"),
        "expired": _("ended: the time ran out"),
        "locked": _("locked after 5 wrong words; send again makes a new link"),
    }
    if what in simple:
        return simple[what]
    if what == AssignmentState.DECLINED:
        return _("the client said %(words)s", words=end_reason(code))
    if "dispatch_id" not in entry:
        return _("ended: %(why)s", why=end_reason(code) or _("taken back"))
    told = {
        "planned": _("message waits until then"),
        "due": _("message waits to go"),
        "held": _("message held until then"),
        "handed_over": _("message handed over to the mail service"),
        "unclear": _("message unclear"),
        "delivered": _("message delivered"),
        "failed": _("message could not be sent"),
        "cancelled": _("message stopped before it went"),
    }[what]
    if what == "handed_over" and code == "local-post":
        return _("message put into the local post of this machine")
    why = end_reason(code) if what == "cancelled" else entry.get("reason") or ""
    return f"{told}: {why}" if why else told


def purpose(row: Dispatch) -> str:
    """What a message is for."""
    return {
        Purpose.INVITATION: _("invitation"),
        Purpose.REMINDER: _("sent again"),
        Purpose.RESULT: _("“there are new results”, to you"),
        Purpose.RISK: _("risk message to a clinician"),
        Purpose.LOCKED: _("“a link was locked”, to you"),
        Purpose.TEST: _("test message"),
    }[row.purpose]


def work(entry: OutboxEntry) -> str:
    """What a piece of work was to do."""
    kinds = {
        "send": _("Sending a message"),
        "bulk_send": _("Sending a message"),
        "settle": _("Finding out whether a message was sent"),
        "risk_check": _("Looking for risk answers in an unfinished form"),
        "score": _("Scoring the answers"),
        "report": _("Making the PDF"),
        "preview": _("Making an example PDF"),
        "handoff": _("Bringing the PDF to its clinicians"),
    }
    return kinds.get(entry.kind, entry.kind)


def number(value: float | None) -> str:
    """A score without needless decimals."""
    return "" if value is None else f"{value:g}"
