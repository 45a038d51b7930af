"""How long a conversation with a provider may take, and which hosts it never leaves this machine for."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from threading import Timer


@contextmanager
def cut_off(seconds: float, current: Callable[[], socket.socket | None]) -> Iterator[None]:
    """After `seconds` shut down the socket that `current()` then names; its reader sees a lost connection.

    Socket timeouts alone count from the last byte: a peer that sends one a second would go on for ever.
    """

    def shut() -> None:
        if (sock := current()) is not None:
            with suppress(OSError):
                # The plain method also on TLS sockets: theirs changes state under the reader's feet.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def is_loopback(host: str) -> bool:
    """True for `localhost` and the addresses that never leave this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
