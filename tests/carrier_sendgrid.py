"""The part of the local carrier that speaks SendGrid: `POST /v3/mail/send` and `GET /v3/messages`.

Fields, limits and answers follow SendGrid's own API documents (mail send v3, email activity v3).
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from tests import carrier_events
from tests.carrier_events import ATTEMPT
from tests.carrier_http import Handler, Reply, Route

Json = dict[str, Any]


def send(call: Handler, raw: bytes, _query: str) -> Reply | None:
    """Take one email."""
    carrier = call.server.carrier
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    carrier.note_request("POST", "/v3/mail/send", body if isinstance(body, dict) else {})
    if not _has_key(call):
        return _no(401, "authorization required")
    if wrong := error_in(body):
        return _no(400, wrong[1], wrong[0])
    person = body["personalizations"][0]
    arguments = {name: str(value) for name, value in person.get("custom_args", {}).items()}

    def accept() -> Json:
        entry = carrier.truth.accept(
            "sendgrid",
            secrets.token_urlsafe(16),
            kind="email",
            attempt=arguments.get(ATTEMPT, ""),
            to=person["to"][0]["email"],
            text=body["content"][0]["value"],
            arguments=arguments,
            from_email=body["from"]["email"],
            subject=person.get("subject") or body["subject"],
            status="processed",
        )
        carrier_events.follow(carrier, entry)
        return entry

    def confirm(entry: Json) -> Reply:
        return Reply(202, b"", {"X-Message-Id": entry["id"]})

    return call.meet(carrier.next_fault(), accept, confirm, _trouble)


def list_messages(call: Handler, _raw: bytes, query: str) -> Reply | None:
    """The email activity list, newest first."""
    carrier = call.server.carrier
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    carrier.note_request("GET", "/v3/messages", asked)
    if not _has_key(call):
        return _no(401, "authorization required")
    wanted = _terms(asked.get("query", ""))
    if wanted is None:
        return _no(400, "invalid syntax")

    def look() -> list[Json]:
        found = [m for m in carrier.listed("sendgrid") if all(m[key] == wanted[key] for key in wanted)]
        return [_activity(message) for message in found[::-1][: int(asked.get("limit", 10))]]

    return call.meet(
        carrier.next_look_up_fault(), look, lambda found: Reply.json(200, {"messages": found}), _trouble
    )


def _has_key(call: Handler) -> bool:
    given = call.headers.get("Authorization", "")
    key = call.server.carrier.api_key
    return given.startswith("Bearer ") and (key is None or given == f"Bearer {key}")


def _no(status: int, message: str, field: str | None = None, headers: dict[str, str] | None = None) -> Reply:
    errors = [{"message": message, "field": field, "help": None}]
    return Reply.json(status, {"errors": errors}, headers)


def _trouble(status: int) -> Reply:
    if status == 429:
        return _no(status, "too many requests", headers={"Retry-After": "2"})
    return _no(status, "internal server error")


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
            rf"(?:unique_args\['({ATTEMPT})'\]|(to_email|msg_id))=\"([^\"]*)\"", term.strip("() ")
        )
        if not found:
            return None
        wanted["attempt" if found[1] else {"to_email": "to", "msg_id": "id"}[found[2]]] = found[3]
    return wanted


def _activity(entry: Json) -> Json:
    return {
        "from_email": entry["from_email"],
        "msg_id": carrier_events.message_id(entry),
        "subject": entry["subject"],
        "to_email": entry["to"],
        "status": {"delivered": "delivered", "processed": "processed"}.get(entry["status"], "not_delivered"),
        "opens_count": 0,
        "clicks_count": 0,
        "last_event_time": datetime.fromtimestamp(entry["at"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


ROUTES: list[Route] = [
    ("POST", re.compile(r"/v3/mail/send"), send),
    ("GET", re.compile(r"/v3/messages"), list_messages),
]
