"""Answers: item id to option code. None means left blank on purpose; an absent item is not answered yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from questionnaires.program import program_of
from questionnaires.schema import Instrument, Item

Answers = dict[str, str | None]
NO_CONTEXT: Mapping[str, object] = {}


class BadAnswers(ValueError):
    """Answers that don't fit the instrument. `problems` lists (item id, reason) and quotes no answer."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{item}: {reason}" if item else reason for item, reason in problems))
        self.problems = problems


class BadContext(ValueError):
    """A context with an unknown name or value. The message says which."""


def check(instrument: Instrument, raw: object) -> Answers:
    """Answers in printed order, exactly as given. Raises BadAnswers; nothing is corrected or guessed."""
    found = problems(instrument, raw)
    if found or not isinstance(raw, Mapping):
        raise BadAnswers(found)
    return {item.id: raw[item.id] for item in instrument.items if item.id in raw}


def problems(instrument: Instrument, raw: object) -> list[tuple[str, str]]:
    """What doesn't fit: (item id, reason) for each foreign item and each answer that is none of its codes."""
    if not isinstance(raw, Mapping):
        return [("", "the answers are not an object of item ids and option codes")]
    known = {item.id for item in instrument.items}
    found = [(str(name)[:60], f"is not an item of {instrument.key}") for name in raw if name not in known]
    for item in instrument.items:
        value = raw.get(item.id)
        if value is None:
            continue
        if not isinstance(value, str):
            found.append((item.id, "the answer is not text; give the option code as text"))
        elif not item.takes(value):
            found.append((item.id, _expected(item)))
    return found


def _expected(item: Item) -> str:
    if item.whole_number:
        return "the answer is not a whole number from {} to {}".format(*item.whole_number)
    if item.free_text is not None:
        return f"the answer is empty or longer than {item.free_text} characters"
    return "the answer is not one of its option codes"


def check_context(raw: object) -> dict[str, object]:
    """A context for scoring: `sex` ("male" or "female") and `age` in years, both optional or null."""
    if not isinstance(raw, Mapping):
        raise BadContext("the context is not an object")
    context: dict[str, Any] = dict(raw)
    for name in context:
        if name not in ("sex", "age"):
            raise BadContext(f"the context has sex and age, not '{str(name)[:40]}'")
    if context.get("sex") not in (None, "male", "female"):
        raise BadContext("sex is male, female, or left out where it is not recorded")
    age = context.get("age")
    if age is not None and (isinstance(age, bool) or not isinstance(age, int | float) or not 0 <= age <= 130):
        raise BadContext("age is a number of years from 0 to 130, or left out")
    return context


def applicable(
    instrument: Instrument, answers: Mapping[str, Any], context: Mapping[str, object] = NO_CONTEXT
) -> list[Item]:
    """The items to ask, in printed order. An item whose skip rule is still open counts as asked."""
    skipped = program_of(instrument).not_asked(answers, context)
    return [item for place, item in enumerate(instrument.items) if place not in skipped]


def unanswered(
    instrument: Instrument, answers: Mapping[str, Any], context: Mapping[str, object] = NO_CONTEXT
) -> list[Item]:
    """Applicable items without an answer; those left blank on purpose are not among them."""
    return [item for item in applicable(instrument, answers, context) if item.id not in answers]


def blank(
    instrument: Instrument, answers: Mapping[str, Any], context: Mapping[str, object] = NO_CONTEXT
) -> list[Item]:
    """Applicable items that were left blank on purpose."""
    return [
        item
        for item in applicable(instrument, answers, context)
        if item.id in answers and answers[item.id] is None
    ]
