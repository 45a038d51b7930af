"""From a draft to the content of an instrument file."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

from questionnaires import checks
from questionnaires.conditions import Number
from questionnaires.content import Content
from questionnaires.drafts import checks as draft_checks
from questionnaires.drafts.checks import critical, number
from questionnaires.drafts.draft import FREE_TEXT, LONGEST, WHOLE_NUMBER, Basis, Draft, Question, Scale

#: The names of instruments that a practice builds begin with this; none that ships does.
OWN: Final = "own_"
LONGEST_NAME: Final = 30
NEARLY: Final = 0.01


def key_of(name: str) -> str:
    """The key of a questionnaire of this name: the same name always gives the same key."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    slug = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
    # Where letters were lost, a few digits of a hash keep names apart.
    lost = any(c.isalnum() and not c.isascii() for c in letters)
    if lost or len(slug) > LONGEST_NAME:
        digest = hashlib.sha256(name.casefold().encode()).hexdigest()[:6]
        slug = "_".join(filter(None, [slug[: LONGEST_NAME - 7].rstrip("_"), digest]))
    return OWN + slug


def content(draft: Draft, key: str, version: int, practice: str) -> Content:
    """The content of the file. The draft has passed `draft_checks`; `practice` signs its own rules."""
    about, rights = draft.about, draft.rights
    texts = {
        "official": True,
        "wording_sources": list(dict.fromkeys([*draft.wording_sources, f"As entered by {practice}"])),
        "instructions": about.instructions or None,
        "stems": {"main": about.stem} if about.stem else {},
        "items": {item_name(key, one.id): one.text for one in draft.questions},
        "options": {
            f"answers_{one.id}": {answer.code: answer.label for answer in one.answers} for one in draft.lists
        },
    }
    return _without_empty(
        {
            "format": 1,
            "key": key,
            "version": version,
            "name": about.name,
            "short_name": about.short_name or about.name[: LONGEST["short_name"]].strip(),
            "measures": about.measures,
            "purposes": about.purposes,
            "settings": about.settings,
            "respondents": about.respondents,
            "ages": _without_empty(
                {"low": int(about.age_low), "high": int(about.age_high) if about.age_high else None}
            ),
            "minutes": int(about.minutes),
            "recall": about.recall,
            "shortest_interval_days": int(about.interval) if about.interval else None,
            "licence": {
                "status": "free",
                "holder": rights.holder,
                "notice": rights.notice,
                "source": f"Stated by {practice}",
            },
            "options": {
                f"answers_{one.id}": [
                    _without_empty({"code": answer.code, "value": number(answer.points)})
                    for answer in one.answers
                ]
                for one in draft.lists
            },
            "items": [_question(draft, key, place, one) for place, one in enumerate(draft.questions)],
            "scales": [_scale(draft, key, one, practice) for one in draft.scales],
            "screens": _screens(draft, practice),
            "critical": [_critical(key, one) for one in draft.questions if critical(one)],
            "changelog": {**draft.changelog, str(version): rights.changes or "First version"},
            "texts": {about.language: _without_empty(texts)},
        }
    ) | ({} if draft.lists else {"options": {}})


def _without_empty(values: Content) -> Content:
    return {name: value for name, value in values.items() if value not in (None, [], {}, "")}


def item_name(key: str, question: str) -> str:
    """The id of a question in the file."""
    return f"{key}_{question}"


def _question(draft: Draft, key: str, place: int, one: Question) -> Content:
    made: Content = {"id": item_name(key, one.id), "number": str(place + 1)}
    if one.answered_with == WHOLE_NUMBER:
        made["whole_number"] = [int(one.lowest), int(one.highest)]
    elif one.answered_with == FREE_TEXT:
        made["free_text"] = int(one.longest)
    else:
        made["options"] = f"answers_{one.answered_with}"
    if one.alone:
        made["stem"] = None
    if not draft.counts(one):
        made["scored"] = False
    asked = draft.question(one.only_if)
    if asked and asked.answered_with == WHOLE_NUMBER:
        made["asked_if"] = {"item": item_name(key, asked.id), "at_least": int(one.only_if_least)}
    elif asked:
        made["asked_if"] = {"item": item_name(key, asked.id), "codes": one.only_if_codes}
    return made


