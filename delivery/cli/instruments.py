"""`./lightq instruments accept` and `instruments add`: what the operator does to a practice's library.

`list`, `show` and `verify` need no service; the script sends them to `python -m questionnaires`.
"""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import audit, instrument_files, library
from delivery.cli import installation
from delivery.errors import Invalid, LightQError
from delivery.models.people import Practice
from questionnaires.source import InstrumentError, read_bytes


@click.group()
def instruments() -> None:
    """Instruments of this installation: accept terms, take in files."""


PRACTICE = click.option(
    "--practice", metavar="ID", help="Id or name of the practice; needed where there are several."
)


@instruments.command()
@click.argument("key")
@PRACTICE
@click.option("--all", "everywhere", is_flag=True, help="For every practice that has not accepted yet.")
@click.option("--name", required=True, help="Who accepts.")
def accept(key: str, practice: str | None, everywhere: bool, name: str) -> None:
    """Accept the terms under which the instrument KEY may be used, once for a practice."""
    if practice and everywhere:
        raise Invalid("Say either --practice or --all.")
    with installation.opened() as service, service.db.write() as session:
        chosen = _every(session) if everywhere else [_one(session, practice)]
        notice = instrument_files.find(session, chosen[0].id, key).licence.notice
        done = []
        for one in chosen:
            if everywhere and key in library.of(session, one.id).accepted:
                continue
            instrument_files.accept_terms(session, one.id, key, name, audit.OPERATOR)
            done.append(one.name)
    click.echo(notice)
    for home in done:
        click.echo(f"Accepted for {home}.")
    if not done:
        click.echo("Accepted by every practice before; nothing was changed.")


@instruments.command()
@click.argument("file", type=click.Path(path_type=Path))
@PRACTICE
def add(file: Path, practice: str | None) -> None:
    """Take in a LightQ file or a FHIR Questionnaire for a practice. Nothing that is there is replaced."""
    try:
        data = read_bytes(file)
    except InstrumentError as problem:
        raise LightQError(str(problem)) from None
    with installation.opened() as service, service.db.write() as session:
        home = _one(session, practice)
        row = instrument_files.add(session, home.id, file.name, data, audit.OPERATOR)
        told = f"Added {row.key}, version {row.version}, for {home.name}."
    click.echo(told)


def _every(session: Session) -> list[Practice]:
    found = list(session.scalars(select(Practice).order_by(Practice.name)))
    if not found:
        raise LightQError("There is no practice: `./lightq init`")
    return found


def _one(session: Session, named: str | None) -> Practice:
    """The practice of this id or name; the only one where none is named. Raises Invalid, LightQError."""
    every = _every(session)
    words = (named or "").strip().casefold()
    found = [one for one in every if not words or words in (str(one.id), one.name.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        raise Invalid("There are several practices: say which with --practice.")
    raise LightQError("There is no such practice.")
