"""Checked instruments kept as JSON beside their files, so that a later start need not check them again.

The same idea as Python's own `__pycache__`, and in the folder of that name: the entry is found by the
SHA-256 of the file and of the code that checks it, is never trusted for anything else, and may be
deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
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
    wanted: Any = kind
    try:
        found = _rebuild(wanted)(json.loads(entry.read_bytes()))
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


Rebuild = Callable[[Any], Any]


@cache
def _rebuild(kind: Any) -> Rebuild:
    """A function from plain values to what they were made from, by the annotations of the dataclasses.

    Worked out once for each annotation: reading the whole library at a start takes a third of the time.
    """
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _tuple(parts)
    if origin is dict:
        value_of = _rebuild(parts[1])
        return lambda plain: {key: value_of(value) for key, value in plain.items()}
    if origin is Union or NoneType in parts:
        there = _rebuild(next(part for part in parts if part is not NoneType))
        return lambda plain: None if plain is None else there(plain)
    return lambda plain: plain


def _dataclass(kind: type[Any]) -> Rebuild:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    made: list[tuple[str, Rebuild]] = []

    def rebuild(plain: Any) -> Any:
        if not made:  # not before, because a condition is made of conditions
            made.extend((name, _rebuild(hints[name])) for name in names)
        return kind(**{name: value_of(plain[name]) for name, value_of in made})

    return rebuild


def _tuple(parts: tuple[Any, ...]) -> Rebuild:
    if parts[-1] is ...:
        value_of = _rebuild(parts[0])
        return lambda plain: tuple(value_of(value) for value in plain)
    each = [_rebuild(part) for part in parts]
    return lambda plain: tuple(value_of(value) for value_of, value in zip(each, plain, strict=True))
