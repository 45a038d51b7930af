"""Questionnaires that members build: drafts, their next versions, and publishing them into the library.

A draft belongs to the practice: its clinicians and owners may all work on it. Publishing makes an
`InstrumentFile`, which never changes; a change is a draft of the next version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from delivery import audit, library
from delivery.access import Caller
from delivery.db import now, taken
from delivery.errors import Conflict, Forbidden, Invalid, NotFound
from delivery.models.library import InstrumentDraft, InstrumentFile, Origin
from delivery.models.people import Person, Practice, Role
from questionnaires import registry
from questionnaires.content import content, to_yaml
from questionnaires.drafts import again as draft_again
from questionnaires.drafts import draft as drafted
from questionnaires.drafts import file as draft_file
from questionnaires.drafts import presses as draft_presses
from questionnaires.drafts import problems as draft_problems
from questionnaires.drafts.again import NotForTheBuilder
from questionnaires.drafts.draft import Draft
from questionnaires.portable import clashes
from questionnaires.schema import Instrument
from questionnaires.source import Source

BUILDERS: Final = (Role.CLINICIAN, Role.OWNER)
MOST_DRAFTS: Final = 100
GONE: Final = "This draft is not here. It may have been published or deleted a moment ago."

CHANGED: Final = "This draft was changed after you opened this page, so your change was not stored."


@dataclass(frozen=True)
class Open:
    """A draft as it stands, and everything that still keeps it from being published, by place."""

    row: InstrumentDraft
    draft: Draft
    practice: Practice
    problems: dict[str, str]
    #: The version that the practice has published meanwhile, where the draft is not newer.
    overtaken: int | None

    def instrument(self) -> Instrument:
        """The questionnaire that publishing would make. Raises Invalid while there are problems."""
        if self.problems:
            raise Invalid("Some things are still open.", self.problems)
        made = draft_file.content(self.draft, self.row.key, self.row.version, self.practice.name)
        return registry.check(Source(f"{self.row.key}-{self.row.version}.yaml", made, {}))


def begin(session: Session, caller: Caller, practice_id: UUID, name: str) -> InstrumentDraft:
    """A new draft. Raises Forbidden, and Invalid for a name without letters or digits."""
    if practice_id not in caller.practices(*BUILDERS):
        raise Forbidden("Your account does not allow this.")
    draft = draft_presses.new(name)
    return _store(session, caller, practice_id, draft, draft_file.key_of(name), 1)


def edit(session: Session, caller: Caller, practice_id: UUID, key: str) -> InstrumentDraft:
    """A draft of the next version of a questionnaire of the practice's own, or the one that is there.

    Raises NotFound, and Conflict where the builder can't show it whole.
    """
    if practice_id not in caller.practices(*BUILDERS) or not key.startswith(draft_file.OWN):
        raise NotFound
    versions = _versions(session, practice_id, key)
    if not versions:
        raise NotFound
    there = session.scalars(
        select(InstrumentDraft)
        .where(InstrumentDraft.practice_id == practice_id, InstrumentDraft.key == key)
        .where(InstrumentDraft.version > 1)
        .order_by(InstrumentDraft.id)
    ).first()
    if there is not None:
        return there
    try:
        draft = draft_again.draft(versions)
    except NotForTheBuilder as reason:
        raise Conflict(
            f"This questionnaire can’t be changed here: {reason}. Export it, change the file, import it."
        ) from None
    return _store(session, caller, practice_id, draft, key, versions[-1].version + 1)


def _store(
    session: Session, caller: Caller, practice_id: UUID, draft: Draft, key: str, version: int
) -> InstrumentDraft:
    name = draft.about.name
    if not any(character.isalnum() for character in name) or len(name) > drafted.LONGEST["name"]:
        reason = f"Letters or digits, at most {drafted.LONGEST['name']} characters."
        raise Invalid("Give the questionnaire a name.", {"name": reason})
    if len(_of_practice(session, practice_id)) >= MOST_DRAFTS:
        raise Conflict(f"The practice has {MOST_DRAFTS} drafts. Publish or delete some first.")
    row = InstrumentDraft(
        practice_id=practice_id,
        name=name,
        key=key,
        version=version,
        content=drafted.plain(draft),
        made_by=caller.person_id,
    )
    session.add(row)
    session.flush()
    audit.record(session, practice_id, caller.actor, audit.Tag.DRAFT_MADE, row.id, {"key": key})
    return row


def _versions(session: Session, practice_id: UUID, key: str) -> list[Instrument]:
    """The practice's own versions of one questionnaire, oldest first."""
    everything = library.of(session, practice_id)
    if key not in everything.own:
        return []
    return [one for one in everything.instruments.all_versions() if one.key == key]


