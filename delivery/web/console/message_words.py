"""A message's way in plain words: a sentence for every code, the provider's reason for what is not here."""

from __future__ import annotations

import re
from typing import Any, Final

from delivery.history import LATER
from delivery.models.assignments import Assignment
from delivery.models.messages import Dispatch, Purpose
from delivery.states import AssignmentState, DispatchState
from delivery.web.console import times, words
from delivery.web.console.words import _

#: Codes of ours, of the ends of asks, and of providers -> why. At most 90 letters each; a test holds it.
_ACCOUNT: Final = "the sending service does not take our account; whoever runs LightQ has to look"
_SENDER: Final = "phone companies do not take our number yet; whoever runs LightQ has to look"
_BUSY: Final = "the sending service is busy"
_NO_MAILBOX: Final = "there is no such mailbox"
_NO_TEXTS: Final = "this number can’t get texts"
_AWAY: Final = "the phone was off or out of reach"
_ENDED: Final = "the form was answered or had ended before"
WHY: Final[dict[str, str]] = {
    "quiet": "it is night there, or outside the hours the client named",
    "daily-cap": "that is enough messages for one day",
    "weekly-cap": "the client has had as many in seven days as we allow",
    "provider": "the sending service takes nothing just now",
    "away": "the phone was off or out of reach; it is tried once more",
    "again": "the sending service never had the first one",
    "never-had": "the sending service never had it",
    "unknown": "the sending service gave no answer",
    "ended": _ENDED,
    "answered": _ENDED,
    "expired": "the link would have ended before",
    "time": "the time ran out",
    "not-active": "the client is paused or closed",
    "paused": "the client was paused",
    "closed": "the client was closed",
    "died": "the client died",
    "cancelled": "taken back",
    "refused": "“I don’t want these forms now”",
    "not-now": "“Pause for now”",
    "not-this-one": "“Not this one”",
    "wrong-person": "“This is not for me”",
    "in-person-only": "this client answers at the kiosk or in the room only",
    "blocked": "this address or number is blocked",
    "dead": "this address or number does not work",
    "not-safe": "the client did not want this kind of message there",
    "no-hours": "the hours that the client named are all at night",
    "opted-out": "messages are not possible there",
    "no-consent": "there is no consent to it on record",
    "dropped": "a reminder is not sent twice",
    "deferred": "the mailbox took nothing for three days",
    "smtp_421": _BUSY,
    "smtp_450": "the mailbox can’t be reached just now",
    "smtp_452": _BUSY,
    "smtp_530": _ACCOUNT,
    "smtp_534": _ACCOUNT,
    "smtp_535": _ACCOUNT,
    "smtp_538": _ACCOUNT,
    "smtp_550": "the other mail server takes no mail for this address",
    "smtp_551": "the other mail server takes no mail for this address",
    "smtp_552": "the mailbox is full",
    "smtp_553": "the other mail server takes no mail for this address",
    "smtp_554": "the other mail server refused it",
    "sendgrid_401": _ACCOUNT,
    "sendgrid_403": _ACCOUNT,
    "sendgrid_404": _ACCOUNT,
    "sendgrid_405": _ACCOUNT,
    "sendgrid_429": _BUSY,
    "sendgrid_bounce": _NO_MAILBOX,
    "sendgrid_spamreport": "the person marked it as spam",
    "sendgrid_unsubscribe": "the person wants no more e-mails",
    "sendgrid_group_unsubscribe": "the person wants no more e-mails",
    "text_too_long": "it does not fit into one text message",
    **dict.fromkeys(("twilio_20003", "twilio_20005", "twilio_20404", "twilio_30002", "twilio_401"), _ACCOUNT),
    **dict.fromkeys(("twilio_20429", "twilio_429", "twilio_21611", "twilio_30001"), _BUSY),
    **dict.fromkeys(
        ("twilio_21211", "twilio_21265", "twilio_21268", "twilio_21614", "twilio_21635"), _NO_TEXTS
    ),
    **dict.fromkeys(("twilio_21212", "twilio_21603", "twilio_21606", "twilio_21659"), _SENDER),
    **dict.fromkeys(
        ("twilio_21660", "twilio_21703", "twilio_30007", "twilio_30032", "twilio_30034"), _SENDER
    ),
    **dict.fromkeys(("twilio_30003", "twilio_30008"), _AWAY),
    "twilio_21408": "we can’t send texts to the country of this number",
    "twilio_21610": "the person asked for no more texts",
    "twilio_21612": "texts from us can’t reach this number",
    "twilio_30004": "the phone or its company blocks our texts",
    "twilio_30005": "the number is not in use",
    "twilio_30006": "it is a landline, or takes no texts",
}
#: Settings and hosts are for whoever runs the service.
_JARGON: Final = re.compile(r"\s*\([A-Z_]*LIGHTQ_\w+\)|\s+at LIGHTQ_\w+")

