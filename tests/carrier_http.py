"""The HTTP side of the local carrier: a threaded server, and every fault an answer can have."""

from __future__ import annotations

import json
import random
import re
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.carrier import Carrier

T = TypeVar("T")


@dataclass(frozen=True)
class Faults:
    """How likely each fault is for one send (0 to 1, at most one fault per send)."""

    drop_reply: float = 0.0  # accepted, then the connection closes without an answer
    server_error: float = 0.0  # 500; accepted or not, by the toss of a coin
    too_many: float = 0.0  # 429 with Retry-After, not accepted
    slow: float = 0.0  # accepted and answered, but only after `slow_seconds`
    reset: float = 0.0  # the connection is reset before anything is accepted
    trickle: float = 0.0  # accepted; the answer comes one byte every `trickle_seconds`
    bad_json: float = 0.0  # accepted; the answer is cut off and without its headers
    half_open: float = 0.0  # not accepted, no answer; the connection closes after `slow_seconds`
    slow_seconds: float = 15.0
    trickle_seconds: float = 1.0

    def pick(self, chance: random.Random) -> str:
        """One fault's name, or "" for none."""
        point = chance.random()
        for name in HTTP_FAULTS:
            point -= getattr(self, name)
            if point < 0:
                return name
        return ""


HTTP_FAULTS = ("drop_reply", "server_error", "too_many", "slow", "reset", "trickle", "bad_json", "half_open")


@dataclass(frozen=True)
class Reply:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, body: object, headers: dict[str, str] | None = None) -> Reply:
        """An answer with a JSON body."""
        return cls(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})

    def wire(self) -> bytes:
        """The answer as it travels: one piece, so that it is one write."""
        headers = {**self.headers, "Content-Length": len(self.body)}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


class Server(ThreadingHTTPServer):
    """Closing it ends the open connections and waits for their threads."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, carrier: Carrier, routes: list[Route]) -> None:
        self.carrier = carrier
        self.routes = routes
        self._open: set[Any] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a caller that hung up is no news
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        for request in list(self._open):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
        super().server_close()


class Handler(BaseHTTPRequestHandler):
    """Finds the route of a request; `meet` is for the routes that faults may strike."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self._route()

    def do_GET(self) -> None:
        self._route()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The truth goes to the log file; nothing to the terminal."""

    def _route(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        for method, path, answer in self.server.routes:
            if method == self.command and path.fullmatch(parts.path):
                self._reply(answer(self, raw, parts.query))
                return
        self._reply(Reply.json(404, {"errors": [{"message": "not found", "field": None, "help": None}]}))

    def meet(
        self, fault: str, act: Callable[[], T], confirm: Callable[[T], Reply], trouble: Callable[[int], Reply]
    ) -> Reply | None:
        """Act (accept a message, say) and confirm it, or do what the fault says. None: nothing to answer.

        `trouble` gives the provider's own answer for 429 and 500.
        """
        carrier = self.server.carrier
        match fault:
            case "drop_reply":
                act()
                self.close_connection = True
            case "server_error":
                if carrier.toss():
                    act()
                return trouble(500)
            case "too_many":
                return trouble(429)
            case "slow":
                carrier.stopping.wait(carrier.faults.slow_seconds)
                return confirm(act())
            case "reset":
                # Closing with linger 0 sends a reset instead of a goodbye.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.rfile.close()
                self.connection.close()
            case "trickle":
                self.close_connection = True
                self._trickle(confirm(act()).wire())
            case "bad_json":
                whole = confirm(act())
                return Reply(whole.status, whole.body[: len(whole.body) // 2] or b'{"mess')
            case "half_open":
                self.close_connection = True
                carrier.stopping.wait(carrier.faults.slow_seconds)
            case _:
                return confirm(act())
        return None

    def _trickle(self, wire: bytes) -> None:
        carrier = self.server.carrier
        with suppress(OSError):  # the caller did not wait
            for byte in wire:
                self.wfile.write(bytes([byte]))
                if carrier.stopping.wait(carrier.faults.trickle_seconds):
                    return

    def _reply(self, reply: Reply | None) -> None:
        if reply is not None:
            try:
                self.wfile.write(reply.wire())
            except OSError:
                self.close_connection = True  # the caller did not wait


Route = tuple[str, re.Pattern[str], Callable[[Handler, bytes, str], Reply | None]]
