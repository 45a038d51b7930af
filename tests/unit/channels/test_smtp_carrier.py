"""The mail carrier, through smtplib and through our own channel."""

from __future__ import annotations

import json
import smtplib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from channels.base import Message, OutcomeUnknown, Refused
from channels.email_smtp import SmtpEmail, parse_url
from tests.carrier_truth import Truth
from tests.smtp_carrier import SmtpCarrier, SmtpFaults


@pytest.fixture
def post(tmp_path: Path) -> Iterator[SmtpCarrier]:
    truth = Truth(tmp_path / "truth.jsonl")
    with SmtpCarrier(truth, faults=SmtpFaults(slow_seconds=0.05), fates={}) as running:
        yield running


@pytest.fixture
def channel(post: SmtpCarrier) -> Iterator[SmtpEmail]:
    made = SmtpEmail(parse_url(post.url), "forms.example.org", read_timeout=2)
    yield made
    made.close()


def test_accepted_mail_stands_in_the_truth_with_its_attempt_and_link(
    post: SmtpCarrier, channel: SmtpEmail, message: Message, tmp_path: Path
) -> None:
    receipt = channel.send(message)
    [entry] = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert set(entry) == {"attempt", "to", "at", "link", "provider", "id", "kind"}
    assert (entry["attempt"], entry["to"]) == (message.attempt_id, message.to)
    assert (entry["provider"], entry["kind"], entry["id"]) == ("smtp", "email", receipt.reference)
    assert entry["link"] in message.text


def test_one_connection_carries_many_messages(
    post: SmtpCarrier, channel: SmtpEmail, message: Message
) -> None:
    for n in range(20):
        channel.send(replace(message, attempt_id=f"a{n}"))
    assert post.connections == 1
    assert [entry["attempt"] for entry in post.truth.accepted] == [f"a{n}" for n in range(20)]


@pytest.mark.parametrize(
    ("fault", "code", "permanent"),
    [
        ("unknown_user", "smtp_550", True),
        ("try_later", "smtp_450", False),
        ("drop_before_dot", "smtp_lost", False),
    ],
)
def test_faults_before_the_final_dot_accept_nothing(
    post: SmtpCarrier, channel: SmtpEmail, message: Message, fault: str, code: str, permanent: bool
) -> None:
    post.script("", fault)
    channel.send(message)
    with pytest.raises(Refused) as refused:
        channel.send(message)
    assert (refused.value.code, refused.value.permanent) == (code, permanent)
    assert len(post.truth.accepted) == 1
    assert post.met == [(fault, message.to)]
    channel.send(message)
    assert len(post.truth.accepted) == 2


def test_a_break_in_the_message_accepts_nothing_whatever_the_sender_saw(
    post: SmtpCarrier, channel: SmtpEmail, message: Message
) -> None:
    post.script("", "drop_in_message")
    channel.send(message)
    with pytest.raises((Refused, OutcomeUnknown)):
        channel.send(message)
    assert len(post.truth.accepted) == 1
    assert post.met == [("drop_in_message", message.to)]


def test_a_break_after_the_dot_leaves_the_sender_in_doubt_and_the_message_accepted(
    post: SmtpCarrier, channel: SmtpEmail, message: Message
) -> None:
    post.script("", "drop_after_dot")
    channel.send(message)
    with pytest.raises(OutcomeUnknown):
        channel.send(message)
    assert len(post.truth.accepted) == 2


def test_a_slow_answer_comes_in_the_end(post: SmtpCarrier, channel: SmtpEmail, message: Message) -> None:
    post.script("", "slow")
    channel.send(message)
    channel.send(message)
    assert post.met == [("slow", message.to)]


def test_a_new_connection_can_be_turned_away(post: SmtpCarrier) -> None:
    post.script("busy")
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        smtplib.SMTP("127.0.0.1", post.port)
    assert refused.value.smtp_code == 421
    with smtplib.SMTP("127.0.0.1", post.port) as talk:
        assert talk.noop()[0] == 250


def test_an_open_connection_can_be_ended_with_421(post: SmtpCarrier) -> None:
    with smtplib.SMTP("127.0.0.1", post.port) as talk:
        talk.ehlo()
        post.script("busy")
        assert talk.mail("forms@example.org")[0] == 421
        with pytest.raises(smtplib.SMTPServerDisconnected):
            talk.noop()
    assert post.truth.accepted == []


@pytest.mark.parametrize(("fate", "code"), [("bounce", 550), ("452", 452), ("552", 552)])
def test_a_recipient_has_the_fate_that_was_written_for_it(tmp_path: Path, fate: str, code: int) -> None:
    fates = {"sam@example.net": fate}
    with (
        SmtpCarrier(Truth(tmp_path / "truth.jsonl"), fates=fates) as post,
        smtplib.SMTP("127.0.0.1", post.port) as talk,
    ):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            talk.sendmail("forms@example.org", ["sam@example.net"], "\r\nHi")
        talk.sendmail("forms@example.org", ["ana@example.net"], "Message-ID: <a1@example.org>\r\n\r\nHi")
    assert refused.value.recipients["sam@example.net"][0] == code
    assert [entry["to"] for entry in post.truth.accepted] == ["ana@example.net"]


def test_chance_follows_the_seed(tmp_path: Path, message: Message) -> None:
    faults = SmtpFaults(unknown_user=0.3, try_later=0.3, drop_after_dot=0.2)
    runs = []
    for n in range(2):
        with SmtpCarrier(Truth(tmp_path / f"{n}.jsonl"), faults=faults, seed=5) as post:
            channel = SmtpEmail(parse_url(post.url), "forms.example.org", read_timeout=2)
            for _ in range(30):
                try:
                    channel.send(message)
                except (Refused, OutcomeUnknown) as error:
                    assert isinstance(error, OutcomeUnknown) == (post.met[-1][0] == "drop_after_dot")
            channel.close()
            runs.append(list(post.met))
    assert runs[0] == runs[1]
    assert {fault for fault, _ in runs[0]} == {"unknown_user", "try_later", "drop_after_dot"}


def test_it_ends_at_once_in_the_middle_of_a_slow_answer_and_leaves_no_thread(
    tmp_path: Path, message: Message
) -> None:
    before = set(threading.enumerate())
    with SmtpCarrier(Truth(tmp_path / "truth.jsonl"), faults=SmtpFaults(slow_seconds=600)) as post:
        post.script("", "slow")
        channel = SmtpEmail(parse_url(post.url), "forms.example.org")
        channel.send(message)
        errors: list[Exception] = []

        def send() -> None:
            try:
                channel.send(message)
            except OutcomeUnknown as error:
                errors.append(error)

        waiting = threading.Thread(target=send)
        waiting.start()
        while len(post.truth.accepted) < 2:
            time.sleep(0.01)
    waiting.join(10)
    channel.close()
    assert len(errors) == 1
    assert set(threading.enumerate()) == before
