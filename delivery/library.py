"""The instruments a practice can use: those that ship with LightQ, and its own files and words.

A published file never changes, so the library of a practice is known by how many rows it has and which is
the newest. Looking that up costs one small query a session; nothing has to be restarted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from delivery.models.library import InstrumentFile, TermsAccepted
from questionnaires import registry
from questionnaires.registry import InstrumentError, Registry
from questionnaires.schema import Instrument, Text

_Stamp = tuple[int, UUID | None, int, UUID | None]
_MOST_KEPT = 200


@cache
def shipped() -> Registry:
    """The instruments that come with LightQ. Raises InstrumentError at start where a file is wrong."""
    return registry.load()


@dataclass(frozen=True)
class Library:
    """What one practice has: instruments by key and version, and the terms that it has accepted."""

    instruments: Registry
    accepted: frozenset[str]
    #: Keys of the instruments that are the practice's own.
    own: frozenset[str]
    #: What is wrong with files of the practice that a later LightQ no longer takes, by file name.
    broken: Mapping[str, str] = field(default_factory=dict)

    def get(self, key: str, version: int | None = None) -> Instrument:
        """One instrument, the latest version unless one is named. Raises UnknownInstrument."""
        return self.instruments.get(key, version)

    def list(self) -> list[Instrument]:
        """The latest version of every instrument, by key."""
        return self.instruments.list()

    def barred(self, instrument: Instrument) -> str | None:
        """Why an instrument can't be sent here, in plain words; None where it can."""
        accepted = instrument.licence.status == "non_commercial" and instrument.key in self.accepted
        why = None if accepted else instrument.not_sendable
        if why is None and (reason := self.broken.get(_file_name(instrument))):
            return f"Its file is no longer taken: {reason}"
        if why is None and instrument.key not in self.own and cases(instrument).difference:
            return "Its reference cases do not pass, so its scores can't be relied on."
        return why


@dataclass(frozen=True)
class Cases:
    """Reference cases: how many there are and how many pass, and what the first one that differs says."""

    passed: int
    total: int
    difference: str | None


_cases: dict[str, Cases] = {}


def cases(instrument: Instrument) -> Cases:
    """How many reference cases of a shipped instrument pass. Run once a process for each content."""
    from questionnaires.verify import verify_one  # noqa: PLC0415 - reads YAML; a worker never needs it

    if instrument.content_hash not in _cases:
        found = verify_one(instrument)
        different = [one for one in found if one.difference]
        first = next((f"{one.name}: {one.difference}" for one in different), None)
        _cases[instrument.content_hash] = Cases(len(found) - len(different), len(found), first)
    return _cases[instrument.content_hash]


def of(session: Session, practice_id: UUID) -> Library:
    """The library of a practice as it stands in this session."""
    found: Library | None = session.info.get(("library", practice_id))
    if found is None:
        found = session.info["library", practice_id] = _current(session, practice_id)
    return found


def forget(session: Session, practice_id: UUID) -> None:
    """Look again: this session has just added to the library."""
    session.info.pop(("library", practice_id), None)


_kept: dict[UUID, tuple[_Stamp, Library]] = {}


def _current(session: Session, practice_id: UUID) -> Library:
    rows = session.execute(
        select(
            *_count_and_newest(InstrumentFile, practice_id), *_count_and_newest(TermsAccepted, practice_id)
        )
    ).one()
    stamp: _Stamp = (rows[0], rows[1], rows[2], rows[3])
    kept = _kept.get(practice_id)
    if kept is not None and kept[0] == stamp:
        return kept[1]
    made = _read(session, practice_id)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[practice_id] = stamp, made
    return made


def _count_and_newest(table: type[InstrumentFile | TermsAccepted], practice_id: UUID) -> tuple[Any, Any]:
    """Two columns that tell whether rows were added: how many there are, and the newest id."""
    count = select(func.count(table.id)).where(table.practice_id == practice_id)
    newest = select(table.id).where(table.practice_id == practice_id).order_by(table.id.desc()).limit(1)
    return count.scalar_subquery(), newest.scalar_subquery()


def _read(session: Session, practice_id: UUID) -> Library:
    rows = session.scalars(
        select(InstrumentFile).where(InstrumentFile.practice_id == practice_id).order_by(InstrumentFile.id)
    ).all()
    accepted = session.scalars(select(TermsAccepted.key).where(TermsAccepted.practice_id == practice_id))
    broken: dict[str, str] = {}
    own = [one for row in rows if not row.language and (one := _whole(row, broken))]
    worded = [_worded(one, rows, broken) for one in (*shipped().all_versions(), *own)]
    return Library(Registry(worded), frozenset(accepted), frozenset(one.key for one in own), broken)


def _file_name(one: Instrument | InstrumentFile) -> str:
    return f"{one.key}-{one.version}.yaml"


def _whole(row: InstrumentFile, broken: dict[str, str]) -> Instrument | None:
    """A practice's own instrument. One that a later LightQ no longer takes is not asked any more; what was
    answered with it stays readable as long as it can be read at all."""
    name, data = _file_name(row), row.content.encode()
    try:
        return registry.checked(name, data)
    except InstrumentError as problem:
        broken[name] = str(problem)
    try:
        return registry.unchecked(name, data)
    except InstrumentError:
        return None


def _worded(instrument: Instrument, rows: Iterable[InstrumentFile], broken: dict[str, str]) -> Instrument:
    """The instrument with the words that the practice has added to it."""
    added: dict[str, Text] = {}
    for row in rows:
        if not row.language or (row.key, row.version) != (instrument.key, instrument.version):
            continue
        name = f"{row.key}-{row.version}.{row.language}.yaml"
        try:
            added[row.language] = registry.checked_text(name, row.content.encode(), instrument)
        except InstrumentError as problem:
            broken[name] = str(problem)
    return instrument.with_wordings({**instrument.wordings, **added}) if added else instrument
