"""Email through SendGrid's official client.

SendGrid signs no business associate agreement: it gets the neutral message, the address and an opaque
attempt id, nothing else, and all of its tracking is switched off.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any, Literal

from python_http_client.exceptions import HTTPError

from channels.base import Contact, EvidenceSource, Kind, Message, OutcomeUnknown, Receipt, Refused
from channels.email_message import body, checked_address, headers, sender_name, subject
from channels.network import cut_off
from channels.sendgrid_client import LimitedClient, NotConnected, Wire
from channels.sendgrid_hooks import ATTEMPT_ARG

# Only status codes that a SendGrid error body came with; (reason, permanent, stops the provider).
_REASONS = {
    400: ("SendGrid does not accept the message as it is.", True, False),
    401: ("SendGrid does not accept our key (LIGHTQ_SENDGRID_API_KEY).", False, True),
    403: ("SendGrid does not let us send: the key's rights, or a sender that is not verified.", False, True),
    404: ("SendGrid was not found at LIGHTQ_SENDGRID_API_BASE.", False, True),
    405: ("SendGrid was not found at LIGHTQ_SENDGRID_API_BASE.", False, True),
    413: ("The message is too big for SendGrid.", True, False),
    429: ("SendGrid asks us to slow down.", False, False),
}
_RECIPIENT = re.compile(r"personalizations\.\d+\.to\.\d+\.email")
_ACTIVITY_KEPT = timedelta(days=30)

_TRACKING_OFF = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}


class SendGridEmail:
    """One call per message, never repeated. Timeouts in seconds.

    `activity`: the account has the paid email activity history, so that an unknown outcome can be looked up.
    """

    provider = "sendgrid"
    kind: Kind = "email"

    def __init__(
        self,
        api_key: str,
        api_base: str,
        *,
        activity: bool = False,
        connect_timeout: float = 3.0,
        read_timeout: float = 10.0,
    ) -> None:
        from sendgrid import SendGridAPIClient  # noqa: PLC0415  (a quarter of a second to import)

        # Its debug lines hold the key and whole messages.
        logging.getLogger("python_http_client").setLevel(logging.INFO)
        self.evidence: EvidenceSource = "look_up" if activity else "none"
        self._limit = connect_timeout + read_timeout
        self._wire = Wire(connect_timeout, read_timeout)
        self._api = SendGridAPIClient(api_key, host=api_base.rstrip("/"))
        self._api.client = LimitedClient(
            self._wire, host=self._api.host, request_headers=self._api._default_headers, version=3
        )

    def send(self, message: Message) -> Receipt:
        payload = _payload(message)
        try:
            with cut_off(self._limit, lambda: self._wire.sock):
                response = self._api.send(payload)
        except HTTPError as error:
            raise _refusal(error) from None
        except (OSError, HTTPException) as error:
            if isinstance(getattr(error, "reason", None), NotConnected):
                raise Refused("sendgrid_connect", "SendGrid could not be reached.", False) from None
            raise OutcomeUnknown("SendGrid did not say whether it took the message.") from None
        return Receipt(self.provider, response.headers.get("X-Message-Id") or "")

    def look_up(
        self,
        message: Message,
        since: datetime,
        claimed: frozenset[str] = frozenset(),  # noqa: ARG002  (the attempt's own id is enough)
    ) -> Receipt | Literal["not_found"] | None:
        """Ask the email activity list. None without it, after 30 days, and when it gave no clear answer."""
        if self.evidence != "look_up" or datetime.now(UTC) - since > _ACTIVITY_KEPT:
            return None
        try:
            address = checked_address(message.to)
            query = f"""unique_args['{ATTEMPT_ARG}']="{message.attempt_id}" AND to_email="{address}\""""
            with cut_off(self._limit, lambda: self._wire.sock):
                response = self._api.client.messages.get(query_params={"query": query, "limit": 10})
            found = [(m["to_email"].lower(), str(m["msg_id"])) for m in response.to_dict["messages"]]
        except (Refused, HTTPError, OSError, HTTPException, ValueError, TypeError, KeyError, AttributeError):
            return None
        if not found:
            return "not_found"
        # More than one, or another person's: the filter was not applied, so the list proves nothing.
        if len(found) > 1 or found[0][0] != address.lower():
            return None
        return Receipt(self.provider, found[0][1])

    def close(self) -> None:
        """Every call has its own connection."""


def _payload(message: Message) -> dict[str, Any]:
    sender = {"email": checked_address(message.sender_address)}
    if name := sender_name(message):
        sender["name"] = name
    content = [{"type": "text/plain", "value": body(message.text)}]
    if message.html is not None:
        content.append({"type": "text/html", "value": body(message.html)})
    return {
        "personalizations": [
            {"to": [{"email": checked_address(message.to)}], "custom_args": {ATTEMPT_ARG: message.attempt_id}}
        ],
        "from": sender,
        "subject": subject(message),
        "content": content,
        "headers": headers(message),
        "tracking_settings": _TRACKING_OFF,
    }


def _refusal(error: HTTPError) -> Refused | OutcomeUnknown:
    status: int = error.status_code
    errors = _errors(error.body)
    if not 400 <= status < 500 or not errors:
        return OutcomeUnknown("SendGrid did not say whether it took the message.")
    reason, permanent, stops = _REASONS.get(status, ("SendGrid refused the message.", True, False))
    contact: Contact = "dead" if status == 400 and any(map(_names_recipient, errors)) else ""
    wait = error.headers.get("Retry-After", "")
    return Refused(
        f"sendgrid_{status}",
        reason,
        permanent,
        stops_provider=stops,
        retry_after=int(wait) if wait.isascii() and wait.isdigit() else None,
        contact=contact,
    )


def _errors(raw: bytes) -> list[Any]:
    """The list in `{"errors": [{…}]}`; empty when the answer is not SendGrid's own but a proxy's."""
    try:
        errors = json.loads(raw)["errors"]
    except (ValueError, TypeError, KeyError):
        return []
    return errors if isinstance(errors, list) else []


def _names_recipient(error: object) -> bool:
    return isinstance(error, dict) and bool(_RECIPIENT.fullmatch(str(error.get("field"))))
