from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from channels.base import Message, OutcomeUnknown, Receipt, Refused
from channels.email_sendgrid import SendGridEmail
from tests.carrier import Carrier, Faults

KEY = "SG.test-key"
SEND = "/v3/mail/send"


def channel_to(
    url: str, *, activity: bool = False, key: str = KEY, read_timeout: float = 5.0
) -> SendGridEmail:
    return SendGridEmail(key, url, activity=activity, connect_timeout=1.0, read_timeout=read_timeout)


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[Carrier]:
    faults = Faults(slow_seconds=0.6)
    with Carrier(tmp_path / "truth.jsonl", api_key=KEY, faults=faults) as running:
        yield running


def test_an_accepted_message_has_the_providers_reference(carrier: Carrier, message: Message) -> None:
    receipt = channel_to(carrier.url).send(message)
    [arrived] = carrier.accepted
    assert receipt == Receipt("sendgrid", arrived["id"])
    assert (arrived["attempt"], arrived["to"]) == (message.attempt_id, "sam@example.net")


def test_every_kind_of_tracking_is_off_in_the_json_that_arrived(carrier: Carrier, message: Message) -> None:
    channel_to(carrier.url).send(message)
    body = carrier.requests[0][2]
    assert body["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }


def test_the_provider_gets_the_neutral_message_and_one_opaque_id(carrier: Carrier, message: Message) -> None:
    channel_to(carrier.url).send(message)
    body = carrier.requests[0][2]
    del body["tracking_settings"]
    assert body == {
        "personalizations": [
            {"to": [{"email": "sam@example.net"}], "custom_args": {"lightq_attempt": message.attempt_id}}
        ],
        "from": {"email": "forms@alliance.example.org", "name": "Secure Forms"},
        "subject": "A form to fill in",
        "content": [
            {"type": "text/plain", "value": message.text},
            {"type": "text/html", "value": message.html},
        ],
        "headers": {
            "Message-ID": f"<{message.attempt_id}@alliance.example.org>",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{message.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    }


def test_mail_to_staff_has_no_unsubscribe_header_and_may_lack_html(
    carrier: Carrier, message: Message
) -> None:
    channel_to(carrier.url).send(replace(message, html=None, unsubscribe_url=None, sender_name=""))
    body = carrier.requests[0][2]
    assert set(body["headers"]) == {"Message-ID", "Auto-Submitted"}
    assert [part["type"] for part in body["content"]] == ["text/plain"]
    assert body["from"] == {"email": "forms@alliance.example.org"}


def test_line_breaks_and_direction_marks_never_reach_the_provider(carrier: Carrier, message: Message) -> None:
    hostile = "A form\r\nBcc: eve@example.com\u202e\u200b"
    channel_to(carrier.url).send(replace(message, subject=hostile, sender_name=hostile))
    body = carrier.requests[0][2]
    assert body["subject"] == body["from"]["name"] == "A form Bcc: eve@example.com"


@pytest.mark.parametrize(
    "change", [{"to": "sam@example.net, eve@example.com"}, {"subject": "\n"}, {"attempt_id": 'x" OR "'}]
)
def test_what_is_not_a_message_never_reaches_the_provider(
    carrier: Carrier, message: Message, change: dict[str, str]
) -> None:
    with pytest.raises(Refused) as refused:
        channel_to(carrier.url).send(replace(message, **change))  # type: ignore[arg-type]
    assert refused.value.permanent
    assert carrier.requests == []


@pytest.mark.parametrize("fault", ["drop_reply", "server_error", "reset"])
def test_no_clear_answer_is_unknown_and_the_call_is_made_once(
    carrier: Carrier, message: Message, fault: str
) -> None:
    carrier.script(fault)
    with pytest.raises(OutcomeUnknown):
        channel_to(carrier.url).send(message)
    assert carrier.calls(SEND) == 1
    assert len(carrier.accepted) == {"drop_reply": 1, "reset": 0}.get(fault, len(carrier.accepted))


def test_an_answer_that_comes_too_late_is_unknown_though_it_was_accepted(
    carrier: Carrier, message: Message
) -> None:
    carrier.script("slow")
    with pytest.raises(OutcomeUnknown):
        channel_to(carrier.url, read_timeout=0.2).send(message)
    assert carrier.calls(SEND) == 1


def test_too_many_is_not_permanent_says_how_long_to_wait_and_is_not_retried(
    carrier: Carrier, message: Message
) -> None:
    carrier.script("too_many")
    with pytest.raises(Refused) as refused:
        channel_to(carrier.url).send(message)
    assert (refused.value.code, refused.value.permanent) == ("sendgrid_429", False)
    assert refused.value.retry_after == 2
    assert not refused.value.stops_provider
    assert carrier.calls(SEND) == 1
    assert carrier.accepted == []


def test_a_wrong_key_stops_sending_and_marks_nothing_failed(carrier: Carrier, message: Message) -> None:
    with pytest.raises(Refused) as refused:
        channel_to(carrier.url, key="SG.wrong").send(message)
    assert (refused.value.code, refused.value.permanent) == ("sendgrid_401", False)
    assert refused.value.stops_provider
    assert "SG.wrong" not in str(refused.value)


class Fixed(BaseHTTPRequestHandler):
    """Answers every call with one status and body."""

    answer: ClassVar[tuple[int, bytes, dict[str, str]]]
    calls: ClassVar[list[str]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        type(self).calls.append(f"{self.command} {self.path}")
        status, body, headers = self.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def fixed() -> Iterator[tuple[str, type[Fixed]]]:
    handler = type("Handler", (Fixed,), {"calls": [], "answer": (202, b"", {})})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


ERRORS = json.dumps({"errors": [{"message": "to sam@example.net: no", "field": "from"}]}).encode()


@pytest.mark.parametrize(
    ("status", "permanent", "stops"),
    [
        (400, True, False),
        (401, False, True),
        (403, False, True),
        (404, False, True),
        (405, False, True),
        (413, True, False),
        (415, True, False),
        (429, False, False),
    ],
)
def test_each_refusal_has_its_meaning_and_repeats_no_address(
    fixed: tuple[str, type[Fixed]], message: Message, status: int, permanent: bool, stops: bool
) -> None:
    url, handler = fixed
    handler.answer = (status, ERRORS, {})
    with pytest.raises(Refused) as refused:
        channel_to(url).send(message)
    assert refused.value.code == f"sendgrid_{status}"
    assert (refused.value.permanent, refused.value.stops_provider) == (permanent, stops)
    assert "sam@" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert len(handler.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (400, b"<h1>Bad gateway says no</h1>", {}),
        (400, b'{"errors": []}', {}),
        (403, b'"no"', {}),
        (500, ERRORS, {}),
        (502, b"", {}),
        (503, ERRORS, {"Retry-After": "5"}),
        (504, b"", {}),
        (302, b"", {"Location": "/elsewhere"}),
        (307, b"", {"Location": "/elsewhere"}),
    ],
)
def test_an_answer_that_is_not_sendgrids_own_no_is_unknown(
    fixed: tuple[str, type[Fixed]], message: Message, answer: tuple[int, bytes, dict[str, str]]
) -> None:
    url, handler = fixed
    handler.answer = answer
    with pytest.raises(OutcomeUnknown):
        channel_to(url).send(message)
    assert handler.calls == [f"POST {SEND}"]


@pytest.mark.parametrize(
    ("status", "field", "contact"),
    [
        (400, "personalizations.0.to.0.email", "dead"),
        (400, "from.email", ""),
        (400, None, ""),
        (413, "personalizations.0.to.0.email", ""),
    ],
)
def test_a_recipient_that_sendgrid_calls_no_address_is_dead(
    fixed: tuple[str, type[Fixed]], message: Message, status: int, field: str | None, contact: str
) -> None:
    url, handler = fixed
    errors = {"errors": [{"message": "Does not contain a valid address.", "field": field}]}
    handler.answer = (status, json.dumps(errors).encode(), {})
    with pytest.raises(Refused) as refused:
        channel_to(url).send(message)
    assert refused.value.contact == contact


def test_a_strange_retry_after_is_left_out(fixed: tuple[str, type[Fixed]], message: Message) -> None:
    url, handler = fixed
    handler.answer = (429, ERRORS, {"Retry-After": "Sun, 22 Nov 2026 10:00:00 GMT"})
    with pytest.raises(Refused) as refused:
        channel_to(url).send(message)
    assert refused.value.retry_after is None


def test_nobody_listening_is_a_refusal_that_may_be_planned_again(message: Message) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Refused) as refused:
            channel_to(f"http://127.0.0.1:{unused.getsockname()[1]}").send(message)
    assert (refused.value.code, refused.value.permanent) == ("sendgrid_connect", False)


def test_a_certificate_nobody_vouches_for_means_nothing_was_sent(carrier: Carrier, message: Message) -> None:
    with pytest.raises(Refused) as refused:
        channel_to(carrier.url.replace("http:", "https:")).send(message)
    assert refused.value.code == "sendgrid_connect"
    assert carrier.requests == []


@pytest.mark.parametrize("byte", [b"", b"H"])
def test_a_peer_that_is_silent_or_trickles_is_cut_off_and_unknown(message: Message, byte: bytes) -> None:
    gone = threading.Event()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def talk() -> None:
            peer, _ = listening.accept()
            with peer:
                while not gone.wait(0.02):
                    try:
                        peer.sendall(byte)
                    except OSError:
                        return

        thread = threading.Thread(target=talk)
        thread.start()
        channel = SendGridEmail(
            KEY, f"http://127.0.0.1:{listening.getsockname()[1]}", connect_timeout=0.2, read_timeout=0.3
        )
        try:
            with pytest.raises(OutcomeUnknown):
                channel.send(message)
        finally:
            gone.set()
            thread.join()


def test_neither_key_nor_message_is_ever_logged(
    carrier: Carrier, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        channel_to(carrier.url).send(message)
        carrier.script("server_error")
        with pytest.raises(OutcomeUnknown):
            channel_to(carrier.url).send(message)
    assert KEY not in caplog.text
    assert "sam@example.net" not in caplog.text


def test_the_activity_list_finds_an_accepted_message_whose_answer_was_lost(
    carrier: Carrier, message: Message
) -> None:
    channel = channel_to(carrier.url, activity=True)
    carrier.script("drop_reply")
    with pytest.raises(OutcomeUnknown):
        channel.send(message)
    found = channel.look_up(message, datetime.now(UTC))
    assert isinstance(found, Receipt)
    assert found.reference.startswith(carrier.accepted[0]["id"])
    assert carrier.requests[-1][2]["query"] == (
        f'unique_args[\'lightq_attempt\']="{message.attempt_id}" AND to_email="sam@example.net"'
    )


def test_the_activity_list_says_what_never_arrived(carrier: Carrier, message: Message) -> None:
    channel = channel_to(carrier.url, activity=True)
    channel.send(replace(message, attempt_id="another"))
    carrier.script("reset")
    with pytest.raises(OutcomeUnknown):
        channel.send(message)
    assert channel.look_up(message, datetime.now(UTC)) == "not_found"


def test_a_list_that_lags_shows_a_message_only_later(carrier: Carrier, message: Message) -> None:
    channel = channel_to(carrier.url, activity=True)
    channel.send(message)
    carrier.list_lag = 3600.0
    assert channel.look_up(message, datetime.now(UTC)) == "not_found"
    carrier.list_lag = 0.0
    assert isinstance(channel.look_up(message, datetime.now(UTC)), Receipt)


def test_without_the_paid_list_nobody_is_asked(carrier: Carrier, message: Message) -> None:
    channel = channel_to(carrier.url)
    assert channel.evidence == "none"
    assert channel.look_up(message, datetime.now(UTC)) is None
    assert carrier.requests == []


def test_after_thirty_days_an_empty_list_proves_nothing(carrier: Carrier, message: Message) -> None:
    channel = channel_to(carrier.url, activity=True)
    assert channel.evidence == "look_up"
    long_ago = datetime.now(UTC) - timedelta(days=31)
    assert channel.look_up(message, long_ago) is None


def rows(*addresses: str) -> bytes:
    return json.dumps(
        {"messages": [{"msg_id": f"m{n}", "to_email": a} for n, a in enumerate(addresses)]}
    ).encode()


@pytest.mark.parametrize(
    "answer",
    [
        (200, rows("eve@example.com"), {}),
        (200, rows("sam@example.net", "sam@example.net"), {}),
        (200, b"not json", {}),
        (200, b"[]", {}),
        (200, b'{"messages": [{}]}', {}),
        (200, b"", {}),
        (401, ERRORS, {}),
        (403, ERRORS, {}),
        (429, ERRORS, {}),
        (500, ERRORS, {}),
    ],
)
def test_a_list_that_gives_no_clear_answer_proves_nothing(
    fixed: tuple[str, type[Fixed]], message: Message, answer: tuple[int, bytes, dict[str, str]]
) -> None:
    url, handler = fixed
    handler.answer = answer
    channel = channel_to(url, activity=True)
    assert channel.look_up(message, datetime.now(UTC)) is None


def test_the_list_may_spell_the_address_in_capitals(fixed: tuple[str, type[Fixed]], message: Message) -> None:
    url, handler = fixed
    handler.answer = (200, rows("SAM@example.net"), {})
    found = channel_to(url, activity=True).look_up(message, datetime.now(UTC))
    assert found == Receipt("sendgrid", "m0")


def test_an_address_that_is_not_one_is_not_looked_up(carrier: Carrier, message: Message) -> None:
    channel = channel_to(carrier.url, activity=True)
    hostile = replace(message, to='sam@example.net" OR "')
    assert channel.look_up(hostile, datetime.now(UTC)) is None
    assert carrier.requests == []
