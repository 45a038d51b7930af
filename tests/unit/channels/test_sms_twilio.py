from __future__ import annotations

import json
import logging
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.base import Contact, Message, OutcomeUnknown, Receipt, Refused
from channels.sms_twilio import TwilioSms
from channels.twilio_codes import meaning

ACCOUNT = "AC" + "0" * 32
TOKEN = "hunter2-token"
SERVICE = "MG" + "1" * 32
SID = "SM" + "a" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
TO = "+15035550123"
SINCE = datetime(2026, 11, 22, 10, 0, 0, 400_000, tzinfo=UTC)


@pytest.fixture
def sms() -> Message:
    return Message(
        attempt_id="018f3c2a-77aa-7bbb-8ccc-0123456789ab",
        kind="sms",
        to=TO,
        sender_name="Secure Forms",
        sender_address="",
        subject="",
        text="Secure Forms: a form to fill in: https://forms.example.org/q/abc Reply STOP to opt out",
        callback_url="https://forms.example.org/hooks/twilio/status?a=abc.sig",
    )


def channel_to(url: str, *, sender: str = SERVICE, token: str = TOKEN, read: float = 5.0) -> TwilioSms:
    return TwilioSms(ACCOUNT, token, sender, url, connect_timeout=0.5, read_timeout=read)


class Twilio(BaseHTTPRequestHandler):
    """Answers with `answer`, or with the next of `pages`; keeps what it was asked."""

    answer: ClassVar[tuple[int, bytes, dict[str, str]]]
    pages: ClassVar[list[bytes]]
    calls: ClassVar[list[str]]
    forms: ClassVar[list[dict[str, list[str]]]]
    signed_in: ClassVar[list[str]]

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.forms.append(parse_qs(raw.decode(), strict_parsing=True))
        self._answer(*self.answer)

    def do_GET(self) -> None:
        if self.pages:
            self._answer(200, self.pages.pop(0), {})
        else:
            self._answer(*self.answer)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.calls.append(f"{self.command} {self.path}")
        self.signed_in.append(self.headers.get("Authorization", ""))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def twilio() -> Iterator[tuple[str, type[Twilio]]]:
    kept: dict[str, Any] = {"calls": [], "forms": [], "signed_in": [], "pages": []}
    handler = type("Handler", (Twilio,), {**kept, "answer": (201, created(), {})})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def record(sid: str = SID, **changed: object) -> dict[str, object]:
    return {
        "sid": sid,
        "account_sid": ACCOUNT,
        "body": "",
        "date_created": "Sun, 22 Nov 2026 10:00:00 +0000",
        "date_sent": None,
        "date_updated": None,
        "direction": "outbound-api",
        "status": "queued",
        "to": TO,
        "from": None,
        "num_segments": "1",
        "error_code": None,
        **changed,
    }


def created(**changed: object) -> bytes:
    return json.dumps(record(**changed)).encode()  # type: ignore[arg-type]


def error(code: object, status: int) -> bytes:
    words = {"code": code, "message": f"no to {TO}", "more_info": "https://…", "status": status}
    return json.dumps(words).encode()


def test_an_accepted_text_has_the_providers_reference(twilio: tuple[str, type[Twilio]], sms: Message) -> None:
    url, handler = twilio
    assert channel_to(url).send(sms) == Receipt("twilio", SID)
    assert handler.calls == [f"POST {PATH}"]
    assert handler.signed_in == [f"Basic {b64encode(f'{ACCOUNT}:{TOKEN}'.encode()).decode()}"]


def test_the_provider_gets_number_words_sender_and_callback_and_nothing_else(
    twilio: tuple[str, type[Twilio]], sms: Message
) -> None:
    url, handler = twilio
    channel_to(url).send(sms)
    assert handler.forms == [
        {
            "To": [TO],
            "Body": [sms.text],
            "MessagingServiceSid": [SERVICE],
            "StatusCallback": [sms.callback_url],
        }
    ]


