"""`python -m delivery.cli COMMAND`: what `./lightq` hands over to."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Final

import click
from sqlalchemy.exc import DBAPIError

from channels.registry import ChannelConfigError
from delivery.db import driver_error
from delivery.errors import Invalid, LightQError, NotSaved

#: Command -> module that holds it; imported only when it is run.
COMMANDS: Final = {
    "init": "init",
    "person": "people",
    "token": "people",
    "db": "database",
    "keys": "key_commands",
    "audit": "key_commands",
    "doctor": "doctor",
    "up": "run",
    "web": "run",
    "worker": "run",
    "scheduler": "run",
    "demo": "demo",
    "instruments": "instruments",
}


class Commands(click.Group):
    """The commands by name. An expected error is one line on standard error and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All that are there, in the order of the table."""
        return [name for name in COMMANDS if importlib.util.find_spec(f"delivery.cli.{COMMANDS[name]}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, from its module."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"delivery.cli.{COMMANDS[cmd_name]}")
        found = getattr(module, cmd_name)
        assert isinstance(found, click.Command)
        return found

    def invoke(self, ctx: click.Context) -> None:
        """Run, and turn what can be expected into words."""
        try:
            super().invoke(ctx)
            return
        except (NotSaved, DBAPIError) as error:
            click.echo(
                f"lightq: the database did not answer ({driver_error(error)}). Check LIGHTQ_DATA_DIR, "
                "LIGHTQ_DATABASE_URL and the disk: `./lightq doctor`",
                err=True,
            )
        except (LightQError, ChannelConfigError) as error:
            click.echo("; ".join(f"lightq: {error}".splitlines()), err=True)
            if isinstance(error, Invalid):
                for name, reason in error.fields.items():
                    click.echo(f"  {name}: {reason}", err=True)
        ctx.exit(2)


@click.group(cls=Commands, context_settings={"max_content_width": 100})
def main() -> None:
    """LightQ: screening, progress and outcome questionnaires for independent clinicians."""


if __name__ == "__main__":
    main(prog_name="lightq")
    sys.exit(0)
