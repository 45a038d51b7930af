"""`./lightq person add`, `person grant`, `person sign-out`, and `./lightq token create`."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, accounts, audit, people
from delivery.cli import installation
from delivery.errors import Invalid, LightQError, NotFound
from delivery.models.people import Person, Practice, Role
from delivery.service import Service


@click.group()
def person() -> None:
    """People who sign in."""


ROLES = click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="May be given several times.",
)
PRACTICE = click.option("--practice", help="Name of the practice; needed where there are several.")


@person.command()
@click.argument("email")
@click.option("--name", required=True, help="Full name.")
@ROLES
@PRACTICE
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
    wanted = _roles(roles)
    if password_file:
        password = installation.first_line(password_file)
    elif ask_password:
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        password = installation.make_password(email)
    with installation.opened() as service, service.db.write() as session:
        home = _home(service, session, wanted, practice)
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


@person.command()
@click.argument("email")
@ROLES
@PRACTICE
def grant(email: str, roles: tuple[str, ...], practice: str | None) -> None:
    """Give somebody who is there already one or more roles, from now on."""
    wanted = _roles(roles)
    with installation.opened() as service, service.db.write() as session:
        row = _somebody(session, email)
        home = _home(service, session, wanted, practice)
        held = access.caller(session, row.id).grants
        fresh = [
            role
            for role in wanted
            if (None if role in people.ALLIANCE_ROLES or home is None else home.id, role) not in held
        ]
        for role in fresh:
            people.grant(session, row, role, home)
        address = row.email
    if fresh:
        click.echo(f"{address} is now also {', '.join(role.value for role in fresh)}.")
    else:
        click.echo(f"{address} is that already; nothing was changed.")


@person.command("sign-out")
@click.argument("email")
@click.option("--tokens", is_flag=True, help="End the person's API tokens too.")
def sign_out(email: str, tokens: bool) -> None:
    """End every console session of a person at once."""
    with installation.opened() as service, service.db.write() as session:
        row = _somebody(session, email, also_left=True)
        words = f"{row.email}: sessions ended: {accounts.revoke_all(session, row.id)}"
        if tokens:
            words += f", API tokens ended: {accounts.revoke_tokens(session, row.id)}"
    click.echo(f"{words}. The password still works.")


def _roles(typed: tuple[str, ...]) -> list[Role]:
    return [Role(role) for role in dict.fromkeys(typed)]


def _somebody(session: Session, email: str, *, also_left: bool = False) -> Person:
    row = session.scalars(select(Person).where(Person.email == people.normal_email(email))).one_or_none()
    if row is None or (row.left_at is not None and not also_left):
        raise NotFound("There is nobody with this e-mail address.")
    return row


def _home(service: Service, session: Session, roles: list[Role], name: str | None) -> Practice | None:
    """The practice that the roles are for; None where they are all of the alliance."""
    if set(roles) <= people.ALLIANCE_ROLES:
        return None
    every = session.scalars(select(Practice).order_by(Practice.name)).all()
    if not every:
        raise LightQError("There is no practice: `./lightq init`")
    found = [one for one in every if name is None or one.name.casefold() == name.strip().casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        raise Invalid("There are several practices: say which with --practice.")
    if service.db.is_sqlite:
        raise LightQError(f"There is no such practice. {installation.only_practice(every[0].name)}")
    raise LightQError("There is no such practice.")


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
