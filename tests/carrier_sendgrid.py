"""The part of the local carrier that speaks SendGrid: `POST /v3/mail/send` and `GET /v3/messages`.

Fields, limits and answers follow SendGrid's own API documents (mail send v3, email activity v3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from tests.carrier import Handler

Json = dict[str, Any]


def send(call: Handler, raw: bytes, _query: str) -> None:
    carrier = call.server.carrier
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    carrier.note_request("POST", "/v3/mail/send", body if isinstance(body, dict) else {})
    if not _has_key(call):
        return
    if wrong := error_in(body):
        call.errors(400, wrong[1], wrong[0])
        return
    person = body["personalizations"][0]

    def accept() -> str:
        return carrier.accept(
            "sendgrid",
            str(person.get("custom_args", {}).get("attempt", "")),
            person["to"][0]["email"],
            body["content"][0]["value"],
            from_email=body["from"]["email"],
            subject=person.get("subject") or body["subject"],
        )

    call.answer_send(accept, lambda reference: call.reply(202, b"", {"X-Message-Id": reference}))


def list_messages(call: Handler, _raw: bytes, query: str) -> None:
    carrier = call.server.carrier
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    carrier.note_request("GET", "/v3/messages", asked)
    if not _has_key(call):
        return
    wanted = _terms(asked.get("query", ""))
    if wanted is None:
        call.errors(400, "invalid syntax")
        return
    limit = int(asked.get("limit", 10))
    found = [m for m in carrier.listed() if all(m.get(key) == value for key, value in wanted.items())]
    call.json(200, {"messages": [_activity(message) for message in found[::-1][:limit]]})


def _has_key(call: Handler) -> bool:
    given = call.headers.get("Authorization", "")
    key = call.server.carrier.api_key
    if given.startswith("Bearer ") and (key is None or given == f"Bearer {key}"):
        return True
    call.errors(401, "authorization required")
    return False


def error_in(body: object) -> tuple[str | None, str] | None:
    """What SendGrid's mail send document does not allow about a body: (field, message), or None."""
    if not isinstance(body, dict):
        return None, "Bad Request"
    people = body.get("personalizations")
    if not isinstance(people, list) or not 1 <= len(people) <= 1000:
        return "personalizations", "The personalizations field is required and must have at least one."
    for n, person in enumerate(people):
        to = person.get("to") if isinstance(person, dict) else None
        if not isinstance(to, list) or not to:
            return f"personalizations.{n}.to", "The to array is required."
        if not all(isinstance(one, dict) and _is_address(one.get("email")) for one in to):
            return f"personalizations.{n}.to.0.email", "Does not contain a valid address."
        if not isinstance(person.get("custom_args", {}), dict):
            return f"personalizations.{n}.custom_args", "Invalid type. Expected: object."
    sender = body.get("from")
    if not isinstance(sender, dict) or not _is_address(sender.get("email")):
        return "from.email", "The from email does not contain a valid address."
    if not body.get("subject") and not all(person.get("subject") for person in people):
        return "subject", "The subject is required."
    content = body.get("content")
    if not isinstance(content, list) or not content:
        return "content", "Unless a valid template_id is provided, the content parameter is required."
    types = [part.get("type") for part in content if isinstance(part, dict) and part.get("value")]
    if len(types) != len(content) or types[0] != "text/plain":
        return "content", "If present, text/plain must be first; every part needs a type and a value."
    return None


def _is_address(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^@\s]+@[^@\s]+", value) is not None


def _terms(query: str) -> dict[str, str] | None:
    """`unique_args['attempt']="…" AND to_email="…"` as a dict; None when it is written otherwise."""
    wanted = {}
    for term in query.split(" AND "):
        found = re.fullmatch(
            r"(?:unique_args\['(attempt)'\]|(to_email|msg_id))=\"([^\"]*)\"", term.strip("() ")
        )
        if not found:
            return None
        wanted[found[1] or {"to_email": "to", "msg_id": "id"}[found[2]]] = found[3]
    return wanted


def _activity(entry: Json) -> Json:
    return {
        "from_email": entry["from_email"],
        "msg_id": f"{entry['id']}.filter0001.1",
        "subject": entry["subject"],
        "to_email": entry["to"],
        "status": "processed",
        "opens_count": 0,
        "clicks_count": 0,
        "last_event_time": datetime.fromtimestamp(entry["at"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


ROUTES: list[tuple[str, re.Pattern[str], Callable[[Handler, bytes, str], None]]] = [
    ("POST", re.compile(r"/v3/mail/send"), send),
    ("GET", re.compile(r"/v3/messages"), list_messages),
]
