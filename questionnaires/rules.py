"""The rules of an instrument as data: scales, bands, screens, categories, critical answers, change.

Every figure carries its source, and `verified` says whether it was compared with it. What is not
verified is shown as such and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from questionnaires.conditions import Condition, Number

FORBID: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The missing-item rule of a scale: `none` (no score), `prorate` or `zero`, up to `at_most` items.

    With `among: form` it is all scored items of the form that are counted, as some rules have it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    rule: Literal["none", "prorate", "zero"]
    source: str
    at_most: int = 0
    among: Literal["scale", "form"] = "scale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A named part of a scale, both ends included."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    low: Number
    high: Number
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """The bands of a scale. `use` says whether they look at the exact or the half-up rounded score."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    ranges: tuple[Band, ...]
    source: str
    verified: bool
    use: Literal["exact", "rounded"] = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A score: the sum, mean or count of items, or the sum or mean of other scales."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    id: str
    label: str
    range: tuple[Number, Number]
    source: str
    missing: Missing
    method: Literal["sum", "mean", "count"] = "sum"
    items: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    reverse: tuple[str, ...] = ()
    reach: Number | None = None
    reach_for: dict[str, Number] = field(default_factory=dict)
    multiply: Number = 1
    round_to: int | None = None
    higher_is_better: bool = False
    bands: Bands | None = None
    loinc: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A yes-or-no reading. With `by`, the rule depends on the context and an unknown one gives no answer."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    id: str
    label: str
    rule: str
    source: str
    verified: bool
    positive_if: Condition | None = None
    by: str | None = None
    cases: dict[str, Condition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One possible name in a category, and when it applies."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    label: str
    when: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """The first case that applies, or `otherwise`. A case that can't be decided gives no name."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    id: str
    label: str
    cases: tuple[Case, ...]
    otherwise: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Critical:
    """An answer that the clinician is told of at once, also on a form that is not finished.

    With `left_blank` a refusal is told too.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    item: str
    message: str
    at_least: Number | None = None
    codes: tuple[str, ...] = ()
    left_blank: bool = False

    @property
    def condition(self) -> Condition:
        """When it is raised."""
        blank = Condition(item=self.item, left_blank=True)
        marked = Condition(item=self.item, at_least=self.at_least, codes=self.codes)
        if not self.left_blank:
            return marked
        return blank if self.at_least is None and not self.codes else Condition(any_of=(marked, blank))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFigure:
    """A published figure on change. A `cutoff` is the first score on the clinical side."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID
    scale: str
    kind: Literal["reliable", "important", "cutoff"]
    source: str
    verified: bool
    points: Number | None = None
    percent: Number | None = None
    default: bool = False
