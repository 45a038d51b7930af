"""An instrument as a FHIR R4 Questionnaire. What maps to what stands in `docs/fhir.md`.

One Questionnaire carries every language, the others as translations beside the words: so it has one address
and version, and a response in any language belongs to it. What FHIR can't carry travels as the content of
our own file in one extension.
"""

from __future__ import annotations

import json
from typing import Any

from questionnaires.content import content
from questionnaires.fhir.conditions import coding, enable_when
from questionnaires.fhir.reading import (
    INSTRUMENT,
    LOINC,
    MAX_VALUE,
    MIN_VALUE,
    ORDINAL,
    QUESTIONNAIRE,
    TRANSLATION,
    Json,
)
from questionnaires.schema import Instrument, Item, NoSuchLanguage, Option


def address(instrument: Instrument) -> str:
    """The canonical address that responses name, with the version."""
    return f"{QUESTIONNAIRE}{instrument.key}|{instrument.version}"


def to_fhir(instrument: Instrument, language: str | None) -> Json:
    """The instrument as a registry gives it, as a Questionnaire in a language, with the others beside.

    An instrument whose wording is not included has the language None. Raises NoSuchLanguage.
    """
    if language is None and instrument.wordings:
        raise NoSuchLanguage(f"name one of the languages of {instrument.key}")
    carried = json.dumps(content(instrument), ensure_ascii=False, separators=(",", ":"))
    writer = _Writer(instrument, language)
    made = {
        "resourceType": "Questionnaire",
        "language": language,
        "extension": [{"url": INSTRUMENT, "valueString": carried}],
        "url": f"{QUESTIONNAIRE}{instrument.key}",
        "version": str(instrument.version),
        "name": instrument.key.upper(),
        **writer.words("title", "name"),
        "status": "active" if instrument.wordings else "draft",
        "subjectType": ["Patient"],
        "description": instrument.measures,
        "copyright": instrument.licence.notice,
        **_code(instrument.loinc),
        "item": writer.items(),
    }
    return {key: value for key, value in made.items() if value}  # FHIR has no empty values


class _Writer:
    """The items in one language, with the same words of the others as translations."""

    def __init__(self, instrument: Instrument, language: str | None) -> None:
        self.main = instrument.in_language(language) if language else instrument
        self.by_id = {item.id: item for item in self.main.items}
        self.others = [instrument.in_language(one) for one in instrument.languages if one != language]

    def words(self, key: str, attribute: str) -> Json:
        """One of the instrument's own texts."""
        return self._pair(key, self.main, self.others, attribute)

    def items(self) -> list[Json]:
        """The instructions, and the items in printed order, grouped where they hang on one stem."""
        found: list[Json] = []
        if self.main.instructions:
            found.append({"linkId": "instructions", **self.words("text", "instructions"), "type": "display"})
        stem: str | None = None
        used: dict[str, int] = {}
        for place, item in enumerate(self.main.items):
            if item.stem is None:
                found.append(self._item(place, item))
            elif item.stem_name == stem:
                found[-1]["item"].append(self._item(place, item))
            else:
                name = f"stem-{item.stem_name}"
                used[name] = used.get(name, 0) + 1
                link = name if used[name] == 1 else f"{name}-{used[name]}"
                group = {"linkId": link, **self._of_item(place, "text", "stem"), "type": "group"}
                found.append(group | {"item": [self._item(place, item)]})
            stem = item.stem_name if item.stem is not None else None
        return found

    def _item(self, place: int, item: Item) -> Json:
        *around, own = enable_when(self.by_id, item) or [{}]
        made = {
            "linkId": item.id,
            **_code(item.loinc),
            **({"prefix": item.number} if item.number else {}),
            **(self._of_item(place, "text", "text") if item.text else {}),
            **_entry(item),
            **own,
        }
        if item.options:
            made["answerOption"] = [
                self._option(place, number, option) for number, option in enumerate(item.options)
            ]
        for number, rule in enumerate(reversed(around), 1):
            made = {"linkId": f"{item.id}-when-{number}", "type": "group", **rule, "item": [made]}
        return made

    def _option(self, place: int, number: int, option: Option) -> Json:
        value = [] if option.value is None else [{"url": ORDINAL, "valueDecimal": option.value}]
        others = [other.items[place].options[number] for other in self.others]
        return {
            "valueCoding": {
                **({"extension": value} if value else {}),
                **coding(self.main.items[place], option),
                **(self._pair("display", option, others, "label") if option.label else {}),
            }
        }

    def _of_item(self, place: int, key: str, attribute: str) -> Json:
        others = [other.items[place] for other in self.others]
        return self._pair(key, self.main.items[place], others, attribute)

    def _pair(self, key: str, main: object, others: list[Any], attribute: str) -> Json:
        """A text under its key, and its translations under `_key`."""
        translated = [
            {
                "url": TRANSLATION,
                "extension": [
                    {"url": "lang", "valueCode": other.language},
                    {"url": "content", "valueString": words},
                ],
            }
            for other, one in zip(self.others, others, strict=True)
            if (words := getattr(one, attribute))
        ]
        return {key: getattr(main, attribute)} | (
            {f"_{key}": {"extension": translated}} if translated else {}
        )


def _entry(item: Item) -> Json:
    """How an item is answered."""
    if item.whole_number:
        low, high = item.whole_number
        limits = [{"url": MIN_VALUE, "valueInteger": low}, {"url": MAX_VALUE, "valueInteger": high}]
        return {"extension": limits, "type": "integer"}
    if item.free_text is not None:
        return {"type": "text", "maxLength": item.free_text}
    return {"type": "choice"}


def _code(loinc: str | None) -> Json:
    return {"code": [{"system": LOINC, "code": loinc}]} if loinc else {}
