"""Which measure a person means, and which totals it can have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from delivery.caseload.cells import key_of
from delivery.errors import Invalid
from questionnaires.conditions import Number
from questionnaires.rules import Scale
from questionnaires.schema import Instrument

_NUMBER: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_FILLING: Final = re.compile(r"[\s_]+(?:total|totals|score|sum)$", re.IGNORECASE)


class Measures:
    """Instruments by what people call them: key, short name or name, in any case."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._called: dict[str, dict[str, Instrument]] = {}
        for one in instruments:
            for name in (one.key, one.short_name, one.name):
                self._called.setdefault(key_of(name), {})[one.key] = one

    def find(self, text: str) -> Instrument:
        """The measure that has a total and that clients answer themselves. Raises Invalid."""
        found = self._called.get(key_of(text)) or self._called.get(key_of(_FILLING.sub("", text)), {})
        found = {text: found[text]} if text in found else found
        if not found:
            raise Invalid(
                "There is no measure of this name. Write it as in the list of measures, such as PHQ-9."
            )
        if len(found) > 1:
            raise Invalid("More than one measure has this name. Write its key, such as phq9.")
        (one,) = found.values()
        if _total(one) is None:
            raise Invalid(f"{one.short_name} has no total, so no past total can be taken.")
        if "self" not in one.respondents:
            raise Invalid(
                f"{one.short_name} is not answered by clients themselves. Only their own totals can be taken."
            )
        return one


def read_total(instrument: Instrument, text: str) -> Number:
    """A total that the measure can have; a whole number, save where it is a mean. Raises Invalid."""
    scale = _total(instrument)
    assert scale is not None
    low, high = scale.range
    if not _NUMBER.fullmatch(text):
        raise Invalid(f"Write a number from {low} to {high}, or leave it empty.")
    value = float(text)
    if not low <= value <= high:
        raise Invalid(f"A total of {instrument.short_name} is from {low} to {high}.")
    if scale.method == "mean" and scale.round_to is None:
        return value
    if not value.is_integer():
        raise Invalid(f"A total of {instrument.short_name} is a whole number.")
    if value % scale.multiply:
        raise Invalid(f"{instrument.short_name} goes from {low} to {high} in steps of {scale.multiply}.")
    return int(value)


def perhaps_raw(instrument: Instrument, total: Number) -> str | None:
    """A remark where the total of a measure that is multiplied could be the sum before that."""
    scale = _total(instrument)
    if scale is None or scale.multiply == 1 or not 0 < total <= scale.range[1] / scale.multiply:
        return None
    top, times = scale.range[1], scale.multiply
    return f"{instrument.short_name} goes to {top}. If this is the raw sum, multiply it by {times}."


def _total(instrument: Instrument) -> Scale | None:
    return next((scale for scale in instrument.scales if scale.id == "total"), None)
