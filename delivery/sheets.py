"""A begun form as pages and submissions need it: the sitting, its ask, its instruments and what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from delivery import library, wordings
from delivery.models.assignments import Assignment, FormSession, Link
from questionnaires import sharing
from questionnaires.schema import Instrument, Item


@dataclass(frozen=True)
class Sheet:
    """A begun form as a page needs it: the sitting, its ask, and the instruments in order."""

    form: FormSession
    assignment: Assignment
    link: Link | None
    instruments: list[Instrument]
    draft: dict[str, dict[str, str | None]]

    def answers(self, key: str) -> dict[str, str | None]:
        """What is kept so far for one instrument, also where another one asked the question."""
        return self.all_answers()[key]

    def items(self, instrument: Instrument) -> list[Item]:
        """The items that are asked with this instrument, without those that another one asks."""
        elsewhere = sharing.asked_elsewhere(self.instruments)
        return [item for item in instrument.items if (instrument.key, item.id) not in elsewhere]

    def language(self, instrument: Instrument, around: str | None = None) -> str:
        """The language of an instrument's questions, on pages in `around` (the sitting's own by default).

        What a clinician types in was read in the language that was asked for.
        """
        asked = asked_in(self.assignment).get(instrument.key)
        if self.form.typed_by is not None:
            around = asked
        return wordings.shown(instrument, asked, around or self.form.language)

    def all_answers(self, draft: Mapping[str, Mapping[str, str | None]] | None = None) -> sharing.Answered:
        """The same for every instrument, of this draft or another."""
        return sharing.shared(self.instruments, self.draft if draft is None else draft)


def instruments(session: Session, row: Assignment) -> list[Instrument]:
    """The instruments of an ask, in the versions that were chosen then."""
    there = library.of(session, row.practice_id)
    return [there.get(i["key"], i["version"]) for i in row.instruments]


def asked_in(row: Assignment) -> dict[str, str]:
    """The language that an ask names for each instrument; rows older than this choice name none."""
    return {one["key"]: one["language"] for one in row.instruments if "language" in one}


def interpreted(row: Assignment) -> set[str]:
    """The instruments of an ask that are answered together with an interpreter."""
    return {one["key"] for one in row.instruments if one.get("interpreter")}
