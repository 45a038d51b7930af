"""`./lightq keys recover` and `keys rotate`, and `audit verify`."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click
from sqlalchemy import select

from delivery import audit as log
from delivery import crypto
from delivery import keys as sealing
from delivery import settings as configuration
from delivery.cli import database, environment, installation, rotation, sheet
from delivery.cli.supervisor import only_one
from delivery.db import Database
from delivery.errors import Invalid, LightQError
from delivery.models.people import Practice
from delivery.settings import Settings


@click.group()
def keys() -> None:
    """The key-encryption key and the signing keys."""


@keys.command()
@click.option("--words-file", type=click.Path(path_type=Path), help="Take the 24 words from this file.")
def recover(words_file: Path | None) -> None:
    """Write the key-encryption key anew from the 24 words of the recovery sheet."""
    environment.load()
    settings = configuration.load()
    kek = sealing.from_words(_words(words_file))
    if len(kek) != 32:
        raise Invalid("These are not the 24 words of a recovery sheet. Check spelling and order.")
    if not _opens(settings, kek):
        raise Invalid("These words belong to another installation: they do not open this database.")
    path = settings.kek_path
    with rotation.locked(path):
        if path.exists():
            if path.read_text(encoding="ascii", errors="replace").strip() == kek.hex():
                click.echo(f"{path} holds this key already.")
                return
            raise LightQError(f"{path} holds another key. Move it away first; it is never overwritten")
        sealing.write_kek(path, kek)
        environment.sync(path.parent)
    click.echo(f"Wrote the key-encryption key to {path}")


def _words(words_file: Path | None) -> str:
    if words_file is None:
        return str(click.prompt("The 24 words", hide_input=True)) if sys.stdin.isatty() else sys.stdin.read()
    try:
        return words_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise LightQError(f"{words_file} cannot be read") from None


def _opens(settings: Settings, kek: bytes) -> bool:
    if database.missing(settings) or database.check_known(settings.database)[0] is None:
        return True  # the key may come back before the database does
    store = Database(settings.database)
    try:
        return rotation.fits(store, kek)
    finally:
        store.close()


@keys.command()
@click.option("--qr", is_flag=True, help="Show the new recovery words also as a QR code.")
def rotate(qr: bool) -> None:
    """A new key-encryption key and a new signing key. Stop the service first, start it again after."""
    settings = installation.settings()
    installation.check(settings)
    with only_one(settings.data_dir):
        store = Database(settings.database)
        try:
            crypto.install(crypto.Vault(sealing.loader(store, crypto.read_kek(settings.kek_path))))
            count = rotation.rotate(store, settings.kek_path)
        finally:
            store.close()
        _new_signing_key()
    kek = crypto.read_kek(settings.kek_path)
    sheet.mark(settings, kek, False)
    click.echo(f"{count} keys are wrapped anew. The old recovery sheet no longer opens this database.")
    click.echo("Backups from before still need the old sheet: keep it as long as you keep them.\n")
    click.echo(sheet.page(kek, settings))
    if qr:
        click.echo(sheet.qr_text(kek))
    click.echo("Not finished: keep this page, then type four of its words back: ./lightq init --confirm")


def _new_signing_key() -> None:
    """Append one to `lightq.env`; the older ones still verify links that are out."""
    file = environment.path()
    values = environment.read(file)
    if not values.get("LIGHTQ_SECRET_KEYS"):
        click.echo("LIGHTQ_SECRET_KEYS is not in lightq.env: add a new key at its end where you keep it.")
        return
    values["LIGHTQ_SECRET_KEYS"] += f",{secrets.token_urlsafe(36)}"
    environment.write(file, values)


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command()
def verify() -> None:
    """Check every practice's chain; exit code 1 where a line is missing or was changed."""
    faults = 0
    with installation.opened() as service, service.db.read() as session:
        for practice in session.scalars(select(Practice).order_by(Practice.name)):
            for fault in log.verify(session, practice.id):
                faults += 1
                click.echo(f"{practice.name}: {fault}")
    if faults:
        raise SystemExit(1)
    click.echo("Every line of the audit log is there and unchanged.")
