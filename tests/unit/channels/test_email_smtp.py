from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.base import Contact, Message, OutcomeUnknown, Refused
from channels.email_smtp import SmtpEmail, SmtpServer, SmtpUrlError, parse_url
from tests.smtp_mailbox import Mailbox

DOMAIN = "alliance.example.org"


def channel_to(port: int, *, read_timeout: float = 5.0, **how: str) -> SmtpEmail:
    server = SmtpServer("127.0.0.1", port, **{"security": "none", **how})  # type: ignore[arg-type]
    return SmtpEmail(server, DOMAIN, connect_timeout=1.0, read_timeout=read_timeout)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mailbox.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mailbox.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_message_arrives_whole_and_its_receipt_names_it(box: Mailbox, message: Message) -> None:
    with closing(channel_to(box.port)) as channel:
        receipt = channel.send(message)
    assert receipt.provider == "smtp"
    [arrived] = box.received
    assert (arrived.sender, arrived.to) == ("forms@alliance.example.org", ["sam@example.net"])
    assert arrived.parsed["Message-ID"] == receipt.reference
    assert receipt.reference == f"<{message.attempt_id}@{DOMAIN}>"


def test_lines_that_start_with_dots_arrive_as_written(box: Mailbox, message: Message) -> None:
    text = ".\n..\n.two\nthree\n"
    with closing(channel_to(box.port)) as channel:
        channel.send(replace(message, text=text, html=None))
    assert box.received[0].parsed.get_content().replace("\r\n", "\n") == text


def test_a_body_with_smtp_commands_in_it_is_one_message(box: Mailbox, message: Message) -> None:
    smuggled = "hello\n.\nMAIL FROM:<a@x.org>\r\n.\r\nRCPT TO:<b@x.org>\r.\rDATA\n"
    with closing(channel_to(box.port)) as channel:
        channel.send(replace(message, text=smuggled, html=smuggled))
        channel.send(message)
    assert [one.to for one in box.received] == [["sam@example.net"]] * 2
    assert box.commands.count("MAIL") == 2


def test_one_connection_carries_many_messages(box: Mailbox, message: Message) -> None:
    with closing(channel_to(box.port)) as channel:
        for n in range(5):
            channel.send(replace(message, attempt_id=f"a{n}"))
    assert box.connections == 1
    assert len({one.parsed["Message-ID"] for one in box.received}) == 5


def test_a_connection_the_server_has_closed_is_opened_again(box: Mailbox, message: Message) -> None:
    with closing(channel_to(box.port)) as channel:
        channel.send(message)
        box.hang_up()
        channel.send(replace(message, attempt_id="a2"))
    assert box.connections == 2
    assert len(box.received) == 2


def test_a_connection_the_server_wants_to_end_is_opened_again(box: Mailbox, message: Message) -> None:
    with closing(channel_to(box.port)) as channel:
        channel.send(message)
        box.replies["MAIL"] = "421 that is enough for one connection"
        with pytest.raises(Refused) as refused:
            channel.send(replace(message, attempt_id="a2"))
        box.replies.clear()
        channel.send(replace(message, attempt_id="a3"))
    assert (refused.value.code, refused.value.permanent) == ("smtp_421", False)
    assert box.connections == 3
    assert len(box.received) == 2


def test_a_closed_channel_can_be_used_again(box: Mailbox, message: Message) -> None:
    with closing(channel_to(box.port)) as channel:
        channel.send(message)
        channel.close()
        channel.send(replace(message, attempt_id="a2"))
    assert box.connections == 2


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT"])
def test_a_drop_before_the_message_is_a_refusal_that_may_be_planned_again(
    box: Mailbox, message: Message, step: str
) -> None:
    box.drop_at = step
    with closing(channel_to(box.port)) as channel, pytest.raises(Refused) as refused:
        channel.send(message)
    assert not refused.value.permanent
    assert box.received == []
    assert box.connections == 1


