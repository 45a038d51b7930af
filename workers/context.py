"""What a worker process holds: the service and the channels, opened on first use (after a fork)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from channels.base import Channel
from channels.registry import build
from delivery import channel_settings, local_post, logs
from delivery import settings as configuration
from delivery.service import Service, start
from delivery.settings import Settings


@dataclass(frozen=True)
class Context:
    """The service and one channel per kind."""

    service: Service
    channels: dict[str, Channel]


def make(settings: Settings) -> Context:
    """A context of its own. Raises SettingsError, ChannelConfigError."""
    service = start(settings)
    post = local_post.Box(service.db)
    return Context(service, build(channel_settings.of(settings), post.keep, post.find))


@cache
def _of_process(_pid: int) -> Context:
    logs.install()
    return make(configuration.load())


def context() -> Context:
    """This process's context; a fork gets its own, since database connections do not survive one."""
    return _of_process(os.getpid())
