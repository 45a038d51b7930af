"""FHIR resources as plain JSON: read with limits, and the extensions that we know by name.

A refusal names the place in FHIR's own way, for example `item[2].item[0].type`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from questionnaires.conditions import Number
from questionnaires.reading import MAX_DEPTH, UNREADABLE
from questionnaires.source import MAX_BYTES, InstrumentError

INSTRUMENT = "urn:lightq:instrument"
QUESTIONNAIRE = "urn:lightq:questionnaire:"
LOINC = "http://loinc.org"
_BASE = "http://hl7.org/fhir/StructureDefinition/"
ORDINAL = _BASE + "ordinalValue"
WEIGHT = _BASE + "itemWeight"
MIN_VALUE = _BASE + "minValue"
MAX_VALUE = _BASE + "maxValue"
TRANSLATION = _BASE + "translation"
HIDDEN = _BASE + "questionnaire-hidden"
ABSENT = _BASE + "data-absent-reason"
DECLINED = "asked-declined"

Json = dict[str, Any]


class FhirError(InstrumentError):
    """A resource that can't be used. `path` is the place in FHIR's own way; `line` is 0."""

    def __init__(self, file: str, path: str, reason: str) -> None:
        super().__init__(file, 0, f"{path}: {reason}" if path else reason)
        self.path = path


def is_fhir(data: bytes) -> bool:
    """Whether a file looks like a FHIR resource in JSON, rather than one of our own files."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"resourceType"' in data


def parse(file: str, data: bytes) -> Json:
    """A JSON object as plain values. Raises InstrumentError for what is too large, too deep or no JSON."""
    if len(data) > MAX_BYTES:
        raise InstrumentError(file, 0, f"the file is larger than {MAX_BYTES:,} bytes")

    def once(pairs: list[tuple[str, Any]]) -> Json:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise InstrumentError(file, 0, "a key is given twice in one object")
        return found

    def no_number(name: str) -> float:
        raise InstrumentError(file, 0, f"{name} is not a number")

    try:
        text = data.decode("utf-8-sig")
        content = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except UnicodeDecodeError:
        raise InstrumentError(file, 0, "the file is not UTF-8 text") from None
    except json.JSONDecodeError as problem:
        raise InstrumentError(file, problem.lineno, f"not valid JSON: {problem.msg}") from None
    except ValueError:
        raise InstrumentError(file, 0, "a number is too long") from None
    except RecursionError:
        raise InstrumentError(file, 0, f"nested deeper than {MAX_DEPTH} levels") from None
    if not isinstance(content, dict):
        raise InstrumentError(file, 0, "the file is not one JSON object")
    _readable(file, content, "", 0)
    return content


def _readable(file: str, value: Any, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise FhirError(file, path, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        if UNREADABLE.search(value):
            raise FhirError(file, path, "there is a control character in the text")
    elif isinstance(value, dict):
        for key, part in value.items():
            _readable(file, key, path, depth)
            _readable(file, part, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            _readable(file, part, f"{path}[{index}]", depth + 1)


class Element:
    """One object of a resource, with its place. Everything that is read from it is checked for its kind."""

    def __init__(self, file: str, value: Json, path: str = "") -> None:
        self.file = file
        self.value = value
        self.path = path

    def error(self, key: str, reason: str) -> FhirError:
        """An error at one of its keys, or at itself where the key is empty."""
        return FhirError(self.file, self._at(key) if key else self.path, reason)

    def text(self, key: str) -> str | None:
        """A text; None where there is none. Raises FhirError for a blank or another kind of value."""
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "a text is expected here")
        return value

    def needed(self, key: str) -> str:
        """A text that has to be there."""
        value = self.text(key)
        if value is None:
            raise self.error(key, "is missing")
        return value

    def integer(self, key: str) -> int | None:
        """A whole number; None where there is none."""
        value = self.number(key)
        if isinstance(value, float):
            raise self.error(key, "a whole number is expected here")
        return value

    def number(self, key: str) -> Number | None:
        """A number; None where there is none."""
        value = self.value.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self.error(key, "a number is expected here")
        return value

    def flag(self, key: str) -> bool | None:
        """True or false; None where there is none."""
        value = self.value.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(key, "true or false is expected here")
        return value

    def child(self, key: str) -> Element | None:
        """An object; None where there is none."""
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(key, "an object is expected here")
        return Element(self.file, value, self._at(key))

    def children(self, key: str) -> list[Element]:
        """A list of objects, empty where there is none."""
        value = self.value.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.error(key, "a list of objects is expected here")
        return [Element(self.file, one, f"{self._at(key)}[{index}]") for index, one in enumerate(value)]

    def extensions(self, *urls: str) -> list[Element]:
        """The extensions with one of these addresses."""
        return [one for one in self.children("extension") if one.value.get("url") in urls]

    def refuse_others(self, known: Iterable[str]) -> None:
        """Refuse every key that is not known; words about a value (`_key`) and `id` change nothing."""
        for key in self.value:
            if key not in known and key != "id" and not key.startswith("_"):
                raise self.error(key, "is not supported")

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
