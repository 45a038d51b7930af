"""Websites that may show a screening page in a frame, as browsers compare them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from delivery.errors import Invalid

MOST: Final = 10
LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST: Final = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*")
PORTS: Final = {"https": 443, "http": 80}
TOLD: Final = "Write each one like https://www.example.org, one on a line."


def parse(typed: str, *, loopback: bool) -> list[str]:
    """What somebody typed, one address on a line, as origins: "https://www.example.org".

    With `loopback` (a trial on this machine) http://localhost is taken too. A path is left out: a browser
    tells apart only whole sites. Raises Invalid.
    """
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if len(lines) > MOST:
        raise Invalid("That is too many websites.", {"origins": f"At most {MOST}."})
    return list(dict.fromkeys(_origin(line, loopback=loopback) for line in lines))


def _origin(line: str, *, loopback: bool) -> str:
    try:
        parts = urlsplit(line if "://" in line else f"https://{line}")
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:  # UnicodeError is one
        raise Invalid("Check the websites.", {"origins": TOLD}) from None
    local = loopback and host in ("localhost", "127.0.0.1")
    known = parts.scheme == "https" or (parts.scheme == "http" and local)
    dotted = "." in host or local
    if not known or not dotted or not HOST.fullmatch(host) or parts.username is not None or port == 0:
        raise Invalid("Check the websites.", {"origins": TOLD})
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, PORTS[parts.scheme]) else "")