@pytest.mark.parametrize(
    ("configured", "own", "field", "value"),
    [
        (SERVICE, None, "MessagingServiceSid", SERVICE),
        ("+15035550100", None, "From", "+15035550100"),
        (SERVICE, "+15035550177", "From", "+15035550177"),
        ("+15035550100", "MG" + "2" * 32, "MessagingServiceSid", "MG" + "2" * 32),
    ],
)
def test_a_practices_own_sender_comes_before_the_configured_one(
    twilio: tuple[str, type[Twilio]], sms: Message, configured: str, own: str | None, field: str, value: str
) -> None:
    url, handler = twilio
    channel_to(url, sender=configured).send(replace(sms, sender=own, callback_url=None))
    assert handler.forms == [{"To": [TO], "Body": [sms.text], field: [value]}]


def test_foreign_characters_are_written_in_gsm7_before_sending(
    twilio: tuple[str, type[Twilio]], sms: Message
) -> None:
    url, handler = twilio
    channel_to(url).send(replace(sms, text="Más “así”\u202e\r\nhttps://f.example.org/q/a\n"))
    assert handler.forms[0]["Body"] == ['Mas "asi" https://f.example.org/q/a']


@pytest.mark.parametrize("text", ["a" * 161, "€" * 81, "", "\u200b"])
def test_a_text_that_is_not_one_segment_never_reaches_the_provider(
    twilio: tuple[str, type[Twilio]], sms: Message, text: str
) -> None:
    url, handler = twilio
    with pytest.raises(Refused) as refused:
        channel_to(url).send(replace(sms, text=text))
    assert (refused.value.code, refused.value.permanent) == ("text_too_long", True)
    assert handler.calls == []


@pytest.mark.parametrize(
    "to", ["5035550123", "+1 503 555 0123", "sam@example.net", "+0123456789", "", f"{TO}\n"]
)
def test_what_is_no_number_never_reaches_the_provider(
    twilio: tuple[str, type[Twilio]], sms: Message, to: str
) -> None:
    url, handler = twilio
    with pytest.raises(Refused) as refused:
        channel_to(url).send(replace(sms, to=to))
    assert (refused.value.code, refused.value.permanent, refused.value.contact) == (
        "bad_number",
        True,
        "dead",
    )
    assert handler.calls == []


@pytest.mark.parametrize(
    ("status", "code", "permanent", "stops", "contact"),
    [
        (400, 21610, True, False, "opted_out"),
        (400, 21211, True, False, "dead"),
        (400, 21614, True, False, "dead"),
        (400, 21408, True, False, "dead"),
        (403, 21408, True, False, "dead"),
        (400, 30006, True, False, "dead"),
        (400, 30005, True, False, "dead"),
        (400, 30003, False, False, "away"),
        (400, 30008, False, False, "away"),
        (400, 21606, False, True, ""),
        (400, 30034, False, True, ""),
        (400, 30007, False, True, ""),
        (401, 20003, False, True, ""),
        (401, 99999, False, True, ""),
        (403, 20403, False, True, ""),
        (404, 20404, False, True, ""),
        (429, 20429, False, False, ""),
        (429, 99999, False, False, ""),
        (400, 21617, True, False, ""),
        (400, 99999, True, False, ""),
    ],
)
def test_each_refusal_has_its_meaning_and_repeats_no_number(
    twilio: tuple[str, type[Twilio]],
    sms: Message,
    status: int,
    code: int,
    permanent: bool,
    stops: bool,
    contact: Contact,
) -> None:
    url, handler = twilio
    handler.answer = (status, error(code, status), {})
    with pytest.raises(Refused) as refused:
        channel_to(url).send(sms)
    said = refused.value
    assert (said.code, said.permanent, said.stops_provider) == (f"twilio_{code}", permanent, stops)
    assert said.contact == contact
    assert TO not in str(said)
    assert said.__cause__ is None
    assert said.__suppress_context__
    assert len(handler.calls) == 1


@pytest.mark.parametrize(("header", "wait"), [("7", 7), ("Sun, 22 Nov 2026 10:00:00", None), ("-1", None)])
def test_too_many_says_how_long_to_wait(
    twilio: tuple[str, type[Twilio]], sms: Message, header: str, wait: int | None
) -> None:
    url, handler = twilio
    handler.answer = (429, error(20429, 429), {"Retry-After": header})
    with pytest.raises(Refused) as refused:
        channel_to(url).send(sms)
    assert refused.value.retry_after == wait


