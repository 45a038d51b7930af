"""An instrument as one file to pass on, and such a file taken in beside a library.

The file is LightQ's own format with every language under `texts`, written in one spelling. Its content hash
is therefore that of what was exported: the same as before where the texts stood in one file without spelled
out defaults, and from the first export on always the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from questionnaires import sharing
from questionnaires.content import content, to_yaml
from questionnaires.fhir.importing import from_fhir
from questionnaires.fhir.reading import FhirError, is_fhir
from questionnaires.reading import parse
from questionnaires.registry import Registry, UnknownInstrument, check
from questionnaires.schema import Instrument
from questionnaires.source import MAX_BYTES, InstrumentError, Path_


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds. `already_there` says that the library has it, and that nothing is to be done."""

    instrument: Instrument
    already_there: bool


def export_file(instrument: Instrument) -> bytes:
    """One YAML file with everything about an instrument as a registry gives it, every language included."""
    return to_yaml(content(instrument))


def import_file(name: str, data: bytes, registry: Registry) -> Imported:
    """Check a file, ours or a FHIR Questionnaire, against a library. Nothing is changed.

    What is new is kept as `export_file` of the result. Raises InstrumentError with place and reason, also
    where the file would change what the library has.
    """
    instrument = read_any(name, data)
    try:
        there = registry.get(instrument.key, instrument.version)
    except UnknownInstrument:
        there = None
    for where, reason in _changes(instrument, there) if there else clashes(instrument, registry):
        if is_fhir(data):
            raise FhirError(name, "version" if where == ("version",) else "item", reason)
        raise parse(name, data).error(where, reason)
    return Imported(there or instrument, there is not None)


def read_any(name: str, data: bytes) -> Instrument:
    """The instrument of a file in our format or of a FHIR Questionnaire. Raises InstrumentError."""
    if len(data) > MAX_BYTES:
        raise InstrumentError(name, 0, f"the file is larger than {MAX_BYTES:,} bytes")
    return from_fhir(name, data) if is_fhir(data) else check(parse(name, data))


def _changes(instrument: Instrument, there: Instrument) -> Iterator[tuple[Path_, str]]:
    """What would change in a version that exists. The library may have more languages than the file."""
    new, old = content(instrument), content(there)
    texts, known = new.pop("texts", {}), old.pop("texts", {})
    title = f"version {there.version} of {there.key} exists"
    if new != old or any(text != known[language] for language, text in texts.items() if language in known):
        yield ("version",), f"{title} with other content; give yours the next version"
    for language in texts.keys() - known.keys():
        reason = f"{title} without a text in '{language}'; add that text as a file of its own"
        yield ("texts", language), reason


def clashes(instrument: Instrument, registry: Registry) -> Iterator[tuple[Path_, str]]:
    """What keeps an instrument out of a library, by place in its file: (where, reason).

    A new instrument or version must not take another's item ids, nor break what is asked once."""
    everything = list(registry.all_versions())
    others = {item.id: one.key for one in everything for item in one.items if one.key != instrument.key}
    for index, item in enumerate(instrument.items):
        if item.id in others:
            yield ("items", index), f"the id '{item.id}' belongs to {others[item.id]}"
    for one, reason in sharing.problems([*everything, instrument]):
        yield ("items",), reason if one is instrument else f"{one.key}: {reason}"
