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
    groups = (condition.all_of, condition.any_of, condition.none_of)
    bounded = condition.at_least is not None or condition.at_most is not None
    tests = (bounded, bool(condition.codes), condition.equals is not None)
    if sum(part is not None for part in subjects) + sum(bool(group) for group in groups) != 1:
        yield "a condition names exactly one of item, scale, context, count, all_of, any_of, none_of"
    elif any(groups):
        for part in (*condition.all_of, *condition.any_of, *condition.none_of):
            yield from condition_problems(form, part)
    elif sum(tests) != 1:
        yield "a condition needs either at_least and at_most, or codes, or equals"
    elif condition.codes and condition.item is None:
        yield "'codes' goes with an item"
    elif condition.equals is not None and condition.context is None:
        yield "'equals' goes with a context"
    else:
        yield from _subject(form, condition)


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
    lists = {item.id: item.options for item in form.items}
    if name not in lists:
        yield f"there is no item '{name}'"
        return
    options = form.options.get(lists[name], ())
    for code in condition.codes:
        if code not in {option.code for option in options}:
            yield f"'{name}' has no option '{code}'"
    values = [option.value for option in options if option.value is not None]
    if values:
        yield from _outside(condition, min(values), max(values))
    elif not condition.codes:
        yield f"the options of '{name}' have no values to compare"


def _outside(condition: Condition, low: Number, high: Number) -> Iterator[str]:
    for bound in (condition.at_least, condition.at_most):
        if bound is not None and not low <= bound <= high:
            yield f"{bound} is outside the possible range {low} to {high}"
