from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from channels.base import Message
from channels.email_sendgrid import SendGridEmail
from channels.email_smtp import SmtpEmail
from channels.local_post import LocalPost
from channels.registry import ChannelConfig, ChannelConfigError, build
from channels.sms_twilio import TwilioSms

ROOT = Path(__file__).resolve().parents[3]

SMTP = ChannelConfig(
    email="smtp", smtp_url="smtps://u:hunter2@mail.example.org", sender_address="forms@example.org"
)
SENDGRID = ChannelConfig(
    email="sendgrid", sendgrid_api_key="SG.hunter2", sendgrid_ack="yes", sender_address="forms@example.org"
)
TWILIO = ChannelConfig(
    sms="twilio",
    twilio_account_sid="AC" + "0" * 32,
    twilio_auth_token="hunter2",
    twilio_messaging_service_sid="MG" + "1" * 32,
)
NUMBER = replace(TWILIO, twilio_messaging_service_sid="", twilio_number="+15035550100")


def keep(_message: Message) -> str:
    return "kept"


def find(_attempt_id: str) -> str | None:
    return None


@pytest.mark.parametrize(
    ("config", "kind_of", "provider", "evidence"),
    [
        (ChannelConfig(), LocalPost, "local_post", "look_up"),
        (SMTP, SmtpEmail, "smtp", "none"),
        (
            replace(SMTP, smtp_url="smtp://127.0.0.1:1025", sender_address="f@localhost"),
            SmtpEmail,
            "smtp",
            "none",
        ),
        (SENDGRID, SendGridEmail, "sendgrid", "none"),
        (replace(SENDGRID, sendgrid_activity=True), SendGridEmail, "sendgrid", "look_up"),
        (replace(SENDGRID, sendgrid_api_base="http://127.0.0.1:4872"), SendGridEmail, "sendgrid", "none"),
        (
            replace(SENDGRID, sendgrid_api_base="https://api.eu.sendgrid.com"),
            SendGridEmail,
            "sendgrid",
            "none",
        ),
    ],
)
def test_the_settings_choose_the_channel(
    config: ChannelConfig, kind_of: type, provider: str, evidence: str
) -> None:
    channel = build(config, keep, find)["email"]
    assert isinstance(channel, kind_of)
    assert (channel.provider, channel.kind, channel.evidence) == (provider, "email", evidence)


@pytest.mark.parametrize(
    ("config", "kind_of", "provider"),
    [
        (ChannelConfig(), LocalPost, "local_post"),
        (TWILIO, TwilioSms, "twilio"),
        (NUMBER, TwilioSms, "twilio"),
        (replace(TWILIO, twilio_api_base="http://127.0.0.1:4871"), TwilioSms, "twilio"),
        (replace(TWILIO, twilio_api_base="https://api.dublin.ie1.twilio.com/"), TwilioSms, "twilio"),
    ],
)
def test_the_settings_choose_how_texts_go_out(config: ChannelConfig, kind_of: type, provider: str) -> None:
    channels = build(config, keep, find)
    assert set(channels) == {"email", "sms"}
    assert isinstance(channels["sms"], kind_of)
    assert (channels["sms"].provider, channels["sms"].kind) == (provider, "sms")
    assert (channels["email"].provider, channels["email"].kind) == ("local_post", "email")
    assert channels["sms"].evidence == "look_up"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (ChannelConfig(email="fax"), "outbox, smtp or sendgrid"),
        (replace(SMTP, smtp_url=""), "smtp://user:password@host:587"),
        (replace(SMTP, smtp_url="smtp://u:hunter2@mail.example.org?starttls=never"), "without encryption"),
        (replace(SMTP, sender_address=""), "LIGHTQ_SENDER_ADDRESS"),
        (replace(SMTP, sender_address="Forms <forms@example.org>"), "LIGHTQ_SENDER_ADDRESS"),
        (replace(SMTP, sender_address="forms@localhost.localdomain"), "LIGHTQ_SENDER_ADDRESS"),
        (replace(SENDGRID, sender_address="forms@localhost"), "LIGHTQ_SENDER_ADDRESS"),
        (replace(SENDGRID, sendgrid_ack=""), "LIGHTQ_SENDGRID_ACK=yes"),
        (replace(SENDGRID, sendgrid_ack=" No "), "business associate agreement"),
        (replace(SENDGRID, sendgrid_api_key=""), "LIGHTQ_SENDGRID_API_KEY"),
        (replace(SENDGRID, sendgrid_api_key="SG.hunter2\n"), "Copy it again"),
        (replace(SENDGRID, sendgrid_api_base="http://api.sendgrid.com"), "https://"),
        (replace(SENDGRID, sendgrid_api_base="http://127.0.0.1.example.org"), "https://"),
        (replace(SENDGRID, sendgrid_api_base="https://[::1"), "https://"),
        (replace(SENDGRID, sendgrid_api_base=""), "https://"),
        (ChannelConfig(sms="pigeon"), "outbox or twilio"),
        (replace(TWILIO, twilio_account_sid=""), "LIGHTQ_TWILIO_ACCOUNT_SID"),
        (replace(TWILIO, twilio_account_sid="SK123"), "starts with AC"),
        (replace(TWILIO, twilio_account_sid="AC1/../x"), "starts with AC"),
        (replace(TWILIO, twilio_auth_token=""), "LIGHTQ_TWILIO_AUTH_TOKEN_FILE"),
        (replace(TWILIO, twilio_auth_token="hunter2\n"), "Copy it again"),
        (replace(TWILIO, twilio_messaging_service_sid="SM123"), "starts with MG"),
        (replace(TWILIO, twilio_messaging_service_sid=""), "LIGHTQ_TWILIO_NUMBER"),
        (replace(NUMBER, twilio_number="503-555-0100"), "+15035550100"),
        (replace(TWILIO, twilio_api_base="http://api.twilio.com"), "LIGHTQ_TWILIO_API_BASE"),
        (replace(TWILIO, twilio_api_base="https://example.org/2010-04-01"), "without a path"),
        (replace(TWILIO, twilio_api_base="https://example.org:99999"), "LIGHTQ_TWILIO_API_BASE"),
        (replace(TWILIO, twilio_api_base=""), "https://"),
    ],
)
def test_unknown_and_unsafe_settings_are_refused_with_what_to_do(config: ChannelConfig, says: str) -> None:
    with pytest.raises(ChannelConfigError) as refused:
        build(config, keep, find)
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_secrets_are_not_in_the_printed_form() -> None:
    assert "hunter2" not in repr(SMTP)
    assert "hunter2" not in repr(SENDGRID)
    assert "hunter2" not in repr(TWILIO)


def test_the_local_post_is_built_without_importing_any_sdk() -> None:
    code = (
        "import sys; from channels.registry import ChannelConfig, build;"
        "build(ChannelConfig(), lambda m: '', lambda a: None);"
        "print(sorted({'sendgrid', 'python_http_client', 'twilio', 'smtplib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