def test_a_refusal_in_the_newer_shape_of_errors_is_understood(
    twilio: tuple[str, type[Twilio]], sms: Message
) -> None:
    url, handler = twilio
    problem = {"type": "t", "title": "no", "status": 400, "code": 21610, "detail": TO}
    handler.answer = (400, json.dumps(problem).encode(), {})
    with pytest.raises(Refused) as refused:
        channel_to(url).send(sms)
    assert (refused.value.code, refused.value.contact) == ("twilio_21610", "opted_out")


@pytest.mark.parametrize(
    "answer",
    [
        (400, b"<h1>no</h1>", {}),
        (400, b'{"message": "no"}', {}),
        (400, b'{"code": "21610", "message": "no"}', {}),
        (400, b'{"code": 21610}', {}),
        (400, b'"code message"', {}),
        (400, b"[" * 100_000, {}),
        (401, b"", {}),
        (429, b"slow down", {"Retry-After": "5"}),
        (500, error(20500, 500), {}),
        (502, b"", {}),
        (503, error(20003, 503), {"Retry-After": "5"}),
        (504, b"", {}),
        (302, b"", {"Location": "/elsewhere"}),
        (307, error(20003, 307), {"Location": "/elsewhere"}),
        (200, b"<html>", {}),
        (201, b"", {}),
        (201, b"[]", {}),
        (201, b"null", {}),
        (201, b"\xff\xfe", {}),
        (201, created()[:-1], {}),
        (201, created(sid=None), {}),
        (201, created(sid=""), {}),
        (201, created(sid=7), {}),
        (201, created(date_created=7), {}),
        (201, b"[" * 100_000, {}),
    ],
)
def test_an_answer_that_is_neither_yes_nor_twilios_own_no_is_unknown(
    twilio: tuple[str, type[Twilio]], sms: Message, answer: tuple[int, bytes, dict[str, str]]
) -> None:
    url, handler = twilio
    handler.answer = answer
    with pytest.raises(OutcomeUnknown) as unknown:
        channel_to(url).send(sms)
    assert TO not in str(unknown.value)
    assert handler.calls == [f"POST {PATH}"]


class Peer:
    """Takes one connection, reads the request and does what `then` says with the socket."""

    def __init__(self, *, trickle: bytes | None = None, reset: bool = False) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._trickle, self._reset = trickle, reset
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._talk)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        self._thread.join()
        self._listening.close()

    def _talk(self) -> None:
        peer, _ = self._listening.accept()
        with peer:
            peer.recv(65536)
            if self._reset:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                return
            if self._trickle is None:
                return
            while not self._gone.wait(0.02):
                try:
                    peer.sendall(self._trickle)
                except OSError:
                    return


@pytest.mark.parametrize(
    "peer",
    [
        {"trickle": b""},
        {"trickle": b"H"},
        {"trickle": b"HTTP/1.1 201 Created\r\nA: b\r\n"},
        {"trickle": b"HTTP/1.1 100 Continue\r\n\r\n"},
        {"reset": True},
        {},
    ],
    ids=[
        "silent",
        "one byte at a time",
        "headers for ever",
        "continue for ever",
        "reset",
        "lost",
    ],
)
def test_a_conversation_that_breaks_or_never_ends_is_unknown(sms: Message, peer: dict[str, Any]) -> None:
    with Peer(**peer) as far:
        channel = TwilioSms(ACCOUNT, TOKEN, SERVICE, far.url, connect_timeout=0.6, read_timeout=0.3)
        with pytest.raises(OutcomeUnknown):
            channel.send(sms)


def test_a_body_without_end_is_cut_off(sms: Message) -> None:
    with Peer(trickle=b"HTTP/1.1 201 Created\r\n\r\n") as far:  # the rest of it is an endless body
        channel = TwilioSms(ACCOUNT, TOKEN, SERVICE, far.url, connect_timeout=0.6, read_timeout=0.3)
        with pytest.raises(OutcomeUnknown):
            channel.send(sms)


def test_nobody_listening_is_a_refusal_that_may_be_planned_again(sms: Message) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Refused) as refused:
            channel_to(f"http://127.0.0.1:{unused.getsockname()[1]}").send(sms)
    assert (refused.value.code, refused.value.permanent) == ("twilio_connect", False)


