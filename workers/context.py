"""What a worker process holds: the service and the channels, opened on first use (after a fork)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from channels.base import Channel
from channels.registry import ChannelConfig, build
from delivery import local_post, logs
from delivery import settings as configuration
from delivery.service import Service, start
from delivery.settings import Settings


@dataclass(frozen=True)
class Context:
    """The service and one channel per kind."""

    service: Service
    channels: dict[str, Channel]


def channel_config(settings: Settings) -> ChannelConfig:
    """The channels' own settings."""
    return ChannelConfig(
        email=settings.email,
        sender_name=settings.sender_name,
        sender_address=settings.sender_address,
        smtp_url=settings.smtp_url,
        sendgrid_api_key=settings.sendgrid_api_key,
        sendgrid_api_base=settings.sendgrid_api_base,
        sendgrid_ack=settings.sendgrid_ack,
        sendgrid_activity=settings.sendgrid_activity,
    )


def make(settings: Settings) -> Context:
    """A context of its own. Raises SettingsError, ChannelConfigError."""
    service = start(settings)
    post = local_post.Box(service.db)
    return Context(service, build(channel_config(settings), post.keep, post.find))


@cache
def _of_process(_pid: int) -> Context:
    logs.install()
    return make(configuration.load())


def context() -> Context:
    """This process's context; a fork gets its own, since database connections do not survive one."""
    return _of_process(os.getpid())