#: States that say why.
EXPLAINED: Final = ("held", "refused", "failed", "cancelled")


def why(code: str | None, reason: str | None = None) -> str:
    """Why, to follow a colon; empty where nothing is known."""
    if code in WHY:
        return str(_(WHY[code]))
    text = _JARGON.sub("", reason or "").strip().rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _noun(channel: str, purpose: str) -> str:
    text = channel == "sms"
    if purpose == Purpose.REMINDER:
        return _("Reminder by text") if text else _("Reminder by e-mail")
    if purpose == Purpose.TEST:
        return _("Test text") if text else _("Test e-mail")
    return _("Text") if text else _("E-mail")


def line(entry: dict[str, Any], zone: str) -> str:
    """A line of `history.of_ask`. Times are in `zone`, the client's."""
    what, code = entry["what"], entry.get("code")
    if "dispatch_id" in entry:
        return _step(entry, zone)
    simple = {
        "asked": _("asked"),
        "started": _("first answer"),
        "completed": _("answers received"),
        "expired": _("ended: the time ran out"),
        "locked": _("locked after 5 wrong words; send again makes a new link"),
    }
    if what in simple:
        return simple[what]
    if what == AssignmentState.DECLINED and code == "wrong-person":
        return _("somebody there said %(words)s", words=words.end_reason(code))
    if what == AssignmentState.DECLINED:
        return _("the client said %(words)s", words=words.end_reason(code))
    return _("ended: %(why)s", why=words.end_reason(code) or _("taken back"))


def _step(entry: dict[str, Any], zone: str) -> str:
    what, code = entry["what"], entry.get("code")
    noun = _noun(entry["channel"], entry["purpose"])
    until = times.moment(entry["until"], zone) if entry.get("until") else ""
    if what == "planned" and entry["until"] <= entry["at"] + LATER:
        what = "due"
    if what == "handed_over":
        return _over(noun, entry, here=code == "local-post")
    told = {
        "planned": _("%(noun)s planned for %(until)s", noun=noun, until=until),
        "due": _("%(noun)s waits to go", noun=noun),
        "held": _("%(noun)s held until %(until)s", noun=noun, until=until),
        "refused": _("%(noun)s not taken", noun=noun),
        "deferred": _("%(noun)s not taken by the mailbox yet; the mail service goes on trying", noun=noun),
        "unclear": _("%(noun)s unclear: it may have been sent, nothing proves it", noun=noun),
        "delivered": _("%(noun)s delivered", noun=noun),
        "failed": _("%(noun)s could not be delivered", noun=noun),
        "cancelled": _("%(noun)s stopped before it went", noun=noun),
    }[what]
    because = why(code, entry.get("reason")) if what in EXPLAINED else ""
    return f"{told}: {because}" if because else told


def _over(noun: str, entry: dict[str, Any], *, here: bool) -> str:
    if here:
        return _("%(noun)s: message put into the local post of this machine", noun=noun)
    if not entry["instead"]:
        return _("%(noun)s handed over", noun=noun)
    if entry["channel"] == "sms":
        return _("E-mail did not work; sent by text instead")
    return _("The text did not work; sent by e-mail instead")


def state(row: Dispatch, zone: str) -> str:
    """Where a message is, until when it waits there, and why."""
    told = words.message(row)
    if row.state is DispatchState.HELD and row.held_until is not None:
        told = _("held until %(until)s", until=times.moment(row.held_until, zone))
    elif row.state is DispatchState.PLANNED and row.due_at > row.created_at + LATER:
        told = _("planned for %(until)s", until=times.moment(row.due_at, zone))
    because = why(row.code, row.reason) if row.state in EXPLAINED else ""
    return f"{told}: {because}" if because else told


def ask(row: Assignment, newest: Dispatch | None, zone: str) -> str:
    """What has become of an ask, in a few words."""
    if newest is None or row.state not in (AssignmentState.PLANNED, AssignmentState.SENT):
        return words.ask(row, newest)
    told = state(newest, zone)
    return told if row.state is AssignmentState.PLANNED else f"{told}. {_('No answer yet')}"
