"""The shape of an instrument in memory: immutable, language filled in, every figure with its source.

Instruments are read from files by `questionnaires.registry`; nothing here reads or checks files.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Literal

from questionnaires.conditions import Condition, Number
from questionnaires.rules import FORBID, Band, Category, ChangeFigure, Critical, Scale, Screen

Setting = Literal["remote", "kiosk", "in_person", "public"]
Purpose = Literal["screening", "progress", "outcome"]
LicenceStatus = Literal["free", "no_derivatives", "non_commercial", "definition_only", "unsettled"]


class NoSuchLanguage(LookupError):
    """The instrument has no text in the language asked for. Nothing falls back by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer. `value` is None where the item is not scored or the option means "not applicable"."""

    code: str
    label: str
    value: Number | None
    not_applicable: bool = False
    loinc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question as printed. `stem` is the sentence it hangs on, or None if it stands alone.

    It is answered with one of `options`, with a `whole_number` (lowest, highest) whose code and value are
    the number, or with `free_text` of at most so many characters. `same_as` names the item of another
    instrument that is the same question, so that a battery asks it once.
    """

    id: str
    number: str | None
    text: str
    stem: str | None
    stem_name: str | None
    scored: bool
    critical: bool
    option_set: str | None
    options: tuple[Option, ...]
    whole_number: tuple[int, int] | None
    free_text: int | None
    asked_if: Condition | None
    when_skipped: Number | None
    same_as: str | None
    loinc: str | None

    @property
    def limits(self) -> tuple[Number, Number]:
        """The lowest and highest value of an answer. Raises ValueError where no answer has one."""
        if self.whole_number:
            return self.whole_number
        values = [option.value for option in self.options if option.value is not None]
        return min(values), max(values)

    def option(self, code: str | None) -> Option | None:
        """The option with this code; None where there is none."""
        return next((option for option in self.options if option.code == code), None)

    def takes(self, code: object) -> bool:
        """Whether this can be its answer: one of its codes, a whole number in its range, or its free text."""
        if not isinstance(code, str):
            return False
        if self.whole_number:
            low, high = self.whole_number
            return (
                code.isascii() and code.isdigit() and code == str(int(code[:9])) and low <= int(code) <= high
            )
        if self.free_text is not None:
            return 0 < len(code) <= self.free_text and not code.isspace()
        return self.option(code) is not None

    @property
    def typed_in(self) -> bool:
        """Whether the answer is typed in rather than chosen."""
        return not self.options

    def normal(self, typed: str) -> str:
        """What somebody typed, as an answer is stored: no blanks around it, numbers without leading zeros."""
        plain = "".join(_kept(c) for c in typed.replace("\r\n", "\n")).strip()
        if self.whole_number and plain.isascii() and plain.isdigit():
            return plain.lstrip("0") or "0"
        return plain

    def value(self, code: str | None) -> Number | None:
        """What an answer scores; None where the item is not scored or the answer has no value."""
        if not self.scored or code is None:
            return None
        if self.whole_number:
            return int(code)
        chosen = self.option(code)
        return chosen.value if chosen else None

    def words(self, code: str | None) -> str | None:
        """What an answer says: its option's label, or what was typed in; None where there is none."""
        if self.options:
            chosen = self.option(code)
            return chosen.label if chosen else None
        return code


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Who owns the wording, what is allowed, and the notice that form and PDF show."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    status: LicenceStatus
    holder: str
    notice: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """The ages in years that the instrument is meant for, both included."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    low: int
    high: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The whole wording in one language, with the sources it was compared against."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    official: bool
    wording_sources: tuple[str, ...]
    version: int = 1
    name: str | None = None
    #: What form and PDF show instead of the licence's own notice.
    notice: str | None = None
    note: str | None = None
    instructions: str | None = None
    stems: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    options: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One version of one instrument, worded in `language`; `wordings` holds every language there is."""

    key: str
    version: int
    name: str
    short_name: str
    measures: str
    purposes: tuple[Purpose, ...]
    settings: tuple[Setting, ...]
    respondents: tuple[str, ...]
    ages: Ages
    minutes: int
    recall: str
    shortest_interval_days: int | None
    language: str | None
    instructions: str | None
    stem: str
    items: tuple[Item, ...]
    scales: tuple[Scale, ...]
    screens: tuple[Screen, ...]
    categories: tuple[Category, ...]
    critical: tuple[Critical, ...]
    change: tuple[ChangeFigure, ...]
    licence: Licence
    loinc: str | None
    changelog: dict[str, str]
    wordings: dict[str, Text]
    content_hash: str

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages with a text, the one of the instrument's own file first."""
        return tuple(self.wordings)

    @property
    def options(self) -> dict[str, tuple[Option, ...]]:
        """Option lists by name."""
        return {item.option_set: item.options for item in self.items if item.option_set}

    @property
    def bands(self) -> dict[str, tuple[Band, ...]]:
        """Bands by scale, for scales that have them."""
        return {scale.id: scale.bands.ranges for scale in self.scales if scale.bands}

    @property
    def higher_is_better(self) -> bool:
        """Direction of the scale `total`, or of the first scale where there is no total."""
        totals = [scale for scale in self.scales if scale.id == "total"]
        return any(scale.higher_is_better for scale in (totals or self.scales)[:1])

    @property
    def not_sendable(self) -> str | None:
        """Why this instrument can't be sent, in plain words; None where it can."""
        if not self.wordings:
            return "Its wording is not included. The licence holder has to add it first."
        if self.licence.status == "unsettled":
            return "Its licence is not settled."
        if self.licence.status == "non_commercial":
            return "Its terms have to be accepted first."
        return None

    @property
    def sendable(self) -> bool:
        """Whether it can be sent without anyone having to accept or add something first."""
        return self.not_sendable is None

    def item(self, item_id: str) -> Item:
        """The item with this id. Raises KeyError."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)

    def scale(self, scale_id: str) -> Scale:
        """The scale with this id. Raises KeyError."""
        for scale in self.scales:
            if scale.id == scale_id:
                return scale
        raise KeyError(scale_id)

    def texts(self, language: str) -> Text:
        """The wording in one language. Raises NoSuchLanguage; nothing falls back silently."""
        try:
            return self.wordings[language]
        except KeyError:
            raise NoSuchLanguage(f"{self.key} has no text in '{language}'") from None

    def wording_hash(self, language: str) -> str:
        """SHA-256 of one wording, in hex: which text it was that somebody read. Raises NoSuchLanguage."""
        text = json.dumps(plain(self.texts(language)), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def in_language(self, language: str) -> Instrument:
        """The same instrument worded in another language. Raises NoSuchLanguage."""
        text = self.texts(language)
        return replace(
            self,
            language=language,
            name=text.name or self.name,
            licence=replace(self.licence, notice=text.notice or self.licence.notice),
            instructions=text.instructions,
            stem=text.stems.get("main", ""),
            items=tuple(_worded(item, text) for item in self.items),
        )

    def with_wordings(self, wordings: dict[str, Text]) -> Instrument:
        """The same instrument with these wordings; worded in the first where it had no words yet."""
        added = replace(self, wordings=wordings)
        return added if added.language else next((added.in_language(one) for one in wordings), added)


def _kept(typed: str) -> str:
    """One typed character as it is stored: other white space as a blank, what can't be seen not at all."""
    if typed == "\n" or typed.isprintable():
        return typed
    return " " if typed.isspace() else ""


def _worded(item: Item, text: Text) -> Item:
    labels = text.options[item.option_set] if item.option_set else {}
    return replace(
        item,
        text=text.items[item.id],
        stem=text.stems.get(item.stem_name) if item.stem_name else None,
        options=tuple(replace(option, label=labels[option.code]) for option in item.options),
    )


def plain(value: Any) -> Any:
    """Dataclasses and tuples as dicts and lists, all the way down."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value
