"""Text messages through Twilio's official client."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Literal

from twilio.http.response import Response

from channels.base import E164, EvidenceSource, Kind, Message, OutcomeUnknown, Receipt, Refused
from channels.gsm7 import one_segment
from channels.twilio_client import LimitedHttp, NotConnected
from channels.twilio_codes import meaning

_CLOCKS_DIFFER = timedelta(seconds=2)
_PAGE, _PAGES = 1000, 5
_UNKNOWN = "Twilio did not say whether it took the text."


class TwilioSms:
    """One call per message, never repeated. Timeouts in seconds.

    `sender` is a messaging service (`MG…`) or a number (E.164) of the account, used where a message names
    none of its own.
    """

    provider = "twilio"
    kind: Kind = "sms"
    evidence: EvidenceSource = "look_up"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        sender: str,
        api_base: str,
        *,
        connect_timeout: float = 3.0,
        read_timeout: float = 10.0,
    ) -> None:
        from twilio.rest import Client  # noqa: PLC0415  (a quarter of a second to import)

        self._sender = sender
        self._http = LimitedHttp(api_base, connect_timeout, read_timeout)
        self._api = Client(account_sid, auth_token, http_client=self._http)

    def send(self, message: Message) -> Receipt:
        """Hand one text over. Only GSM-7, only one segment: anything else is refused before the call."""
        body = _body(message)
        if not E164.fullmatch(message.to):
            raise Refused("bad_number", "The phone number is not written correctly.", True, contact="dead")
        fields: dict[str, str] = {"to": message.to, "body": body}
        sender = message.sender or self._sender
        fields["messaging_service_sid" if sender.startswith("MG") else "from_"] = sender
        if message.callback_url is not None:
            fields["status_callback"] = message.callback_url
        try:
            reference = self._api.messages.create(**fields).sid
        except NotConnected:
            raise Refused("twilio_connect", "Twilio could not be reached.", False) from None
        except Exception:
            # Whatever broke here, the text may be on its way. No cause: it may repeat number and words.
            raise _refusal(self._http.last) or OutcomeUnknown(_UNKNOWN) from None
        if not isinstance(reference, str) or not reference:
            raise OutcomeUnknown(_UNKNOWN)
        return Receipt(self.provider, reference)

    def look_up(
        self, message: Message, since: datetime, claimed: frozenset[str] = frozenset()
    ) -> Receipt | Literal["not_found"] | None:
        """Look for the text among those to its recipient, by its words: Twilio keeps nothing of ours with it.

        A reminder has the words of the message before it, so those that belong to other attempts are left
        out by `claimed`, and the earliest of the others is taken. Our clock must be right within 2 s.
        """
        try:
            # Without words (its link has ended since): whatever went there from then on may be it.
            body = _body(message) if message.text else ""
            listed = self._listed(message.to)
            recent = [m for m in listed if m.date_created >= since - _CLOCKS_DIFFER and m.sid not in claimed]
            # A trial account puts a sentence of Twilio's in front of ours.
            found = [m for m in recent if m.to == message.to and (m.body or "").endswith(body)]
            if found:
                return Receipt(self.provider, min(found, key=lambda m: m.date_created).sid)
            # Words blacked out (message redaction), or another's texts (the filter was not applied): the
            # one we look for may be among those we can't tell.
            return None if any(m.to != message.to or not m.body for m in recent) else "not_found"
        except Exception:  # no clear answer, whatever the reason, proves nothing
            return None

    def close(self) -> None:
        """Every call has its own connection."""

    def _listed(self, to: str) -> list[Any]:
        """Every text to a number that Twilio still keeps. Raises ValueError when there is no end of them.

        Not narrowed by DateSent: a text that still waits at Twilio has no such date, and one that the list
        hides would be sent again.
        """
        page = self._api.messages.page(to=to, page_size=_PAGE)
        found: list[Any] = []
        for _ in range(_PAGES):
            found += page
            page = page.next_page()
            if page is None:
                return found
        raise ValueError("too many pages")


def _body(message: Message) -> str:
    try:
        return one_segment(message.text)
    except ValueError:
        reason = "The text is empty or longer than one text message (160 places)."
        raise Refused("text_too_long", reason, True) from None


def _refusal(answer: Response | None) -> Refused | None:
    """Twilio's own refusal; None when the answer is another, or comes from something in between."""
    if answer is None or not 400 <= answer.status_code < 500:
        return None
    try:
        error = json.loads(answer.text)
    except (ValueError, RecursionError):
        return None
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(code, int) or not ("message" in error or "title" in error):
        return None
    known = meaning(code, answer.status_code)
    wait = (answer.headers or {}).get("Retry-After", "")
    return Refused(
        f"twilio_{code}",
        known.reason,
        known.permanent,
        stops_provider=known.stops_provider,
        retry_after=int(wait) if wait.isascii() and wait.isdigit() else None,
        contact=known.contact,
    )