def listed(session: Session, caller: Caller, practice_id: UUID) -> list[tuple[InstrumentDraft, str]]:
    """The drafts of a practice of the caller's, the latest change first, and who began each."""
    rows = _of_practice(session, practice_id) if practice_id in caller.practices(*BUILDERS) else []
    makers = select(Person).where(Person.id.in_({row.made_by for row in rows}))
    names = {one.id: one.known_as for one in session.scalars(makers)}
    return [(row, names[row.made_by]) for row in rows]


def _of_practice(session: Session, practice_id: UUID) -> list[InstrumentDraft]:
    rows = select(InstrumentDraft).where(InstrumentDraft.practice_id == practice_id)
    return list(session.scalars(rows.order_by(InstrumentDraft.changed_at.desc())))


def published(session: Session, practice_id: UUID) -> list[Instrument]:
    """The newest versions of the questionnaires that the practice can change here, by key."""
    there = library.of(session, practice_id)
    return [one for one in there.list() if one.key in there.own and one.key.startswith(draft_file.OWN)]


def read(session: Session, caller: Caller, draft_id: UUID) -> Open:
    """One draft. Raises NotFound."""
    row = _mine(session, caller, draft_id)
    practice = session.get(Practice, row.practice_id)
    assert practice is not None
    draft = drafted.read(row.content)
    problems = draft_problems.problems(draft, row.key, row.version, practice.name)
    newest = max((one.version for one in _versions(session, row.practice_id, row.key)), default=0)
    if row.version == 1 and newest:
        problems.setdefault("about.name", "The practice has a questionnaire of this name. Choose another.")
    overtaken = newest if 1 < row.version <= newest else None
    return Open(row, draft, practice, problems, overtaken)


def _mine(session: Session, caller: Caller, draft_id: UUID, *, lock: bool = False) -> InstrumentDraft:
    wanted = select(InstrumentDraft).where(
        InstrumentDraft.id == draft_id, InstrumentDraft.practice_id.in_(caller.practices(*BUILDERS))
    )
    row = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise NotFound(GONE)
    return row


def keep(session: Session, caller: Caller, draft_id: UUID, draft: Draft, seen: datetime) -> InstrumentDraft:
    """Keep what was typed on a page that showed the draft as of `seen`.

    Raises NotFound, and Conflict where somebody has changed it since.
    """
    row = _mine(session, caller, draft_id, lock=True)
    if row.changed_at != seen:
        raise Conflict(CHANGED)
    draft_presses.settle(drafted.read(row.content), draft)
    row.content = drafted.plain(draft)
    row.changed_at = now()
    if any(character.isalnum() for character in draft.about.name):
        row.name = draft.about.name
        if row.version == 1:
            row.key = draft_file.key_of(row.name)
    return row


def move_on(session: Session, caller: Caller, draft_id: UUID) -> None:
    """Make the draft one of the next free version, where another was published meanwhile."""
    found = read(session, caller, draft_id)
    if found.overtaken is not None:
        found.row.version = found.overtaken + 1


def delete(session: Session, caller: Caller, draft_id: UUID) -> None:
    """Delete a draft. What is published stays. Raises NotFound."""
    row = _mine(session, caller, draft_id, lock=True)
    session.delete(row)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.DRAFT_DELETED, row.id, {"key": row.key})


def publish(session: Session, caller: Caller, draft_id: UUID) -> InstrumentFile:
    """Publish a draft; it can be sent at once, and the draft is gone.

    Raises NotFound, Invalid with what is open, and Conflict where somebody else published this version or
    an imported measure has a question of the same id.
    """
    _mine(session, caller, draft_id, lock=True)
    found = read(session, caller, draft_id)
    row, words = found.row, f"Version {found.row.version} was published by somebody else a moment ago."
    if found.overtaken is not None:
        raise Conflict(words)
    instrument = found.instrument()
    for _place, reason in clashes(instrument, library.of(session, row.practice_id).instruments):
        raise Conflict(f"It can’t stand beside the measures that are there: {reason}.")
    file = InstrumentFile(
        practice_id=row.practice_id,
        key=row.key,
        version=row.version,
        origin=Origin.BUILT,
        content=to_yaml(content(instrument)).decode(),
        added_by=caller.person_id,
        statement=f"Owns these words or may use them. Holder: {instrument.licence.holder}",
    )
    session.add(file)
    session.delete(row)
    try:
        session.flush()
    except IntegrityError as error:
        if not taken(error):
            raise
        raise Conflict(words) from error
    detail = {"key": file.key, "version": file.version}
    audit.record(session, file.practice_id, caller.actor, audit.Tag.INSTRUMENT_PUBLISHED, file.id, detail)
    library.forget(session, file.practice_id)
    return file
