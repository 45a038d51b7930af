"""A client's network that breaks off (F24): before, in and after a request, and in its answer."""

from __future__ import annotations

import random
import socket
import struct
from collections import Counter
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Final
from urllib.request import HTTPHandler, Request

#: Where a line is cut. The first five never bring the whole request to the server; the others do, and what
#: it did with it the client never learns.
CLASSES: Final = (
    "before",
    "in the request line",
    "in the headers",
    "between headers and body",
    "in the body",
    "before the answer",
    "in the status line",
    "in the answer's headers",
    "in the answer's body",
    "before the last byte",
)
_WHOLE: Final = CLASSES.index("before the answer")
_ABORT: Final = struct.pack("ii", 1, 0)


class Line(HTTPHandler):
    """An opener's handler for http: of its requests with a body, this share is cut somewhere."""

    def __init__(self, share: float, chance: random.Random) -> None:
        super().__init__()
        self.share, self.chance = share, chance
        self.met = Counter[str]()

    def http_open(self, req: Request) -> HTTPResponse:
        """Like any connection, or one that breaks off."""
        if req.data is None or self.chance.random() >= self.share:
            return super().http_open(req)
        where = self.chance.choice(CLASSES)
        self.met[f"cut {where}"] += 1

        def connection(host: str, **more: Any) -> _Connection:
            return _Connection(host, where, self.chance, **more)

        return self.do_open(connection, req)


class _Connection(HTTPConnection):
    def __init__(self, host: str, where: str, chance: random.Random, **more: Any) -> None:
        super().__init__(host, **more)
        self._where, self._chance, self._sent = where, chance, b""

    def connect(self) -> None:
        if self._where == "before":
            raise ConnectionRefusedError
        super().connect()

    def send(self, data: Any) -> None:
        """Keep what is to be sent, until all of it is there; then send as much as gets through."""
        if self.sock is None:
            self.connect()
        self._sent += bytes(data)
        head, _, body = self._sent.partition(b"\r\n\r\n")
        if len(body) < _length(head):
            return
        end = len(self._sent) if CLASSES.index(self._where) >= _WHOLE else self._cut(head, body)
        self.sock.sendall(self._sent[:end])
        if end < len(self._sent):
            self._break()

    def _cut(self, head: bytes, body: bytes) -> int:
        line = head.index(b"\r\n")
        first, last = {
            "in the request line": (1, line - 1),
            "in the headers": (line + 2, len(head) - 1),
            "between headers and body": (len(head) + 4, len(head) + 4),
        }.get(self._where, (len(head) + 5, len(head) + 3 + len(body)))
        return self._chance.randint(first, max(first, last))

    def getresponse(self) -> HTTPResponse:
        """Read a part of the answer, then break off. There never is a whole one."""
        if self._where == "in the status line":
            self.sock.recv(8)
        elif self._where != "before the answer":
            reply = b""
            while b"\r\n\r\n" not in reply and (more := self.sock.recv(64)):
                reply += more
            head, _, body = reply.partition(b"\r\n\r\n")
            part = {"in the answer's headers": 0.0, "in the answer's body": self._chance.random()}
            left = int(part.get(self._where, 1.0) * _length(head)) - len(body) - 1
            while left > 0 and (more := self.sock.recv(left)):
                left -= len(more)
        self._break()
        raise AssertionError("never reached")

    def _break(self) -> None:
        """Gone without a word, as a phone in a tunnel whose network then forgets it."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self.close()
        raise ConnectionResetError


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
