"""Email by SMTP. Knows at which step a conversation broke, because only that says whether mail went out.

Certificates are checked against the system's authorities; a private one is named by the environment
variable SSL_CERT_FILE.
"""

from __future__ import annotations

import os
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import BinaryIO, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from channels.base import Contact, EvidenceSource, Kind, Message, OutcomeUnknown, Receipt, Refused
from channels.email_message import build, checked_address, message_id
from channels.network import cut_off, is_loopback

_CREDENTIALS = {530, 534, 535, 538}
_REASONS = {
    421: "The mail server is busy.",
    450: "The mailbox can't be reached just now.",
    452: "The mail server has no room just now, or had enough messages for now.",
    550: "The mail server takes no mail for this address.",
    551: "The mail server takes no mail for this address.",
    552: "The mailbox is full, or the message is too big for it.",
    553: "The mail server takes no mail for this address.",
    554: "The mail server refused the message.",
}
# No such mailbox, none at this domain, or switched off for good (RFC 3463; RFC 7505 for 5.1.10).
_NO_MAILBOX = re.compile(rb"5\.(?:1\.(?:0|1|10)|2\.1)(?!\d)")


class SmtpUrlError(ValueError):
    """LIGHTQ_SMTP_URL can't be used; the text says what to change."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over, and how the conversation is protected."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str = ""
    password: str = field(default="", repr=False)


def parse_url(url: str) -> SmtpServer:
    """`smtp://user:pass@host:587` (STARTTLS, except on this machine) or `smtps://user:pass@host:465`.

    `?starttls=require|never` decides it; never is only for this machine. Raises `SmtpUrlError`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise SmtpUrlError("not an address. Write smtp://user:password@host:587.") from None
    if parts.scheme not in {"smtp", "smtps"} or not host or not host.isascii() or parts.path not in {"", "/"}:
        raise SmtpUrlError("not an address. Write smtp://user:password@host:587.")
    starttls = options.pop("starttls", None)
    if options or starttls not in {None, "require", "never"}:
        raise SmtpUrlError("the only option is starttls=require or starttls=never.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii():
        raise SmtpUrlError("the user name and the password may hold only ASCII characters.")
    if parts.scheme == "smtps":
        if starttls:
            raise SmtpUrlError("smtps:// is encrypted from the start; leave starttls out.")
        return SmtpServer(host, port or 465, "tls", user, password)
    if starttls == "require" or (starttls is None and not is_loopback(host)):
        return SmtpServer(host, port or 587, "starttls", user, password)
    if not is_loopback(host):
        raise SmtpUrlError(
            "mail would cross the network without encryption. Remove starttls=never, or use smtps://."
        )
    return SmtpServer(host, port or 25, "none", user, password)


class SmtpEmail:
    """Keeps one connection open between messages. `domain` is the name we give in EHLO.

    Timeouts in seconds: `connect_timeout` for the connection, `read_timeout` for each reply; a whole
    message takes at most three times the latter.
    """

    provider = "smtp"
    kind: Kind = "email"
    evidence: EvidenceSource = "none"

    def __init__(
        self, server: SmtpServer, domain: str, connect_timeout: float = 3.0, read_timeout: float = 10.0
    ) -> None:
        self._server = server
        self._domain = domain
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._session: _Session | None = None
        self._talking: _Session | None = None
        self._owner = 0
        self._lock = Lock()

    def send(self, message: Message) -> Receipt:
        """Hand one message over. Up to the final dot an error is a refusal; after it, silence is unknown."""
        wire = _dot_stuffed(build(message))
        sender, to = checked_address(message.sender_address), checked_address(message.to)
        with self._lock, cut_off(3 * self._read_timeout, self._socket):
            session = self._ready_for_data(sender, to)
            try:
                session.send(wire)
            except OSError as error:
                session.close()
                raise Refused("smtp_lost", "The connection to the mail server was lost.", False) from error
            try:
                session.send(b".\r\n")
                code, words = session.getreply()
            except OSError as error:
                session.close()
                raise OutcomeUnknown("The mail server did not say whether it took the message.") from error
            if code != 250 and not 400 <= code < 600:
                session.close()
                raise OutcomeUnknown("The mail server gave an answer that makes no sense.")
            if code == 421:
                session.close()
            else:
                self._session = session
            if code >= 400:
                raise _refusal(code, contact=_contact(code, words))
            return Receipt(self.provider, message_id(message))

    def look_up(self, message: Message, since: datetime, claimed: frozenset[str] = frozenset()) -> None:
        """SMTP has no way to ask."""

    def close(self) -> None:
        with self._lock:
            session = self._take()
            if session is not None:
                with suppress(OSError):
                    session.quit()

    def _socket(self) -> socket.socket | None:
        return None if self._talking is None else self._talking.sock

    def _take(self) -> _Session | None:
        """The open connection, ours alone until it is put back in a clean state."""
        session, self._session = self._session, None
        if session is not None and self._owner != os.getpid():
            session.close()  # inherited over a fork: two processes must never talk on one connection
            return None
        return session

    def _ready_for_data(self, sender: str, to: str) -> _Session:
        """A connection on which MAIL, RCPT and DATA went well. Raises `Refused`."""
        session = self._take()
        if session is not None:
            self._talking = session
            # Nothing is handed over yet, so an idle connection that has died may be opened again.
            code = session.ask(f"MAIL FROM:<{sender}>")
            if code in {None, 421}:
                session.close()
                session = None
        if session is None:
            session = self._open()
            code = session.ask(f"MAIL FROM:<{sender}>")
        contact: Contact = ""
        if code == 250:
            code = session.ask(f"RCPT TO:<{to}>")
            contact = _contact(code, session.words)
        if code in {250, 251}:
            code = session.ask("DATA")
        if code != 354:
            if code is not None and 400 <= code < 600 and code != 421 and session.ask("RSET") == 250:
                self._session = session
            else:
                session.close()
            raise _refusal(code, contact=contact)
        return session

    def _open(self) -> _Session:
        server = self._server
        context = None if server.security == "none" else ssl.create_default_context()
        session = self._talking = _Session(
            self._domain, self._connect_timeout, self._read_timeout, context, server.security == "tls"
        )
        try:
            session.open(server.host, server.port)
            if context is not None and server.security == "starttls":
                session.starttls(context=context)
                session.ehlo_or_helo_if_needed()
            if server.user:
                session.login(server.user, server.password)
        except OSError as error:
            session.close()
            # Without its cause: a server's words may repeat a name or an address.
            raise _not_opened(error) from None
        self._owner = os.getpid()
        return session


class _Session(smtplib.SMTP):
    """One connection, with separate time limits for connecting and for each reply."""

    def __init__(
        self, domain: str, connect: float, read: float, context: ssl.SSLContext | None, at_once: bool
    ) -> None:
        super().__init__(local_hostname=domain, timeout=connect)
        self._read = read
        self._tls_at_once = context if at_once else None
        self.words = b""

    def open(self, host: str, port: int) -> None:
        """Connect, read the greeting, say EHLO."""
        self._host = host
        code, reply = self.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        self.ehlo_or_helo_if_needed()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout)
        try:
            # The final dot is a small write of its own; it must not wait for the peer's acknowledgement.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls_at_once is not None:
                sock = self._tls_at_once.wrap_socket(sock, server_hostname=host)
            sock.settimeout(self._read)
        except OSError:
            sock.close()
            raise
        return sock

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _WholeLines(self.sock.makefile("rb"))
        return super().getreply()

    def ask(self, command: str) -> int | None:
        """The reply code to one command, its words in `words`; None when the connection is lost."""
        try:
            code, self.words = self.docmd(command)
        except OSError:
            return None
        return code