def test_a_handshake_that_goes_wrong_means_nothing_was_sent(
    twilio: tuple[str, type[Twilio]], sms: Message
) -> None:
    url, handler = twilio
    with pytest.raises(Refused) as refused:
        channel_to(url.replace("http:", "https:")).send(sms)
    assert refused.value.code == "twilio_connect"
    assert handler.calls == []


@pytest.mark.parametrize("byte", [b"", b"\x16\x03\x03\x40\x00"])
def test_a_handshake_that_never_ends_means_nothing_was_sent(sms: Message, byte: bytes) -> None:
    with Peer(trickle=byte) as far:
        url = far.url.replace("http:", "https:")
        channel = TwilioSms(ACCOUNT, TOKEN, SERVICE, url, connect_timeout=0.6, read_timeout=0.3)
        with pytest.raises(Refused) as refused:
            channel.send(sms)
    assert refused.value.code == "twilio_connect"


def test_the_proxies_of_the_environment_are_not_used(
    twilio: tuple[str, type[Twilio]], sms: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    url, handler = twilio
    channel_to(url).send(sms)
    assert handler.calls == [f"POST {PATH}"]


def test_neither_token_nor_number_nor_words_are_ever_logged(
    twilio: tuple[str, type[Twilio]], sms: Message, caplog: pytest.LogCaptureFixture
) -> None:
    url, handler = twilio
    with caplog.at_level(logging.DEBUG):
        channel_to(url).send(sms)
        handler.answer = (500, b"", {})
        with pytest.raises(OutcomeUnknown):
            channel_to(url).send(sms)
        channel_to(url).look_up(sms, SINCE)
    for secret in (TOKEN, TO, sms.text, ACCOUNT):
        assert secret not in caplog.text


def page(*records: dict[str, object], then: str | None = None) -> bytes:
    return json.dumps({"messages": records, "next_page_uri": then, "page": 0, "page_size": 1000}).encode()


def sent(body: str, sid: str = SID, seconds: float = 0, **changed: object) -> dict[str, object]:
    created_at = format_datetime(SINCE + timedelta(seconds=seconds))  # whole seconds, rounded down
    return record(sid, body=body, date_created=created_at, **changed)


def test_a_text_whose_answer_was_lost_is_found_by_number_and_words(
    twilio: tuple[str, type[Twilio]], sms: Message
) -> None:
    url, handler = twilio
    handler.pages[:] = [page(sent("other words", "SMother"), sent(sms.text))]
    assert channel_to(url).look_up(sms, SINCE) == Receipt("twilio", SID)
    [call] = handler.calls
    asked = parse_qs(urlsplit(call.removeprefix("GET ")).query)
    assert urlsplit(call.removeprefix("GET ")).path == PATH
    assert asked == {"To": [TO], "PageSize": ["1000"]}


def test_a_list_that_lags_shows_a_text_only_later(twilio: tuple[str, type[Twilio]], sms: Message) -> None:
    url, handler = twilio
    handler.pages[:] = [page(), page(sent(sms.text, status="sent"))]
    assert channel_to(url).look_up(sms, SINCE) == "not_found"
    assert channel_to(url).look_up(sms, SINCE) == Receipt("twilio", SID)


def test_every_page_is_read_and_the_next_one_is_asked_of_our_own_host(
    twilio: tuple[str, type[Twilio]], sms: Message
) -> None:
    url, handler = twilio
    handler.pages[:] = [
        page(sent("x", "SM1"), then=f"{PATH}?To=%2B15035550123&PageSize=1000&Page=1&PageToken=PASM1"),
        page(sent("y", "SM2"), then=f"{PATH}?Page=2&PageToken=PASM2"),
        page(sent(sms.text)),
    ]
    assert channel_to(url).look_up(sms, SINCE) == Receipt("twilio", SID)
    assert handler.calls[1:] == [
        f"GET {PATH}?To=%2B15035550123&PageSize=1000&Page=1&PageToken=PASM1",
        f"GET {PATH}?Page=2&PageToken=PASM2",
    ]
    assert handler.signed_in[2] == handler.signed_in[0] != ""


def test_a_list_without_end_proves_nothing(twilio: tuple[str, type[Twilio]], sms: Message) -> None:
    url, handler = twilio
    handler.answer = (200, page(sent("x"), then=f"{PATH}?Page=1"), {})
    assert channel_to(url).look_up(sms, SINCE) is None
    assert len(handler.calls) < 10


def test_texts_from_before_the_attempt_and_of_other_attempts_are_left_out(
    twilio: tuple[str, type[Twilio]], sms: Message
) -> None:
    url, handler = twilio
    listed = [sent(sms.text, "SMlater", 60), sent(sms.text, "SMmine", 1), sent(sms.text, "SMbefore", -60)]
    handler.answer = (200, page(*listed), {})
    channel = channel_to(url)
    assert channel.look_up(sms, SINCE) == Receipt("twilio", "SMmine")
    assert channel.look_up(sms, SINCE, frozenset({"SMmine"})) == Receipt("twilio", "SMlater")
    assert channel.look_up(sms, SINCE, frozenset({"SMmine", "SMlater"})) == "not_found"


def test_twilios_clock_may_be_two_seconds_behind(twilio: tuple[str, type[Twilio]], sms: Message) -> None:
    url, handler = twilio
    handler.pages[:] = [page(sent(sms.text, seconds=-1)), page(sent(sms.text, seconds=-4))]
    assert channel_to(url).look_up(sms, SINCE) == Receipt("twilio", SID)
    assert channel_to(url).look_up(sms, SINCE) == "not_found"


def test_words_are_compared_as_they_were_sent(twilio: tuple[str, type[Twilio]], sms: Message) -> None:
    url, handler = twilio
    accented = replace(sms, text="Más así\nhttps://f.example.org/q/a\n")
    channel_to(url).send(accented)
    handler.pages[:] = [page(sent(handler.forms[0]["Body"][0])), page(sent("Trial account - " + sms.text))]
    assert channel_to(url).look_up(accented, SINCE) == Receipt("twilio", SID)
    assert channel_to(url).look_up(sms, SINCE) == Receipt("twilio", SID)


@pytest.mark.parametrize(
    "listed",
    [
        page(sent("")),
        page({**sent("x"), "body": None}),
        page(sent("x", to="+15035550199")),
        page({**sent("x"), "date_created": None}),
        page({**sent("x"), "date_created": "yesterday"}),
        b"not json",
        b"[]",
        b"{}",
        b'{"messages": 7}',
        b'{"messages": [7]}',
        b"",
    ],
)
def test_a_list_that_we_can_not_read_to_the_end_proves_nothing(
    twilio: tuple[str, type[Twilio]], sms: Message, listed: bytes
) -> None:
    url, handler = twilio
    handler.answer = (200, listed, {})
    assert channel_to(url).look_up(sms, SINCE) is None


def test_blacked_out_texts_from_before_or_of_other_attempts_do_not_matter(
    twilio: tuple[str, type[Twilio]], sms: Message
) -> None:
    url, handler = twilio
    handler.answer = (200, page(sent("", "SMold", -60), sent("", "SMclaimed", 5)), {})
    assert channel_to(url).look_up(sms, SINCE, frozenset({"SMclaimed"})) == "not_found"


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500, 503])
def test_a_list_that_is_refused_proves_nothing(
    twilio: tuple[str, type[Twilio]], sms: Message, status: int
) -> None:
    url, handler = twilio
    handler.answer = (status, error(20003, status), {})
    assert channel_to(url).look_up(sms, SINCE) is None


def test_a_list_that_can_not_be_reached_or_never_ends_proves_nothing(sms: Message) -> None:
    with Peer(trickle=b"H") as far:
        channel = TwilioSms(ACCOUNT, TOKEN, SERVICE, far.url, connect_timeout=0.6, read_timeout=0.3)
        assert channel.look_up(sms, SINCE) is None
    assert channel.look_up(sms, SINCE) is None


def test_the_channel_says_what_it_is(twilio: tuple[str, type[Twilio]]) -> None:
    channel = channel_to(twilio[0])
    assert (channel.provider, channel.kind, channel.evidence) == ("twilio", "sms", "look_up")
    channel.close()


def test_a_code_that_is_not_listed_is_a_refusal_of_this_text_only() -> None:
    unlisted = meaning(99999)
    assert (unlisted.permanent, unlisted.contact, unlisted.stops_provider) == (True, "", False)
    assert meaning(None) == unlisted
