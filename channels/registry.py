"""Builds the channels from plain settings, and refuses settings that are unknown or unsafe."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from channels.base import Channel, Message, Refused
from channels.email_message import checked_address
from channels.local_post import LocalPost
from channels.network import is_loopback

SENDGRID_API = "https://api.sendgrid.com"


class ChannelConfigError(Exception):
    """A setting is missing, unknown or unsafe; the text says what to do."""


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """Plain values from the settings. Timeouts in seconds.

    `email` is `outbox` (stay in the local post), `smtp` or `sendgrid`. `sendgrid_ack` is the written
    "yes" of whoever runs the service: SendGrid signs no business associate agreement.
    """

    email: str = "outbox"
    sender_name: str = ""
    sender_address: str = ""
    smtp_url: str = field(default="", repr=False)
    sendgrid_api_key: str = field(default="", repr=False)
    sendgrid_api_base: str = SENDGRID_API
    sendgrid_ack: str = ""
    sendgrid_activity: bool = False
    connect_timeout: float = 3.0
    read_timeout: float = 10.0


def build(
    config: ChannelConfig, keep: Callable[[Message], str], find: Callable[[str], str | None]
) -> dict[str, Channel]:
    """One channel per kind: `{"email": …}`. `keep` and `find` are the local post's store.

    Raises `ChannelConfigError`. Nothing is connected to yet.
    """
    match config.email:
        case "outbox":
            return {"email": LocalPost(keep, find)}
        case "smtp":
            return {"email": _smtp(config)}
        case "sendgrid":
            return {"email": _sendgrid(config)}
    raise ChannelConfigError("LIGHTQ_EMAIL is not known. Set it to outbox, smtp or sendgrid.")


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
    _sender_domain(config, _api_host(config.sendgrid_api_base))
    return SendGridEmail(
        config.sendgrid_api_key,
        config.sendgrid_api_base,
        activity=config.sendgrid_activity,
        connect_timeout=config.connect_timeout,
        read_timeout=config.read_timeout,
    )


def _api_host(base: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(base)
        host = parts.hostname or ""
        if host and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
            return host
    raise ChannelConfigError("LIGHTQ_SENDGRID_API_BASE: write an https:// address.")


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