class _WholeLines:
    """The replies of a server; a line cut off by a lost connection is no reply, whatever it starts with."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readline(self, size: int = -1) -> bytes:
        line = self._file.readline(size)
        return line if line.endswith(b"\n") or len(line) == size else b""

    def close(self) -> None:
        self._file.close()


def _dot_stuffed(wire: bytes) -> bytes:
    return re.sub(rb"(?m)^\.", b"..", wire)


def _not_opened(error: OSError) -> Refused:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return _refusal(error.smtp_code, credentials=error.smtp_code >= 500)
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"The mail server's certificate is not good, so nothing was sent ({error.verify_message})."
        return Refused("smtp_tls", text, False, stops_provider=True)
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        text = "The mail server does not offer the encryption or the sign-in that LIGHTQ_SMTP_URL asks for."
        return Refused("smtp_tls", text, False, stops_provider=True)
    return Refused("smtp_connect", "The mail server could not be reached.", False)


def _contact(code: int | None, words: bytes) -> Contact:
    return "dead" if code == 550 and _NO_MAILBOX.match(words) else ""


def _refusal(code: int | None, *, credentials: bool = False, contact: Contact = "") -> Refused:
    """What a reply code means; None or an unexpected code is a broken conversation."""
    if code is None or not 400 <= code < 600:
        return Refused("smtp_lost", "The connection to the mail server was lost.", False)
    if credentials or code in _CREDENTIALS:
        text = "The mail server does not accept our user name and password (LIGHTQ_SMTP_URL)."
        return Refused(f"smtp_{code}", text, False, stops_provider=True)
    other = "The mail server can't take the message just now." if code < 500 else _REASONS[554]
    return Refused(f"smtp_{code}", _REASONS.get(code, other), code >= 500, contact=contact)
