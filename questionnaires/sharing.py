"""Questions that several instruments share: a battery asks them once, and every score counts them.

PHQ-2 is the first two questions of PHQ-9; its items name them with `same_as`. What is asked once has to be
the same question in every language: stem, wording, answers, values and recall window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from questionnaires.schema import Instrument, Item, Text

Place = tuple[str, str]  # instrument key and item id
Answered = dict[str, dict[str, str | None]]  # by instrument key


def asked_elsewhere(instruments: Sequence[Instrument]) -> dict[Place, Place]:
    """For each item that a battery does not ask again: where it is asked.

    The instrument that the shared question comes from asks it, where it is in the battery; otherwise the
    first that has it.
    """
    asked: dict[str, Place] = {}  # root item id: where it is asked
    for one in instruments:
        for item in one.items:
            if item.same_as is None:
                asked[item.id] = (one.key, item.id)
    found: dict[Place, Place] = {}
    for one in instruments:
        for item in one.items:
            place = (one.key, item.id)
            root = item.same_as or item.id
            if asked.setdefault(root, place) != place:
                found[place] = asked[root]
    return found


def shared(instruments: Sequence[Instrument], answers: Mapping[str, Mapping[str, str | None]]) -> Answered:
    """The answers of every instrument, with those that were given once in each place they count."""
    full = {one.key: dict(answers.get(one.key, {})) for one in instruments}
    for (key, item), (there, other) in asked_elsewhere(instruments).items():
        full[key].pop(item, None)
        if other in full[there]:
            full[key][item] = full[there][other]
    return full


def problems(instruments: Iterable[Instrument]) -> Iterator[tuple[Instrument, str]]:
    """Items that are not the same question as the one they name: (instrument, reason)."""
    everything = list(instruments)
    latest = {
        item.id: (one, item) for one in everything for item in one.items
    }  # by version, so the last wins
    for one in everything:
        taken: set[str] = set()
        for item in one.items:
            if item.same_as is None:
                continue
            named = latest.get(item.same_as)
            if item.same_as in taken:
                yield one, f"two of its items are the same as '{item.same_as}'"
            taken.add(item.same_as)
            if named is None:
                yield one, f"'{item.id}' is the same as '{item.same_as}', which no instrument has"
            elif named[0].key == one.key or named[1].same_as:
                yield one, f"'{item.id}' has to name an item of another instrument that names no other itself"
            else:
                for reason in _differences(one, item, *named):
                    yield one, f"'{item.id}' is not the same question as '{item.same_as}': {reason}"


def _differences(one: Instrument, item: Item, other: Instrument, named: Item) -> Iterator[str]:
    if one.recall != other.recall:
        yield "another recall window"
    if item.asked_if or named.asked_if:
        yield "one of them is not always asked"
    if _answers(item) != _answers(named):
        yield "other answers or values"
    if _told(one, item) != _told(other, named):
        yield "the clinician is told of other answers"
    for language in set(one.languages) & set(other.languages):
        here, there = one.texts(language), other.texts(language)
        if _question(item, here) != _question(named, there):
            yield f"another wording ({language})"
        if _labels(item, here) != _labels(named, there):
            yield f"other words for the answers ({language})"


def _told(one: Instrument, item: Item) -> object:
    """Which answers are critical: whoever asks the question, the same ones have to be told."""
    rules = [rule for rule in one.critical if rule.item == item.id]
    return [(rule.at_least, frozenset(rule.codes), rule.left_blank) for rule in rules]


def _question(item: Item, text: Text) -> object:
    return text.items[item.id], text.stems.get(item.stem_name or "")


def _labels(item: Item, text: Text) -> object:
    labels = text.options.get(item.option_set or "", {})
    return [labels[option.code] for option in item.options]


def _answers(item: Item) -> object:
    """Which answers there are and what they score."""
    return item.whole_number, item.free_text, [(o.code, o.value, o.not_applicable) for o in item.options]
