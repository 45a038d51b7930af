"""From the plain values of a file to an Instrument: the form of the file, checked by pydantic."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from questionnaires.conditions import Condition, Number
from questionnaires.rules import FORBID, Category, ChangeFigure, Critical, Scale, Screen
from questionnaires.schema import Ages, Instrument, Item, Licence, Option, Purpose, Setting, Text
from questionnaires.source import Path_, Source

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOption:
    """An answer in a file; its label stands with the texts."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    code: str
    value: Number | None = None
    not_applicable: bool = False
    loinc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileItem:
    """An item in a file; its wording stands with the texts."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    id: str
    options: str | None = None
    whole_number: tuple[int, int] | None = None
    free_text: int | None = None
    number: str | None = None
    stem: str | None = "main"
    scored: bool = True
    asked_if: Condition | None = None
    when_skipped: Number | None = None
    same_as: str | None = None
    loinc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An instrument file as `docs/instruments.md` describes it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    format: Literal[1]
    key: str
    version: int
    name: str
    short_name: str
    measures: str
    purposes: tuple[Purpose, ...]
    settings: tuple[Setting, ...]
    respondents: tuple[Literal["self", "parent", "teacher", "partner", "clinician", "other"], ...]
    ages: Ages
    minutes: int
    recall: str
    licence: Licence
    options: dict[str, tuple[FileOption, ...]]
    items: tuple[FileItem, ...]
    scales: tuple[Scale, ...] = ()
    screens: tuple[Screen, ...] = ()
    categories: tuple[Category, ...] = ()
    critical: tuple[Critical, ...] = ()
    change: tuple[ChangeFigure, ...] = ()
    shortest_interval_days: int | None = None
    loinc: str | None = None
    changelog: dict[str, str] = field(default_factory=dict)
    texts: dict[str, Text] = field(default_factory=dict)

    def limits(self, item: FileItem) -> tuple[Number, Number] | None:
        """The lowest and highest value that an answer to the item can have; None where it has none."""
        if item.whole_number:
            return item.whole_number
        values = [one.value for one in self.options.get(item.options or "", ()) if one.value is not None]
        return (min(values), max(values)) if values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A further language for an instrument that exists already."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    format: Literal[1]
    key: str
    version: int
    language: str
    text: Text


def canonical(content: Any) -> bytes:
    """The one JSON spelling of a parsed file, the base of its content hash."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_hash(content: Any) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def read_form(source: Source) -> File:
    """Check a parsed file against the form of an instrument. Raises InstrumentError."""
    return _validated(source, _FILE)


def read_text_form(source: Source) -> TextFile:
    """Check a parsed file against the form of a further language. Raises InstrumentError."""
    return _validated(source, _TEXT_FILE)


_FILE: TypeAdapter[File] = TypeAdapter(File)
_TEXT_FILE: TypeAdapter[TextFile] = TypeAdapter(TextFile)


def _validated(source: Source, adapter: TypeAdapter[_T]) -> _T:
    # Strict JSON mode takes lists for tuples and mappings for classes, but never "3" or true for 3.
    try:
        return adapter.validate_json(json.dumps(source.content, ensure_ascii=False), strict=True)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where: Path_ = tuple(first["loc"])
        raise source.error(where, _in_plain_words(str(first["type"]), where, first["msg"])) from None


def _in_plain_words(kind: str, where: Path_, message: str) -> str:
    # pydantic adds the names of alternatives ("int", "float") to the path; people need the key.
    name = next((str(part) for part in reversed(where) if part not in ("int", "float")), "file")
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return f"'{name}' is missing"
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"unknown key '{name}'"
    return f"'{name}': {message[0].lower()}{message[1:]}"


def build(form: File, digest: str) -> Instrument:
    """The instrument of a form that has passed `questionnaires.checks`, worded in its first language."""
    critical = {rule.item for rule in form.critical}
    options = {
        name: tuple(
            Option(
                code=option.code,
                label="",
                value=option.value,
                not_applicable=option.not_applicable,
                loinc=option.loinc,
            )
            for option in listed
        )
        for name, listed in form.options.items()
    }
    items = tuple(
        Item(
            id=item.id,
            number=item.number,
            text="",
            stem=None,
            stem_name=item.stem,
            scored=item.scored,
            critical=item.id in critical,
            option_set=item.options,
            options=options[item.options] if item.options else (),
            whole_number=item.whole_number,
            free_text=item.free_text,
            asked_if=item.asked_if,
            when_skipped=item.when_skipped,
            same_as=item.same_as,
            loinc=item.loinc,
        )
        for item in form.items
    )
    instrument = Instrument(
        key=form.key,
        version=form.version,
        name=form.name,
        short_name=form.short_name,
        measures=form.measures,
        purposes=form.purposes,
        settings=form.settings,
        respondents=form.respondents,
        ages=form.ages,
        minutes=form.minutes,
        recall=form.recall,
        shortest_interval_days=form.shortest_interval_days,
        language=None,
        instructions=None,
        stem="",
        items=items,
        scales=form.scales,
        screens=form.screens,
        categories=form.categories,
        critical=form.critical,
        change=form.change,
        licence=form.licence,
        loinc=form.loinc,
        changelog=form.changelog,
        wordings=form.texts,
        content_hash=digest,
    )
    for language in instrument.languages[:1]:
        return instrument.in_language(language)
    return instrument
