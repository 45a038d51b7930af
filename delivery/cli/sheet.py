"""The recovery sheet: the key-encryption key on one page of paper, and the proof that it was written down."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Final

import segno

from delivery import keys
from delivery.cli import environment
from delivery.errors import Invalid
from delivery.settings import Settings

ASKED: Final = 4
_PAGE: Final = """\
------------------------------------------------------------------------
LightQ recovery sheet                                          {day}

These 24 words are the key to everything that is sealed in
{database}
Without them, and without the file
{kek}
nobody can read the data any more. With them, anybody who has a copy of
the database can.

{words}

The file begins with {start}.

Where to keep it   On paper, in a sealed envelope, in a locked place away
                   from this machine. Not as a photo, not in a mailbox,
                   not beside a backup.
Who may open it    The practice owner, and one person the owner names.
                   Write down who opened it, when and why.
To use it          ./lightq keys recover
------------------------------------------------------------------------
"""


def page(kek: bytes, settings: Settings) -> str:
    """The sheet as text of at most 72 columns."""
    words = keys.words(kek)
    rows = [
        "".join(f"{n + 1:>3} {words[n]:<13}" for n in range(row, len(words), 6)).rstrip() for row in range(6)
    ]
    return _PAGE.format(
        day=datetime.now(UTC).date().isoformat(),
        database=settings.database.rpartition("@")[2],
        kek=settings.kek_path,
        words="\n".join(rows),
        start=kek.hex()[:4],
    )


def qr_text(kek: bytes) -> str:
    """The 24 words as a QR code for a terminal."""
    out = StringIO()
    segno.make(" ".join(keys.words(kek)), error="m").terminal(out, compact=True)
    return out.getvalue()


def write_qr(kek: bytes, file: Path) -> None:
    """The 24 words as a QR code in an SVG file that only its owner may read. Never overwrites."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Invalid(f"{file} cannot be written ({error.strerror})") from None
    with os.fdopen(handle, "wb") as out:
        segno.make(" ".join(keys.words(kek)), error="m").save(out, kind="svg", scale=6)


def _state(settings: Settings) -> Path:
    return settings.data_dir / "setup.json"


def _print_of(kek: bytes) -> str:
    return hashlib.sha256(b"lightq.sheet" + kek).hexdigest()[:16]


def mark(settings: Settings, kek: bytes, confirmed: bool) -> None:
    """Note whether the sheet of this key was proved to be written down."""
    values = {"sheet_confirmed": confirmed, "key": _print_of(kek)}
    environment.replace(_state(settings), json.dumps(values) + "\n")


def confirmed(settings: Settings, kek: bytes) -> bool:
    """Whether somebody has typed words of the present key's sheet back; a new key needs a new sheet."""
    try:
        found = json.loads(_state(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (
        isinstance(found, dict)
        and found.get("sheet_confirmed") is True
        and found.get("key") == _print_of(kek)
    )


def prove(kek: bytes, answer: Callable[[int], str]) -> None:
    """Ask for four of the words by number (1 to 24). Raises Invalid at the first that differs."""
    words = keys.words(kek)
    for number in sorted(random.SystemRandom().sample(range(1, len(words) + 1), ASKED)):
        if answer(number).strip().lower() != words[number - 1]:
            raise Invalid(f"Word {number} differs from the sheet. Nothing was changed; look again")
