"""A published questionnaire as a draft again, so that its next version can be built.

What the builder can't show is never lost: a draft is given only where it makes the same questionnaire.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from questionnaires import registry
from questionnaires.conditions import Number
from questionnaires.content import Content
from questionnaires.content import content as written
from questionnaires.drafts import checks as draft_checks
from questionnaires.drafts.draft import (
    FREE_TEXT,
    WHOLE_NUMBER,
    About,
    Answer,
    AnswerList,
    Band,
    Basis,
    CutOff,
    Draft,
    Question,
    Rights,
    Scale,
)
from questionnaires.drafts.file import content
from questionnaires.rules import Scale as Ruled
from questionnaires.schema import Instrument, Item
from questionnaires.source import InstrumentError, Source

_OWN_RULE = re.compile(r"Set by (.+); not a published figure")


class NotForTheBuilder(ValueError):
    """This questionnaire has parts that the builder can't show."""


def draft(versions: Sequence[Instrument]) -> Draft:
    """The newest of these versions of one questionnaire as a draft of the next.

    Raises NotForTheBuilder where the draft would not make the same questionnaire.
    """
    versions = sorted(versions, key=lambda one: one.version)
    newest = versions[-1]
    if len(newest.wordings) != 1:
        raise NotForTheBuilder("it has texts in several languages, or none")
    ids = [name for one in versions for name in _ids(one)]
    if not all(name.isdecimal() for name in ids):
        raise NotForTheBuilder("it was not made with the builder")
    made = _draft(newest, versions, max(map(int, ids)))
    if not _same(made, newest):
        raise NotForTheBuilder("it has rules that the builder can’t show")
    return made


def _ids(one: Instrument) -> Iterator[str]:
    """The ids that the builder gave out for questions, lists and scales."""
    yield from (item.id.removeprefix(f"{one.key}_") for item in one.items)
    yield from (name.removeprefix("answers_") for name in one.options)
    yield from (scale.id.removeprefix("scale_") for scale in one.scales if scale.id != "total")


def _draft(one: Instrument, versions: Sequence[Instrument], highest: int) -> Draft:
    (language,) = one.wordings
    text = one.wordings[language]
    about = About(
        name=one.name,
        short_name=one.short_name,
        measures=one.measures,
        purposes=list(one.purposes),
        respondents=list(one.respondents),
        age_low=str(one.ages.low),
        age_high=_typed(one.ages.high),
        minutes=str(one.minutes),
        recall=one.recall,
        settings=list(one.settings),
        interval=_typed(one.shortest_interval_days),
        language=language,
        instructions=one.instructions or "",
        stem=text.stems.get("main", ""),
    )
    return Draft(
        about=about,
        lists=[_list(name, versions) for name in one.options],
        questions=[_question(one, item) for item in one.items],
        scales=[_scale(one, scale, highest + 1) for scale in one.scales],
        rights=Rights(holder=one.licence.holder, notice=one.licence.notice),
        made=highest + 1,
        changelog=dict(one.changelog),
        wording_sources=list(text.wording_sources),
    )


def _typed(value: Number | None) -> str:
    return "" if value is None else f"{round(value, 4):.10g}"


def _list(name: str, versions: Sequence[Instrument]) -> AnswerList:
    there = [one.options[name] for one in versions if name in one.options]
    codes = [option.code for options in there for option in options if option.code.isdecimal()]
    answers = [Answer(code=one.code, label=one.label, points=_typed(one.value)) for one in there[-1]]
    return AnswerList(id=name.removeprefix("answers_"), answers=answers, made=max(map(int, codes), default=0))


def _question(one: Instrument, item: Item) -> Question:
    made = Question(
        id=item.id.removeprefix(f"{one.key}_"),
        text=item.text,
        answered_with=FREE_TEXT if item.free_text else (item.option_set or "").removeprefix("answers_"),
        scored=item.scored or not one.scales,
        alone=item.stem_name is None,
    )
    if item.whole_number:
        low, high = item.whole_number
        made = replace(made, answered_with=WHOLE_NUMBER, lowest=str(low), highest=str(high))
    if item.free_text:
        made.longest = str(item.free_text)
    if item.asked_if and item.asked_if.item:
        made.only_if = item.asked_if.item.removeprefix(f"{one.key}_")
        made.only_if_codes, made.only_if_least = list(item.asked_if.codes), _typed(item.asked_if.at_least)
    for rule in one.critical:
        if rule.item == item.id:
            made.message = rule.message
            made.critical_codes, made.critical_least = list(rule.codes), _typed(rule.at_least)
    return made


def _scale(one: Instrument, scale: Ruled, spare: int) -> Scale:
    def ids(names: Sequence[str]) -> list[str]:
        return [name.removeprefix(f"{one.key}_") for name in names]

    overall = scale.id == "total"
    cuts = [
        CutOff(
            direction="at_most" if screen.positive_if.at_least is None else "at_least",
            points=_typed(
                screen.positive_if.at_most
                if screen.positive_if.at_least is None
                else screen.positive_if.at_least
            ),
            label=screen.label,
            basis=_basis(screen.source, screen.verified),
        )
        for screen in one.screens
        if screen.positive_if and screen.positive_if.scale == scale.id
    ]
    bands = scale.bands
    return Scale(
        id=str(spare) if overall else scale.id.removeprefix("scale_"),
        name=scale.label,
        overall=overall,
        method=scale.method,
        questions=ids(scale.items),
        reversed=ids(scale.reverse),
        missing=scale.missing.rule,
        most_blank=_typed(scale.missing.at_most) if scale.missing.at_most else "",
        higher_is_better=scale.higher_is_better,
        basis=_basis(scale.source, verified=False),
        bands=[Band(low=_typed(b.low), high=_typed(b.high), label=b.label) for b in bands.ranges]
        if bands
        else [],
        bands_basis=_basis(bands.source, bands.verified) if bands else Basis(),
        cut_offs=cuts,
    )


def _basis(source: str, verified: bool) -> Basis:
    if _OWN_RULE.fullmatch(source):
        return Basis()
    return Basis(own=False, text=source, compared=verified)


def _same(made: Draft, one: Instrument) -> bool:
    """Whether the draft makes the questionnaire that it came from."""
    ready = replace(made, rights=replace(made.rights, may_use=True, changes="."))
    if draft_checks.problems(ready):
        return False
    sources = [scale.source for scale in one.scales] + [screen.source for screen in one.screens]
    sources += [scale.bands.source for scale in one.scales if scale.bands]
    signed = next((found[1] for source in sources if (found := _OWN_RULE.fullmatch(source))), "")
    try:
        again = registry.check(Source("", content(ready, one.key, one.version, signed), {}))
    except InstrumentError:
        return False
    return _without_provenance(written(again)) == _without_provenance(written(one))


def _without_provenance(values: Content) -> Content:
    """All but what every version says anew: who entered it, and what is new."""
    (language, text), *_ = values["texts"].items()
    return {
        **values,
        "licence": {**values["licence"], "source": ""},
        "changelog": {},
        "texts": {language: {**text, "wording_sources": []}},
    }
