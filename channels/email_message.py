"""One email on the wire: text and HTML parts, and headers nobody can write into.

The parts are put together by hand: `email.message.EmailMessage` breaks long List-Unsubscribe links into
encoded words (no mail client follows them) and takes several times longer.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from email.header import Header
from email.utils import formataddr, formatdate
from unicodedata import category

from channels.base import Message, Refused

MAX_SUBJECT = 150
MAX_NAME = 70

# One @, no quoting, no comments, no control characters: what RFC 5321 calls a dot-string at a domain.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_ATTEMPT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LINK = re.compile(r"https?://[!-;=?-~]+")


def build(message: Message) -> bytes:
    """The whole message, CRLF line ends, ASCII only, not yet dot-stuffed. Raises `Refused`."""
    lines = [
        f"From: {_mailbox(message.sender_name, message.sender_address)}",
        f"To: {checked_address(message.to)}",
        f"Subject: {_encoded(subject(message), 'Subject')}",
        f"Date: {formatdate()}",
        *(f"{name}: {value}" for name, value in headers(message).items()),
        "MIME-Version: 1.0",
    ]
    if message.html is None:
        return _part(lines, "plain", message.text)
    # "=_" can't occur inside quoted-printable text, so no body can end a part early (RFC 2045, 6.7).
    boundary = f"=_{message.attempt_id}"
    lines.append(f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"')
    edge = f"--{boundary}".encode()
    return b"\r\n".join(
        [
            "\r\n".join(lines).encode("ascii"),
            b"",
            edge,
            _part([], "plain", message.text),
            edge,
            _part([], "html", message.html),
            edge + b"--",
            b"",
        ]
    )


def headers(message: Message) -> dict[str, str]:
    """The headers that go with every message, whoever carries it. Raises `Refused`."""
    fields = {"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"}
    if message.unsubscribe_url is not None:
        if not _LINK.fullmatch(message.unsubscribe_url):
            raise Refused("bad_message", "The link to stop these emails is not written correctly.", True)
        fields["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        fields["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return fields


def message_id(message: Message) -> str:
    """`<attempt id@sender's domain>`: the same attempt always carries the same id."""
    if not _ATTEMPT.fullmatch(message.attempt_id):
        raise Refused("bad_message", "The message has no usable number of its own.", True)
    domain = checked_address(message.sender_address).rpartition("@")[2]
    return f"<{message.attempt_id}@{domain}>"


def subject(message: Message) -> str:
    """The subject on one line. Raises `Refused` when nothing is left of it."""
    if cleaned := one_line(message.subject)[:MAX_SUBJECT]:
        return cleaned
    raise Refused("bad_message", "The message has no subject.", True)


def sender_name(message: Message) -> str:
    """The sender's name on one line, at most `MAX_NAME` characters."""
    return one_line(message.sender_name)[:MAX_NAME]


def checked_address(address: str) -> str:
    """The address in ASCII, its domain in punycode where needed. Raises `Refused`, without repeating it."""
    if not address.isascii():
        address = _ascii_address(address)
    local, _, domain = address.rpartition("@")
    if len(local) <= 64 and len(domain) <= 253 and _ADDRESS.fullmatch(address):
        return address
    raise Refused("bad_address", "The email address is not written correctly.", True)


def _ascii_address(address: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  (rarely needed, slow)

    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return ""
    return found.ascii_email or ""


def one_line(text: str) -> str:
    """Without line breaks, control characters, direction marks and zero-width characters."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else ("" if category(c) == "Cf" else " ") for c in text)
    return " ".join(text.split())


def body(text: str) -> str:
    """Many lines with LF ends, otherwise cleaned like `one_line`; spaces stay as they are."""
    lines = re.split(r"\r\n|\r|\n", text)
    return "\n".join(
        line if line.isprintable() else "".join(c for c in line if c.isprintable() or category(c) == "Zs")
        for line in lines
    )


def _part(fields: list[str], subtype: str, text: str) -> bytes:
    fields = [
        *fields,
        f'Content-Type: text/{subtype}; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
    ]
    wire = body(text).rstrip("\n").replace("\n", "\r\n") + "\r\n"
    return "\r\n".join([*fields, "", ""]).encode("ascii") + b2a_qp(wire.encode())


def _mailbox(name: str, address: str) -> str:
    checked = checked_address(address)
    name = one_line(name)[:MAX_NAME]
    if name.isascii() and "=?" not in name:
        return formataddr((name, checked))
    return f"{_encoded(name, 'From')}\r\n <{checked}>"


def _encoded(text: str, header: str) -> str:
    # "=?" in plain text would be read back as an encoded word, so it is encoded itself.
    charset = "us-ascii" if text.isascii() and "=?" not in text else "utf-8"
    return Header(text, charset, header_name=header).encode(linesep="\r\n")
