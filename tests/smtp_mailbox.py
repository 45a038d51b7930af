"""A real SMTP server in a thread, with faults at each step of a conversation and all that arrived."""

# ruff: noqa: N802  (aiosmtpd calls its hooks by these names)

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Received:
    """One message as it lay on the wire, after dot-unstuffing."""

    sender: str
    to: list[str]
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class SmtpThread:
    """An SMTP server on 127.0.0.1: its event loop runs in a thread between `with … as server:`.

    `port`: where it listens (given as 0: any free one); `connections`: how many there were.
    """

    def __init__(self, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.connections = 0
        self.loop = asyncio.new_event_loop()
        self.open: set[asyncio.Transport] = set()
        self._tls = tls
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def protocol(self) -> SMTP:
        """What speaks on one new connection."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """Close every open connection, as a server does with idle ones."""
        done = threading.Event()

        def close() -> None:
            for transport in self.open:
                transport.close()
            self.loop.call_later(0.05, done.set)

        self.loop.call_soon_threadsafe(close)
        assert done.wait(10)

    def _connection(self) -> SMTP:
        self.connections += 1
        return self.protocol()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            self.loop.create_server(self._connection, "127.0.0.1", self.port, ssl=self._tls)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self.loop.run_forever()
        server.close()
        for transport in self.open:
            with suppress(AttributeError):  # Python 3.11.2: a TLS transport whose peer has gone
                transport.abort()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0.05))
        self.loop.run_until_complete(server.wait_closed())
        self.loop.close()


class Connection(SMTP):
    """One conversation of an `SmtpThread`, which can end it."""

    def __init__(self, owner: SmtpThread, handler: object, **options: Any) -> None:
        super().__init__(handler, loop=owner.loop, **options)
        self.owner = owner

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.owner.open.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.owner.open = {one for one in self.owner.open if not one.is_closing()}
        super().connection_lost(error)

    async def lose_data(self) -> None:
        """Let the message begin, and break the connection in the middle of it."""
        await self.push("354 go on")
        await self._reader.read(64)
        self.drop()

    def drop(self) -> None:
        """Break the connection, at once and without a goodbye."""
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()


class Mailbox(SmtpThread):
    """`with Mailbox() as box:` listens on `box.port`; `box.received` is the ground truth.

    `replies` overrides the answer at a step (EHLO, MAIL, RCPT, DOT); `drop_at` closes the connection
    there instead (also CONNECT and DATA: in the middle of the message). A drop at DOT keeps the message
    and gives no answer. `login`: (user, password) that must be used.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(tls=tls)
        self.received: list[Received] = []
        self.replies: dict[str, str] = {}
        self.drop_at = ""
        self.commands: list[str] = []
        self._starttls, self._login = starttls, login

    def protocol(self) -> SMTP:
        return _Server(self, self._starttls, self._login)


class _Server(Connection):
    def __init__(self, box: Mailbox, starttls: ssl.SSLContext | None, login: tuple[str, str] | None) -> None:
        def check(
            _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: object
        ) -> AuthResult:
            assert isinstance(given, LoginPassword)
            return AuthResult(success=(given.login.decode(), given.password.decode()) == login, handled=False)

        super().__init__(
            box,
            _Steps(box),
            hostname="mailbox.example.org",
            tls_context=starttls,
            authenticator=check,
            auth_required=login is not None,
            auth_require_tls=starttls is not None,
        )
        self._box = box

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._box.drop_at == "CONNECT":
            self.drop()

    async def smtp_DATA(self, arg: str) -> None:
        self._box.commands.append("DATA")
        if self._box.drop_at == "DATA":
            await self.lose_data()
            return
        await super().smtp_DATA(arg)


class _Steps:
    """The answers at each step; aiosmtpd calls these by name."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box

    def _answer(self, step: str, server: Connection, usual: str) -> str:
        self._box.commands.append(step)
        if self._box.drop_at == step:
            server.drop()
        return self._box.replies.get(step, usual)

    async def handle_EHLO(
        self, server: Connection, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        answer = self._answer("EHLO", server, "")
        return [answer] if answer else responses

    async def handle_MAIL(
        self, server: Connection, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self._answer("MAIL", server, "250 OK")
        if answer.startswith("2"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(
        self, server: Connection, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self._answer("RCPT", server, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Connection, _session: Session, envelope: Envelope) -> str:
        if self._box.replies.get("DOT", "250").startswith("2") or self._box.drop_at == "DOT":
            assert envelope.mail_from is not None
            assert isinstance(envelope.content, bytes)
            self._box.received.append(Received(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return self._answer("DOT", server, "250 OK")
