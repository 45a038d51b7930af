"""What Twilio's error codes mean to us, in its answers and in its status callbacks.

Source: Twilio's error and warning dictionary (twilio.com/docs/api/errors).
"""

from __future__ import annotations

from dataclasses import dataclass

from channels.base import Contact


@dataclass(frozen=True, slots=True)
class Meaning:
    """The fields of `channels.base.Refused` that follow from a code; `reason` is plain words for a screen."""

    reason: str
    permanent: bool
    contact: Contact = ""
    stops_provider: bool = False


def _ours(reason: str) -> Meaning:
    """Our account or settings are at fault, not the message."""
    return Meaning(reason, permanent=False, stops_provider=True)


_BAD_NUMBER = Meaning("This number can't get text messages.", True, "dead")
_AWAY = Meaning("The phone could not be reached.", False, "away")
_SLOW_DOWN = Meaning("Twilio asks us to slow down.", False)
_CREDENTIALS = _ours("Twilio does not accept our account or its token (LIGHTQ_TWILIO_AUTH_TOKEN).")
_SENDER = _ours("The number or messaging service that texts come from can't be used with our Twilio account.")
_REGISTER = _ours("Phone companies block the number that texts come from: it is not registered, or filtered.")

_CODES = {
    20003: _CREDENTIALS,
    20005: _ours("Our Twilio account is not active."),
    20404: _ours("Twilio does not know our account, or was not found at LIGHTQ_TWILIO_API_BASE."),
    20429: _SLOW_DOWN,
    21211: _BAD_NUMBER,
    21212: _SENDER,
    21265: _BAD_NUMBER,
    21268: _BAD_NUMBER,
    21408: Meaning("Our Twilio account may not send texts to the country of this number.", True, "dead"),
    21603: _SENDER,
    21606: _SENDER,
    21610: Meaning("The person asked for no more texts.", True, "opted_out"),
    21611: _SLOW_DOWN,
    21612: Meaning("Texts from our number can't reach this number.", True),
    21614: _BAD_NUMBER,
    21635: _BAD_NUMBER,
    21659: _SENDER,
    21660: _SENDER,
    21703: _SENDER,
    30001: _SLOW_DOWN,
    30002: _ours("Our Twilio account is suspended."),
    30003: _AWAY,
    30004: Meaning("The phone company or the phone blocks our texts.", True),
    30005: Meaning("The number is not in use, or the phone company does not know it.", True, "dead"),
    30006: Meaning("The number is a landline, or its phone company takes no texts.", True, "dead"),
    30007: _REGISTER,
    30008: _AWAY,
    30032: _REGISTER,
    30034: _REGISTER,
}


# For a code that is not in our list, in an answer with one of these HTTP statuses.
_STATUSES = {401: _CREDENTIALS, 403: _CREDENTIALS, 404: _CODES[20404], 429: _SLOW_DOWN}
_REFUSED = Meaning("Twilio or the phone company refused the text.", permanent=True)


def meaning(code: int | None, http_status: int = 0) -> Meaning:
    """What a code means; one that is not in our list is a refusal of this message and nothing more."""
    return _CODES.get(code or 0) or _STATUSES.get(http_status, _REFUSED)
