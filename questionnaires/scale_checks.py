"""Checks on scales: known items, the declared range, bands without gap or overlap."""

from __future__ import annotations

from collections.abc import Iterator

from questionnaires.building import File
from questionnaires.conditions import Number
from questionnaires.rules import Bands, Scale
from questionnaires.source import Path_

Problem = tuple[Path_, str]
Range = tuple[Number, Number]


def check_scales(form: File) -> Iterator[Problem]:
    """Every problem of the scales of a form: (where, reason)."""
    values = _item_ranges(form)
    scored = {item.id for item in form.items if item.scored}
    earlier: dict[str, Range] = {}
    for index, scale in enumerate(form.scales):
        where: Path_ = ("scales", index)
        found = list(_parts(scale, where, scored, set(values), earlier))
        yield from found
        if not found:
            yield from _declared_range(scale, where, values, earlier)
        if scale.bands:
            yield from _bands(scale, scale.bands, (*where, "bands"))
        earlier[scale.id] = scale.range


def _item_ranges(form: File) -> dict[str, Range]:
    return {item.id: limits for item in form.items if (limits := form.limits(item))}


def _parts(
    scale: Scale, where: Path_, scored: set[str], valued: set[str], earlier: dict[str, Range]
) -> Iterator[Problem]:
    if bool(scale.items) == bool(scale.scales):
        yield where, f"the scale '{scale.id}' is made of either items or other scales"
    if len(set(scale.items)) < len(scale.items):
        yield (*where, "items"), f"the scale '{scale.id}' names an item twice"
    for name in scale.items:
        if name not in scored or name not in valued:
            yield (*where, "items"), f"there is no scored item '{name}'"
    for name in scale.scales:
        if name not in earlier:
            yield (*where, "scales"), f"'{name}' is not a scale that stands before '{scale.id}'"
    for name in (*scale.reverse, *scale.reach_for):
        if name not in scale.items:
            yield where, f"'{name}' is not an item of the scale '{scale.id}'"
    yield from _method(scale, where)


def _method(scale: Scale, where: Path_) -> Iterator[Problem]:
    if (scale.method == "count") != (scale.reach is not None):
        yield where, "'reach' goes with the method 'count'"
    if scale.method == "count" and (scale.reverse or scale.scales):
        yield where, "a count is made of items, and none of them is reversed"
    if scale.multiply <= 0:
        yield (*where, "multiply"), "'multiply' is greater than 0"
    if scale.missing.rule == "none":
        if scale.missing.at_most:
            yield (*where, "missing"), "'at_most' needs the rule 'prorate' or 'zero'"
        return
    if scale.method == "count":
        yield (*where, "missing"), "a count has the missing-item rule 'none'"
    if scale.missing.among == "form" and not scale.items:
        yield (*where, "missing"), "'among: form' goes with a scale of items"
    if not 0 < scale.missing.at_most < max(len(scale.items), 1):
        yield (*where, "missing"), "'at_most' is at least 1 and less than the number of items"


def _declared_range(
    scale: Scale, where: Path_, values: dict[str, Range], earlier: dict[str, Range]
) -> Iterator[Problem]:
    parts = [values[name] for name in scale.items] or [earlier[name] for name in scale.scales]
    low, high = sum(part[0] for part in parts), sum(part[1] for part in parts)
    if scale.method == "mean":
        low, high = low / len(parts), high / len(parts)
    elif scale.method == "count":
        low, high = 0, len(parts)
    possible = (low * scale.multiply, high * scale.multiply)
    if any(abs(given - real) > 1e-9 for given, real in zip(scale.range, possible, strict=True)):
        yield (
            (*where, "range"),
            f"the scale '{scale.id}' can reach {possible[0]:g} to {possible[1]:g}, "
            f"not {scale.range[0]:g} to {scale.range[1]:g}",
        )


def _bands(scale: Scale, bands: Bands, where: Path_) -> Iterator[Problem]:
    if not bands.ranges:
        yield where, "there are no bands"
        return
    low, high = bands.ranges[0].low, bands.ranges[-1].high
    if (low, high) != scale.range:
        yield (
            where,
            f"the bands run from {low:g} to {high:g}, the scale '{scale.id}' from "
            f"{scale.range[0]:g} to {scale.range[1]:g}",
        )
    for index, band in enumerate(bands.ranges):
        place: Path_ = (*where, "ranges", index)
        if band.low > band.high:
            yield place, f"the band '{band.label}' ends before it begins"
        if index == 0:
            continue
        before = bands.ranges[index - 1]
        if band.low <= before.high:
            yield (*place, "low"), f"the band '{band.label}' overlaps '{before.label}'"
        elif band.low - before.high > 1:
            yield place, f"there is a gap between the bands '{before.label}' and '{band.label}'"
