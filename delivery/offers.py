"""What can be asked of one person: the measures in the order in which they are looked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import batteries, domains, eligibility, library, wordings
from delivery.library import Library
from delivery.models.assignments import Assignment, Battery, Way
from delivery.models.clients import Respondent
from questionnaires.registry import UnknownInstrument
from questionnaires.schema import Instrument

#: What a practice asks most is counted over so many of its last asks.
COUNTED_ASKS: Final = 300
#: So many of those stand on top; before there is any use, these do.
MOST_USED: Final = 6
AT_FIRST: Final = ("phq9", "gad7", "pcl5")
#: Single measures that one press asks for.
PRESSED: Final = 3


@dataclass(frozen=True)
class What:
    """A measure on offer, and what is to be known before it is chosen.

    `together_only`: no link may carry it. `no_text`: there is no official text in the reader's language.
    `unofficial`: the text in that language is not official. `remarks`: age or role do not fit.
    """

    instrument: Instrument
    together_only: bool
    no_text: bool
    unofficial: bool
    remarks: list[str]


@dataclass(frozen=True)
class Press:
    """A set, a single measure or the last form: one press asks for all of it."""

    name: str
    instruments: list[Instrument]
    battery: Battery | None = None

    @property
    def value(self) -> str:
        """What its button posts: "set:ID", or the keys."""
        if self.battery is not None:
            return f"set:{self.battery.id}"
        return ",".join(one.key for one in self.instruments)


@dataclass(frozen=True)
class Limited:
    """A measure of a set: `barred` says why it can't be sent, `together_only` that no link may carry it."""

    instrument: Instrument
    barred: str | None
    together_only: bool


@dataclass(frozen=True)
class Offer:
    """The lists of the page; no measure stands in two of them. `found` counts what the search left."""

    last: Press | None
    sets: list[Press]
    singles: list[Press]
    chosen: list[What]
    near: list[What]
    groups: dict[str, list[What]]
    barred: list[tuple[Instrument, str]]
    found: int


def to(
    session: Session,
    respondent: Respondent,
    age: int | None,
    *,
    chosen: Sequence[str] = (),
    sought: str = "",
) -> Offer:
    """What may be asked of one person: what is chosen, what was used last and most, then all by heading.

    `sought` narrows the list; what is chosen stays in sight.
    """
    there = library.of(session, respondent.practice_id)
    sendable = [one for one in there.list() if there.barred(one) is None]
    shown = domains.matching(there.list(), sought)
    picked = known(there, chosen)
    last = _last(session, there, respondent.client_id)
    most = _most_used(session, respondent.practice_id, {one.key: one for one in sendable})
    near = _without([*last, *most], picked) if not sought else []
    rest = _without([one for one in shown if there.barred(one) is None], [*picked, *near])

    def what(instruments: Iterable[Instrument]) -> list[What]:
        return [_what(one, respondent, age) for one in instruments]

    return Offer(
        last=Press("", last) if last else None,
        sets=sets(session, respondent.practice_id),
        singles=[Press(one.short_name, [one]) for one in most[:PRESSED]],
        chosen=what(picked),
        near=what(near),
        groups={heading: what(group) for heading, group in domains.grouped(rest).items()},
        barred=[
            (one, why)
            for group in domains.grouped(shown).values()
            for one in group
            if (why := there.barred(one)) is not None
        ],
        found=len(shown),
    )


def sets(session: Session, practice_id: UUID, archived: bool = False) -> list[Press]:
    """The sets of a practice with their measures; with `archived` those that were put away."""
    there = library.of(session, practice_id)
    rows = batteries.of_practice(session, practice_id, archived=archived)
    return [Press(row.name, known(there, batteries.keys(row)), row) for row in rows]


def for_set(
    session: Session, practice_id: UUID, keys: Iterable[str]
) -> tuple[list[Limited], dict[str, list[Instrument]]]:
    """The measures of a set being made, each with what it can't do, and all others by heading."""
    there = library.of(session, practice_id)
    chosen = known(there, keys)
    limited = [Limited(one, there.barred(one), _together_only(one)) for one in chosen]
    return limited, domains.grouped(_without(there.list(), chosen))


def known(there: Library, keys: Iterable[str]) -> list[Instrument]:
    """The instruments of these keys, each once; keys that mean nothing here are left out."""
    found: dict[str, Instrument] = {}
    for key in keys:
        try:
            found[key] = there.get(key)
        except UnknownInstrument:
            continue
    return list(found.values())


def instead(
    session: Session, respondent: Respondent, instrument: Instrument, way: Way, taken: Collection[str]
) -> list[Instrument]:
    """Other measures with an official text in the reader's language, those on the same subject first."""
    there = library.of(session, respondent.practice_id)
    found = [
        one
        for one in there.list()
        if wordings.fits(one, respondent.language)
        and eligibility.refused(there, one, way) is None
        and one.key not in taken
    ]
    subject = domains.of(instrument)
    return sorted(found, key=lambda one: (domains.of(one) != subject, one.short_name.casefold()))


def _what(instrument: Instrument, respondent: Respondent, age: int | None) -> What:
    fits = wordings.fits(instrument, respondent.language)
    return What(
        instrument=instrument,
        together_only=_together_only(instrument),
        no_text=not fits,
        unofficial=fits and not wordings.official(instrument, respondent.language),
        remarks=eligibility.remarks(instrument, respondent, age),
    )


def _together_only(instrument: Instrument) -> bool:
    return eligibility.SETTING[Way.EMAIL] not in instrument.settings


def _without(instruments: Iterable[Instrument], others: Iterable[Instrument]) -> list[Instrument]:
    """The instruments in their order, each once, without the others."""
    away = {one.key for one in others}
    return list({one.key: one for one in instruments if one.key not in away}.values())


def _last(session: Session, there: Library, client_id: UUID) -> list[Instrument]:
    row = session.scalars(
        select(Assignment).where(Assignment.client_id == client_id).order_by(Assignment.id.desc()).limit(1)
    ).first()
    return known(there, [one["key"] for one in row.instruments]) if row else []


def _most_used(session: Session, practice_id: UUID, sendable: Mapping[str, Instrument]) -> list[Instrument]:
    rows = session.scalars(
        select(Assignment.instruments)
        .where(Assignment.practice_id == practice_id)
        .order_by(Assignment.id.desc())
        .limit(COUNTED_ASKS)
    )
    used = Counter(one["key"] for row in rows for one in row)
    keys = dict.fromkeys([*(key for key, _ in used.most_common()), *AT_FIRST])
    return [sendable[key] for key in keys if key in sendable][:MOST_USED]
