"""The part of the local carrier that speaks Twilio: messages are created, listed and fetched.

Paths, fields and answers follow Twilio's own API document (2010-04-01, Messages); error codes are those of
its error dictionary. Of a list's pages only the next can be asked for.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from operator import eq, ge, le
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from uuid import uuid4

from tests import carrier_status
from tests.carrier_gsm import segments
from tests.carrier_http import Handler, Reply, Route
from tests.carrier_status import ERRORS, OWN_NUMBER

if TYPE_CHECKING:
    from tests.carrier import Carrier

Json = dict[str, Any]

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PATH = re.compile(r"/2010-04-01/Accounts/(?P<account>[^/]+)/Messages(?:/(?P<sid>[^/]+))?\.json")
_TEXTS = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    21211: "The 'To' number is not a valid phone number.",
    21212: "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID.",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit.",
}
_STATUS = {20003: 401, 20404: 404, 20429: 429, 20500: 500}
_COMPARE = {"DateSent": eq, "DateSent<": le, "DateSent>": ge}


def create(call: Handler, raw: bytes, _query: str) -> Reply | None:
    """Take one text message."""
    carrier = call.server.carrier
    path = urlsplit(call.path).path
    form = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    carrier.note_request("POST", path, form)
    if code := _wrong_account(call) or error_in(form) or carrier_status.refusal(carrier, form["To"]):
        return _error(code)
    service = form.get("MessagingServiceSid")
    callback = form.get("StatusCallback", "")

    def accept() -> Json:
        entry = carrier.truth.accept(
            "twilio",
            f"SM{uuid4().hex}",
            kind="sms",
            attempt=parse_qs(urlsplit(callback).query).get("a", [""])[0].partition(".")[0],
            to=form["To"],
            text=form["Body"],
            segments=segments(form["Body"]),
            body=form["Body"],
            sender=form.get("From") or (None if service else OWN_NUMBER),
            service=service,
            callback=callback,
            status="queued",
            error=None,
        )
        carrier_status.follow(carrier, entry)
        return entry

    def confirm(entry: Json) -> Reply:
        return Reply.json(201, _resource(carrier.twilio_account, entry))

    return call.meet(carrier.next_fault(), accept, confirm, _trouble)


def error_in(form: dict[str, str]) -> int:
    """The error code of what Twilio does not take; 0: nothing is wrong."""
    callback = urlsplit(form.get("StatusCallback") or "http://none")
    wrong = {
        21604: not form.get("To"),
        21603: not (form.get("From") or form.get("MessagingServiceSid")),
        21602: not form.get("Body"),
        21211: not _E164.fullmatch(form.get("To", "")),
        21212: bool(form.get("From")) and not _E164.fullmatch(form["From"]),
        21609: callback.scheme not in {"http", "https"} or not callback.netloc,
        21617: len(form.get("Body", "")) > 1600,
    }
    return next((code for code, is_so in wrong.items() if is_so), 0)


def fetch(call: Handler, _raw: bytes, _query: str) -> Reply | None:
    """One message, at once and whatever the list's lag."""
    carrier = call.server.carrier
    path = urlsplit(call.path).path
    carrier.note_request("GET", path, {})
    sid = _PATH.fullmatch(path)["sid"]  # type: ignore[index]
    found = [entry for entry in list(carrier.accepted) if entry["id"] == sid and entry["kind"] == "sms"]
    if code := _wrong_account(call) or (0 if found else 20404):
        return _error(code)
    return call.meet(
        carrier.next_look_up_fault(),
        lambda: _resource(carrier.twilio_account, found[0]),
        lambda resource: Reply.json(200, resource),
        _trouble,
    )


def list_messages(call: Handler, _raw: bytes, query: str) -> Reply | None:
    """The messages of the account, newest first, in pages of 50 or `PageSize`."""
    carrier = call.server.carrier
    path = urlsplit(call.path).path
    asked = dict(parse_qsl(query))
    carrier.note_request("GET", path, asked)
    if code := _wrong_account(call):
        return _error(code)
    try:
        page = _page(carrier, path, query, asked)
    except ValueError:
        return _error(20001)
    return call.meet(carrier.next_look_up_fault(), lambda: page, lambda it: Reply.json(200, it), _trouble)


