"""The HTTP part of Twilio's official client: our host, time limits, one try, nothing logged."""

from __future__ import annotations

import logging
import socket
import ssl
from base64 import b64encode
from http.client import HTTPConnection
from time import monotonic
from urllib.parse import urlencode, urlsplit

from twilio.http import HttpClient
from twilio.http.response import Response

from channels.network import cut_off

MAX_ANSWER = 8 << 20  # bytes; a full page of 1,000 messages takes about 1.5 MB


class NotConnected(OSError):
    """No connection was made, so nothing can have been sent."""


class LimitedHttp(HttpClient):  # type: ignore[misc]
    """Carries each call over a connection of its own, to the scheme, host and port of `base`.

    `connect_timeout` and `read_timeout` are seconds of silence; a whole call takes at most their sum. `last`
    is the answer to the latest call, None without one. A redirect is an answer like any other, and the proxy
    settings of the environment are not read. Raises `NotConnected`, OSError or http.client.HTTPException.
    """

    def __init__(self, base: str, connect_timeout: float, read_timeout: float) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        parts = urlsplit(base)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self.last: Response | None = None

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  (the limits are ours)
        allow_redirects: bool = False,  # noqa: ARG002
    ) -> Response:
        self.last = None
        limit = self._connect_timeout + self._read_timeout
        wire = _Wire(self._host, self._port, self._tls, self._connect_timeout, monotonic() + limit)
        headers = dict(headers or {})
        if auth:
            headers["Authorization"] = f"Basic {b64encode(':'.join(auth).encode()).decode()}"
        parts = urlsplit(uri)
        query = "&".join(filter(None, (parts.query, urlencode(params or {}, doseq=True))))
        body = urlencode(data, doseq=True).encode() if data else None
        try:
            with cut_off(limit, lambda: wire.line):
                wire.connect()
                wire.sock.settimeout(self._read_timeout)
                wire.request(method, f"{parts.path}?{query}" if query else parts.path, body, headers)
                with wire.getresponse() as answer:
                    text = answer.read(MAX_ANSWER).decode()
        finally:
            wire.close()
        self.last = Response(answer.status, text, answer.headers)
        return self.last


class _Wire(HTTPConnection):
    """`line` is the socket, also while a body is read that ends with the connection (`sock` is None then)."""

    sock: socket.socket  # typeshed knows no type for it
    line: socket.socket | None = None

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None, timeout: float, deadline: float
    ) -> None:
        self.default_port = 443 if tls else 80
        super().__init__(host, port, timeout=timeout)
        self._tls = tls
        self._deadline = deadline

    def connect(self) -> None:
        try:
            super().connect()
            self.line = self.sock
            if self._tls is not None:
                # In two steps, so that the cut-off finds the socket during the handshake too.
                self.line = self.sock = self._tls.wrap_socket(
                    self.sock, server_hostname=self.host, do_handshake_on_connect=False
                )
                self.sock.do_handshake()
        except OSError as error:
            raise NotConnected from error
        if monotonic() > self._deadline:
            raise NotConnected  # the cut-off came while there was no socket to cut
