"""What is missing or wrong in a draft, in plain words, by place: a dict from path to sentence, in page order.

These are the things that only what was typed can show. What the file's own checks find comes after it, see
`questionnaires.drafts.file`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from questionnaires.checks import MOST as HIGHEST
from questionnaires.conditions import Number
from questionnaires.drafts.draft import FREE_TEXT, WHOLE_NUMBER, Basis, CutOff, Draft, Question, Scale

Found = Iterator[tuple[str, str]]
OLDEST = 120
LONGEST_MINUTES = 240
LONGEST_INTERVAL = 3650
_WHOLE = re.compile(r"[0-9]{1,6}")
_NUMBER = re.compile(r"[-−]?[0-9]{1,6}([.,][0-9]{1,4})?")


def problems(draft: Draft) -> dict[str, str]:
    """The first problem of each place."""
    found: dict[str, str] = {}
    for part in (_about, _lists, _questions, _scales, _rights):
        for place, words in part(draft):
            found.setdefault(place, words)
    return found


def number(typed: str) -> Number | None:
    """The number somebody typed; None where it is none. A comma is taken for the decimal point."""
    if not _NUMBER.fullmatch(typed):
        return None
    value = float(typed.replace(",", ".").replace("−", "-"))
    return int(value) if value.is_integer() else value


def whole(typed: str, low: int, high: int) -> int | None:
    """The whole number somebody typed; None where it is none, or not from `low` to `high`."""
    value = int(typed) if _WHOLE.fullmatch(typed) else -1
    return value if low <= value <= high else None


def _about(draft: Draft) -> Found:
    about = draft.about
    if not any(character.isalnum() for character in about.name):
        yield "about.name", "Give it a name with letters or digits."
    if not about.measures:
        yield "about.measures", "Say what it measures."
    if not about.recall:
        yield "about.recall", "Say which time the questions ask about, for example “Last 7 days”."
    if whole(about.minutes, 1, LONGEST_MINUTES) is None:
        yield "about.minutes", f"Say how many minutes it takes, 1 to {LONGEST_MINUTES}."
    low = whole(about.age_low, 0, OLDEST)
    if low is None:
        yield "about.age_low", f"Say from which age in years, 0 to {OLDEST}."
    if about.age_high and whole(about.age_high, low or 0, OLDEST) is None:
        yield "about.age_high", "Say up to which age, not below the youngest, or nothing."
    if about.interval and whole(about.interval, 1, LONGEST_INTERVAL) is None:
        yield "about.interval", "Say a whole number of days, or nothing."
    if not about.purposes:
        yield "about.purposes", "Tick what it is for."
    if not about.respondents:
        yield "about.respondents", "Tick who answers."
    if not about.settings:
        yield "about.settings", "Tick where it may be used."
    if about.stem and draft.questions and all(one.alone for one in draft.questions):
        yield "about.stem", "Every question stands alone: empty this, or let a question hang on it."


def _lists(draft: Draft) -> Found:
    used = {one.answered_with for one in draft.questions}
    scored = {
        one.answered_with: place
        for place, one in reversed([*enumerate(draft.questions)])
        if draft.counts(one)
    }
    for place, listed in enumerate(draft.lists):
        where = f"lists.{place}"
        if listed.id not in used:
            yield where, "No question uses these answers. Use them or remove them."
        if len(listed.answers) < 2:
            yield where, "A list needs at least two answers."
        seen: set[str] = set()
        for row, answer in enumerate(listed.answers):
            here = f"{where}.answers.{row}"
            if not answer.label:
                yield f"{here}.label", "Write the answer, or remove it."
            elif answer.label.casefold() in seen:
                yield f"{here}.label", "This answer is in the list twice."
            seen.add(answer.label.casefold())
            if answer.points and number(answer.points) is None:
                yield f"{here}.points", "Points are a number."
            elif not answer.points and listed.id in scored:
                yield f"{here}.points", f"Give it points: question {scored[listed.id] + 1} counts in a score."


def _questions(draft: Draft) -> Found:
    if not draft.questions:
        yield "questions", "Add a question."
    for place, one in enumerate(draft.questions):
        where = f"questions.{place}"
        if not one.text:
            yield f"{where}.text", "Write the question, or remove it."
        if one.answered_with == WHOLE_NUMBER:
            low, high = (whole(typed, 0, HIGHEST) for typed in (one.lowest, one.highest))
            if low is None or high is None or low >= high:
                yield f"{where}.lowest", f"From a lower to a higher whole number, 0 to {HIGHEST:,}."
            elif one.critical_least and whole(one.critical_least, low, high) is None:
                yield f"{where}.critical_least", f"A whole number from {low} to {high}, or nothing."
        elif one.answered_with != FREE_TEXT and draft.list_of(one) is None:
            yield f"{where}.answered_with", "Choose how it is answered."
        if critical(one) and not one.message:
            yield f"{where}.message", "Say what the clinician is told."
        elif one.message and not critical(one):
            yield f"{where}.message", "Choose the answers that the clinician is told of, or empty this."
        yield from _skip(draft, place, one)


def critical(question: Question) -> bool:
    """Whether an answer of this question is critical."""
    if question.answered_with == WHOLE_NUMBER:
        return bool(question.critical_least)
    return bool(question.critical_codes)


def _skip(draft: Draft, place: int, one: Question) -> Found:
    asked = draft.question(one.only_if)
    if asked is None:
        return
    where = f"questions.{place}.only_if"
    number_of = draft.questions.index(asked) + 1
    if asked.id == one.id:
        yield where, "A question can’t depend on itself."
    elif number_of > place:
        yield where, f"Question {number_of} comes later. A question can only depend on one before it."
    elif asked.answered_with == FREE_TEXT:
        yield where, f"Question {number_of} is answered in free text, which can’t decide this."
    elif asked.answered_with == WHOLE_NUMBER:
        low, high = whole(asked.lowest, 0, HIGHEST), whole(asked.highest, 0, HIGHEST)
        if low is not None and high is not None and whole(one.only_if_least, low, high) is None:
            yield f"{where}_least", f"A whole number from {low} to {high}."
    elif not one.only_if_codes:
        yield where, f"Choose the answers to question {number_of} after which this one is asked."


def _scales(draft: Draft) -> Found:
    names: set[str] = set()
    for place, scale in enumerate(draft.scales):
        where = f"scales.{place}"
        if not scale.name:
            yield f"{where}.name", "Give the scale a name."
        elif scale.name.casefold() in names:
            yield f"{where}.name", "Two scales have this name."
        names.add(scale.name.casefold())
        if scale.overall and any(one.overall for one in draft.scales[:place]):
            yield f"{where}.overall", "Only one scale can be the overall score."
        if not scale.questions:
            yield f"{where}.questions", "Choose the questions that it is made of."
        most = len(scale.questions) - 1
        if scale.missing != "none" and whole(scale.most_blank, 1, most) is None:
            few = "A scale of one question has no room for blanks." if most < 1 else ""
            yield f"{where}.most_blank", few or f"A whole number from 1 to {most}."
        yield from _basis(f"{where}.basis", scale.basis)
        yield from _bands(where, scale)
        for row, cut in enumerate(scale.cut_offs):
            yield from _cut_off(f"{where}.cut_offs.{row}", cut)


def _bands(where: str, scale: Scale) -> Found:
    for row, band in enumerate(scale.bands):
        here = f"{where}.bands.{row}"
        if number(band.low) is None or number(band.high) is None:
            yield f"{here}.low", "Say from which score to which."
        if not band.label:
            yield f"{here}.label", "Name the band, or remove it."
    if scale.bands:
        yield from _basis(f"{where}.bands_basis", scale.bands_basis)


def _cut_off(where: str, cut: CutOff) -> Found:
    if number(cut.points) is None:
        yield f"{where}.points", "Say at which score."
    if not cut.label:
        yield f"{where}.label", "Say what it means, or remove it."
    yield from _basis(f"{where}.basis", cut.basis)


def _basis(where: str, basis: Basis) -> Found:
    if not basis.own and not basis.text:
        yield f"{where}.text", "Name the publication, or say that it is your own rule."


def _rights(draft: Draft) -> Found:
    rights = draft.rights
    if not rights.may_use:
        yield (
            "rights.may_use",
            "Tick this if you own the words or may use them. Others can’t be published.",
        )
    if not rights.holder:
        yield "rights.holder", "Say who owns the words."
    if not rights.notice:
        yield "rights.notice", "Write the sentence that form and PDF show about it."
    if draft.changelog and not rights.changes:
        yield "rights.changes", "Say what is new in this version."
