"""What the console shows of one measure: the measure, where it comes from, and what proves its scoring."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import instrument_files, library
from delivery.models.library import InstrumentFile, Origin, TermsAccepted
from delivery.models.people import Person
from questionnaires.schema import Instrument


@dataclass(frozen=True)
class Added:
    """A file that the practice added, and who did; nobody for the operator's command line."""

    file: InstrumentFile
    by: Person | None


@dataclass(frozen=True)
class Page:
    """One version of one measure as a practice has it."""

    instrument: Instrument
    versions: list[int]
    barred: str | None
    #: The practice's own file; None for a measure that comes with LightQ.
    own: Added | None
    #: Words that the practice added, by language.
    words: dict[str, Added]
    terms: TermsAccepted | None
    cases: library.Cases | None

    @property
    def takes_words(self) -> bool:
        """Whether the practice may add words: it ships without, for a licence holder to complete."""
        return self.instrument.licence.status == "definition_only"

    @property
    def wants_terms(self) -> bool:
        """Whether its terms have to be accepted before it can be sent."""
        return self.instrument.licence.status == "non_commercial" and self.terms is None


def read(session: Session, practice_id: UUID, key: str, version: int | None = None) -> Page:
    """One measure, the latest version unless one is named. Raises NotFound."""
    there = library.of(session, practice_id)
    instrument = instrument_files.find(session, practice_id, key, version)
    added = [
        Added(file, person)
        for file, person in session.execute(
            select(InstrumentFile, Person)
            .join(Person, Person.id == InstrumentFile.added_by, isouter=True)
            .where(
                InstrumentFile.practice_id == practice_id,
                InstrumentFile.key == key,
                InstrumentFile.version == instrument.version,
            )
        )
    ]
    terms = session.scalars(
        select(TermsAccepted).where(TermsAccepted.practice_id == practice_id, TermsAccepted.key == key)
    ).one_or_none()
    own = next((one for one in added if one.file.origin is not Origin.WORDING), None)
    return Page(
        instrument=instrument,
        versions=[one.version for one in there.instruments.all_versions() if one.key == key],
        barred=there.barred(instrument),
        own=own,
        words={one.file.language: one for one in added if one.file.origin is Origin.WORDING},
        terms=terms,
        cases=None if own else library.cases(instrument),
    )
