"""What SendGrid posts to us: batches of events about emails (its signed event webhook)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.base import Contact, Event, EventKind

#: The custom argument that names the attempt. Plain `attempt` is SendGrid's own: how often it has tried.
ATTEMPT_ARG = "lightq_attempt"
MAX_EVENTS = 1000
OLDEST = timedelta(hours=26)  # SendGrid tries again for a day
EARLIEST = timedelta(minutes=5)

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_ATTEMPT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ID = re.compile(r"[!-~]{1,200}")

_Meaning = tuple[EventKind, str, Contact, bool, bool]
"""Kind, reason, contact, permanent, stops the provider."""

_DEAD = "The mailbox does not exist."
_UNWANTED = "The person asked for no more emails."
_BLOCKED = "The other mail server did not take the email just now."
_EVENTS: dict[str, _Meaning] = {
    "processed": ("accepted", "", "", False, False),
    "delivered": ("delivered", "", "", False, False),
    "deferred": ("deferred", _BLOCKED, "away", False, False),
    "bounce": ("bounced", _DEAD, "dead", True, False),
    "dropped": ("dropped", "SendGrid did not send the email.", "", True, False),
    "spamreport": ("spam", "The person marked the email as spam.", "opted_out", True, False),
    "unsubscribe": ("refused_by_person", _UNWANTED, "opted_out", True, False),
    "group_unsubscribe": ("refused_by_person", _UNWANTED, "opted_out", True, False),
}
_DROPPED: dict[str, _Meaning] = {
    "bounced address": ("dropped", _DEAD, "dead", True, False),
    "invalid": ("dropped", "The email address does not exist.", "dead", True, False),
    "unsubscribed address": _EVENTS["unsubscribe"],
    "spam reporting address": ("refused_by_person", _UNWANTED, "opted_out", True, False),
    "recipient list over package quota": (
        "dropped",
        "Our SendGrid account has sent all that its plan allows.",
        "",
        False,
        True,
    ),
}


def genuine(public_keys: Sequence[str], raw: bytes, signature: str, timestamp: str, now: datetime) -> bool:
    """Whether SendGrid signed these bytes with one of the keys, within the last 26 hours.

    The keys are as SendGrid shows them (base64); several while one replaces the other. `now` has a zone.
    """
    if not _TIMESTAMP.fullmatch(timestamp):
        return False
    age = now.timestamp() - int(timestamp)
    if not -EARLIEST.total_seconds() <= age <= OLDEST.total_seconds():
        return False
    return any(_signed(key, raw, signature, timestamp) for key in public_keys)


def _signed(key: str, raw: bytes, signature: str, timestamp: str) -> bool:
    from sendgrid.helpers.eventwebhook import EventWebhook  # noqa: PLC0415  (a quarter of a second to import)

    try:
        return bool(EventWebhook(key).verify_signature(raw.decode(), signature, timestamp))
    except Exception:  # not base64, not UTF-8, no key or a key of another kind: each has its own error
        return False


def events(raw: bytes) -> list[Event]:
    """The events about our attempts, in the order of the batch; opens, clicks and others' emails left out.

    Raises ValueError for the whole batch when it is not shaped as SendGrid documents it.
    """
    try:
        batch = json.loads(raw)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(batch, list) or not all(isinstance(one, dict) for one in batch):
        raise ValueError("not a list of events")
    if len(batch) > MAX_EVENTS:
        raise ValueError(f"more than {MAX_EVENTS} events")
    return [_event(one) for one in batch if _is_ours(one)]


def _is_ours(one: dict[str, Any]) -> bool:
    attempt = one.get(ATTEMPT_ARG)
    return str(one.get("event")) in _EVENTS and isinstance(attempt, str) and bool(_ATTEMPT.fullmatch(attempt))


def _event(one: dict[str, Any]) -> Event:
    name: str = one["event"]
    kind, reason, contact, permanent, stops = _meaning(name, one)
    return Event(
        attempt_id=one[ATTEMPT_ARG],
        kind=kind,
        code=f"sendgrid_{name}",
        reason=reason,
        contact=contact,
        reference=_text(one, "sg_message_id"),
        dedupe=_text(one, "sg_event_id"),
        at=_moment(one.get("timestamp")),
        permanent=permanent,
        stops_provider=stops,
    )


def _meaning(name: str, one: dict[str, Any]) -> _Meaning:
    if name == "bounce" and one.get("type") == "blocked":
        return _EVENTS["deferred"]
    if name == "dropped":
        return _DROPPED.get(str(one.get("reason")).strip().lower(), _EVENTS[name])
    return _EVENTS[name]


def _text(one: dict[str, Any], name: str) -> str:
    value = one.get(name)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError(f"an event without {name}")
    return value


def _moment(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 33:
        raise ValueError("an event without its time")
    return datetime.fromtimestamp(value, UTC)
