"""What a visitor's answers come to: pure scoring, and the band or cut-off that a source stands behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from questionnaires.conditions import Number
from questionnaires.rules import Band, Scale, Screen
from questionnaires.schema import Instrument
from questionnaires.scoring import score

#: "low": nothing stands out. "raised": a closer look is advised. "unknown": these answers do not say.
Tier = Literal["low", "raised", "unknown"]


@dataclass(frozen=True)
class Reading:
    """The overall score of one form. `value` is None where questions are blank and the measure's own rule
    allows no total; `span` is then what it could be. `band` is a place in `bands`."""

    scale: Scale
    value: Number | None
    span: tuple[Number, Number] | None
    prorated: bool
    bands: tuple[Band, ...]
    band: int | None
    #: Cut-offs with a checked source, and whether they are reached.
    screens: tuple[tuple[Screen, bool | None], ...]
    blanks: int
    tier: Tier


def read(instrument: Instrument, answers: dict[str, str | None], blanks: int) -> Reading | None:
    """The reading of a form with so many questions blank; None for a measure without any scale."""
    if not instrument.scales:
        return None
    scale = next((one for one in instrument.scales if one.id == "total"), instrument.scales[0])
    result = score(instrument, {item: code for item, code in answers.items() if code is not None})
    found = result.scores[scale.id]
    bands = scale.bands.ranges if scale.bands and scale.bands.verified else ()
    labels = [one.label for one in bands]
    band = labels.index(found.band) if found.band in labels else None
    screens = tuple((one, result.screens.get(one.id)) for one in instrument.screens if one.verified)
    tier = _tier(scale, len(bands), band, [said for _, said in screens])
    return Reading(scale, found.value, found.range, found.prorated, bands, band, screens, blanks, tier)


def _tier(scale: Scale, bands: int, band: int | None, screens: list[bool | None]) -> Tier:
    if bands:
        if band is None:
            return "unknown"
        return "low" if band == (bands - 1 if scale.higher_is_better else 0) else "raised"
    if any(screens):
        return "raised"
    return "low" if screens and None not in screens else "unknown"
