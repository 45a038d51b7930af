"""`./lightq up`, and its parts for larger installations: `web`, `worker`, `scheduler`."""

from __future__ import annotations

import os
import sys
from typing import NoReturn
from urllib.parse import urlsplit

import click

from delivery.cli import installation, machine
from delivery.cli.broker import broker_url
from delivery.cli.supervisor import Supervisor, only_one
from delivery.settings import Settings

PORT = click.option("--port", type=click.IntRange(1, 65535), help="Port; otherwise that of LIGHTQ_BASE_URL.")


def _port(settings: Settings, wanted: int | None) -> int:
    """The port to listen on. Behind a proxy (https without a port) it is 8080."""
    parts = urlsplit(settings.base_url)
    return wanted or parts.port or (80 if parts.scheme == "http" else 8080)


def _become(settings: Settings, argv: list[str]) -> NoReturn:
    """Go on as this program, with the settings in its environment."""
    env = machine.environment(settings, settings.redis_url or broker_url(settings.data_dir))
    os.execve(argv[0], argv, {**os.environ, **env})  # noqa: S606 - our own command


@click.command()
@PORT
def up(port: int | None) -> None:
    """Run the whole service on this machine until Ctrl-C."""
    settings = installation.settings(port)
    installation.check(settings)
    with only_one(settings.data_dir):
        processes, _ = machine.processes(settings, _port(settings, port))
        click.echo(f"LightQ: {settings.base_url}/console  (stop with Ctrl-C)", err=True)
        code = Supervisor(
            processes, settings.data_dir / "logs", echo=lambda line: click.echo(line, err=True)
        ).run()
    sys.exit(code)


@click.command()
@PORT
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def web(port: int | None, host: str) -> None:
    """Run only the web process."""
    settings = installation.settings(port)
    installation.check(settings)
    process = machine.web_process(settings, {}, _port(settings, port), host)
    _become(settings, list(process.argv))


@click.command()
@click.argument("kind", type=click.Choice(machine.WORKERS))
def worker(kind: str) -> None:
    """Run one worker process."""
    settings = installation.settings()
    installation.check(settings)
    _become(settings, [sys.executable, "-P", "-m", "workers", kind])


@click.command()
def scheduler() -> None:
    """Run the scheduler. Two of them do no harm."""
    settings = installation.settings()
    installation.check(settings)
    _become(settings, [sys.executable, "-P", "-m", "workers", "scheduler"])
