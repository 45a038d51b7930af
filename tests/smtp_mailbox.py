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


class Mailbox:
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
        self.received: list[Received] = []
        self.replies: dict[str, str] = {}
        self.drop_at = ""
        self.connections = 0
        self.commands: list[str] = []
        self.port = 0
        self._tls, self._starttls, self._login = tls, starttls, login
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.Transport] = set()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Mailbox:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def hang_up(self) -> None:
        """Close every open connection, as a server does with idle ones."""
        done = threading.Event()

        def close() -> None:
            for transport in self._open:
                transport.close()
            self._loop.call_later(0.05, done.set)

        self._loop.call_soon_threadsafe(close)
        assert done.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(self._protocol, "127.0.0.1", 0, ssl=self._tls)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        for transport in self._open:
            with suppress(AttributeError):  # Python 3.11.2: a TLS transport whose peer has gone
                transport.abort()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.run_until_complete(server.wait_closed())
        self._loop.close()

    def _protocol(self) -> SMTP:
        self.connections += 1
        return _Server(self, self._starttls, self._login, self._loop)


class _Server(SMTP):
    def __init__(
        self,
        box: Mailbox,
        starttls: ssl.SSLContext | None,
        login: tuple[str, str] | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        def check(
            _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: object
        ) -> AuthResult:
            assert isinstance(given, LoginPassword)
            return AuthResult(success=(given.login.decode(), given.password.decode()) == login, handled=False)

        super().__init__(
            _Steps(box),
            hostname="mailbox.example.org",
            tls_context=starttls,
            authenticator=check,
            auth_required=login is not None,
            auth_require_tls=starttls is not None,
            loop=loop,
        )
        self._box = box

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._box._open.add(transport)
        super().connection_made(transport)
        if self._box.drop_at == "CONNECT":
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._box._open = {one for one in self._box._open if not one.is_closing()}
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:
        self._box.commands.append("DATA")
        if self._box.drop_at == "DATA":
            await self.push("354 go on")
            await self._reader.read(64)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Steps:
    """The answers at each step; aiosmtpd calls these by name."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box

    def _answer(self, step: str, server: SMTP, usual: str) -> str:
        self._box.commands.append(step)
        if self._box.drop_at == step:
            server.transport.abort()
        return self._box.replies.get(step, usual)

    async def handle_EHLO(
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        answer = self._answer("EHLO", server, "")
        return [answer] if answer else responses

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self._answer("MAIL", server, "250 OK")
        if answer.startswith("2"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self._answer("RCPT", server, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self._box.replies.get("DOT", "250").startswith("2") or self._box.drop_at == "DOT":
            assert envelope.mail_from is not None
            assert isinstance(envelope.content, bytes)
            self._box.received.append(Received(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return self._answer("DOT", server, "250 OK")
