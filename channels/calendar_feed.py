"""Reading a calendar's address: https, one host, no address inside a network, so much and no longer.

The address comes from a person and the answer from anybody: so the name is looked up once, every address it
stands for has to be a public one, and the call goes to the very address that was looked at.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from ipaddress import IPv6Network, ip_address
from threading import Thread
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from channels.network import cut_off, is_loopback

MOST_BYTES: Final = 5 * 1024 * 1024
SECONDS: Final = 10.0
LONGEST_URL: Final = 2000
_MOST_HOPS: Final = 3
#: Addresses that stand for one of the old kind, which may be a private one.
_STANDS_FOR: Final = IPv6Network("64:ff9b::/96")
_MOVED: Final = (301, 302, 303, 307, 308)


class Unread(Exception):
    """The calendar could not be read; the text says why in plain words, without the address."""


@dataclass(frozen=True)
class _Place:
    parts: SplitResult
    host: str
    port: int
    path: str


def check(url: str, *, on_loopback: bool = False) -> str:
    """The address as it is kept. Raises Unread where it is none that may be read."""
    url = url.strip()
    if url.lower().startswith(("webcal://", "webcals://")):
        url = "https://" + url.partition("://")[2]
    _place(url, on_loopback)
    return url


def fetch(url: str, *, on_loopback: bool = False) -> bytes:
    """What stands at the address: at most 5 MB in ten seconds. Raises Unread.

    `on_loopback`: this installation is on one machine and may read calendars there, also by plain http.
    """
    until = time.monotonic() + SECONDS
    host = None
    for _ in range(_MOST_HOPS):
        place = _place(url, on_loopback)
        if host not in (None, place.host):
            raise Unread("The address leads to another host. Copy the address that it leads to.")
        host = place.host
        found = _get(place, until, on_loopback)
        if isinstance(found, bytes):
            return found
        url = urljoin(url, found)
    raise Unread("The address leads in a circle.")


def _place(url: str, on_loopback: bool) -> _Place:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Unread("This is no web address.") from None
    here = on_loopback and is_loopback(host)
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or not host:
        raise Unread("This is no web address.")
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise Unread("The address has to begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise Unread(
            "An address with a name or password in it is not read. Use the calendar’s secret address."
        )
    usual = 443 if parts.scheme == "https" else 80
    if port not in (None, usual) and not here:
        raise Unread("The address names a port. That is not read.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Place(parts, host, port or usual, path)


def _get(place: _Place, until: float, on_loopback: bool) -> bytes | str:
    """The calendar, or where it leads."""
    found = _looked_up(place, until, on_loopback)
    connection = _Connection(place, found, max(until - time.monotonic(), 0.1))
    try:
        with cut_off(max(until - time.monotonic(), 0.1), lambda: connection.kept):
            connection.request(
                "GET", place.path, headers={"Accept": "text/calendar", "Accept-Encoding": "identity"}
            )
            reply = connection.getresponse()
            if reply.status in _MOVED:
                return reply.getheader("Location") or ""
            if reply.status in (401, 403, 404, 410):
                raise Unread("The calendar does not let LightQ in. Copy its secret address again.")
            if reply.status != 200:
                raise Unread("The calendar’s host had a fault. It is read again in an hour.")
            body = reply.read(MOST_BYTES + 1)
            whole = reply.length in (None, 0)
    except ssl.SSLCertVerificationError:
        raise Unread("The calendar’s host could not prove that it is the right one.") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise Unread("The calendar’s host did not answer in time.") from None
    finally:
        connection.close()
    if len(body) > MOST_BYTES:
        raise Unread("This calendar is larger than 5 MB. Share one that holds the appointments alone.")
    if time.monotonic() > until or not whole:
        raise Unread("The calendar’s host did not answer in time.")
    return body


def _looked_up(place: _Place, until: float, on_loopback: bool) -> str:
    """One public address of the host. All of them have to be public."""
    found: list[str] = []

    def look() -> None:
        try:
            for *_, address in socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM):
                found.append(str(address[0]))
        except (OSError, UnicodeError):
            found.clear()

    # The system's look-up knows no time limit; a thread that is left behind does no harm.
    thread = Thread(target=look, daemon=True)
    thread.start()
    thread.join(max(until - time.monotonic(), 0))
    addresses = list(found)
    if thread.is_alive() or not addresses:
        raise Unread("The calendar’s host was not found.")
    for one in addresses:
        address = ip_address(one.partition("%")[0])
        here = on_loopback and address.is_loopback and is_loopback(place.host)
        other = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
        public = address.is_global and not address.is_multicast and not other and address not in _STANDS_FOR
        if not (public or here):
            raise Unread("This address lies inside a network. Only calendars on the internet are read.")
    return addresses[0]


class _Connection(http.client.HTTPConnection):
    """A connection to the address that was looked at, under the name that was asked for."""

    def __init__(self, place: _Place, address: str, seconds: float) -> None:
        super().__init__(place.host, place.port, timeout=seconds)
        self._secure = place.parts.scheme == "https"
        self._address = address
        #: The socket, also after an answer without a length, when the class above lets go of it.
        self.kept: socket.socket | None = None
        if self._secure:
            self.default_port = 443

    def connect(self) -> None:
        """As the class above, but no second look-up."""
        self.sock = self.kept = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.kept = self.sock
            self.sock.do_handshake()
