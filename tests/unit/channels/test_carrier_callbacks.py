"""What the carrier posts by itself, judged by the providers' official checkers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader
from twilio.request_validator import RequestValidator

from tests.carrier import TOKEN, CallbackFaults, Carrier

TO = "+15035550123"


class Hook(ThreadingHTTPServer):
    """Takes what is posted: (address, headers, raw body). `answers`: the next (status, body), then 204."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(raw.decode())) for _, _, raw in self.got]

    def genuine_texts(self) -> list[bool]:
        """What the official checker says of each post."""
        check = RequestValidator(TOKEN)
        return [
            check.validate(url, dict(parse_qsl(raw.decode())), headers["X-Twilio-Signature"])
            for url, headers, raw in self.got
        ]


class _Take(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.server.url + self.path, dict(self.headers), raw))
        status, body = self.server.answers.pop(0) if self.server.answers else (204, b"")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def carrier(tmp_path: Path, hook: Hook) -> Iterator[Carrier]:
    with Carrier(
        tmp_path / "truth.jsonl",
        twilio_inbound=f"{hook.url}/in",
        sendgrid_hook=f"{hook.url}/events",
        callback_faults=CallbackFaults(times=50, delay_seconds=0.1),
        callback_pause=0.01,
        callback_retries=(0.01, 0.01),
    ) as running:
        yield running


def text(carrier: Carrier, hook: Hook, attempt: str = "a1", to: str = TO) -> None:
    form = {"To": to, "From": "+15035550199", "Body": "Hi", "StatusCallback": f"{hook.url}/s?a={attempt}.sig"}
    path = f"/2010-04-01/Accounts/{carrier.twilio_account}/Messages.json"
    account = (carrier.twilio_account, carrier.twilio_token)
    assert requests.post(carrier.url + path, data=form, auth=account, timeout=5).status_code == 201


def mail(carrier: Carrier, attempt: str = "e1", to: str = "sam@example.net") -> str:
    answer = SendGridAPIClient("SG.any", host=carrier.url).send(
        {
            "personalizations": [{"to": [{"email": to}], "custom_args": {"lightq_attempt": attempt}}],
            "from": {"email": "forms@example.org"},
            "subject": "A form",
            "content": [{"type": "text/plain", "value": "Hello"}],
        }
    )
    assert answer.status_code == 202
    return str(answer.headers["X-Message-Id"])


def events(hook: Hook) -> list[dict[str, Any]]:
    return [event for _, _, raw in hook.got for event in json.loads(raw)]


def statuses(hook: Hook) -> list[str]:
    return [form["MessageStatus"] for form in hook.forms()]


def genuine_events(carrier: Carrier, hook: Hook) -> list[bool]:
    check = EventWebhook(carrier.sendgrid_public_key)
    return [
        check.verify_signature(
            raw.decode(), headers[EventWebhookHeader.SIGNATURE], headers[EventWebhookHeader.TIMESTAMP]
        )
        for _, headers, raw in hook.got
    ]


def test_a_text_is_followed_to_its_delivery_in_signed_posts_to_its_own_address(
    carrier: Carrier, hook: Hook
) -> None:
    text(carrier, hook)
    assert carrier.settled()
    assert statuses(hook) == ["queued", "sent", "delivered"]
    assert hook.genuine_texts() == [True] * 3
    url, headers, _ = hook.got[0]
    assert url == f"{hook.url}/s?a=a1.sig"
    assert headers["I-Twilio-Idempotency-Token"]
    form = hook.forms()[0]
    assert (form["To"], form["From"]) == (TO, "+15035550199")
    assert form["AccountSid"] == carrier.twilio_account
    assert form["MessageSid"] == carrier.accepted[0]["id"]
    assert [one["status"] for one in carrier.callbacks] == [204] * 3


@pytest.mark.parametrize(
    ("fate", "told", "code"),
    [
        ("undelivered", ["queued", "sent", "undelivered"], "30008"),
        ("30003", ["queued", "sent", "undelivered"], "30003"),
        ("failed", ["queued", "failed"], "30008"),
        ("silent", ["queued", "sent"], None),
    ],
)
def test_a_number_has_the_fate_that_was_written_for_it(
    carrier: Carrier, hook: Hook, fate: str, told: list[str], code: str | None
) -> None:
    carrier.fates[TO] = fate
    text(carrier, hook)
    assert carrier.settled()
    assert statuses(hook) == told
    assert hook.forms()[-1].get("ErrorCode") == code
    assert carrier.accepted[0]["error"] == (int(code) if code else None)


