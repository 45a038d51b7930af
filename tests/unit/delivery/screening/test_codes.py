"""The message with the digits: one text, neutral, in both languages."""

from __future__ import annotations

import re

import pytest

from channels import gsm7
from delivery.errors import Invalid
from delivery.rendering import render
from delivery.screening import codes

SECRET = b"k" * 32
HEALTH = re.compile(
    r"screening|questionnaire|cuestionario|mood|mental|health|salud|result|clinic|doctor|score|client", re.I
)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_text_is_one_segment_and_neutral(language: str) -> None:
    text = render(f"screen/text.{language}.txt", sender_name="North Coast Practice", code="012345")
    assert gsm7.to_gsm7(text) == text
    assert gsm7.septets(text) <= gsm7.PLACES
    assert "012345" in text
    assert not HEALTH.search(text)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_mail_has_a_subject_and_says_nothing_of_health(language: str) -> None:
    text = render(f"screen/mail.{language}.txt", sender_name="North Coast Practice", code="012345")
    subject, body = text.split("\n\n", 1)
    assert subject.startswith("012345")
    assert "012345" in body
    assert not HEALTH.search(text)


def test_digits_fit_only_their_own_contact() -> None:
    wanted, digits = codes.read("wren@example.org", "", SECRET)
    other, _ = codes.read("other@example.org", "", SECRET)
    assert re.fullmatch(r"\d{6}", digits)
    assert codes.check(wanted, digits, SECRET)
    assert codes.check(wanted, f" {digits[:3]} {digits[3:]} ", SECRET)
    assert not codes.check(wanted, digits, b"x" * 32)
    assert not codes.check(other, digits, SECRET)
    assert not codes.check(wanted, "", SECRET)
    assert digits not in repr(wanted)


@pytest.mark.parametrize(
    "number",
    ["+44 7911 123456", "+52 55 1234 5678", "+1 900 555 0118", "+1 976 555 0118", "+1 503 155 0118"],
)
def test_a_number_abroad_a_costly_one_and_none_get_no_code(number: str) -> None:
    with pytest.raises(Invalid) as refused:
        codes.read(number, "", SECRET)
    assert set(refused.value.fields) == {"contact"}


@pytest.mark.parametrize(
    ("value", "mailbox"),
    [
        ("wren+a+b@example.org", "wren@example.org"),
        ("wren@example.org", "wren@example.org"),
        ("+a@example.org", "+a@example.org"),
        ("+15035550118", "+15035550118"),
    ],
)
def test_a_mailbox_has_no_plus_name(value: str, mailbox: str) -> None:
    assert codes._mailbox(value) == mailbox


@pytest.mark.parametrize("name", ["x" * 61, "a\x00b", "a\u202eb"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        codes.read("wren@example.org", name, SECRET)
    assert set(refused.value.fields) == {"called_by"}
