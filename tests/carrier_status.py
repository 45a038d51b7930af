"""What Twilio tells us about text messages: the status callbacks of those we sent, and those that come in.

The parameters are those of Twilio's messaging webhooks; each post is signed for its exact address.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4
from xml.etree import ElementTree

from tests.carrier_callbacks import Post
from tests.carrier_gsm import segments

if TYPE_CHECKING:
    from tests.carrier import Carrier
    from tests.carrier_callbacks import Signer

Json = dict[str, Any]

#: The number that a messaging service sends from.
OWN_NUMBER = "+15005550006"
ERRORS: dict[int, str] = {
    20001: "Bad request",
    21408: "Permission to send an SMS has not been enabled for the region",
    21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number",
    21614: "'To' number is not a valid mobile number",
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30034: "Message from an unregistered number",
}
#: What becomes of a message; the names are for `Carrier.fates`. Besides these an error code: from 30000 on
#: the message is not delivered for that reason, a lower one is the answer to the send itself.
FATES: dict[str, list[tuple[str, int | None]]] = {
    "": [("queued", None), ("sent", None), ("delivered", None)],
    "silent": [("queued", None), ("sent", None)],
    "undelivered": [("queued", None), ("sent", None), ("undelivered", 30008)],
    "failed": [("queued", None), ("failed", 30008)],
}


def refusal(carrier: Carrier, to: str) -> int:
    """The error code with which a send to this number is answered; 0: it is taken."""
    if to in carrier.opted_out:
        return 21610
    fate = carrier.fates.get(to, "")
    return int(fate) if fate.isdigit() and int(fate) < 30000 else 0


def follow(carrier: Carrier, entry: Json) -> None:
    """Let the fate of this number's message happen, and tell it to the message's own callback address."""
    fate = carrier.fates.get(entry["to"], "")
    steps = [("queued", None), ("sent", None), ("undelivered", int(fate))] if fate.isdigit() else FATES[fate]
    facts = [_fact(carrier, entry, status, error) for status, error in steps]

    def happen(fact: Json) -> None:
        entry["status"] = fact["MessageStatus"]
        entry["error"] = int(fact["ErrorCode"]) if "ErrorCode" in fact else None
        if fact["MessageStatus"] == "sent":
            entry["sender"] = entry["sender"] or OWN_NUMBER

    carrier.outgoing.follow(entry["id"], facts, happen, partial(_tell, carrier, entry))


def inbound(carrier: Carrier, from_: str, to: str, text: str, sid: str, *, forged: bool) -> str:
    """Post a text message that came in, once; returns the text that the answer (TwiML) sends back, or ""."""
    form = {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": carrier.twilio_account,
        "ApiVersion": "2010-04-01",
        "SmsStatus": "received",
        "From": from_,
        "To": to,
        "Body": text,
        "NumMedia": "0",
        "NumSegments": str(segments(text)),
    }
    signer = carrier.impostor if forged else carrier.signer
    fault = "forged" if forged else ""
    done = carrier.outgoing.post(_signed(carrier.twilio_inbound, form, signer, fault, once=True))
    if done["status"] != 200 or not done["answer"].strip():
        return ""
    # A message's text stands in it directly, or in a Body of its own.
    messages = ElementTree.fromstring(done["answer"]).iter("Message")
    return "".join("".join(message.itertext()).strip() for message in messages)


def _fact(carrier: Carrier, entry: Json, status: str, error: int | None) -> Json:
    fact = {
        "MessageSid": entry["id"],
        "SmsSid": entry["id"],
        "AccountSid": carrier.twilio_account,
        "ApiVersion": "2010-04-01",
        "MessageStatus": status,
        "SmsStatus": status,
        "From": entry["sender"] or OWN_NUMBER,
        "To": entry["to"],
    }
    if entry["service"]:
        fact["MessagingServiceSid"] = entry["service"]
    if error:
        fact["ErrorCode"] = str(error)
    if status in {"delivered", "undelivered"}:
        fact["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime())
    return fact


def _tell(carrier: Carrier, entry: Json, fact: Json, fault: str) -> None:
    url = entry["callback"]
    if not url:
        return
    if fault == "forged":
        bad = {"MessageStatus": "failed", "ErrorCode": "30006"}
        lie = {**fact, **({"MessageStatus": "delivered"} if "ErrorCode" in fact else bad)}
        carrier.outgoing.post(_signed(url, lie, carrier.impostor, fault, once=True))
    elif fault == "replayed":
        other = carrier.another(entry)
        if other and other["callback"]:
            genuine = _signed(url, fact, carrier.signer, fault, once=True)
            carrier.outgoing.post(replace(genuine, url=other["callback"]))
    else:
        carrier.outgoing.post(_signed(url, fact, carrier.signer, fault, once=False))


def _signed(url: str, form: Json, signer: Signer, fault: str, *, once: bool) -> Post:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": str(uuid4()),
        **signer.twilio(url, form),
    }
    return Post("twilio", url, form, urlencode(form).encode(), headers, fault, once)