@pytest.mark.parametrize(
    ("fate", "told"),
    [
        ("", ["processed", "delivered"]),
        ("bounce", ["processed", "bounce"]),
        ("late_bounce", ["processed", "delivered", "bounce"]),
        ("blocked", ["processed", "bounce"]),
        ("deferred", ["processed", "deferred"]),
        ("dropped", ["dropped"]),
        ("spam", ["processed", "delivered", "spamreport"]),
        ("unsubscribe", ["processed", "delivered", "unsubscribe"]),
        ("silent", ["processed"]),
    ],
)
def test_mail_is_followed_by_signed_events(carrier: Carrier, hook: Hook, fate: str, told: list[str]) -> None:
    carrier.fates["sam@example.net"] = fate
    reference = mail(carrier)
    assert carrier.settled()
    happened = events(hook)
    assert [event["event"] for event in happened] == told
    assert all(genuine_events(carrier, hook))
    assert len({event["sg_event_id"] for event in happened}) == len(told)
    assert happened[0]["lightq_attempt"] == "e1"
    assert happened[0]["sg_message_id"].startswith(f"{reference}.")
    assert carrier.accepted[0]["status"] == told[-1]


def test_a_deferred_event_says_tries_where_the_argument_named_attempt_stood(
    carrier: Carrier, hook: Hook
) -> None:
    carrier.fates["sam@example.net"] = "deferred"
    mail(carrier)
    assert carrier.settled()
    assert [event["lightq_attempt"] for event in events(hook)] == ["e1", "e1"]


def test_events_of_many_messages_travel_together(carrier: Carrier, hook: Hook) -> None:
    carrier.outgoing.pause = 0.2
    for n in range(20):
        mail(carrier, f"e{n}", f"sam{n}@example.net")
    assert carrier.settled()
    assert len(events(hook)) == 40
    assert len(hook.got) < 40


def test_lost_callbacks_are_never_posted_but_the_list_knows(carrier: Carrier, hook: Hook) -> None:
    carrier.script_callbacks("lost", "lost")
    text(carrier, hook)
    mail(carrier)
    assert carrier.settled()
    assert (hook.got, carrier.callbacks) == ([], [])
    assert [entry["status"] for entry in carrier.accepted] == ["delivered", "delivered"]
    assert carrier.outgoing.met == [("lost", entry["id"]) for entry in carrier.accepted]


def test_repeated_callbacks_are_all_genuine(carrier: Carrier, hook: Hook) -> None:
    carrier.script_callbacks("repeated")
    text(carrier, hook)
    assert carrier.settled()
    assert sorted(statuses(hook)) == ["delivered"] * 50 + ["queued"] * 50 + ["sent"] * 50
    assert all(hook.genuine_texts())


def test_repeated_events_keep_their_ids(carrier: Carrier, hook: Hook) -> None:
    carrier.script_callbacks("repeated")
    mail(carrier)
    assert carrier.settled()
    assert len(events(hook)) == 100
    assert len({event["sg_event_id"] for event in events(hook)}) == 2


def test_reordered_callbacks_come_last_first(carrier: Carrier, hook: Hook) -> None:
    carrier.script_callbacks("reordered", "reordered")
    text(carrier, hook)
    assert carrier.settled()
    assert statuses(hook) == ["delivered", "sent", "queued"]
    hook.got.clear()
    mail(carrier)
    assert carrier.settled()
    assert [event["event"] for event in events(hook)] == ["delivered", "processed"]


def test_delayed_callbacks_come_after_the_fact(carrier: Carrier, hook: Hook) -> None:
    carrier.outgoing.faults = CallbackFaults(delay_seconds=3600)
    carrier.script_callbacks("delayed")
    text(carrier, hook)
    assert not carrier.settled(0.2)
    assert hook.got == []
    assert carrier.accepted[0]["status"] == "delivered"


def test_forged_callbacks_claim_the_opposite_and_no_checker_takes_them(carrier: Carrier, hook: Hook) -> None:
    carrier.script_callbacks("forged")
    text(carrier, hook)
    assert carrier.settled()
    assert statuses(hook) == ["failed", "queued", "failed", "sent", "failed", "delivered"]
    assert hook.genuine_texts() == [False, True] * 3
    assert [one["fault"] for one in carrier.callbacks] == ["forged", ""] * 3


