"""`./lightq init`: keys, database, first practice and person, and the recovery sheet."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import click
from sqlalchemy import select

from delivery import accounts, audit, batteries, crypto, keys, people
from delivery import settings as configuration
from delivery.cli import database, environment, installation, rotation, sheet
from delivery.db import Database
from delivery.errors import Invalid, LightQError, SettingsError
from delivery.models.people import Practice as PracticeRow
from delivery.models.people import PracticeKey, Role
from delivery.service import Service, start
from delivery.settings import Settings, neutral_name

FIRST_ROLES = (Role.CLINICIAN, Role.OWNER, Role.FRONT_DESK)


@click.command()
@click.option("--practice", help="Name of the practice (the record holder).")
@click.option("--sender-name", help="Neutral name in messages to clients; otherwise LIGHTQ_SENDER_NAME.")
@click.option("--time-zone", default="America/Los_Angeles", show_default=True, help="Zone of the practice.")
@click.option("--email", help="E-mail address of the first person; they sign in with it.")
@click.option("--name", help="Name of the first person.")
@click.option("--password-file", type=click.Path(path_type=Path), help="Take the password from this file.")
@click.option("--qr", is_flag=True, help="Show the recovery words also as a QR code.")
@click.option("--qr-svg", type=click.Path(path_type=Path), help="Write that QR code to this new SVG file.")
@click.option("--confirm", is_flag=True, help="Type four words of the printed sheet back.")
@click.option(
    "--words-file", type=click.Path(path_type=Path), help="Confirm with the 24 words from this file."
)
def init(
    practice: str | None,
    sender_name: str | None,
    time_zone: str,
    email: str | None,
    name: str | None,
    password_file: Path | None,
    qr: bool,
    qr_svg: Path | None,
    confirm: bool,
    words_file: Path | None,
) -> None:
    """Set up a real installation. Run again it only adds what is missing; nothing is overwritten."""
    if confirm or words_file:
        _confirm(installation.settings(), words_file)
        return
    settings = _keys()
    database.upgrade(settings)
    store = Database(settings.database)
    rotation.finish(store, settings.kek_path)
    store.close()
    service = start(settings)
    try:
        _alliance_keys(service)
        if (present := _practice(service)) is not None:
            _refuse_another(service, present, practice)
            click.echo("There is a practice already; it was left as it is. Add people with `person add`.")
        else:
            _first_person(service, practice, sender_name, time_zone, email, name, password_file)
        _sheet(settings, qr, qr_svg)
    finally:
        service.db.close()


def _keys() -> Settings:
    """The data directory, the key-encryption key and `lightq.env`; what exists is kept."""
    environment.load()
    settings = configuration.load()
    if (settings.data_dir / "demo.json").exists():
        raise SettingsError(
            f"{settings.data_dir} holds a demo: its people are invented and its passwords public. Give the "
            "real installation a folder of its own with LIGHTQ_DATA_DIR"
        )
    if settings.kek_path.resolve().is_relative_to(settings.data_dir.resolve()):
        raise SettingsError("LIGHTQ_KEK_FILE lies inside LIGHTQ_DATA_DIR: choose another place")
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with rotation.locked(settings.kek_path):
        if not settings.kek_path.exists():
            _refuse_orphaned_database(settings)
            keys.write_kek(settings.kek_path, os.urandom(32))
    if not settings.keys:
        file = environment.path()
        values = environment.read(file)
        values |= {
            "LIGHTQ_SECRET_KEYS": secrets.token_urlsafe(36),
            "LIGHTQ_BASE_URL": settings.base_url,
            "LIGHTQ_CLIENT_URL": settings.client_url,
        }
        environment.write(file, values)
        click.echo(f"Wrote the signing key to {file} and the key-encryption key to {settings.kek_path}")
        environment.load()
    return configuration.load()


def _refuse_orphaned_database(settings: Settings) -> None:
    if database.missing(settings) or database.check_known(settings.database)[0] is None:
        return
    store = Database(settings.database)
    try:
        if rotation.has_keys(store):
            raise SettingsError(
                f"The database is sealed, but its key {settings.kek_path} is missing. Set LIGHTQ_KEK_FILE, "
                "or write it anew from the recovery sheet with `./lightq keys recover`"
            )
    finally:
        store.close()


def _alliance_keys(service: Service) -> None:
    with service.db.write() as session:
        chosen = select(PracticeKey.id).where(PracticeKey.owner_id == crypto.ALLIANCE)
        if session.scalars(chosen).first() is None:
            keys.make(session, crypto.read_kek(service.settings.kek_path), crypto.ALLIANCE)


def _practice(service: Service) -> str | None:
    """The name of the practice that is there already."""
    with service.db.read() as session:
        return session.scalars(select(PracticeRow.name).order_by(PracticeRow.id).limit(1)).first()


def _refuse_another(service: Service, present: str, wanted: str | None) -> None:
    if wanted is None or wanted.strip().casefold() == present.casefold():
        return
    raise LightQError(
        installation.only_practice(present)
        if service.db.is_sqlite
        else f"There is the practice “{present}” already; `init` makes only the first one"
    )


def _first_person(
    service: Service,
    practice: str | None,
    sender_name: str | None,
    time_zone: str,
    email: str | None,
    name: str | None,
    password_file: Path | None,
) -> None:
    practice = _needed(practice, "--practice", "Name of the practice")
    name = _needed(name, "--name", "Your name")
    email = _needed(email, "--email", "Your e-mail address")
    try:
        sender = neutral_name(service.settings.sender_name if sender_name is None else sender_name)
    except ValueError as error:
        raise Invalid(f"--sender-name: {error}") from None
    password = installation.first_line(password_file) if password_file else installation.make_password(email)
    kek = crypto.read_kek(service.settings.kek_path)
    with service.db.write() as session:
        row = people.add_practice(session, kek, name=practice, sender_name=sender, time_zone=time_zone)
        person = people.add_person(session, email=email, name=name, roles=FIRST_ROLES, practice=row)
        accounts.set_password(person, password)
        batteries.add_first(session, row.id)
        audit.record(session, row.id, audit.OPERATOR, audit.Tag.PERSON_ADDED, person.id)
        address = person.email
    click.echo(f"Added the practice “{practice}” and {address}. Clients see “{sender}” as the sender.")
    if not password_file:
        click.echo(f"Password (shown once): {password}")


def _needed(value: str | None, option: str, words: str) -> str:
    if value and value.strip():
        return value.strip()
    if not sys.stdin.isatty():
        raise LightQError(f"{option} is needed")
    return str(click.prompt(words)).strip()


def _sheet(settings: Settings, qr: bool, qr_svg: Path | None) -> None:
    kek = crypto.read_kek(settings.kek_path)
    if sheet.confirmed(settings, kek):
        click.echo("The recovery sheet is confirmed. This installation is complete.")
        return
    sheet.mark(settings, kek, False)
    click.echo()
    click.echo(sheet.page(kek, settings))
    if qr:
        click.echo(sheet.qr_text(kek))
    if qr_svg:
        sheet.write_qr(kek, qr_svg)
    if sys.stdin.isatty():
        click.echo("Print this page or copy it by hand. Then type four of its words back.")
        _confirm(settings, None)
    else:
        click.echo("Not finished: keep this page, then type four of its words back: ./lightq init --confirm")


def _confirm(settings: Settings, words_file: Path | None) -> None:
    kek = crypto.read_kek(settings.kek_path)
    if words_file:
        given = " ".join(_lines(words_file)).split()
        if len(given) != len(keys.words(kek)):
            raise Invalid("The file does not hold 24 words.")
        sheet.prove(kek, lambda number: given[number - 1])
    else:
        sheet.prove(kek, lambda number: str(click.prompt(f"Word {number}", hide_input=True)))
    sheet.mark(settings, kek, True)
    click.echo("The recovery sheet is confirmed. This installation is complete.")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise LightQError(f"{file} cannot be read") from None
