"""The installed instruments: read from a folder of files, checked, and found by key and version."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from questionnaires import prepared, sharing
from questionnaires.schema import Instrument, Text
from questionnaires.source import InstrumentError, Source, read_bytes

__all__ = ["SHIPPED", "InstrumentError", "Registry", "UnknownInstrument", "load", "load_one", "read"]

SHIPPED = Path(__file__).with_name("instruments")
_FILE = re.compile(r"(?P<key>[a-z][a-z0-9_]*)-(?P<version>[1-9][0-9]*)(\.(?P<language>[a-zA-Z-]+))?\.yaml")


class UnknownInstrument(LookupError):
    """There is no instrument with this key, or not in this version."""


class Registry:
    """Instruments by key and version. Immutable."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._versions: dict[str, dict[int, Instrument]] = {}
        for one in sorted(instruments, key=lambda one: (one.key, one.version)):
            self._versions.setdefault(one.key, {})[one.version] = one

    def get(self, key: str, version: int | None = None) -> Instrument:
        """One instrument, in its latest version unless another is named. Raises UnknownInstrument."""
        versions = self._versions.get(key)
        if not versions:
            raise UnknownInstrument(f"there is no instrument '{key}'")
        if version is None:
            version = max(versions)
        if version not in versions:
            raise UnknownInstrument(f"there is no version {version} of '{key}'")
        return versions[version]

    def list(self) -> list[Instrument]:
        """The latest version of every instrument, by key."""
        return [self.get(key) for key in self._versions]

    def all_versions(self) -> Iterable[Instrument]:
        """Every version of every instrument, by key and version."""
        return [one for versions in self._versions.values() for one in versions.values()]


def load(folder: Path | None = None) -> Registry:
    """All instruments of a folder, the shipped one by default. Raises InstrumentError for a bad file."""
    folder = folder or SHIPPED
    files = {path: _parts(path) for path in sorted(folder.glob("*.yaml"))}
    for path, (key, version, language) in files.items():
        if language and folder / f"{key}-{version}.yaml" not in files:
            raise InstrumentError(path.name, 0, f"there is no file {key}-{version}.yaml to add a language to")
    found = Registry(_with_languages(folder, read(path)) for path, parts in files.items() if not parts[2])
    for instrument, reason in sharing.problems(found.all_versions()):
        raise InstrumentError(f"{instrument.key}-{instrument.version}.yaml", 0, reason)
    return found


def load_one(key: str, version: int | None = None, folder: Path | None = None) -> Instrument:
    """One instrument without reading the others. Raises UnknownInstrument, InstrumentError."""
    folder = folder or SHIPPED
    found = {
        int(match["version"]): path
        for path in folder.glob("*.yaml")
        if (match := _FILE.fullmatch(path.name)) and match["key"] == key and not match["language"]
    }
    if not found or (version is not None and version not in found):
        named = f"'{key}'" if version is None else f"'{key}' in version {version}"
        raise UnknownInstrument(f"there is no instrument {named}")
    return _with_languages(folder, read(found[max(found) if version is None else version]))


def read(path: Path) -> Instrument:
    """Read and check one instrument file. Raises InstrumentError with file, line and reason."""
    data = read_bytes(path)
    entry = prepared.entry_for(path, data)
    instrument = prepared.load(entry, Instrument)
    if instrument is None:
        instrument = checked(path.name, data)
        prepared.store(entry, instrument)
    return instrument


def _parts(path: Path) -> tuple[str, str, str | None]:
    """Key, version and language of a file name. Raises InstrumentError."""
    match = _FILE.fullmatch(path.name)
    if match is None:
        raise InstrumentError(
            path.name, 0, "the file name is not KEY-VERSION.yaml or KEY-VERSION.LANGUAGE.yaml"
        )
    return match["key"], match["version"], match["language"]


def checked(name: str, data: bytes) -> Instrument:
    from questionnaires.reading import parse  # noqa: PLC0415

    source = parse(name, data)
    instrument = check(source)
    if source.file != f"{instrument.key}-{instrument.version}.yaml":
        reason = f"the file name should be {instrument.key}-{instrument.version}.yaml"
        raise source.error(("key",), reason)
    return instrument


def check(source: Source) -> Instrument:
    """The instrument of a file that was read, whatever the file is called. Raises InstrumentError."""
    # pydantic takes a third of a second to import; a start with prepared instruments does without.
    from questionnaires.building import build, content_hash, read_form  # noqa: PLC0415
    from questionnaires.checks import problems  # noqa: PLC0415

    form = read_form(source)
    for where, reason in problems(form):
        raise source.error(where, reason)
    return build(form, content_hash(source.content))


def unchecked(name: str, data: bytes) -> Instrument:
    """The instrument of a file that passed the checks when it was stored, whatever is checked since.

    Raises InstrumentError where its form is another one.
    """
    from questionnaires.building import build, content_hash, read_form  # noqa: PLC0415
    from questionnaires.reading import parse  # noqa: PLC0415

    source = parse(name, data)
    return build(read_form(source), content_hash(source.content))


def _with_languages(folder: Path, instrument: Instrument) -> Instrument:
    """Add the texts that stand in files of their own, KEY-VERSION.LANGUAGE.yaml."""
    wordings = dict(instrument.wordings)
    for path in sorted(folder.glob(f"{instrument.key}-{instrument.version}.*.yaml")):
        data = read_bytes(path)
        entry = prepared.entry_for(path, data + instrument.content_hash.encode())
        text = prepared.load(entry, Text)
        if text is None:
            text = checked_text(path.name, data, instrument)
            prepared.store(entry, text)
        wordings[_parts(path)[2] or ""] = text
    return instrument.with_wordings(wordings)


def checked_text(name: str, data: bytes, instrument: Instrument) -> Text:
    from questionnaires.building import read_text_form  # noqa: PLC0415
    from questionnaires.checks import further_text_problems  # noqa: PLC0415
    from questionnaires.reading import parse  # noqa: PLC0415

    source = parse(name, data)
    form = read_text_form(source)
    for where, reason in further_text_problems(instrument, form):
        raise source.error(where, reason)
    if name != f"{form.key}-{form.version}.{form.language}.yaml":
        raise source.error(("key",), "the file name should be KEY-VERSION.LANGUAGE.yaml")
    return form.text
