"""Reading what a program sent: JSON bodies and query strings, checked, with reasons that repeat no value."""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeVar

from flask import abort, request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from delivery.errors import Invalid, LightQError

M = TypeVar("M", bound=BaseModel)

#: pydantic's kind of error -> words. Its own messages may quote the input, so they are not passed on.
REASONS: Final = {
    "missing": "This is needed.",
    "extra_forbidden": "There is no such field.",
    "enum": "Expected {expected}.",
    "literal_error": "Expected {expected}.",
    "string_type": "Expected a text.",
    "string_too_long": "At most {max_length} characters.",
    "string_too_short": "At least {min_length} characters.",
    "too_long": "At most {max_length} entries.",
    "too_short": "At least {min_length} entries.",
    "int_type": "Expected a whole number.",
    "int_parsing": "Expected a whole number.",
    "bool_type": "Expected true or false.",
    "list_type": "Expected a list.",
    "greater_than_equal": "At least {ge}.",
    "less_than_equal": "At most {le}.",
    "timezone_aware": "A time needs its zone, as in 2026-01-31T09:00:00-08:00.",
    "datetime_from_date_parsing": "Expected a time, as in 2026-01-31T09:00:00-08:00.",
    "datetime_parsing": "Expected a time, as in 2026-01-31T09:00:00-08:00.",
    "datetime_type": "Expected a time, as in 2026-01-31T09:00:00-08:00.",
    "date_from_datetime_parsing": "Expected a date, as in 2026-01-31.",
    "date_parsing": "Expected a date, as in 2026-01-31.",
    "date_type": "Expected a date, as in 2026-01-31.",
    "uuid_parsing": "Expected an id, as given by this service.",
    "uuid_type": "Expected an id, as given by this service.",
    "model_type": "Expected a JSON object.",
    "lightq": "{reason}",
}
_FIELD: Final = re.compile(r"[a-z][a-z_]{0,40}")


class Unreadable(LightQError):
    """A body that is not JSON."""

    status = 400
    code = "unreadable"


def body(model: type[M]) -> tuple[M, str]:
    """The checked body and its canonical text. An empty body stands for an empty object.

    Raises Unreadable for broken JSON, Invalid with one reason per field, 415 for another content type.
    """
    raw = request.get_data()
    if raw and request.mimetype != "application/json":
        abort(415)
    try:
        value = json.loads(raw or b"{}", object_pairs_hook=_once, parse_constant=_refuse)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        raise Unreadable("The body is not valid JSON, or names a field twice.") from None
    try:
        return model.model_validate_json(text, strict=True), text
    except ValidationError as error:
        raise refusal(error) from None


def query(model: type[M]) -> M:
    """The checked query string. Raises Invalid; a parameter that is given twice is refused."""
    for name in request.args:
        if len(request.args.getlist(name)) > 1:
            raise Invalid("The query cannot be taken.", {_shown(name): "Give it once."})
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise refusal(error) from None


def refusal(error: ValidationError) -> Invalid:
    """Every reason by the path of its field: {"respondents.0.role": "Expected …"}."""
    errors = error.errors(include_url=False, include_input=False)
    if any(e["type"] == "json_invalid" for e in errors):
        raise Unreadable("The body is not valid JSON, or names a field twice.")
    return Invalid(
        "Some fields cannot be taken.",
        {".".join(_shown(part) for part in e["loc"]): _reason(e) for e in errors},
    )


def _reason(error: ErrorDetails) -> str:
    words = REASONS.get(error["type"], "This value cannot be taken.")
    return words.format(**error.get("ctx", {}))


def _shown(part: Any) -> str:
    """A path's part as it may be repeated: a field's name of ours, or a position."""
    text = str(part)
    return text if isinstance(part, int) or _FIELD.fullmatch(text) else "(unknown)"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("twice")
    return found


def _refuse(_name: str) -> Any:
    raise ValueError("not a JSON number")
