"""`./lightq doctor`: looks at everything that the service needs, and says what to do about each fault."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Final, Literal

import click
from sqlalchemy.exc import DBAPIError

from channels.registry import ChannelConfigError
from delivery.cli import checks, installation
from delivery.cli.checks import Finding
from delivery.db import driver_error
from delivery.errors import LightQError, NotSaved
from delivery.settings import Settings

SIGNS: Final = {"ok": "ok  ", "warn": "warn", "red": "RED "}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and in words what to do about it (or that it is well)."""

    name: str
    status: Literal["ok", "warn", "red"]
    words: str


#: In the order in which a person would mend them.
LOOKS: Final[dict[str, Callable[[Settings], Finding]]] = {
    "signing keys": checks.signing_keys,
    "key-encryption key": checks.key_place,
    "database": checks.database_revision,
    "keys fit": checks.keys_fit,
    "set-up": checks.setup_finished,
    "broker": checks.broker_answers,
    "renderer": checks.renderer,
    "fonts": checks.fonts,
    "disk": checks.disk,
    "clock": checks.clock,
    "messages": checks.messages,
    "callbacks": checks.callbacks,
}


def examine() -> Iterator[Check]:
    """Every check. One that goes wrong by itself is red and does not hide the next."""
    try:
        settings = installation.settings()
    except LightQError as error:
        yield Check("settings", "red", str(error))
        return
    yield Check(
        "settings", "ok", f"{settings.base_url} and {settings.client_url}, data in {settings.data_dir}"
    )
    for name, look in LOOKS.items():
        try:
            status, words = look(settings)
        except (NotSaved, DBAPIError) as error:
            status, words = "red", f"the database did not answer ({driver_error(error)})"
        except (LightQError, ChannelConfigError) as error:
            status, words = "red", str(error)
        except OSError as error:
            status, words = "red", f"{error.filename or 'the system'}: {error.strerror}"
        yield Check(name, status, words)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As a JSON array of {name, status, words}.")
def doctor(as_json: bool) -> None:
    """Look at everything the service needs. Exit code 1 while something is red."""
    found = list(examine())
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
    else:
        for one in found:
            first, *rest = one.words.splitlines() or [""]
            click.echo(f"{SIGNS[one.status]}  {one.name:<19} {first}")
            for line in rest:
                click.echo(" " * 26 + line)
    sys.exit(1 if any(one.status == "red" for one in found) else 0)
