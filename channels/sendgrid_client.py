"""The HTTP part of SendGrid's official client, with two time limits and without redirects."""

from __future__ import annotations

import socket
import ssl
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib import request as urllib_request

from python_http_client import Client


class NotConnected(OSError):
    """No connection was made, so nothing can have been sent."""


class Wire:
    """How one call travels. Timeouts in seconds; `sock` is the socket of the call under way.

    A redirect is an error like any other status: following it would carry the key elsewhere.
    """

    def __init__(self, connect_timeout: float, read_timeout: float) -> None:
        self.connect_timeout = connect_timeout
        self.read_timeout = read_timeout
        self.sock: socket.socket | None = None
        self.opener = urllib_request.OpenerDirector()
        for handler in (
            urllib_request.ProxyHandler(),
            _HttpHandler(self),
            _HttpsHandler(self),
            urllib_request.HTTPDefaultErrorHandler(),
            urllib_request.HTTPErrorProcessor(),
        ):
            self.opener.add_handler(handler)


class _TwoTimeouts(HTTPConnection):
    def __init__(self, wire: Wire, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._wire = wire

    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise NotConnected from error
        self.sock.settimeout(self._wire.read_timeout)
        self._wire.sock = self.sock


class _TwoTimeoutsTls(_TwoTimeouts, HTTPSConnection):
    pass


class _HttpHandler(urllib_request.HTTPHandler):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def http_open(self, req: urllib_request.Request) -> HTTPResponse:
        return self.do_open(partial(_TwoTimeouts, self._wire), req)


class _HttpsHandler(urllib_request.HTTPSHandler):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire
        self._tls = ssl.create_default_context()

    def https_open(self, req: urllib_request.Request) -> HTTPResponse:
        return self.do_open(partial(_TwoTimeoutsTls, self._wire), req, context=self._tls)


class LimitedClient(Client):  # type: ignore[misc]
    """The official client over our wire; the limits hold for every path built from it."""

    def __init__(self, wire: Wire, **options: Any) -> None:
        super().__init__(**options)
        self._wire = wire

    def _build_client(self, name: str | None = None) -> LimitedClient:
        return LimitedClient(
            self._wire,
            host=self.host,
            version=self._version,
            request_headers=self.request_headers,
            url_path=[*self._url_path, name] if name else self._url_path,
        )

    def _make_request(self, _opener: object, request: urllib_request.Request, **_options: object) -> object:
        return super()._make_request(self._wire.opener, request, timeout=self._wire.connect_timeout)
