"""What SendGrid's event webhook says about a message that the local carrier took.

The events' properties are those of SendGrid's event webhook reference; several travel in one signed post.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.carrier_callbacks import Post

if TYPE_CHECKING:
    from tests.carrier import Carrier

Json = dict[str, Any]

#: The custom argument that names the attempt.
ATTEMPT = "lightq_attempt"
_MAX_BATCH = 500

_PROCESSED = {"event": "processed"}
_DELIVERED = {"event": "delivered", "response": "250 OK"}
_BOUNCE = {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 No such user here"}
_BLOCKED = {"event": "bounce", "type": "blocked", "status": "4.7.1", "reason": "421 4.7.1 Try again later"}
_DEFERRED = {"event": "deferred", "response": "451 4.2.1 Try again later", "attempt": "1"}

#: What becomes of a message, as the events that tell it; the names are for `Carrier.fates`.
FATES: dict[str, list[dict[str, str]]] = {
    "": [_PROCESSED, _DELIVERED],
    "silent": [_PROCESSED],
    "bounce": [_PROCESSED, _BOUNCE],
    "late_bounce": [_PROCESSED, _DELIVERED, _BOUNCE],
    "blocked": [_PROCESSED, _BLOCKED],
    "deferred": [_PROCESSED, _DEFERRED],
    "dropped": [{"event": "dropped", "reason": "Bounced Address", "status": "5.0.0"}],
    "dropped_unsubscribed": [{"event": "dropped", "reason": "Unsubscribed Address", "status": "5.0.0"}],
    "spam": [_PROCESSED, _DELIVERED, {"event": "spamreport"}],
    "unsubscribe": [_PROCESSED, _DELIVERED, {"event": "unsubscribe"}],
    "group_unsubscribe": [_PROCESSED, _DELIVERED, {"event": "group_unsubscribe", "asm_group_id": "1"}],
}


class Batches:
    """Events on their way into the next post; one post at a time, so that they keep their order."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._waiting: deque[Json] = deque()
        self._posting = threading.Lock()

    def add(self, event: Json) -> None:
        self._waiting.append(event)
        self._carrier.outgoing.later(self._carrier.outgoing.pause, self._flush)

    def _flush(self) -> None:
        if not self._posting.acquire(blocking=False):
            self._carrier.outgoing.later(self._carrier.outgoing.pause, self._flush)
            return
        try:
            if events := [self._waiting.popleft() for _ in range(min(_MAX_BATCH, len(self._waiting)))]:
                _post(self._carrier, events)
        finally:
            self._posting.release()


def message_id(entry: Json) -> str:
    """The id in events and lists; it begins with the one that the answer to the send gave."""
    return f"{entry['id']}.filter0001.1"


def follow(carrier: Carrier, entry: Json) -> None:
    """Let the fate of this recipient's mail happen, and tell it to the hook."""
    fate = carrier.fates.get(entry["to"], "")
    events = [_event(entry, fact) for fact in FATES[fate]]
    if fate == "late_bounce":
        del events[-1]["sg_message_id"]  # an asynchronous bounce comes without it

    def happen(event: Json) -> None:
        entry["status"] = event["event"]

    carrier.outgoing.follow(entry["id"], events, happen, partial(_tell, carrier, entry))


def _event(entry: Json, fact: dict[str, str]) -> Json:
    # Custom arguments stand among SendGrid's own properties, which win.
    return {
        **entry["arguments"],
        "email": entry["to"],
        "timestamp": int(time.time()),
        "smtp-id": f"<{entry['id']}@geopod-ismtpd-1>",
        "sg_event_id": secrets.token_urlsafe(16),
        "sg_message_id": message_id(entry),
        **fact,
    }


def _tell(carrier: Carrier, entry: Json, event: Json, fault: str) -> None:
    if not carrier.sendgrid_hook:
        return
    if fault == "":
        carrier.batches.add(event)
    elif fault == "repeated":
        _post(carrier, [event], fault)
    elif fault == "forged":
        lie = [_event(entry, _DELIVERED if event["event"] in {"bounce", "dropped"} else _BOUNCE)]
        _post(carrier, lie, fault, carrier.impostor.sendgrid(_raw(lie)))
    elif other := carrier.another(entry):
        _post(carrier, [{**event, ATTEMPT: other["attempt"]}], fault, carrier.signer.sendgrid(_raw([event])))


def _post(
    carrier: Carrier, events: list[Json], fault: str = "", signature: dict[str, str] | None = None
) -> None:
    raw = _raw(events)
    headers = {"Content-Type": "application/json", **(signature or carrier.signer.sendgrid(raw))}
    once = fault in {"forged", "replayed"}
    carrier.outgoing.post(Post("sendgrid", carrier.sendgrid_hook, events, raw, headers, fault, once))


def _raw(events: list[Json]) -> bytes:
    # SendGrid's own posts end with a line break, which is signed too.
    return json.dumps(events).encode() + b"\r\n"
