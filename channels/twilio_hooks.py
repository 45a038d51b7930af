"""What Twilio posts to us: what became of a text, and texts that people send.

The signature covers the address and the form but no time, so it does not stop a replay: the caller keeps each
`dedupe` and each `sid` once, and lets the address carry a signature of its own for the attempt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from channels.base import E164, Event, EventKind
from channels.twilio_codes import Meaning, meaning

MAX_TEXT = 1600  # characters; Twilio joins the parts of longer texts up to this length

_SID = re.compile(r"[A-Z]{2}[0-9a-zA-Z]{1,64}")
_CODE = re.compile(r"[0-9]{1,6}")
_KINDS: dict[str, EventKind] = {
    "queued": "accepted",
    "accepted": "accepted",
    "scheduled": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
}
_FINE = Meaning("", permanent=False)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text from a person. `sender` and `to` are numbers (E.164); the words are never stored."""

    sid: str
    account_sid: str
    sender: str
    to: str
    text: str


def genuine(auth_token: str, url: str, form: Mapping[str, str], signature: str | None) -> bool:
    """Whether Twilio signed this form for this address (the public one, with its query)."""
    from twilio.request_validator import RequestValidator  # noqa: PLC0415  (start-up cost)

    if not auth_token or not signature:
        return False
    try:
        return bool(RequestValidator(auth_token).validate(url, form, signature))
    except ValueError:  # characters that no encoding has
        return False


def account_sid(form: Mapping[str, str]) -> str:
    """The account that the form speaks of; the caller compares it with ours. Raises ValueError."""
    return _field(form, "AccountSid", _SID)


def status(form: Mapping[str, str], attempt_id: str) -> Event:
    """What became of the text of an attempt (named by the address that was called). Raises ValueError."""
    reference = _field(form, "MessageSid", _SID)
    name = form.get("MessageStatus", "")
    if name not in _KINDS:
        raise ValueError("a message status that is not known")
    kind = _KINDS[name]
    number = form.get("ErrorCode", "")
    if number and not _CODE.fullmatch(number):
        raise ValueError("an error code that is no number")
    about = meaning(int(number) if number else None) if kind == "failed" else _FINE
    return Event(
        attempt_id=attempt_id,
        kind=kind,
        code=f"twilio_{number or name}",
        reason=about.reason,
        contact=about.contact,
        reference=reference,
        dedupe=f"{reference}|{name}|{number}",
        at=None,
        permanent=about.permanent,
        stops_provider=about.stops_provider,
    )


def inbound(form: Mapping[str, str]) -> Inbound:
    """A text that a person sent to one of our numbers. Raises ValueError."""
    return Inbound(
        sid=_field(form, "MessageSid", _SID),
        account_sid=account_sid(form),
        sender=_field(form, "From", E164),
        to=_field(form, "To", E164),
        text=form.get("Body", "")[:MAX_TEXT],
    )


def _field(form: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    value = form.get(name, "")
    if not shape.fullmatch(value):
        raise ValueError(f"{name} is missing or not written as Twilio writes it")
    return value
