"""`./lightq person add` and `./lightq token create`."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import accounts, audit, people
from delivery.cli import installation
from delivery.errors import Invalid, LightQError
from delivery.models.people import Practice, Role


@click.group()
def person() -> None:
    """People who sign in."""


@person.command()
@click.argument("email")
@click.option("--name", required=True, help="Full name.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="May be given several times.",
)
@click.option("--practice", help="Name of the practice; needed where there are several.")
@click.option("--known-as", default="", help="As clients know them, such as “Dr. Rivera”.")
@click.option("--credentials", help="Such as LCSW; printed on reports.")
@click.option("--password-file", type=click.Path(path_type=Path), help="Take the password from this file.")
@click.option("--ask-password", is_flag=True, help="Ask for the password instead of making one.")
def add(
    email: str,
    name: str,
    roles: tuple[str, ...],
    practice: str | None,
    known_as: str,
    credentials: str | None,
    password_file: Path | None,
    ask_password: bool,
) -> None:
    """Add a person with one or more roles, and give them a password."""
    wanted = [Role(role) for role in dict.fromkeys(roles)]
    if password_file:
        password = installation.first_line(password_file)
    elif ask_password:
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        password = installation.make_password(email)
    with installation.opened() as service, service.db.write() as session:
        home = None if set(wanted) <= people.ALLIANCE_ROLES else _practice(session, practice)
        row = people.add_person(
            session,
            email=email,
            name=name,
            roles=wanted,
            practice=home,
            known_as=known_as,
            credentials=credentials,
        )
        accounts.set_password(row, password)
        if home is not None:
            audit.record(session, home.id, audit.OPERATOR, audit.Tag.PERSON_ADDED, row.id)
        address = row.email
    click.echo(f"Added {address} as {', '.join(role.value for role in wanted)}.")
    if not (password_file or ask_password):
        click.echo(f"Password (shown once): {password}")


def _practice(session: Session, name: str | None) -> Practice:
    found = session.scalars(select(Practice).order_by(Practice.name)).all()
    if name is not None:
        found = [one for one in found if one.name.casefold() == name.strip().casefold()]
    if len(found) == 1:
        return found[0]
    if not found:
        raise LightQError("There is no such practice." if name else "There is no practice: `./lightq init`")
    raise Invalid("There are several practices: say which with --practice.")


@click.group()
def token() -> None:
    """Tokens for programs that use the API."""


@token.command()
@click.option("--person", "email", required=True, metavar="EMAIL", help="Whose caseload it opens.")
@click.option("--name", default="api", show_default=True, help="What it is for.")
def create(email: str, name: str) -> None:
    """Make an API token and print it, once."""
    with installation.opened() as service, service.db.write() as session:
        secret = accounts.make_token(session, email, name)
    click.echo(secret)
