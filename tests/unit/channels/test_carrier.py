"""The local carrier is a witness in other tests, so it has tests of its own."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.carrier import Carrier, Faults
from tests.carrier_sendgrid import error_in

ROOT = Path(__file__).resolve().parents[3]
BODY: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "sam@example.net"}], "custom_args": {"lightq_attempt": "a1"}}],
    "from": {"email": "forms@example.org"},
    "subject": "A form",
    "content": [{"type": "text/plain", "value": "Open https://forms.example.org/q/abc please"}],
}


def call(url: str, method: str, path: str, body: object = None, key: str = "k") -> tuple[int, dict[str, Any]]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        raw = answer.read()
        return answer.status, json.loads(raw) if raw else dict(answer.headers)
    finally:
        connection.close()


def send(carrier: Carrier) -> int | None:
    try:
        return call(carrier.url, "POST", "/v3/mail/send", BODY)[0]
    except (OSError, HTTPException):
        return None


def test_what_is_accepted_stands_in_the_truth_once(tmp_path: Path) -> None:
    log = tmp_path / "truth.jsonl"
    with Carrier(log) as carrier:
        status, headers = call(carrier.url, "POST", "/v3/mail/send", BODY)
    [entry] = [json.loads(line) for line in log.read_text().splitlines()]
    assert status == 202
    assert headers["X-Message-Id"] == entry["id"]
    assert (entry["attempt"], entry["to"]) == ("a1", "sam@example.net")
    assert entry["link"] == "https://forms.example.org/q/abc"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "sam"}]}]}, "personalizations.0.to.0.email"),
        (
            {"personalizations": [{"to": [{"email": "s@x"}], "custom_args": "a"}]},
            "personalizations.0.custom_args",
        ),
        ({"from": {}}, "from.email"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content"),
        ({"content": [{"type": "text/html", "value": "a"}, {"type": "text/plain", "value": "b"}]}, "content"),
    ],
)
def test_a_body_that_the_api_does_not_take_is_named_and_not_accepted(
    tmp_path: Path, change: dict[str, Any], field: str
) -> None:
    with Carrier(tmp_path / "truth.jsonl") as carrier:
        status, answer = call(carrier.url, "POST", "/v3/mail/send", {**BODY, **change})
        assert carrier.accepted == []
    assert (status, answer["errors"][0]["field"]) == (400, field)
    assert error_in(BODY) is None


def test_no_key_a_wrong_key_and_an_unknown_path_are_turned_away(tmp_path: Path) -> None:
    with Carrier(tmp_path / "truth.jsonl", api_key="right") as carrier:
        assert call(carrier.url, "POST", "/v3/mail/send", BODY, key="")[0] == 401
        assert call(carrier.url, "GET", "/v3/messages?query=x", key="wrong")[0] == 401
        assert call(carrier.url, "GET", "/v3/mail/send", key="right")[0] == 404
        assert carrier.accepted == []


def test_the_list_answers_only_queries_it_understands(tmp_path: Path) -> None:
    with Carrier(tmp_path / "truth.jsonl") as carrier:
        send(carrier)
        asked = {
            "unique_args['lightq_attempt']=\"a1\"": 1,
            '(unique_args[\'lightq_attempt\']="a1") AND to_email="sam@example.net"': 1,
            "unique_args['lightq_attempt']=\"a2\"": 0,
        }
        for query, found in asked.items():
            status, answer = call(carrier.url, "GET", "/v3/messages?" + urlencode({"query": query}))
            assert (status, len(answer["messages"])) == (200, found)
        assert call(carrier.url, "GET", "/v3/messages?" + urlencode({"query": "bad_field='x'"}))[0] == 400
        assert call(carrier.url, "GET", "/v3/messages")[0] == 400


@pytest.mark.parametrize(
    ("fault", "status", "accepted"),
    [
        ("drop_reply", None, 1),
        ("reset", None, 0),
        ("half_open", None, 0),
        ("too_many", 429, 0),
        ("slow", 202, 1),
        ("trickle", 202, 1),
        ("", 202, 1),
    ],
)
def test_each_fault_does_what_it_says(tmp_path: Path, fault: str, status: int | None, accepted: int) -> None:
    quick = Faults(slow_seconds=0.05, trickle_seconds=0.001)
    with Carrier(tmp_path / "truth.jsonl", faults=quick) as carrier:
        carrier.script(fault)
        assert send(carrier) == status
        assert len(carrier.accepted) == accepted
        assert send(carrier) == 202


def test_chance_follows_the_seed_and_a_500_may_or_may_not_be_accepted(tmp_path: Path) -> None:
    faults = Faults(drop_reply=0.2, server_error=0.3, too_many=0.2, reset=0.1)
    runs = []
    for n in range(2):
        with Carrier(tmp_path / f"{n}.jsonl", faults=faults, seed=11) as carrier:
            runs.append([(send(carrier), len(carrier.accepted)) for _ in range(60)])
    assert runs[0] == runs[1]
    assert {status for status, _ in runs[0]} == {202, 429, 500, None}
    after_500 = {
        now - before
        for (_, before), (status, now) in zip(runs[0], runs[0][1:], strict=False)
        if status == 500
    }
    assert after_500 == {0, 1}


def test_an_answer_cut_off_is_no_json_though_the_message_is_accepted(tmp_path: Path) -> None:
    with Carrier(tmp_path / "truth.jsonl") as carrier:
        carrier.script("bad_json")
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            call(carrier.url, "POST", "/v3/mail/send", BODY)
        assert len(carrier.accepted) == 1


def test_faults_of_look_ups_are_scripted_apart_from_those_of_sends(tmp_path: Path) -> None:
    path = "/v3/messages?" + urlencode({"query": 'to_email="sam@example.net"'})
    with Carrier(tmp_path / "truth.jsonl") as carrier:
        carrier.script_look_ups("too_many")
        assert send(carrier) == 202
        assert call(carrier.url, "GET", path)[0] == 429
        assert call(carrier.url, "GET", path)[0] == 200


def test_it_ends_at_once_with_callers_waiting_and_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with Carrier(tmp_path / "truth.jsonl", faults=Faults(slow_seconds=600)) as carrier:
        carrier.script("slow", "half_open")
        waiting = [threading.Thread(target=send, args=[carrier]) for _ in range(2)]
        for thread in waiting:
            thread.start()
        idle = HTTPConnection(urlsplit(carrier.url).netloc, timeout=5)
        idle.request("GET", "/nothing")
        idle.getresponse().read()
        while carrier.calls("/v3/mail/send") < 2:
            time.sleep(0.01)
    idle.close()
    for thread in waiting:
        thread.join(10)
    assert set(threading.enumerate()) == before


def test_it_runs_as_a_program_and_ends_when_told(tmp_path: Path) -> None:
    log = tmp_path / "truth.jsonl"
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.carrier", "--port", "0", "--smtp-port", "0", "--log", str(log)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        assert program.stdout is not None
        try:
            first = json.loads(program.stdout.readline())
            status = call(first["url"], "POST", "/v3/mail/send", BODY)[0]
            smtp = urlsplit(first["smtp_url"])
            with smtplib.SMTP(smtp.hostname or "", smtp.port or 0) as post:
                post.sendmail(
                    "forms@example.org", ["ana@example.net"], "Message-ID: <a2@example.org>\r\n\r\nHi"
                )
        finally:
            os.kill(program.pid, signal.SIGTERM)
        assert program.wait(10) == 0
    assert status == 202
    assert {"sendgrid_public_key", "twilio_account", "twilio_token"} < set(first)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(one["provider"], one["attempt"]) for one in entries] == [("sendgrid", "a1"), ("smtp", "a2")]
