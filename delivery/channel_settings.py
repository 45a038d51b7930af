"""The channels' own settings, as the registry takes them."""

from __future__ import annotations

from channels.registry import ChannelConfig
from delivery.settings import Settings


def of(settings: Settings) -> ChannelConfig:
    """Plain values for `channels.registry.build`."""
    return ChannelConfig(
        email=settings.email,
        sender_name=settings.sender_name,
        sender_address=settings.sender_address,
        smtp_url=settings.smtp_url,
        sendgrid_api_key=settings.sendgrid_api_key,
        sendgrid_api_base=settings.sendgrid_api_base,
        sendgrid_ack=settings.sendgrid_ack,
        sendgrid_activity=settings.sendgrid_activity,
        sms=settings.sms,
        twilio_account_sid=settings.twilio_account_sid,
        twilio_auth_token=settings.twilio_auth_token,
        twilio_messaging_service_sid=settings.twilio_messaging_service_sid,
        twilio_number=settings.twilio_number,
        twilio_api_base=settings.twilio_api_base,
    )