def _critical(key: str, one: Question) -> Content:
    made: Content = {"item": item_name(key, one.id), "message": one.message}
    if one.answered_with == WHOLE_NUMBER:
        return made | {"at_least": int(one.critical_least)}
    return made | {"codes": one.critical_codes}


def scale_name(scale: Scale) -> str:
    """The id of a scale in the file."""
    return "total" if scale.overall else f"scale_{scale.id}"


def _source(basis: Basis, practice: str) -> str:
    return f"Set by {practice}; not a published figure" if basis.own else basis.text


def _verified(basis: Basis) -> bool:
    """A rule of one's own is as its owner says; a published one as far as somebody has compared it."""
    return basis.own or basis.compared


def possible(draft: Draft, scale: Scale) -> tuple[Number, Number] | None:
    """The lowest and highest score that a scale can reach; None while points are missing."""
    limits = [_limits(draft, one) for one in draft.questions if one.id in scale.questions]
    known = [one for one in limits if one is not None]
    if not known or len(known) < len(limits):
        return None
    low, high = sum(one[0] for one in known), sum(one[1] for one in known)
    return (low / len(known), high / len(known)) if scale.method == "mean" else (low, high)


def _limits(draft: Draft, question: Question) -> tuple[Number, Number] | None:
    if question.answered_with == WHOLE_NUMBER:
        ends = [draft_checks.whole(one, 0, checks.MOST) for one in (question.lowest, question.highest)]
        return (ends[0], ends[1]) if ends[0] is not None and ends[1] is not None else None
    answers = draft.list_of(question)
    points = [number(one.points) for one in answers.answers] if answers else []
    known = [one for one in points if one is not None]
    return (min(known), max(known)) if known else None


def _scale(draft: Draft, key: str, scale: Scale, practice: str) -> Content:
    ends = possible(draft, scale)
    assert ends is not None, "every question of a scale has points"
    source = _source(scale.basis, practice)
    missing: Content = {"rule": scale.missing, "source": source}
    if scale.missing != "none":
        missing["at_most"] = int(scale.most_blank)
    in_order = [one.id for one in draft.questions if one.id in scale.questions]
    return _without_empty(
        {
            "id": scale_name(scale),
            "label": scale.name,
            "range": list(ends),
            "source": source,
            "missing": missing,
            "method": scale.method,
            "items": [item_name(key, one) for one in in_order],
            "reverse": [item_name(key, one) for one in in_order if one in scale.reversed],
            "higher_is_better": scale.higher_is_better,
            "bands": _bands(scale, ends, practice) if scale.bands else None,
        }
    )


def _bands(scale: Scale, ends: tuple[Number, Number], practice: str) -> Content:
    ranges: list[Content] = [
        {"low": number(one.low), "high": number(one.high), "label": one.label} for one in scale.bands
    ]
    # A mean can end at a third: nobody can type that, so the outer ends are taken as they are meant.
    for band, side, end in ((ranges[0], "low", ends[0]), (ranges[-1], "high", ends[1])):
        if abs(band[side] - end) < NEARLY:
            band[side] = end
    return {
        "ranges": ranges,
        "source": _source(scale.bands_basis, practice),
        "verified": _verified(scale.bands_basis),
    }


def _screens(draft: Draft, practice: str) -> list[Content]:
    return [
        {
            "id": f"{scale_name(scale)}_{row + 1}",
            "label": cut.label,
            "rule": f"{scale.name}: {cut.points} {'or more' if cut.direction == 'at_least' else 'or less'}",
            "source": _source(cut.basis, practice),
            "verified": _verified(cut.basis),
            "positive_if": {"scale": scale_name(scale), cut.direction: number(cut.points)},
        }
        for scale in draft.scales
        for row, cut in enumerate(scale.cut_offs)
    ]