def test_forged_events_claim_the_opposite_and_no_checker_takes_them(carrier: Carrier, hook: Hook) -> None:
    carrier.script_callbacks("forged")
    mail(carrier)
    assert carrier.settled()
    judged = zip(hook.got, genuine_events(carrier, hook), strict=True)
    told = [(event["event"], good) for (_, _, raw), good in judged for event in json.loads(raw)]
    assert sorted(told) == [("bounce", False), ("bounce", False), ("delivered", True), ("processed", True)]


def test_replayed_callbacks_speak_of_another_attempt_with_a_signature_that_does_not_fit(
    carrier: Carrier, hook: Hook
) -> None:
    text(carrier, hook, "a1")
    mail(carrier, "e1")
    assert carrier.settled()
    hook.got.clear()
    carrier.script_callbacks("replayed", "replayed")
    text(carrier, hook, "a2", "+15035550124")
    assert carrier.settled()
    assert [(url[-6:], good) for (url, _, _), good in zip(hook.got, hook.genuine_texts(), strict=True)] == [
        ("a1.sig", False),
        ("a2.sig", True),
    ] * 3
    hook.got.clear()
    mail(carrier, "e2")
    assert carrier.settled()
    judged = zip(hook.got, genuine_events(carrier, hook), strict=True)
    assert [json.loads(raw)[0]["lightq_attempt"] for (_, _, raw), good in judged if not good] == ["e1", "e1"]


def test_what_is_not_answered_with_2xx_is_tried_again_a_few_times(carrier: Carrier, hook: Hook) -> None:
    carrier.fates["sam@example.net"] = "silent"
    hook.answers = [(500, b""), (503, b"")]
    mail(carrier)
    assert carrier.settled()
    assert [one["status"] for one in carrier.callbacks] == [500, 503, 204]
    assert len({event["sg_event_id"] for event in events(hook)}) == 1
    hook.answers = [(500, b"")] * 5
    mail(carrier, "e2")
    assert carrier.settled()
    assert len(hook.got) == 6


def test_nobody_at_the_address_is_noted_too(carrier: Carrier) -> None:
    carrier.sendgrid_hook = "http://127.0.0.1:9/events"
    carrier.fates["sam@example.net"] = "silent"
    mail(carrier)
    assert carrier.settled()
    assert [one["status"] for one in carrier.callbacks] == [None] * 3


@pytest.mark.parametrize(
    "twiml",
    [
        b'<?xml version="1.0"?><Response><Message>Nobody reads this. Call 988.</Message></Response>',
        b"<Response><Message><Body>Nobody reads this. Call 988.</Body></Message></Response>",
    ],
)
def test_a_text_comes_in_signed_and_the_reply_is_read(carrier: Carrier, hook: Hook, twiml: bytes) -> None:
    hook.answers = [(200, twiml)]
    reply = carrier.inbound(TO, "+15035550199", "who is this?", sid="SM1")
    assert reply == "Nobody reads this. Call 988."
    assert hook.genuine_texts() == [True]
    form = hook.forms()[0]
    assert (form["From"], form["Body"], form["MessageSid"]) == (TO, "who is this?", "SM1")


def test_a_text_that_is_refused_or_not_answered_has_no_reply(carrier: Carrier, hook: Hook) -> None:
    hook.answers = [(403, b"<Response><Message>no</Message></Response>"), (200, b"<Response/>"), (204, b"")]
    replies = [carrier.inbound(TO, "+15035550199", "STOP", forged=forged) for forged in (True, False, False)]
    assert replies == ["", "", ""]
    assert hook.genuine_texts() == [False, True, True]
    assert [one["status"] for one in carrier.callbacks] == [403, 200, 204]


def test_chance_strikes_as_often_as_it_is_told(tmp_path: Path, hook: Hook) -> None:
    faults = CallbackFaults(lost=0.5, reordered=0.5)
    with Carrier(tmp_path / "truth.jsonl", callback_faults=faults, callback_pause=0.001, seed=3) as carrier:
        for n in range(30):
            text(carrier, hook, f"a{n}")
        assert carrier.settled()
    assert {fault for fault, _ in carrier.outgoing.met} == {"lost", "reordered"}
    assert len(carrier.outgoing.met) == 30


def test_it_ends_at_once_while_a_hook_does_not_answer(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with Hook() as silent, Carrier(tmp_path / "truth.jsonl", sendgrid_hook=silent.url) as carrier:
        mail(carrier)
        while not carrier.outgoing._open:
            time.sleep(0.01)
    assert set(threading.enumerate()) == before
