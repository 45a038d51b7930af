"""The console's words for states, channels and codes. Nothing is called sent that only lies here."""

from __future__ import annotations

from flask_babel import gettext

from delivery.contact_changes import REPLACED
from delivery.contact_lines import ContactLine
from delivery.library import Library
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import (
    Client,
    ContactKind,
    ContactPoint,
    ContactState,
    Respondent,
    RespondentRole,
    SafeFor,
)
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch, NoticeKind, Purpose
from delivery.notices import Line
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
        Way.PUBLIC: _("on your public page"),
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
    if point.state is ContactState.BLOCKED and point.state_reason == REPLACED:
        return _("replaced by another one")
    return {
        ContactState.CONFIRMED: _("confirmed"),
        ContactState.UNCONFIRMED: _("not confirmed yet"),
        ContactState.BLOCKED: _("blocked: somebody there said it is not for them"),
        ContactState.DEAD: _("does not work"),
    }[point.state]


def contact_line(line: ContactLine) -> str:
    """Whether a contact point works, with the reason where it does not."""
    point = line.point
    if point.state is ContactState.DEAD and point.state_reason:
        reason = point.state_reason.rstrip(".")
        return _("does not work: %(why)s", why=reason[:1].lower() + reason[1:])
    if line.opted_out and line.usable:
        mail = point.kind is ContactKind.EMAIL
        return _("e-mail is not possible") if mail else _("text messages are not possible")
    if point.state is ContactState.CONFIRMED:
        return _("works, confirmed by a test") if point.confirmed_how == "test" else _("works, confirmed")
    return contact_state(point)


def safe_for(safe: SafeFor) -> str:
    """What may be sent to a contact point."""
    return {
        SafeFor.REMINDERS: _("safe for everything"),
        SafeFor.INVITATIONS: _("safe for first invitations only"),
        SafeFor.NOTHING: _("nothing may be sent here"),
    }[safe]


def channel(kind: str) -> str:
    """A channel's name in a sentence."""
    return {"email": _("e-mail"), "sms": _("texts")}.get(kind, kind)


def notice(line: Line) -> str:
    """What a clinician should know about reaching a client; never whose wish it was."""
    mail = line.about is ContactKind.EMAIL
    return {
        NoticeKind.TEXT_REPLY: _("Tried to reply by text. The words were not kept: call them."),
        NoticeKind.OPTED_OUT: _("E-mail is not possible.") if mail else _("Text messages are not possible."),
        NoticeKind.DEAD_CONTACT: _("The e-mail address does not work. Ask for the right one.")
        if mail
        else _("The phone number does not work for texts. Ask for the right one."),
        NoticeKind.WRONG_PERSON: _(
            "“This is not for me”, said somebody there. It is blocked: ask for the right one."
        ),
        NoticeKind.REFUSED: _("Does not want these forms now. Talk about it first."),
        NoticeKind.UNANSWERED: _("No answer to the last form, and no more reminders go out."),
        NoticeKind.NOT_PLANNED: _("A form that was due could not be planned. Look at the schedule."),
    }[line.notice.kind]


def message(row: Dispatch) -> str:
    """Where a message is."""
    if row.state is DispatchState.HANDED_OVER and row.code == "local-post":
        return _("in the local post of this machine, not sent")
    return {
        DispatchState.PLANNED: _("waiting to go"),
        DispatchState.HELD: _("held back"),
        DispatchState.DUE: _("waiting to go"),
        DispatchState.HANDED_OVER: _("handed over to the text service")
        if row.channel == "sms"
        else _("handed over to the mail service"),
        DispatchState.UNCLEAR: _("unclear: it may have been sent, nothing proves it"),
        DispatchState.DELIVERED: _("delivered"),
        DispatchState.FAILED: _("could not be delivered"),
        DispatchState.CANCELLED: _("stopped before it went"),
    }[row.state]


def ask(row: Assignment, newest: Dispatch | None) -> str:
    """What has become of an ask, in a few words."""
    if row.state is AssignmentState.SENT and newest is not None:
        return message(newest) + ", " + _("no answer yet")
    if row.state is AssignmentState.PLANNED:
        if row.channel is Way.IN_PERSON:
            return _("to be answered together")
        if row.channel is Way.KIOSK:
            return _("waits for them at the desk")
        return message(newest) if newest else _("planned")
    return {
        AssignmentState.SENT: _("handed over, no answer yet"),
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
        "not-now": _("“Pause for now”"),
        "not-this-one": _("“Not this one”"),
        "paused": _("the client was paused"),
        "closed": _("the client was closed"),
        "died": _("the client died"),
        "cancelled": _("taken back"),
        "time": _("the time ran out"),
        "answered": _("already answered"),
        "newer": _("a newer one was sent"),
        "session-moved": _("the session was moved"),
        "session-off": _("the session does not take place"),
    }
    return reasons.get(code or "", "")


def purpose(row: Dispatch) -> str:
    """What a message is for."""
    return {
        Purpose.INVITATION: _("invitation"),
        Purpose.REMINDER: _("reminder"),
        Purpose.RESULT: _("“there are new results”, to you"),
        Purpose.RISK: _("risk message to a clinician"),
        Purpose.LOCKED: _("“a link was locked”, to you"),
        Purpose.TEST: _("test message"),
        Purpose.CODE: _("a code that was asked for"),
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
        "plan_bulk": _("Planning the messages of a bulk send"),
        "calendar": _("Reading a calendar"),
    }
    return kinds.get(entry.kind, entry.kind)


def number(value: float | None) -> str:
    """A score without needless decimals."""
    return "" if value is None else f"{value:g}"
