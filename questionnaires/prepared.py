"""Checked instruments kept as JSON beside their files, so that a later start need not check them again.

The same idea as Python's own `__pycache__`, and in the folder of that name: the entry is found by the
SHA-256 of the file and of the code that checks it, is never trusted for anything else, and may be
deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from questionnaires.schema import Instrument, Text, plain

_T = TypeVar("_T", Instrument, Text)
_HASH = 32
_CODE = (
    "conditions.py",
    "rules.py",
    "schema.py",
    "source.py",
    "reading.py",
    "building.py",
    "checks.py",
    "condition_checks.py",
    "scale_checks.py",
)


@cache
def _code_digest() -> bytes:
    digest = hashlib.sha256()
    for name in _CODE:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.digest()


def entry_for(path: Path, data: bytes) -> Path:
    """Where the prepared form of a file with these bytes is kept."""
    digest = hashlib.sha256(_code_digest() + data).hexdigest()[:_HASH]
    return path.parent / "__pycache__" / f"{path.stem}.{digest}.json"


def load(entry: Path, kind: type[_T]) -> _T | None:
    """What was prepared, an Instrument or a Text; None where there is nothing that can be used."""
    try:
        found = _rebuild(kind, json.loads(entry.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if isinstance(found, kind) else None


def store(entry: Path, checked: Instrument | Text) -> None:
    """Keep what was checked in place of older entries. An unwritable folder keeps nothing."""
    written = entry.with_suffix(f".{os.getpid()}.tmp")
    try:
        entry.parent.mkdir(exist_ok=True)
        written.write_text(json.dumps(plain(checked)), encoding="utf-8")
        stem = entry.name.removesuffix(entry.suffix).rpartition(".")[0]
        for older in entry.parent.glob(f"{stem}.{'?' * _HASH}.json"):
            older.unlink(missing_ok=True)
        written.replace(entry)
    except OSError:
        return


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _rebuild(kind: Any, plain: Any) -> Any:
    """The value that `plain` was given, from the annotations of the dataclasses."""
    if plain is None:
        return None
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _rebuild(hint, plain[name]) for name, hint in _hints(kind).items()})
    origin, parts = get_origin(kind), get_args(kind)
    if origin is tuple:
        inner = parts if len(parts) == len(plain) and parts[-1] is not ... else (parts[0],) * len(plain)
        return tuple(_rebuild(part, value) for part, value in zip(inner, plain, strict=True))
    if origin is dict:
        return {key: _rebuild(parts[1], value) for key, value in plain.items()}
    if origin is Union or NoneType in parts:
        return _rebuild(next(part for part in parts if part is not NoneType), plain)
    return plain
