"""The single looks of `./lightq doctor`. Each returns its status and words; LightQError counts as red."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import func, select

from channels import registry
from delivery import breaker, channel_settings, crypto, inbox
from delivery.bell import Bell
from delivery.cli import broker, database, rotation, sheet
from delivery.db import Database, now
from delivery.models.ledger import AuditEvent
from delivery.settings import ROOT, Settings

Finding = tuple[Literal["ok", "warn", "red"], str]

FONTS: Final = ROOT / "delivery" / "static" / "fonts"
#: Bytes of free space below which it is time to act, and below which nothing should run.
LITTLE, TOO_LITTLE = 2_000_000_000, 200_000_000
#: Nothing was ever written before this version existed.
EARLIEST: Final = datetime(2026, 11, 1, tzinfo=UTC)
#: Reports an hour about messages that nobody here sent, from which on somebody should look.
MOST_UNKNOWN: Final = 5


def signing_keys(settings: Settings) -> Finding:
    """LIGHTQ_SECRET_KEYS is there; that it is strong was checked with the settings."""
    settings.require_keys()
    return "ok", f"{len(settings.keys)} in LIGHTQ_SECRET_KEYS"


def key_place(settings: Settings) -> Finding:
    """The key-encryption key: readable by its owner alone, and not where the data lies."""
    path = settings.kek_path
    crypto.read_kek(path)
    if path.resolve().is_relative_to(settings.data_dir.resolve()):
        return "red", f"{path} lies inside the data directory: move it, and set LIGHTQ_KEK_FILE"
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return "red", f"others may read {path} (mode {mode:o}): chmod 600 {path}"
    if settings.data_dir.exists() and path.stat().st_dev == settings.data_dir.stat().st_dev:
        return "warn", (
            f"{path} is on the same disk as the data: whoever takes the disk has both. Better: another "
            "volume, named in LIGHTQ_KEK_FILE"
        )
    return "ok", f"{path}, on another volume than the data"


def database_revision(settings: Settings) -> Finding:
    """The database answers and has the shape that this version needs."""
    database.require_current(settings)
    return "ok", f"revision {database.revisions(settings.database)[0]}"


def keys_fit(settings: Settings) -> Finding:
    """The key-encryption key opens every practice's keys."""
    if database.missing(settings):
        return "red", "there is no database yet"
    kek = crypto.read_kek(settings.kek_path)
    if rotation.beside(settings.kek_path).exists():
        return "warn", "a key rotation was interrupted: the next start of the service brings it to its end"
    store = Database(settings.database)
    try:
        if not rotation.fits(store, kek):
            return "red", (
                f"{settings.kek_path} belongs to another database: check LIGHTQ_KEK_FILE, or `./lightq keys "
                "recover`"
            )
    finally:
        store.close()
    return "ok", "the key-encryption key opens this database"


def setup_finished(settings: Settings) -> Finding:
    """Somebody has proved that the recovery sheet of the present key is on paper."""
    if sheet.confirmed(settings, crypto.read_kek(settings.kek_path)):
        return "ok", "the recovery sheet is confirmed"
    return "red", "not finished: type four words of the recovery sheet back with `./lightq init --confirm`"


def broker_answers(settings: Settings) -> Finding:
    """The queue's server answers; the embedded one runs only while the service does."""
    url = settings.redis_url or broker.broker_url(settings.data_dir)
    if Bell(url).answers():
        return "ok", "it answers"
    if settings.redis_url:
        return "red", "LIGHTQ_REDIS_URL does not answer. Answers are stored, but nothing is sent or scored"
    return "warn", "the embedded one is not running; `./lightq up` starts it"


def renderer(_settings: Settings) -> Finding:
    """Pango and the report's style sheets load; tried in a process of its own, because a fault ends it."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from workers import pdf; pdf.warm()"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    if done.returncode == 0:
        return "ok", "reports can be drawn"
    lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"code {done.returncode}"]
    return "red", f"no report can be drawn: {lines[-1]}. Run `./lightq setup`"


def fonts(_settings: Settings) -> Finding:
    """Our own fonts are in place; no other is ever used."""
    found = [one.name for one in FONTS.glob("*") if one.suffix in (".woff2", ".ttf", ".otf")]
    if len(found) < 2:
        return "red", f"{FONTS} does not hold the regular and the bold font: fetch the release again"
    return "ok", ", ".join(sorted(found))


def disk(settings: Settings) -> Finding:
    """Room for the data."""
    place = settings.data_dir.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    words = f"{free / 1e9:.1f} GB free at {place}"
    if free < TOO_LITTLE:
        return "red", f"{words}: nothing can be stored soon"
    return ("warn", f"{words}: make room") if free < LITTLE else ("ok", words)


def clock(settings: Settings) -> Finding:
    """This machine's time is not behind what was already written. Links and leases go by it."""
    at = now()
    if at < EARLIEST:
        return "red", f"this machine says {at:%Y-%m-%d %H:%M} UTC: set the clock"
    if not database.missing(settings):
        store = Database(settings.database)
        try:
            with store.read() as session:
                last = session.scalar(select(func.max(AuditEvent.at)))
        finally:
            store.close()
        if last is not None and last > at + timedelta(seconds=5):
            return "red", f"this machine says {at:%Y-%m-%d %H:%M} UTC, but the last record is from later"
    return "ok", f"{at:%Y-%m-%d %H:%M} UTC"


def messages(settings: Settings) -> Finding:
    """The channels can be built from the settings. Nothing is connected to."""
    registry.build(channel_settings.of(settings), keep=lambda _message: "", find=lambda _attempt: None)
    stay = [name for name, way in (("e-mail", settings.email), ("texts", settings.sms)) if way == "outbox"]
    ways = f"e-mail by {settings.email}, texts by {settings.sms}"
    if stay:
        return "warn", f"{ways}: {' and '.join(stay)} stay in the local post of this machine"
    return "ok", f"{ways}, from {settings.sender_address}"


def callbacks(settings: Settings) -> Finding:
    """Providers can tell what became of messages, and what they told was understood."""
    if settings.email == "sendgrid" and not settings.sendgrid_webhook_keys:
        return "warn", "LIGHTQ_SENDGRID_WEBHOOK_KEYS is not set: bounces of e-mails stay unknown"
    if database.missing(settings):
        return "ok", "nothing yet"
    store = Database(settings.database)
    try:
        with store.read() as session:
            unknown, worn = inbox.unknown_last_hour(session), inbox.worn_out(session)
            shut = breaker.open_ones(session)
    finally:
        store.close()
    if shut:
        return "warn", "; ".join(f"{one.provider} gets nothing just now: {one.reason}" for one in shut)
    if worn or unknown > MOST_UNKNOWN:
        words = f"{worn} reports of providers could not be applied"
        return "warn", f"{words}; {unknown} of the last hour are about messages that nobody here sent"
    return "ok", "what providers told was applied"
