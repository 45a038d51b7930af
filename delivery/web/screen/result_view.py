"""The result as its page needs it: the bar with its ranges, the words, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from delivery import languages, wordings
from delivery.charts import number
from delivery.db import now
from delivery.screening import reading
from delivery.screening.reading import Reading
from delivery.sheets import Sheet
from delivery.web.screen import words
from questionnaires import answers as given
from questionnaires.schema import Instrument

#: Shades and patterns of ranges, from `g1` to `g5`.
SHADES: Final = 5
#: A label so near to an end of the bar, as a share of it, begins or ends there.
NEAR: Final = 0.12


@dataclass(frozen=True)
class Part:
    """One range on the bar; `x` and `width` in per cent."""

    name: str
    span: str
    x: str
    width: str
    shade: int
    mine: bool


@dataclass(frozen=True)
class View:
    """Everything on the result page that comes from the answers."""

    title: str
    day: str
    headline: str
    can: str
    measure: Instrument
    found: Reading | None
    value: str
    least: str
    most: str
    span: str
    #: Where the score stands on the bar, and which end of its label that place is: m(iddle), e(nd) or "".
    mark: str
    anchor: str
    parts: list[Part]
    left: int


def view(sheet: Sheet, lang: str, zone: str) -> View:
    """The result of a sheet with one instrument, on a page in `lang` (words are made in the language of the
    request). `zone` is the practice's."""
    one = wordings.worded(sheet.instruments[0], sheet.language(sheet.instruments[0], lang))
    answers = sheet.answers(one.key)
    open_items = given.unanswered(one, answers)
    blanks = len(open_items) + len(given.blank(one, answers))
    found = reading.read(one, answers, blanks)
    return View(
        title=words.title(one),
        day=languages.day(now().astimezone(ZoneInfo(zone)).date(), lang),
        headline=words.headline(found),
        can=words.can(one, found),
        measure=one,
        found=found,
        value="" if found is None or found.value is None else number(found.value),
        least="" if found is None else number(found.scale.range[0]),
        most="" if found is None else number(found.scale.range[1]),
        span="" if found is None or found.span is None else _span(*found.span),
        mark="" if found is None or found.value is None else _percent(found, found.value),
        anchor="" if found is None or found.value is None else _anchor(found, found.value),
        parts=_parts(found) if found else [],
        left=len(open_items),
    )


def _parts(found: Reading) -> list[Part]:
    count, made = len(found.bands), []
    for n, one in enumerate(found.bands):
        ends = found.bands[n + 1].low if n + 1 < count else found.scale.range[1]
        rank = count - 1 - n if found.scale.higher_is_better else n
        made.append(
            Part(
                name=words.band(one.label),
                span=_span(one.low, one.high),
                x=_percent(found, one.low),
                width=_percent(found, ends - one.low + found.scale.range[0]),
                shade=1 + round(rank * (SHADES - 1) / max(count - 1, 1)),
                mine=n == found.band,
            )
        )
    return made


def _anchor(found: Reading, score: float) -> str:
    low, high = found.scale.range
    share = (score - low) / (high - low)
    return "" if share < NEAR else "e" if share > 1 - NEAR else "m"


def _percent(found: Reading, score: float) -> str:
    low, high = found.scale.range
    return f"{100 * (score - low) / (high - low):.2f}%"


def _span(low: float, high: float) -> str:
    return number(low) if low == high else f"{number(low)}–{number(high)}"
