"""An SMTP server in a process of its own that takes everything at once and remembers who got how much.

It answers as fast as a server can (no parsing of messages), so that whoever sends is what is measured.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections import Counter
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self


class Conversation(asyncio.Protocol):
    """One connection: line by line until DATA, then until the dot."""

    def __init__(self, taken: Counter[str]) -> None:
        self._taken = taken
        self._rest = b""
        self._to: list[str] = []
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport
        transport.write(b"220 sink.example.org\r\n")

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            before, found, after = self._rest.partition(end)
            if not found:
                return
            self._rest = after
            self._out.write(self._end_of_data() if self._in_data else self._answer(before))

    def _end_of_data(self) -> bytes:
        self._in_data = False
        self._taken.update(self._to)
        self._to = []
        return b"250 taken\r\n"

    def _answer(self, line: bytes) -> bytes:
        match line[:4].upper():
            case b"EHLO":
                return b"250-sink.example.org\r\n250 8BITMIME\r\n"
            case b"RCPT":
                self._to.append(line.decode("ascii").partition("<")[2].partition(">")[0])
            case b"RSET" | b"MAIL":
                self._to = []
            case b"DATA":
                self._in_data = True
                return b"354 go on\r\n"
            case b"QUIT":
                return b"221 bye\r\n"
        return b"250 ok\r\n"


class Sink:
    """`with Sink() as sink:` listens on 127.0.0.1 at `sink.port`."""

    def __enter__(self) -> Self:
        self._pipe, theirs = multiprocessing.Pipe()
        start = multiprocessing.get_context("spawn")
        self._process = start.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.port: int = self._pipe.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(10)

    def total(self) -> int:
        """How many messages it has taken."""
        self._pipe.send("total")
        total: int = self._pipe.recv()
        return total

    def taken(self) -> Counter[str]:
        """How many messages each address has got, since this was last asked."""
        self._pipe.send("taken")
        taken: Counter[str] = self._pipe.recv()
        return taken


def _serve(pipe: Connection) -> None:
    taken: Counter[str] = Counter()

    def answer_questions() -> None:
        try:
            while True:
                if pipe.recv() == "total":
                    pipe.send(taken.total())
                else:
                    pipe.send(Counter(taken))
                    taken.clear()
        except EOFError:
            loop.call_soon_threadsafe(stop.set)

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: Conversation(taken), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        threading.Thread(target=answer_questions, daemon=True).start()
        await stop.wait()

    stop = asyncio.Event()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(run())
