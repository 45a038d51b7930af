"""What was read of a Questionnaire, filled in to the content of an instrument file.

What FHIR does not say is filled in so that nothing is claimed: the licence is not settled, so that it can't
be sent before a person has looked at it; there are no bands, and a total only where every answer to choose
from carries a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from questionnaires.conditions import Number
from questionnaires.content import Content
from questionnaires.fhir.answers import Answer, Question
from questionnaires.fhir.reading import LOINC, Element, Json

PER_MINUTE = 5
SHORT_NAME = 40
NO_NOTICE = "No licence notice came with this questionnaire."


@dataclass(kw_only=True)
class Draft:
    """The questions of a Questionnaire: `items` as in our files, the rest to look up while reading."""

    key: str
    language: str
    instructions: list[str] = field(default_factory=list)
    items: list[Json] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)  # by item id
    questions: dict[str, Question] = field(default_factory=dict)  # by linkId
    options: dict[tuple[Answer, ...], str] = field(default_factory=dict)  # the names of answer lists
    stems: dict[str, str] = field(default_factory=dict)  # the names of stems


def content(draft: Draft, resource: Element) -> Content:
    """The content of the instrument file."""
    source = _source(resource)
    version = _version(resource)
    title = resource.text("title") or resource.text("name") or draft.key
    return {
        "format": 1,
        "key": draft.key,
        "version": version,
        "name": title,
        "short_name": title if len(title) <= SHORT_NAME else draft.key,
        "measures": resource.text("description") or title,
        "purposes": ["screening"],
        "settings": ["remote", "kiosk", "in_person"],
        "respondents": ["self"],
        "ages": {"low": 0},
        "minutes": max(1, round(len(draft.items) / PER_MINUTE)),
        "recall": "Not stated",
        "licence": {
            "status": "unsettled",
            "holder": resource.text("publisher") or "Not stated",
            "notice": resource.text("copyright") or NO_NOTICE,
            "source": source,
        },
        **loinc(resource),
        "options": {name: [_option(one) for one in answers] for answers, name in draft.options.items()},
        "items": draft.items,
        "scales": _total(draft, source),
        "changelog": {str(version): f"Read from {source}"},
        "texts": {
            draft.language: {
                "official": False,
                "wording_sources": [source],
                **({"instructions": "\n".join(draft.instructions)} if draft.instructions else {}),
                "stems": {name: text for text, name in draft.stems.items()},
                "items": draft.words,
                "options": {
                    name: {one.code: one.label for one in answers} for answers, name in draft.options.items()
                },
            }
        },
    }


def loinc(element: Element) -> Json:
    """The LOINC code of an element, as our files have it; empty where it has none."""
    codes = [code.needed("code") for code in element.children("code") if code.value.get("system") == LOINC]
    return {"loinc": codes[0]} if codes else {}


def _option(answer: Answer) -> Json:
    made: Json = {"code": answer.code}
    if answer.value is not None:
        made["value"] = answer.value
    if answer.loinc:
        made["loinc"] = answer.loinc
    return made


def _total(draft: Draft, source: str) -> list[Json]:
    """One sum, where every answer to choose from carries a value."""
    values = {name: [one.value for one in answers] for answers, name in draft.options.items()}
    chosen = [item for item in draft.items if "options" in item]
    low: Number = 0
    high: Number = 0
    for item in chosen:
        known = [value for value in values[item["options"]] if value is not None]
        if len(known) < len(values[item["options"]]):
            return []
        low, high = low + min(known), high + max(known)
    if not chosen:
        return []
    return [
        {
            "id": "total",
            "label": "Total",
            "items": [item["id"] for item in chosen],
            "range": [low, high],
            "source": f"The sum of the values of the answers in {source}; no published rule came with it",
            "missing": {"rule": "none", "source": "No rule came with it: one missing item, no total"},
        }
    ]


def _version(resource: Element) -> int:
    """The first number of the version: 2 for `2.1.0`; 1 where there is none."""
    found = re.match(r"v?([1-9][0-9]{0,5})(?![0-9])", resource.text("version") or "")
    return int(found[1]) if found else 1


def _source(resource: Element) -> str:
    address = resource.text("url") or resource.text("title") or resource.text("name") or resource.file
    version = resource.text("version")
    return f"{address}, version {version}" if version else address
