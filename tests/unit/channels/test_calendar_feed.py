from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from channels import calendar_feed
from channels.calendar_feed import Unread

BODY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@contextmanager
def server(answer: Any) -> Iterator[str]:
    """An HTTP server of this machine that answers with `answer(handler)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *args: Any) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}"
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def reply(body: bytes = BODY, status: int = 200, **headers: str) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_a_calendar_is_read() -> None:
    with server(reply()) as url:
        assert calendar_feed.fetch(f"{url}/me.ics?key=1", on_loopback=True) == BODY


@pytest.mark.parametrize(
    "url",
    [
        "http://calendar.example/a.ics",
        "https://user:pw@calendar.example/a",
        "https://calendar.example:8443/a",
        "ftp://calendar.example/a",
        "file:///etc/passwd",
        "https://",
        "https://calendar.example/a b",
        "https://calendar.example/a\r\nX: y",
        "https://[::1",
        "https://calendar.example/" + "x" * 2000,
        "calendar.example/a.ics",
        "",
    ],
)
def test_what_is_no_address_to_read_is_refused(url: str) -> None:
    with pytest.raises(Unread):
        calendar_feed.check(url)


def test_a_subscription_address_is_kept_as_https() -> None:
    assert calendar_feed.check(" webcal://calendar.example/a.ics ") == "https://calendar.example/a.ics"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
        "2130706433",
        "0x7f.1",
        "224.0.0.1",
    ],
)
def test_addresses_inside_a_network_are_not_read(host: str) -> None:
    with pytest.raises(Unread):
        calendar_feed.fetch(f"https://{host}/a.ics")


def test_a_name_that_stands_for_a_public_and_a_private_address_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(Unread, match="inside a network"):
        calendar_feed.fetch("https://calendar.example/a.ics")


def test_the_call_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    looked = iter([[(2, 1, 6, "", ("93.184.215.14", 443))], [(2, 1, 6, "", ("127.0.0.1", 443))]])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: next(looked))

    def connect(address: Any, *_: Any, **__: Any) -> None:
        called.append(address)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Unread):
        calendar_feed.fetch("https://calendar.example/a.ics")
    assert called == [("93.184.215.14", 443)]


def test_a_redirect_on_the_same_host_is_followed_and_to_another_one_is_not() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/a":
            reply(b"", 302, Location="/b")(handler)
        elif handler.path == "/b":
            reply()(handler)
        elif handler.path == "/round":
            reply(b"", 302, Location="/round")(handler)
        else:
            reply(b"", 302, Location="http://localhost:1/")(handler)

    with server(answer) as url:
        assert calendar_feed.fetch(f"{url}/a", on_loopback=True) == BODY
        for path, words in (("round", "circle"), ("away", "another host")):
            with pytest.raises(Unread, match=words):
                calendar_feed.fetch(f"{url}/{path}", on_loopback=True)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 204])
def test_an_answer_without_a_calendar_is_said(status: int) -> None:
    with server(reply(b"", status)) as url, pytest.raises(Unread):
        calendar_feed.fetch(url, on_loopback=True)


def test_more_than_five_megabytes_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_feed, "MOST_BYTES", 100)
    with server(reply(b"x" * 100)) as url:
        assert len(calendar_feed.fetch(url, on_loopback=True)) == 100
    with server(reply(b"x" * 101)) as url, pytest.raises(Unread, match="larger"):
        calendar_feed.fetch(url, on_loopback=True)


def test_half_an_answer_is_no_answer() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(BODY)

    with server(answer) as url, pytest.raises(Unread):
        calendar_feed.fetch(url, on_loopback=True)


def test_a_host_that_sends_a_byte_now_and_then_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_feed, "SECONDS", 0.5)
    stop = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not stop.wait(0.1):
                handler.wfile.write(b"x")
                handler.wfile.flush()
        except OSError:
            return

    # Without a cut it would go on until the guard ends it, and then look like a whole answer.
    guard = threading.Timer(20, stop.set)
    guard.start()
    with server(answer) as url:
        with pytest.raises(Unread):
            calendar_feed.fetch(url, on_loopback=True)
        assert not stop.is_set()
        stop.set()
    guard.cancel()


def test_a_look_up_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_feed, "SECONDS", 0.2)
    stop = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: stop.wait(60) and [])
    with pytest.raises(Unread, match="not found"):
        calendar_feed.fetch("https://calendar.example/a.ics")
    stop.set()
