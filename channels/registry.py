"""Builds the channels from plain settings, and refuses settings that are unknown or unsafe."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from channels.base import E164, Channel, Message, Refused
from channels.email_message import checked_address
from channels.local_post import LocalPost
from channels.network import is_loopback

SENDGRID_API = "https://api.sendgrid.com"
TWILIO_API = "https://api.twilio.com"

_ACCOUNT = re.compile(r"AC[0-9A-Za-z]{1,64}")
_SERVICE = re.compile(r"MG[0-9A-Za-z]{1,64}")


class ChannelConfigError(Exception):
    """A setting is missing, unknown or unsafe; the text says what to do."""


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """Plain values from the settings. Timeouts in seconds.

    `email` is `outbox` (stay in the local post), `smtp` or `sendgrid`. `sendgrid_ack` is the written
    "yes" of whoever runs the service: SendGrid signs no business associate agreement.

    `sms` is `outbox` or `twilio`. Texts come from a messaging service (`MG…`) or, without one, from a number.
    """

    email: str = "outbox"
    sender_name: str = ""
    sender_address: str = ""
    smtp_url: str = field(default="", repr=False)
    sendgrid_api_key: str = field(default="", repr=False)
    sendgrid_api_base: str = SENDGRID_API
    sendgrid_ack: str = ""
    sendgrid_activity: bool = False
    sms: str = "outbox"
    twilio_account_sid: str = ""
    twilio_auth_token: str = field(default="", repr=False)
    twilio_messaging_service_sid: str = ""
    twilio_number: str = ""
    twilio_api_base: str = TWILIO_API
    connect_timeout: float = 3.0
    read_timeout: float = 10.0


def build(
    config: ChannelConfig, keep: Callable[[Message], str], find: Callable[[str], str | None]
) -> dict[str, Channel]:
    """One channel per kind: `{"email": …, "sms": …}`. `keep` and `find` are the local post's store.

    Raises `ChannelConfigError`. Nothing is connected to yet.
    """
    email: Channel
    match config.email:
        case "outbox":
            email = LocalPost(keep, find)
        case "smtp":
            email = _smtp(config)
        case "sendgrid":
            email = _sendgrid(config)
        case _:
            raise ChannelConfigError("LIGHTQ_EMAIL is not known. Set it to outbox, smtp or sendgrid.")
    match config.sms:
        case "outbox":
            return {"email": email, "sms": LocalPost(keep, find, "sms")}
        case "twilio":
            return {"email": email, "sms": _twilio(config)}
    raise ChannelConfigError("LIGHTQ_SMS is not known. Set it to outbox or twilio.")


def _smtp(config: ChannelConfig) -> Channel:
    from channels.email_smtp import SmtpEmail, SmtpUrlError, parse_url  # noqa: PLC0415  (start-up cost)

    try:
        server = parse_url(config.smtp_url)
    except SmtpUrlError as error:
        raise ChannelConfigError(f"LIGHTQ_SMTP_URL: {error}") from None
    domain = _sender_domain(config, server.host)
    return SmtpEmail(server, domain, config.connect_timeout, config.read_timeout)


def _sendgrid(config: ChannelConfig) -> Channel:
    from channels.email_sendgrid import SendGridEmail  # noqa: PLC0415  (the SDK is slow to import)

    if config.sendgrid_ack.strip().lower() in {"", "0", "no", "false", "off"}:
        raise ChannelConfigError(
            "SendGrid signs no business associate agreement (BAA), so no health data may pass through it. "
            "Better: LIGHTQ_EMAIL=smtp with a mail provider that signs one. If you have read "
            "docs/security.md and accept that SendGrid learns who gets a neutral message, "
            "set LIGHTQ_SENDGRID_ACK=yes."
        )
    if not config.sendgrid_api_key:
        raise ChannelConfigError(
            "LIGHTQ_SENDGRID_API_KEY is missing. Set it, or LIGHTQ_SENDGRID_API_KEY_FILE."
        )
    if not (config.sendgrid_api_key.isascii() and config.sendgrid_api_key.isprintable()):
        raise ChannelConfigError("LIGHTQ_SENDGRID_API_KEY holds a character that no key has. Copy it again.")
    _sender_domain(config, _api_host(config.sendgrid_api_base, "LIGHTQ_SENDGRID_API_BASE"))
    return SendGridEmail(
        config.sendgrid_api_key,
        config.sendgrid_api_base,
        activity=config.sendgrid_activity,
        connect_timeout=config.connect_timeout,
        read_timeout=config.read_timeout,
    )


def _twilio(config: ChannelConfig) -> Channel:
    from channels.sms_twilio import TwilioSms  # noqa: PLC0415  (the SDK is slow to import)

    if not _ACCOUNT.fullmatch(config.twilio_account_sid):
        raise ChannelConfigError("LIGHTQ_TWILIO_ACCOUNT_SID: write the account's id; it starts with AC.")
    token = config.twilio_auth_token
    if not token:
        raise ChannelConfigError(
            "LIGHTQ_TWILIO_AUTH_TOKEN is missing. Set it, or LIGHTQ_TWILIO_AUTH_TOKEN_FILE."
        )
    if not (token.isascii() and token.isprintable()):
        raise ChannelConfigError(
            "LIGHTQ_TWILIO_AUTH_TOKEN holds a character that no token has. Copy it again."
        )
    service, number = config.twilio_messaging_service_sid, config.twilio_number
    if service and not _SERVICE.fullmatch(service):
        raise ChannelConfigError(
            "LIGHTQ_TWILIO_MESSAGING_SERVICE_SID: write the messaging service's id; it starts with MG."
        )
    if not service and not E164.fullmatch(number):
        raise ChannelConfigError(
            "Texts need a sender. Set LIGHTQ_TWILIO_MESSAGING_SERVICE_SID (MG…), or LIGHTQ_TWILIO_NUMBER "
            "in the form +15035550100."
        )
    _api_host(config.twilio_api_base, "LIGHTQ_TWILIO_API_BASE")
    return TwilioSms(
        config.twilio_account_sid,
        token,
        service or number,
        config.twilio_api_base,
        connect_timeout=config.connect_timeout,
        read_timeout=config.read_timeout,
    )


def _api_host(base: str, setting: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(base)
        host = parts.hostname or ""
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
        if host and secure and parts.port != 0 and parts.path in {"", "/"}:
            return host
    raise ChannelConfigError(f"{setting}: write an https:// address, without a path.")


def _sender_domain(config: ChannelConfig, host: str) -> str:
    try:
        domain = checked_address(config.sender_address).rpartition("@")[2]
    except Refused:
        domain = ""
    if not domain or (domain.endswith((".localdomain", "localhost")) and not is_loopback(host)):
        raise ChannelConfigError(
            "LIGHTQ_SENDER_ADDRESS: write the address that emails come from, one that your provider knows."
        )
    return domain
