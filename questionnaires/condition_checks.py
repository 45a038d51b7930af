"""Checks on conditions: one subject, one kind of test, names that exist, bounds that can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from questionnaires.building import File
from questionnaires.conditions import Condition, Number

KNOWN_CONTEXT = ("sex", "age")


def condition_problems(form: File, condition: Condition | None) -> Iterator[str]:
    """What is wrong with a condition, in plain words."""
    if condition is None:
        return
    subjects = (condition.item, condition.scale, condition.context, condition.count)
    groups = (condition.all_of, condition.any_of, condition.none_of, condition.how_many)
    bounded = condition.at_least is not None or condition.at_most is not None
    tests = (bounded, bool(condition.codes), condition.equals is not None, condition.left_blank)
    if sum(part is not None for part in subjects) + sum(bool(group) for group in groups) != 1:
        yield (
            "a condition names exactly one of item, scale, context, count, all_of, any_of, none_of, how_many"
        )
    elif any(groups):
        yield from _group(form, condition, bounded)
    elif sum(tests) != 1:
        yield "a condition needs either at_least and at_most, or codes, or equals, or left_blank"
    elif (condition.codes or condition.left_blank) and condition.item is None:
        yield "'codes' and 'left_blank' go with an item"
    elif condition.equals is not None and condition.context is None:
        yield "'equals' goes with a context"
    else:
        yield from _subject(form, condition)


def _group(form: File, condition: Condition, bounded: bool) -> Iterator[str]:
    if condition.codes or condition.equals is not None or condition.left_blank:
        yield "'codes', 'equals' and 'left_blank' stand in the conditions of a group, not beside it"
    elif bounded != bool(condition.how_many):
        yield "'at_least' and 'at_most' go with 'how_many'; the other groups have no bounds"
    elif condition.how_many:
        yield from _outside(condition, 0, len(condition.how_many))
    for part in condition.parts:
        yield from condition_problems(form, part)


def _subject(form: File, condition: Condition) -> Iterator[str]:
    if condition.item is not None:
        yield from _item(form, condition, condition.item)
    elif condition.scale is not None:
        ranges = {scale.id: scale.range for scale in form.scales}
        if condition.scale not in ranges:
            yield f"there is no scale '{condition.scale}'"
        else:
            yield from _outside(condition, *ranges[condition.scale])
    elif condition.count is not None:
        known = {item.id for item in form.items}
        for name in (*condition.count.items, *condition.count.reach_for):
            if name not in known:
                yield f"there is no item '{name}'"
        yield from _outside(condition, 0, len(condition.count.items))
    elif condition.context not in KNOWN_CONTEXT:
        yield f"the context is one of {', '.join(KNOWN_CONTEXT)}"


def _item(form: File, condition: Condition, name: str) -> Iterator[str]:
    items = {item.id: item for item in form.items}
    if name not in items:
        yield f"there is no item '{name}'"
        return
    if condition.left_blank:
        return
    options = form.options.get(items[name].options or "", ())
    for code in condition.codes:
        if code not in {option.code for option in options}:
            yield f"'{name}' has no option '{code}'"
    limits = form.limits(items[name])
    if limits:
        yield from _outside(condition, *limits)
    elif not condition.codes:
        yield f"the options of '{name}' have no values to compare"


def _outside(condition: Condition, low: Number, high: Number) -> Iterator[str]:
    for bound in (condition.at_least, condition.at_most):
        if bound is not None and not low <= bound <= high:
            yield f"{bound} is outside the possible range {low} to {high}"