def test_a_drop_in_the_middle_of_a_big_message_is_a_refusal(box: Mailbox, message: Message) -> None:
    box.drop_at = "DATA"
    with closing(channel_to(box.port)) as channel, pytest.raises(Refused) as refused:
        channel.send(replace(message, text="line\n" * 4_000_000, html=None))
    assert (refused.value.code, refused.value.permanent) == ("smtp_lost", False)
    assert box.received == []


def test_a_small_message_cut_off_before_an_answer_is_unknown(box: Mailbox, message: Message) -> None:
    """The dot may have left before the drop was noticed, so nobody can say it was not sent."""
    box.drop_at = "DATA"
    with closing(channel_to(box.port)) as channel, pytest.raises((OutcomeUnknown, Refused)) as caught:
        channel.send(message)
    assert isinstance(caught.value, OutcomeUnknown) or caught.value.code == "smtp_lost"
    assert box.connections == 1


def test_a_drop_after_the_dot_is_unknown_and_not_sent_again(box: Mailbox, message: Message) -> None:
    box.drop_at = "DOT"
    with closing(channel_to(box.port)) as channel:
        with pytest.raises(OutcomeUnknown):
            channel.send(message)
        assert len(box.received) == 1
        assert box.connections == 1
        box.drop_at = ""
        channel.send(replace(message, attempt_id="a2"))
    assert len(box.received) == 2


@pytest.mark.parametrize(
    ("step", "reply", "permanent"),
    [
        ("MAIL", "451 later", False),
        ("MAIL", "553 not this sender", True),
        ("RCPT", "450 mailbox busy", False),
        ("RCPT", "452 too much for now", False),
        ("RCPT", "550 no such person sam@example.net", True),
        ("RCPT", "551 moved", True),
        ("RCPT", "552 full", True),
        ("DOT", "451 try again", False),
        ("DOT", "554 looks like spam to sam@example.net", True),
        ("DOT", "599 odd", True),
    ],
)
def test_what_the_server_refuses_is_refused_for_good_only_with_5xx(
    box: Mailbox, message: Message, step: str, reply: str, permanent: bool
) -> None:
    box.replies[step] = reply
    with closing(channel_to(box.port)) as channel:
        with pytest.raises(Refused) as refused:
            channel.send(message)
        assert refused.value.code == f"smtp_{reply[:3]}"
        assert refused.value.permanent is permanent
        assert "sam@" not in str(refused.value)
        box.replies.clear()
        channel.send(replace(message, attempt_id="a2"))
    assert len(box.received) == 1
    assert box.connections == 1


@pytest.mark.parametrize(
    ("step", "reply", "contact"),
    [
        ("RCPT", "550 5.1.1 no such person", "dead"),
        ("RCPT", "550 5.1.0 address rejected", "dead"),
        ("RCPT", "550 5.1.10 null MX", "dead"),
        ("RCPT", "550 5.2.1 mailbox disabled", "dead"),
        ("DOT", "550 5.1.1 no such person", "dead"),
        ("RCPT", "550 5.1.16 moved to a relay", ""),
        ("RCPT", "550 5.7.1 blocked; see 5.1.1", ""),
        ("RCPT", "550 no", ""),
        ("RCPT", "552 5.2.2 full", ""),
        ("RCPT", "450 5.1.1 later", ""),
        ("MAIL", "550 5.1.0 not this sender", ""),
    ],
)
def test_only_a_mailbox_that_does_not_exist_is_called_dead(
    box: Mailbox, message: Message, step: str, reply: str, contact: Contact
) -> None:
    box.replies[step] = reply
    with closing(channel_to(box.port)) as channel, pytest.raises(Refused) as refused:
        channel.send(message)
    assert refused.value.contact == contact


@pytest.mark.parametrize("reply", ["399 what", "hello there", "199 hm"])
def test_an_answer_to_the_dot_that_makes_no_sense_is_unknown(
    box: Mailbox, message: Message, reply: str
) -> None:
    box.replies["DOT"] = reply
    with closing(channel_to(box.port)) as channel, pytest.raises(OutcomeUnknown):
        channel.send(message)


