"""What every step brings: the tablet's signature, and the fields of the page that was pressed."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, abort, request
from werkzeug.datastructures import MultiDict

from delivery.kiosk.signed import NotEnrolled, Signed
from delivery.web.answer_page import LANGUAGES

bp = Blueprint("kiosk", __name__, url_prefix="/kiosk")
#: A step that waited for the connection is taken for so long, in seconds.
HELD: Final = 600.0
#: Shortest and longest secret of a page, 128 bits in base64url and some room.
SECRET: Final = range(22, 64)


@dataclass(frozen=True)
class Step:
    """What was pressed: `do` says what, `fields` are those of the page.

    `ref` and `secret` name the sitting that the page holds in its memory; `language` was chosen on the
    tablet, or is ""; `held` is for how many seconds the step has waited for the connection.
    """

    do: str
    fields: MultiDict[str, str]
    ref: str
    secret: str
    language: str
    held: float


def signed() -> Signed:
    """The request with its signature. Raises NotEnrolled for what no tablet of ours has sent."""
    if request.mimetype != "application/json":
        abort(415)
    headers = request.headers
    try:
        return Signed(
            device_id=UUID(headers.get("Kiosk-Device", "")),
            count=int(headers.get("Kiosk-Count", "")),
            signature=bytes_of(headers.get("Kiosk-Signature", "")),
            body=request.get_data(),
        )
    except ValueError:
        raise NotEnrolled("This tablet is not in use.") from None


def bytes_of(text: str) -> bytes:
    """Bytes from base64url. Raises ValueError."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def read(body: bytes) -> Step:
    """The step of a body; 400 for what is none."""
    try:
        said = json.loads(body)
        fields = MultiDict([(_text(name), _text(value)) for name, value in said["fields"]])
        ref, _, secret = _text(said["sitting"]).partition(".")
        language, held = fields.get("lang") or _text(said["lang"]), float(said["held"])
        fresh = _text(said["fresh"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        abort(400)
    # A button's own `do` comes after the one of its page.
    do = (fields.poplist("do") or [""])[-1]
    return Step(
        do=do,
        fields=fields,
        ref=ref,
        secret=secret or (fresh if len(fresh) in SECRET else ""),
        language=language if language in LANGUAGES else "",
        held=held if 0 < held <= HELD else 0.0,
    )


def holding(step: Step, ref: str) -> Step:
    """The step of a page that holds this sitting from now on."""
    return replace(step, ref=ref)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
