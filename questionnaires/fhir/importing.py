"""A FHIR R4 Questionnaire as an instrument: exactly ours where it carries our file, else what fits."""

from __future__ import annotations

from typing import Any

from questionnaires.fhir.foreign import from_publisher
from questionnaires.fhir.questionnaire import to_fhir
from questionnaires.fhir.reading import INSTRUMENT, Element, FhirError, parse
from questionnaires.registry import check
from questionnaires.schema import Instrument
from questionnaires.source import InstrumentError, Path_, Source

_NOT_COMPARED = ("extension", "status")


def from_fhir(name: str, data: bytes) -> Instrument:
    """Read a Questionnaire. Raises InstrumentError with the FHIR path and the reason.

    `name` is the file name for messages. Use `portable.import_file` to compare the result with a library.
    """
    resource = Element(name, parse(name, data))
    if resource.text("resourceType") != "Questionnaire":
        raise resource.error("resourceType", "a Questionnaire is expected here")
    for key in ("modifierExtension", "implicitRules"):
        if key in resource.value:
            raise resource.error(key, "is not supported")
    carried = resource.extensions(INSTRUMENT)
    if not carried:
        return from_publisher(resource)
    if len(carried) > 1:
        raise carried[1].error("", "the file carries two instruments")
    return _ours(resource, carried[0])


def _ours(resource: Element, carried: Element) -> Instrument:
    place = f"{carried.path}.valueString"
    text = carried.needed("valueString")
    try:
        content = parse(resource.file, text.encode())
    except InstrumentError as problem:
        raise FhirError(resource.file, place, problem.reason) from None
    instrument = check(_Carried(resource.file, content, place))
    language = resource.text("language")
    if (language or instrument.language) not in (*instrument.wordings, None):
        raise resource.error("language", "the instrument that the file carries has no words in it")
    if language is None and instrument.wordings:
        raise resource.error("language", "is missing")
    for key, expected in to_fhir(instrument, language).items():
        if key not in _NOT_COMPARED:
            _agree(resource, key, expected, resource.value.get(key))
    return instrument


class _Carried(Source):
    """The content in our extension: an error names the extension, and the place inside."""

    __slots__ = ("place",)

    def __init__(self, file: str, content: Any, place: str) -> None:
        super().__init__(file, content, {})
        self.place = place

    def error(self, where: Path_, reason: str) -> InstrumentError:
        inside = ".".join(str(part) for part in where)
        return FhirError(self.file, self.place, f"{inside}: {reason}" if inside else reason)


def _agree(resource: Element, path: str, expected: Any, found: Any) -> None:
    """Refuse the first difference between what is visible and what the file carries."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in [*expected, *(key for key in found if key not in expected and key != "id")]:
            _agree(resource, f"{path}.{key}", expected.get(key), found.get(key))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            _agree(resource, f"{path}[{index}]", one, other)
    elif expected != found:
        reason = "differs from the instrument that the file carries; it was changed elsewhere"
        raise FhirError(resource.file, path, reason)