def test_a_bad_address_never_reaches_the_server(box: Mailbox, message: Message) -> None:
    with closing(channel_to(box.port)) as channel, pytest.raises(Refused):
        channel.send(replace(message, to="sam@example.net>\r\nRCPT TO:<eve@example.com"))
    assert box.connections == 0


def test_nobody_listening_is_a_refusal_that_may_be_planned_again(message: Message) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Refused) as refused:
            channel_to(unused.getsockname()[1]).send(message)
    assert (refused.value.code, refused.value.permanent) == ("smtp_connect", False)


def test_a_server_that_says_nothing_runs_into_the_time_limit(message: Message) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(Refused) as refused:
            channel_to(silent.getsockname()[1], read_timeout=0.2).send(message)
    assert refused.value.code == "smtp_connect"


class Scripted:
    """A server that answers by a script; `forever` is then sent a byte at a time until the peer is gone."""

    def __init__(self, replies: list[bytes], forever: bytes = b"") -> None:
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen()
        self._replies, self._forever = replies, forever
        self._gone = threading.Event()
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._talk)

    def __enter__(self) -> Scripted:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        self._thread.join()
        self._listening.close()

    def _talk(self) -> None:
        peer, _ = self._listening.accept()
        with peer:
            heard = peer.makefile("rb")
            with heard:
                for reply in self._replies:
                    peer.sendall(reply)
                    while line := heard.readline():
                        if not reply.startswith(b"354") or line == b".\r\n":
                            break
                while not self._gone.wait(0.02):
                    try:
                        peer.sendall(self._forever)
                    except OSError:
                        return


