from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Message, Refused
from channels.email_message import MAX_NAME, MAX_SUBJECT, build, checked_address, one_line

HOSTILE = [
    "A form\r\nBcc: eve@example.com",
    "A form\nBcc: eve@example.com",
    "A form\rBcc: eve@example.com",
    "A form\r\n\r\n<script>alert(1)</script>",
    "A form\x00\x0b\x0c\x85\u2028Bcc: eve@example.com",
    "A \u202emrof\u202c \u2066x\u2069 f\u200borm\ufeff",
]


def parsed(message: Message) -> EmailMessage:
    found = message_from_bytes(build(message), policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def text_of(part: EmailMessage) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def test_both_parts_say_what_was_handed_over(message: Message) -> None:
    mail = parsed(message)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert text_of(plain) == message.text
    assert text_of(html) == message.html
    assert mail.get_content_type() == "multipart/alternative"


def test_a_message_without_html_is_one_plain_part(message: Message) -> None:
    mail = parsed(replace(message, html=None))
    assert mail.get_content_type() == "text/plain"
    assert text_of(mail) == message.text


def test_headers_say_who_when_and_that_a_machine_wrote_it(message: Message) -> None:
    mail = parsed(message)
    assert mail["From"] == "Secure Forms <forms@alliance.example.org>"
    assert mail["To"] == "sam@example.net"
    assert mail["Subject"] == "A form to fill in"
    assert mail["Message-ID"] == "<018f3c2a-77aa-7bbb-8ccc-0123456789ab@alliance.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime is not None


def test_a_long_unsubscribe_link_stays_whole_and_is_pressed_by_post(message: Message) -> None:
    raw = build(message).decode()
    assert f"List-Unsubscribe: <{message.unsubscribe_url}>\r\n" in raw
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_mail_to_staff_has_no_unsubscribe_header(message: Message) -> None:
    mail = parsed(replace(message, unsubscribe_url=None))
    assert mail["List-Unsubscribe"] is None
    assert mail["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://a.example/x>\r\nBcc: e@x.org",
        "https://a.example/x y",
        "https://é.example",
    ],
)
def test_an_unsubscribe_link_that_could_break_a_header_is_refused(message: Message, url: str) -> None:
    with pytest.raises(Refused) as refused:
        build(replace(message, unsubscribe_url=url))
    assert refused.value.permanent
    assert url not in str(refused.value)


@pytest.mark.parametrize("text", HOSTILE)
def test_nobody_can_write_a_header_through_the_subject_or_the_name(message: Message, text: str) -> None:
    mail = parsed(replace(message, subject=text, sender_name=text))
    assert mail["Bcc"] is None
    for shown in (mail["Subject"], mail["From"].addresses[0].display_name):
        assert shown.isprintable()
        assert shown.startswith(("A form", "A mrof"))
    assert mail["From"].addresses[0].addr_spec == "forms@alliance.example.org"


@given(text=st.text(min_size=1, max_size=200).filter(one_line))
def test_any_subject_and_name_come_back_as_one_printable_line(text: str) -> None:
    message = Message("a1", "email", "sam@example.net", text, "forms@example.org", text, "Hello")
    found = message_from_bytes(build(message), policy=policy.default)
    assert list(found) == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ]
    assert "".join(found["Subject"].split()) == "".join(one_line(text)[:MAX_SUBJECT].split())
    assert found["From"].addresses[0].addr_spec == "forms@example.org"
    assert len(found["From"].addresses) == 1


def test_letters_outside_ascii_arrive_unharmed(message: Message) -> None:
    text = "Tiene un formulario: año, niñez, ¿listo? – 表格\n"
    mail = parsed(replace(message, subject="Año nuevo ¿listo?", sender_name="Clínica Ñandú", text=text))
    assert mail["Subject"] == "Año nuevo ¿listo?"
    assert mail["From"].addresses[0].display_name == "Clínica Ñandú"
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert text_of(plain) == text


def test_a_name_with_a_comma_or_quotes_stays_one_sender(message: Message) -> None:
    mail = parsed(replace(message, sender_name='Rivera, "Ana" <x@y.example>'))
    assert len(mail["From"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == "forms@alliance.example.org"


def test_a_subject_that_pretends_to_be_encoded_is_shown_as_typed(message: Message) -> None:
    disguised = "=?utf-8?q?Your_bank?= form"
    assert parsed(replace(message, subject=disguised))["Subject"] == disguised


def test_a_body_can_neither_end_the_mail_nor_start_a_part(message: Message) -> None:
    text = "one\r\n.\r\nMAIL FROM:<e@x.org>\n.\rtwo\n--=_018f3c2a-77aa-7bbb-8ccc-0123456789ab--\nthree\n"
    raw = build(replace(message, text=text))
    assert b"\r\n--=_018f3c2a-77aa-7bbb-8ccc-0123456789ab--\r\nthree" not in raw
    assert raw.replace(b"\r\n", b"").count(b"\r") == raw.replace(b"\r\n", b"").count(b"\n") == 0
    plain = parsed(replace(message, text=text)).get_body(("plain",))
    assert plain is not None
    assert "three" in plain.get_content()


def test_every_line_is_ascii_and_short_enough_for_smtp(message: Message) -> None:
    raw = build(replace(message, subject="ü" * 400, sender_name="ñ" * 400, html="<p>" + "é" * 5000 + "</p>"))
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 200
    mail = message_from_bytes(raw)
    assert str(make_header(decode_header(mail["Subject"]))) == "ü" * MAX_SUBJECT
    assert str(make_header(decode_header(mail["From"]))).startswith("ñ" * MAX_NAME + " <")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "sam",
        "sam@",
        "@example.net",
        "sam@example.net\r\nRCPT TO:<eve@example.com>",
        "sam@example.net, eve@example.com",
        "sam@example.net>",
        "Sam <sam@example.net>",
        '"sam smith"@example.net',
        "sam..smith@example.net",
        "sam@-example.net",
        "sam@exa mple.net",
        "sam@example.net\n",
        "säm@example.net",
        "s" * 65 + "@example.net",
        "sam@" + "a." * 130 + "net",
    ],
)
def test_an_address_that_is_not_one_is_refused_without_repeating_it(message: Message, address: str) -> None:
    for changed in (replace(message, to=address), replace(message, sender_address=address)):
        with pytest.raises(Refused) as refused:
            build(changed)
        assert refused.value.code == "bad_address"
        assert refused.value.permanent
        assert not address.strip() or address not in str(refused.value)


def test_a_domain_in_another_alphabet_goes_out_as_punycode() -> None:
    assert checked_address("sam@bücher.example.com") == "sam@xn--bcher-kva.example.com"


def test_local_names_and_plus_tags_are_addresses() -> None:
    for address in ("sam+lightq@practice.local", "o'neil@example.net", "sam@localhost"):
        assert checked_address(address) == address


@pytest.mark.parametrize(
    "change",
    [{"subject": " \u200b\r\n"}, {"attempt_id": "a b"}, {"attempt_id": "a@b>\r\nBcc: x"}, {"attempt_id": ""}],
)
def test_a_message_without_subject_or_number_is_refused(message: Message, change: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        build(replace(message, **change))  # type: ignore[arg-type]
    assert refused.value.code == "bad_message"
    assert refused.value.permanent


def test_nothing_in_the_mail_tracks_the_reader(message: Message) -> None:
    raw = build(message).decode()
    assert "<img" not in raw
    assert "Disposition-Notification-To" not in raw