def _page(carrier: Carrier, path: str, query: str, asked: dict[str, str]) -> Json:
    """What is asked for, by the names of the document. Raises ValueError."""
    size = max(1, min(1000, int(asked.get("PageSize", 50))))
    page = int(asked.get("Page", 0))
    dates = [(_COMPARE[name], _moment(asked[name])) for name in _COMPARE if name in asked]
    matching = [
        entry
        for entry in reversed(carrier.listed("twilio"))
        if asked.get("To", entry["to"]) == entry["to"]
        and asked.get("From", entry["sender"]) == entry["sender"]
        and all(compare(_same_kind(entry["at"], moment), moment) for compare, moment in dates)
    ]
    start = 0
    if "PageToken" in asked:
        # A page starts after the last message of the one before, so that new messages shift nothing.
        start = [entry["id"] for entry in matching].index(asked["PageToken"].removeprefix("PA")) + 1
    shown = matching[start : start + size]
    kept = {name: asked[name] for name in asked if name not in {"Page", "PageToken", "PageSize"}}

    def uri(number: int, **more: str) -> str:
        return f"{path}?{urlencode({**kept, 'PageSize': size, 'Page': number, **more})}"

    there_is_more = len(matching) > start + size
    return {
        "messages": [_resource(carrier.twilio_account, entry) for entry in shown],
        "start": page * size,
        "end": page * size + max(len(shown) - 1, 0),
        "page": page,
        "page_size": size,
        "uri": f"{path}?{query}",
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1, PageToken=f"PA{shown[-1]['id']}") if there_is_more else None,
        "previous_page_uri": None,
    }


def _wrong_account(call: Handler) -> int:
    carrier = call.server.carrier
    pair = f"{carrier.twilio_account}:{carrier.twilio_token}".encode()
    if call.headers.get("Authorization", "") != f"Basic {b64encode(pair).decode()}":
        return 20003
    found = _PATH.fullmatch(urlsplit(call.path).path)
    return 0 if found and found["account"] == carrier.twilio_account else 20404


def _error(code: int, headers: dict[str, str] | None = None) -> Reply:
    status = _STATUS.get(code, 400)
    text = _TEXTS.get(code) or ERRORS.get(code) or "Bad request"
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Reply.json(status, {"code": code, "message": text, "more_info": more, "status": status}, headers)


def _trouble(status: int) -> Reply:
    return _error(20429, {"Retry-After": "2"}) if status == 429 else _error(20500)


def _moment(text: str) -> date:
    """A day, or a moment in UTC, in one of the forms that the document's examples show."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    found = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _same_kind(at: float, like: date) -> date:
    """The moment to the second, as the list shows it, or only its day where a day was asked for."""
    moment = datetime.fromtimestamp(int(at), UTC)
    return moment if isinstance(like, datetime) else moment.date()


def _resource(account: str, entry: Json) -> Json:
    uri = f"/2010-04-01/Accounts/{account}/Messages/{entry['id']}"
    created = datetime.fromtimestamp(int(entry["at"]), UTC)
    on_its_way = entry["status"] not in {"queued", "failed"}
    # Through a messaging service, sender and segments are known only once it is on its way.
    known = on_its_way or entry["service"] is None
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": entry["body"],
        "date_created": format_datetime(created),
        "date_sent": format_datetime(created),
        "date_updated": format_datetime(created + timedelta(seconds=on_its_way)),
        "direction": "outbound-api",
        "error_code": entry["error"],
        "error_message": ERRORS.get(entry["error"]),
        "from": entry["sender"],
        "messaging_service_sid": entry["service"],
        "num_media": "0",
        "num_segments": str(entry["segments"]) if known else "0",
        "price": "-0.00790" if on_its_way else None,
        "price_unit": "USD" if on_its_way else None,
        "sid": entry["id"],
        "status": entry["status"],
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": entry["to"],
        "uri": f"{uri}.json",
    }


_LIST = re.compile(r"/2010-04-01/Accounts/[^/]+/Messages\.json")
ROUTES: list[Route] = [("POST", _LIST, create), ("GET", _LIST, list_messages), ("GET", _PATH, fetch)]