GREETING = [b"220 hello\r\n", b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"]


def test_silence_after_the_dot_is_unknown(message: Message) -> None:
    with Scripted(GREETING) as server, pytest.raises(OutcomeUnknown):
        channel_to(server.port, read_timeout=0.2).send(message)


@pytest.mark.parametrize("byte", [b"2", b"5", b"-"])
def test_a_server_that_trickles_bytes_is_cut_off_and_unknown(message: Message, byte: bytes) -> None:
    with Scripted(GREETING, forever=byte) as server, pytest.raises(OutcomeUnknown):
        channel_to(server.port, read_timeout=0.2).send(message)


def test_silence_before_the_dot_is_a_refusal(message: Message) -> None:
    with Scripted(GREETING[:4]) as server, pytest.raises(Refused) as refused:
        channel_to(server.port, read_timeout=0.2).send(message)
    assert not refused.value.permanent


def test_starttls_and_sign_in_with_a_certificate_we_trust(
    certificate: Path, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Mailbox(starttls=server_tls(certificate), login=("us", "secret")) as box:
        with closing(channel_to(box.port, security="starttls", user="us", password="secret")) as channel:
            channel.send(message)
        assert len(box.received) == 1


def test_tls_from_the_first_byte(
    certificate: Path, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Mailbox(tls=server_tls(certificate)) as box:
        with closing(channel_to(box.port, security="tls")) as channel:
            channel.send(message)
        assert len(box.received) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_stops_all_sending(
    certificate: Path, message: Message, security: str
) -> None:
    tls = {security: server_tls(certificate)}
    with Mailbox(**tls) as box:
        with pytest.raises(Refused) as refused:
            channel_to(box.port, security=security, user="us", password="secret").send(message)
        assert box.received == []
        assert "MAIL" not in box.commands
    assert (refused.value.code, refused.value.permanent) == ("smtp_tls", False)
    assert refused.value.stops_provider


def test_a_server_without_starttls_gets_neither_password_nor_mail(box: Mailbox, message: Message) -> None:
    with pytest.raises(Refused) as refused:
        channel_to(box.port, security="starttls", user="us", password="secret").send(message)
    assert refused.value.code == "smtp_tls"
    assert refused.value.stops_provider
    assert box.commands == ["EHLO"]


def test_a_wrong_password_stops_sending_and_marks_nothing_failed(
    certificate: Path, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Mailbox(starttls=server_tls(certificate), login=("us", "secret")) as box:
        with pytest.raises(Refused) as refused:
            channel_to(box.port, security="starttls", user="us", password="wrong").send(message)
        assert box.received == []
    assert (refused.value.code, refused.value.permanent) == ("smtp_535", False)
    assert refused.value.stops_provider


def test_a_forked_process_never_talks_on_its_parents_connection(box: Mailbox, message: Message) -> None:
    with closing(channel_to(box.port)) as channel:
        channel.send(message)
        assert channel._session is not None
        channel._owner = os.getpid() + 1  # as a child sees it after a fork
        channel.send(replace(message, attempt_id="a2"))
    assert box.connections == 2


def test_smtp_can_not_be_asked_what_became_of_a_message(message: Message) -> None:
    channel = channel_to(1)
    assert channel.evidence == "none"
    assert channel.look_up(message, datetime.now(UTC)) is None


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, "starttls")),
        (
            "smtp://u%40x:p%2Fw@mail.example.org:2525",
            SmtpServer("mail.example.org", 2525, "starttls", "u@x", "p/w"),
        ),
        ("smtps://u:p@mail.example.org", SmtpServer("mail.example.org", 465, "tls", "u", "p")),
        ("smtp://127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, "none")),
        ("smtp://localhost", SmtpServer("localhost", 25, "none")),
        ("smtp://[::1]:1025?starttls=never", SmtpServer("::1", 1025, "none")),
        ("smtp://localhost?starttls=require", SmtpServer("localhost", 587, "starttls")),
    ],
)
def test_the_address_says_where_and_how_protected(url: str, server: SmtpServer) -> None:
    assert parse_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://mail.example.org:notaport",
        "smtp://mail.example.org/inbox",
        "smtp://mail.example.org?starttls=maybe",
        "smtp://mail.example.org?verify=no",
        "smtp://mail.example.org?starttls",
        "smtp://mail.example.org?starttls=never",
        "smtps://mail.example.org?starttls=require",
        "smtp://u:pä@mail.example.org",
        "smtp://[::1",
    ],
)
def test_an_address_that_is_wrong_or_unsafe_is_refused_without_the_password(url: str) -> None:
    with pytest.raises(SmtpUrlError) as refused:
        parse_url(
            url.replace("//", "//someone:hunter2@") if url.startswith("smtp") and "@" not in url else url
        )
    assert "hunter2" not in str(refused.value)


def test_the_password_is_not_in_the_printed_form() -> None:
    assert "hunter2" not in repr(SmtpServer("mail.example.org", 587, "starttls", "u", "hunter2"))


def test_a_421_to_the_dot_is_a_refusal_and_ends_the_connection(box: Mailbox, message: Message) -> None:
    box.replies["DOT"] = "421 going down"
    with closing(channel_to(box.port)) as channel:
        with pytest.raises(Refused) as refused:
            channel.send(message)
        box.replies.clear()
        channel.send(replace(message, attempt_id="a2"))
    assert (refused.value.code, refused.value.permanent) == ("smtp_421", False)
    assert box.connections == 2


def test_a_greeting_that_turns_us_away_is_not_about_this_message(message: Message) -> None:
    with Scripted([b"554 not today\r\n"]) as server, pytest.raises(Refused) as refused:
        channel_to(server.port).send(message)
    assert (refused.value.code, refused.value.permanent) == ("smtp_connect", False)


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_a_server_that_wants_a_sign_in_first_stops_all_sending(
    box: Mailbox, message: Message, step: str
) -> None:
    box.replies[step] = "530 sign in first"
    with closing(channel_to(box.port)) as channel, pytest.raises(Refused) as refused:
        channel.send(message)
    assert (refused.value.code, refused.value.permanent) == ("smtp_530", False)
    assert refused.value.stops_provider
