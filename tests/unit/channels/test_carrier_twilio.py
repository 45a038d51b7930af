"""The carrier's Twilio side, through Twilio's official client and over the bare wire."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.carrier import ACCOUNT, TOKEN, Carrier, Faults
from tests.carrier_gsm import segments

PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
CALLBACK = "https://lightq.example.org/hooks/twilio?a=attempt-1.sig"
SERVICE = "MG" + "0" * 32
FORM = {"To": "+15035550123", "From": "+15035550199", "Body": "Open https://forms.example.org/q/abc please"}


class Redirected(TwilioHttpClient):  # type: ignore[misc]
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def request(self, method: str, url: str, *given: Any, **named: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self.base), *given, **named)


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[Carrier]:
    faults = Faults(slow_seconds=0.05, trickle_seconds=0.0005)
    with Carrier(tmp_path / "truth.jsonl", faults=faults) as running:
        yield running


@pytest.fixture
def client(carrier: Carrier) -> Iterator[Client]:
    http = Redirected(carrier.url)
    yield Client(ACCOUNT, TOKEN, http_client=http)
    http.session.close()


def call(
    carrier: Carrier, method: str, path: str, form: dict[str, str] | None = None, token: str = TOKEN
) -> tuple[int, dict[str, Any]]:
    connection = HTTPConnection(urlsplit(carrier.url).netloc, timeout=5)
    pair = b64encode(f"{ACCOUNT}:{token}".encode()).decode()
    try:
        headers = {"Authorization": f"Basic {pair}"}
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        return answer.status, {**json.loads(answer.read()), "wait": answer.headers.get("Retry-After")}
    finally:
        connection.close()


def test_the_official_client_sends_and_the_truth_names_the_attempt(
    carrier: Carrier, client: Client, tmp_path: Path
) -> None:
    sent = client.messages.create(
        to=FORM["To"], from_=FORM["From"], body=FORM["Body"], status_callback=CALLBACK
    )
    [entry] = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert (sent.status, sent.num_segments, sent.sid) == ("queued", "1", entry["id"])
    assert sent.date_created is not None
    assert set(entry) == {"attempt", "to", "at", "link", "provider", "id", "kind", "segments"}
    assert (entry["attempt"], entry["to"], entry["kind"]) == ("attempt-1", FORM["To"], "sms")
    assert (entry["link"], entry["segments"]) == ("https://forms.example.org/q/abc", 1)


def test_a_message_without_a_callback_belongs_to_no_attempt(carrier: Carrier) -> None:
    assert call(carrier, "POST", PATH, FORM)[0] == 201
    assert carrier.accepted[0]["attempt"] == ""


def test_a_messaging_service_names_sender_and_segments_only_later(carrier: Carrier, client: Client) -> None:
    sent = client.messages.create(to=FORM["To"], messaging_service_sid=SERVICE, body="Hi")
    assert (sent.from_, sent.num_segments, sent.messaging_service_sid) == (None, "0", SERVICE)
    assert carrier.settled()
    later = client.messages(sent.sid).fetch()
    assert (later.status, later.num_segments) == ("delivered", "1")
    assert later.from_ is not None


def test_the_answer_has_every_field_of_the_document(carrier: Carrier) -> None:
    _, answer = call(carrier, "POST", PATH, FORM)
    assert set(answer) - {"wait"} == {
        *("account_sid", "api_version", "body", "date_created", "date_sent", "date_updated", "direction"),
        *("error_code", "error_message", "from", "messaging_service_sid", "num_media", "num_segments"),
        *("price", "price_unit", "sid", "status", "subresource_uris", "to", "uri"),
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"To": "503-555-0123"}, 21211),
        ({"To": "+0123456789"}, 21211),
        ({"From": "Secure Forms"}, 21212),
        ({"StatusCallback": "not an address"}, 21609),
        ({"Body": "a" * 1601}, 21617),
    ],
)
def test_a_form_that_twilio_does_not_take_has_its_code_and_is_not_accepted(
    carrier: Carrier, change: dict[str, str], code: int
) -> None:
    status, answer = call(carrier, "POST", PATH, {**FORM, **change})
    assert (status, answer["code"], answer["status"]) == (400, code, 400)
    assert carrier.accepted == []


def test_opted_out_numbers_and_refusing_fates_are_answered_with_their_code(
    carrier: Carrier, client: Client
) -> None:
    carrier.opted_out.add("+15035550001")
    carrier.fates["+15035550002"] = "21614"
    for to, code in (("+15035550001", 21610), ("+15035550002", 21614)):
        with pytest.raises(TwilioRestException) as refused:
            client.messages.create(to=to, from_=FORM["From"], body="Hi")
        assert (refused.value.code, refused.value.status) == (code, 400)
    assert carrier.accepted == []


def test_a_wrong_token_another_account_and_an_unknown_message_are_turned_away(carrier: Carrier) -> None:
    status, answer = call(carrier, "POST", PATH, FORM, token="wrong")
    assert (status, answer["code"]) == (401, 20003)
    status, answer = call(carrier, "POST", PATH.replace("4c", "4d"), FORM)
    assert (status, answer["code"]) == (404, 20404)
    status, answer = call(carrier, "GET", PATH.replace(".json", f"/SM{'0' * 32}.json"))
    assert (status, answer["code"]) == (404, 20404)
    assert carrier.accepted == []


def test_the_list_comes_newest_first_in_pages_that_new_messages_do_not_shift(
    carrier: Carrier, client: Client
) -> None:
    for n in range(5):
        call(carrier, "POST", PATH, {**FORM, "Body": f"number {n}"})
    first = client.messages.page(to=FORM["To"], page_size=2)
    assert [message.body for message in first] == ["number 4", "number 3"]
    call(carrier, "POST", PATH, {**FORM, "Body": "a later one"})
    second = first.next_page()
    assert [message.body for message in second] == ["number 2", "number 1"]
    assert [message.body for message in second.next_page()] == ["number 0"]
    assert second.next_page().next_page() is None
    assert len(client.messages.list(page_size=4)) == 6


def test_the_list_is_filtered_by_number_and_date(carrier: Carrier, client: Client) -> None:
    call(carrier, "POST", PATH, FORM)
    call(carrier, "POST", PATH, {**FORM, "To": "+15035550124"})
    now = datetime.now(UTC)
    day = timedelta(days=1)
    count = {
        "all": len(client.messages.list()),
        "to": len(client.messages.list(to=FORM["To"])),
        "from": len(client.messages.list(from_="+15035550100")),
        "since": len(client.messages.list(date_sent_after=now - timedelta(minutes=1))),
        "after": len(client.messages.list(date_sent_after=now + timedelta(minutes=1))),
        "before": len(client.messages.list(date_sent_before=now - timedelta(minutes=1))),
    }
    assert count == {"all": 2, "to": 1, "from": 0, "since": 2, "after": 0, "before": 0}
    for text, found in (
        (f"DateSent>={(now - day).date()}", 2),
        (f"DateSent<={(now - day).date()}", 0),
        (f"DateSent>={quote(format_datetime(now - day))}", 2),
        (f"DateSent={(now - day).date()}", 0),
    ):
        name, _, value = text.partition("=")
        status, answer = call(carrier, "GET", f"{PATH}?{quote(name)}={value}")
        assert (status, len(answer["messages"])) == (200, found), text


@pytest.mark.parametrize("query", ["DateSent=yesterday", "PageSize=many", "PageToken=PASM0"])
def test_a_list_query_that_makes_no_sense_is_refused(carrier: Carrier, query: str) -> None:
    status, answer = call(carrier, "GET", f"{PATH}?{query}")
    assert (status, answer["code"]) == (400, 20001)


def test_a_lag_hides_messages_from_the_list_but_not_from_a_fetch(carrier: Carrier, client: Client) -> None:
    carrier.list_lag = 3600
    sent = client.messages.create(to=FORM["To"], from_=FORM["From"], body="Hi")
    assert client.messages.list() == []
    assert client.messages(sent.sid).fetch().body == "Hi"


def test_too_many_and_a_server_error_are_twilios_own(carrier: Carrier) -> None:
    carrier.script("too_many", "server_error")
    status, answer = call(carrier, "POST", PATH, FORM)
    assert (status, answer["code"], answer["wait"]) == (429, 20429, "2")
    assert carrier.accepted == []
    status, answer = call(carrier, "POST", PATH, FORM)
    assert (status, answer["code"]) == (500, 20500)


@pytest.mark.parametrize(
    ("fault", "accepted"), [("drop_reply", 1), ("bad_json", 1), ("reset", 0), ("half_open", 0)]
)
def test_faults_that_leave_the_sender_in_doubt(carrier: Carrier, fault: str, accepted: int) -> None:
    carrier.script(fault)
    with pytest.raises((OSError, HTTPException, ValueError)):
        call(carrier, "POST", PATH, FORM)
    assert len(carrier.accepted) == accepted
    assert call(carrier, "POST", PATH, FORM)[0] == 201


@pytest.mark.parametrize("fault", ["slow", "trickle"])
def test_faults_that_only_take_time(carrier: Carrier, client: Client, fault: str) -> None:
    carrier.script(fault)
    sent = client.messages.create(to=FORM["To"], from_=FORM["From"], body="Hi")
    assert carrier.accepted[0]["id"] == sent.sid


def test_look_ups_have_faults_of_their_own(carrier: Carrier, client: Client) -> None:
    carrier.script_look_ups("drop_reply", "server_error")
    with pytest.raises(requests.exceptions.ConnectionError):
        client.messages.list()
    with pytest.raises(TwilioException):
        client.messages.list()
    assert client.messages.list() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 159 + "€", 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ü" * 160, 1),
        ("í" * 70, 1),
        ("í" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("", 1),
    ],
)
def test_segments_are_counted_by_the_standard(text: str, expected: int) -> None:
    assert segments(text) == expected
