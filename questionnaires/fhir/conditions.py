"""Skip rules as FHIR `enableWhen`, as far as its questions with one operator and one answer reach.

FHIR leaves a question out while the one it depends on has no answer; LightQ counts it as asked until it is
certain that it is not. So what is written here says the same only once the earlier question is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from questionnaires.conditions import Condition
from questionnaires.fhir.reading import LOINC, Json
from questionnaires.schema import Item, Option

Behaviour = Literal["any", "all"]
Items = Mapping[str, Item]
Rule = tuple[Behaviour, list[Json]]


def coding(item: Item, option: Option) -> Json:
    """An option as a Coding without its words: by LOINC if no other has the same code, else by its own."""
    if option.loinc and [one.loinc for one in item.options].count(option.loinc) == 1:
        return {"system": LOINC, "code": option.loinc}
    return {"code": option.code}


def enable_when(items: Items, item: Item) -> list[Json]:
    """`enableWhen` with `enableBehavior` for an item; empty where it has no rule or FHIR can't say it.

    `items` are all items of the instrument by id.

    FHIR has no brackets. A rule that needs them is given in several parts that all have to hold: the last is
    for the item, the others for groups around it.
    """
    if item.asked_if is None:
        return []
    whole = _flat(items, item.asked_if)
    parts = [whole] if whole else [_flat(items, part) for part in item.asked_if.all_of]
    return [_enabled(*part) for part in parts if part] if all(parts) else []


def _flat(items: Items, condition: Condition) -> Rule | None:
    return _any(items, condition) or _all(items, condition)


def _enabled(behaviour: Behaviour, tests: list[Json]) -> Json:
    return {"enableWhen": tests} | ({"enableBehavior": behaviour} if len(tests) > 1 else {})


def _any(items: Items, condition: Condition) -> Rule | None:
    """The condition as a list of tests of which one has to hold."""
    if condition.item is not None:
        item = items[condition.item]
        if item.options:
            accepted = [option for option in item.options if _accepts(condition, option)]
            return ("any", [_test(item, "=", option) for option in accepted]) if accepted else None
        return _one(_bounds(condition, item))
    parts = _alternatives(condition)
    return _joined("any", parts, lambda part: _any(items, part))


def _all(items: Items, condition: Condition) -> Rule | None:
    """The condition as a list of tests that all have to hold."""
    if condition.item is not None:
        item = items[condition.item]
        if item.options:
            accepted = [option for option in item.options if _accepts(condition, option)]
            if len(accepted) == 1:
                return "all", [_test(item, "=", accepted[0])]
            if not accepted or item.asked_if:  # "not equal" would hold for an item that was not asked
                return None
            refused = [option for option in item.options if option not in accepted]
            return "all", [_test(item, "!=", option) for option in refused]
        return _bounds(condition, item)
    return _joined("all", _requirements(condition), lambda part: _all(items, part))


def _joined(
    behaviour: Behaviour, parts: Iterable[Condition], express: Callable[[Condition], Rule | None]
) -> Rule | None:
    rules = [express(part) for part in parts]
    tests = [test for rule in rules if rule for test in rule[1]]
    return (behaviour, tests) if tests and all(rules) else None


def _alternatives(condition: Condition) -> tuple[Condition, ...]:
    if condition.any_of or (condition.how_many and condition.at_least == 1 and condition.at_most is None):
        return condition.parts
    return _counted(condition) if condition.at_least == 1 else ()


def _requirements(condition: Condition) -> tuple[Condition, ...]:
    if condition.all_of or (condition.how_many and condition.at_least == len(condition.how_many)):
        return condition.parts
    return _counted(condition) if condition.count and condition.at_least == len(condition.count.items) else ()


def _counted(condition: Condition) -> tuple[Condition, ...]:
    count = condition.count
    if count is None or condition.at_most is not None:
        return ()
    return tuple(
        Condition(item=name, at_least=value)
        for name, value in zip(count.items, count.thresholds(), strict=True)
    )


def _accepts(condition: Condition, option: Option) -> bool:
    if condition.codes:
        return option.code in condition.codes
    if option.value is None or condition.left_blank:
        return False
    low, high = condition.at_least, condition.at_most
    return (low is None or option.value >= low) and (high is None or option.value <= high)


def _test(item: Item, operator: str, option: Option) -> Json:
    return {"question": item.id, "operator": operator, "answerCoding": coding(item, option)}


def _bounds(condition: Condition, item: Item) -> Rule | None:
    bounds = ((">=", condition.at_least), ("<=", condition.at_most))
    tests = [
        {"question": item.id, "operator": operator, "answerInteger": bound}
        for operator, bound in bounds
        if isinstance(bound, int)
    ]
    wanted = sum(bound is not None for _, bound in bounds)
    return ("all", tests) if tests and len(tests) == wanted else None


def _one(rule: Rule | None) -> Rule | None:
    return ("any", rule[1]) if rule and len(rule[1]) == 1 else None
