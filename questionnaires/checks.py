"""What pydantic can't see: names that point nowhere, gaps, wrong ranges, rules that go in circles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from questionnaires.building import File, FileItem, TextFile
from questionnaires.condition_checks import KNOWN_CONTEXT, condition_problems
from questionnaires.conditions import Condition
from questionnaires.rules import Screen
from questionnaires.scale_checks import check_scales
from questionnaires.schema import Instrument, Text
from questionnaires.source import Path_

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CODE = re.compile(r"[A-Za-z0-9_.+-]{1,40}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
MOST = 100_000
LONGEST = 2_000
LONGEST_NAME = 300
LONGEST_SHORT_NAME = 120
#: Line breaks, and marks that turn the direction of what stands around them.
_NOT_IN_A_NAME = re.compile("[\n\r\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]")
Problem = tuple[Path_, str]


def problems(form: File) -> Iterator[Problem]:
    """Every problem of a form, in the order a reader meets them: (where, reason)."""
    yield from _names(form)
    yield from _options(form)
    yield from _items(form)
    yield from check_scales(form)
    yield from _readings(form)
    yield from _critical(form)
    yield from _change(form)
    for language, text in form.texts.items():
        if not _LANGUAGE.fullmatch(language):
            yield ("texts", language), f"'{language}' is not a language tag such as en or es"
        stems = {item.id: item.stem for item in form.items}
        codes = {name: {option.code for option in options} for name, options in form.options.items()}
        for where, reason in _wording(stems, codes, text):
            yield ("texts", language, *where), reason


def _names(form: File) -> Iterator[Problem]:
    if not _NAME.fullmatch(form.key):
        yield ("key",), "a key is made of small letters, digits and _"
    for place, words, longest in (
        ("name", form.name, LONGEST_NAME),
        ("short_name", form.short_name, LONGEST_SHORT_NAME),
    ):
        if not words.strip() or len(words) > longest or _NOT_IN_A_NAME.search(words):
            yield (place,), f"a name of one line with at most {longest} characters is expected here"
    for place, number in (
        ("version", form.version),
        ("minutes", form.minutes),
        ("shortest_interval_days", form.shortest_interval_days),
    ):
        if number is not None and not 1 <= number <= MOST:
            yield (place,), f"a whole number from 1 to {MOST:,} is expected here"
    if not form.items:
        yield ("items",), "there are no items"
    if not form.settings:
        yield ("settings",), "name at least one setting"
    listed: tuple[tuple[str, Iterable[str]], ...] = (
        ("items", (item.id for item in form.items)),
        ("scales", (scale.id for scale in form.scales)),
        ("screens", (screen.id for screen in form.screens)),
        ("categories", (category.id for category in form.categories)),
    )
    for place, ids in listed:
        seen: set[str] = set()
        for index, name in enumerate(ids):
            if name in seen:
                yield (place, index, "id"), f"the id '{name}' is used twice"
            if not _NAME.fullmatch(name):
                yield (place, index, "id"), f"the id '{name}' is not made of small letters, digits and _"
            seen.add(name)


def _options(form: File) -> Iterator[Problem]:
    scored = {item.options for item in form.items if item.scored}
    used = {item.options for item in form.items}
    for name, options in form.options.items():
        if name not in used:
            yield ("options", name), f"no item uses the option list '{name}'"
        if len(options) < 2:
            yield ("options", name), "an option list needs at least two options"
        seen: set[str] = set()
        for index, option in enumerate(options):
            where: Path_ = ("options", name, index)
            if option.code in seen:
                yield (*where, "code"), f"the code '{option.code}' is used twice"
            if not _CODE.fullmatch(option.code):
                yield (
                    (*where, "code"),
                    f"the code '{option.code}' is not made of letters and digits",
                )
            seen.add(option.code)
            if option.value is not None and abs(option.value) > MOST:
                yield where, f"the value of '{option.code}' is outside of -{MOST:,} to {MOST:,}"
            if option.not_applicable and option.value is not None:
                yield where, "a 'not applicable' option has no value"
            if option.value is None and name in scored and not option.not_applicable:
                yield where, f"the option '{option.code}' has no value, but its list is used by a scored item"
    for index, item in enumerate(form.items):
        for reason in _entry(form, item):
            yield ("items", index), reason


def _entry(form: File, item: FileItem) -> Iterator[str]:
    """How an item is answered: an option list, a whole number, or free text."""
    if sum(entry is not None for entry in (item.options, item.whole_number, item.free_text)) != 1:
        yield f"give '{item.id}' exactly one of 'options', 'whole_number' and 'free_text'"
    elif item.options is not None and item.options not in form.options:
        yield f"there is no option list '{item.options}'"
    elif item.whole_number and not 0 <= item.whole_number[0] < item.whole_number[1] <= MOST:
        yield f"a whole number runs from a lower to a higher one, within 0 and {MOST:,}"
    elif item.free_text is not None and item.scored:
        yield f"'{item.id}' is free text, which is never scored; write scored: false"
    elif item.free_text is not None and not 1 <= item.free_text <= LONGEST:
        yield f"free text has room for 1 to {LONGEST:,} characters"


def _items(form: File) -> Iterator[Problem]:
    earlier: set[str] = set()
    everything = {item.id for item in form.items}
    for index, item in enumerate(form.items):
        for name in _items_of(item.asked_if):
            if name in everything and name not in earlier:
                reason = f"'{item.id}' depends on '{name}', which is not asked before it"
                yield ("items", index, "asked_if"), f"{reason}; skips could go in circles"
        if item.asked_if and _scales_of(item.asked_if):
            yield ("items", index, "asked_if"), "a skip can't depend on a scale"
        earlier.add(item.id)
        for reason in condition_problems(form, item.asked_if):
            yield ("items", index, "asked_if"), reason


def _readings(form: File) -> Iterator[Problem]:
    for index, screen in enumerate(form.screens):
        yield from _screen(form, index, screen)
    for index, category in enumerate(form.categories):
        for number, case in enumerate(category.cases):
            for reason in condition_problems(form, case.when):
                yield ("categories", index, "cases", number, "when"), reason


def _screen(form: File, index: int, screen: Screen) -> Iterator[Problem]:
    where: Path_ = ("screens", index)
    if (screen.positive_if is None) == (not screen.cases):
        yield where, "give either 'positive_if', or 'by' with 'cases'"
    if bool(screen.by) != bool(screen.cases):
        yield where, "'by' and 'cases' go together"
    if screen.by and screen.by not in KNOWN_CONTEXT:
        yield (*where, "by"), f"the context is one of {', '.join(KNOWN_CONTEXT)}"
    for reason in condition_problems(form, screen.positive_if):
        yield (*where, "positive_if"), reason
    for name, condition in screen.cases.items():
        for reason in condition_problems(form, condition):
            yield (*where, "cases", name), reason


def _critical(form: File) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, rule in enumerate(form.critical):
        if rule.item in seen:
            yield ("critical", index, "item"), f"'{rule.item}' has two critical rules"
        seen.add(rule.item)
        for reason in condition_problems(form, rule.condition):
            yield ("critical", index), reason


def _change(form: File) -> Iterator[Problem]:
    scales = {scale.id: scale for scale in form.scales}
    defaults: set[tuple[str, str]] = set()
    for index, figure in enumerate(form.change):
        where: Path_ = ("change", index)
        if figure.scale not in scales:
            yield (*where, "scale"), f"there is no scale '{figure.scale}'"
        if (figure.points is None) == (figure.percent is None):
            yield where, "give either 'points' or 'percent'"
        if figure.kind == "cutoff" and figure.points is None:
            yield where, "a cut-off is given in points"
        if figure.default and (figure.scale, figure.kind) in defaults:
            yield where, f"'{figure.scale}' has two default figures of the kind '{figure.kind}'"
        if figure.default:
            defaults.add((figure.scale, figure.kind))


def _items_of(condition: Condition | None) -> Iterator[str]:
    if condition is None:
        return
    if condition.item:
        yield condition.item
    if condition.count:
        yield from condition.count.items
    for part in condition.parts:
        yield from _items_of(part)


def _scales_of(condition: Condition) -> bool:
    return condition.scale is not None or any(_scales_of(part) for part in condition.parts)


def further_text_problems(instrument: Instrument, form: TextFile) -> Iterator[Problem]:
    """What is wrong with a file that adds a language to an instrument."""
    if not _LANGUAGE.fullmatch(form.language):
        yield ("language",), f"'{form.language}' is not a language tag such as en or es"
    if form.language in instrument.wordings:
        yield ("language",), f"{instrument.key} has a text in '{form.language}' already"
    stems = {item.id: item.stem_name for item in instrument.items}
    codes = {name: {option.code for option in options} for name, options in instrument.options.items()}
    for where, reason in _wording(stems, codes, form.text):
        yield ("text", *where), reason


def _wording(stems: Mapping[str, str | None], codes: Mapping[str, set[str]], text: Text) -> Iterator[Problem]:
    """What a wording lacks or has too much. `stems` holds each item's stem, `codes` each list's codes."""
    if not text.wording_sources:
        yield ("wording_sources",), "name the sources of the wording"
    yield from _same(("items",), "item", set(stems), text.items)
    named = {stem for stem in stems.values() if stem} if text.stems else set()
    yield from _same(("stems",), "stem", named, text.stems)
    yield from _same(("options",), "option list", set(codes), text.options)
    for name, labels in text.options.items():
        yield from _same(("options", name), "option", codes.get(name, set()), labels)


def _same(where: Path_, what: str, wanted: set[str], given: Mapping[str, object]) -> Iterator[Problem]:
    for name in sorted(wanted - set(given)):
        yield where, f"the text of the {what} '{name}' is missing"
    for name in sorted(set(given) - wanted):
        yield (*where, name), f"there is no {what} '{name}'"
    for name, words in given.items():
        if isinstance(words, str) and not words.strip():
            yield (*where, name), f"the text of the {what} '{name}' is empty"
