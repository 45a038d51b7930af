"""The file `lightq.env` beside the key-encryption key: settings of an installation, read by every command."""

from __future__ import annotations

import os
from pathlib import Path

from delivery.errors import SettingsError
from delivery.settings import Settings

NAME = "lightq.env"


def path() -> Path:
    """Where the file lies for the present LIGHTQ_DATA_DIR and LIGHTQ_KEK_FILE."""
    kek = os.environ.get("LIGHTQ_KEK_FILE")
    if kek:
        return Path(kek).resolve().parent / NAME
    data = Path(os.environ.get("LIGHTQ_DATA_DIR") or Settings.model_fields["data_dir"].default).resolve()
    return data.parent / f"{data.name}-keys" / NAME


def load() -> None:
    """Put the file's settings into this process's environment; what is set there already wins.

    Raises SettingsError for a line that is not NAME=VALUE.
    """
    for name, value in read(path()).items():
        os.environ.setdefault(name, value)


def read(file: Path) -> dict[str, str]:
    """The file's settings in order; empty where there is no file. Raises SettingsError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror})") from None
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().startswith("LIGHTQ_"):
            raise SettingsError(f"{file}, line {number}: expected LIGHTQ_NAME=value")
        found[name.strip()] = value.strip()
    return found


def write(file: Path, values: dict[str, str]) -> None:
    """Put these settings into the file, readable by the owner alone, all or nothing."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = "# Settings of this installation. Keep it out of backups, beside the key-encryption key.\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    replace(file, text)


def replace(file: Path, text: str) -> None:
    """Write `text` to `file` so that a crash leaves the old content or the new, with mode 0600."""
    draft = file.with_name(f"{file.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    sync(file.parent)


def sync(folder: Path) -> None:
    """Make renames in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
