"""Pages and style sheets go out compressed: a form is read on slow lines.

Compressed secrets beside typed words can be guessed by watching lengths (BREACH). Our cookies do not travel
with requests that another site starts, so such a watcher sees no page with a secret; a random length is added
all the same.
"""

from __future__ import annotations

import gzip
import secrets
from io import BytesIO
from typing import Final

from flask import Flask, Response, request

KINDS: Final = ("text/html", "text/css", "text/javascript", "image/svg+xml")
#: Without a body, or with a part of one.
UNPACKED: Final = (204, 206, 304)
#: Bytes; below this a page gains nothing.
SMALLEST: Final = 500
#: Most bytes of random length.
PADDING: Final = 32


def install(app: Flask) -> None:
    """Compress what `app` answers, where the browser takes it."""
    kept: dict[str, bytes] = {}

    def compress(response: Response) -> Response:
        if response.mimetype not in KINDS:
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code in UNPACKED or not request.accept_encodings.quality("gzip"):
            return response
        response.direct_passthrough = False
        data = response.get_data()
        if request.endpoint == "static" and response.status_code == 200:
            if request.path not in kept:
                kept[request.path] = gzip.compress(data, 9, mtime=0)
            return _as(response, kept[request.path])
        return _as(response, _padded(data)) if len(data) >= SMALLEST else response

    app.after_request(compress)


def _as(response: Response, packed: bytes) -> Response:
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("ETag", None)
    return response


def _padded(data: bytes) -> bytes:
    """gzip with a name of random length in its header, which readers skip."""
    packed = BytesIO()
    with gzip.GzipFile("x" * (1 + secrets.randbelow(PADDING)), "wb", 6, packed, mtime=0) as file:
        file.write(data)
    return packed.getvalue()
