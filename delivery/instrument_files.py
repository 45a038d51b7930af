"""What a practice adds to its library: accepted terms, words for a measure that ships without, whole files.

Nothing that is there is ever replaced: a key, version and language belong to the first file that has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import audit, library
from delivery.audit import Actor
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.library import InstrumentFile, Origin, TermsAccepted
from questionnaires import registry
from questionnaires.content import to_yaml
from questionnaires.registry import UnknownInstrument
from questionnaires.schema import Instrument
from questionnaires.source import MAX_BYTES, InstrumentError

if TYPE_CHECKING:
    from questionnaires.portable import Imported

LONGEST_NAME: Final = 120
LONGEST_STATEMENT: Final = 2_000
#: Words that are pages beside the measures' own.
RESERVED: Final = frozenset({"import", "new", "drafts", "previews"})
#: Fields of the form in which words are typed: "item:epds_1", "option:answers_1:0", "stem:main".
ITEM, OPTION, STEM = "item:", "option:", "stem:"


def find(session: Session, practice_id: UUID, key: str, version: int | None = None) -> Instrument:
    """A measure of the practice's library. Raises NotFound."""
    try:
        return library.of(session, practice_id).get(key, version)
    except UnknownInstrument:
        raise NotFound("There is no such measure, or not in this version.") from None


def accept_terms(session: Session, practice_id: UUID, key: str, name: str, actor: Actor) -> TermsAccepted:
    """Accept the terms of a measure for a practice, once, with the notice word for word.

    Raises NotFound, Invalid where there is nothing to accept or no name, Conflict where it was done before.
    """
    instrument = find(session, practice_id, key)
    name = " ".join(name.split())
    if instrument.licence.status != "non_commercial":
        raise Invalid(f"{instrument.short_name} has no terms to accept.")
    if key in library.of(session, practice_id).accepted:
        raise Conflict(f"The terms of {instrument.short_name} were accepted already.")
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid("Say who accepts the terms.", {"name": f"A name of up to {LONGEST_NAME} characters."})
    row = TermsAccepted(
        practice_id=practice_id,
        key=key,
        notice=instrument.licence.notice,
        accepted_by=actor.id,
        accepted_name=name,
    )
    session.add(row)
    _added(session, practice_id, actor, audit.Tag.TERMS_ACCEPTED, row.id, {"key": key})
    return row


def add_words(
    session: Session,
    practice_id: UUID,
    instrument: Instrument,
    file: tuple[str, bytes],
    statement: str,
    actor: Actor,
) -> InstrumentFile:
    """Add the words of one language to a measure that ships without, with the right they are used by.

    `file` is its name, for messages, and the bytes of a file KEY-VERSION.LANGUAGE.yaml. Raises Invalid with
    place and reason.
    """
    if instrument.licence.status != "definition_only":
        raise Invalid(f"{instrument.short_name} has its words already; they are not changed or added to.")
    statement = statement.strip()
    if not 0 < len(statement) <= LONGEST_STATEMENT:
        raise Invalid(
            "Say what right you have to use these words.",
            {"statement": "Holder, licence or permission, and date; up to 2,000 characters."},
        )
    language = _checked_words(instrument, *file)
    row = InstrumentFile(
        practice_id=practice_id,
        key=instrument.key,
        version=instrument.version,
        language=language,
        origin=Origin.WORDING,
        content=file[1].decode(),
        added_by=actor.id,
        statement=statement,
    )
    session.add(row)
    place = {"key": row.key, "version": row.version, "language": language}
    _added(session, practice_id, actor, audit.Tag.WORDS_ADDED, row.id, place)
    return row


def _checked_words(instrument: Instrument, name: str, data: bytes) -> str:
    """The language of a file of words that fits the instrument. Raises Invalid."""
    from questionnaires.building import read_text_form  # noqa: PLC0415 - pydantic, as in the registry
    from questionnaires.reading import parse  # noqa: PLC0415

    _not_too_large(name, data)
    try:
        source = parse(name, data)
        form = read_text_form(source)
        if (form.key, form.version) != (instrument.key, instrument.version):
            reason = f"these are words for {form.key} version {form.version}"
            raise source.error(("key",), f"{reason}, not for {instrument.key} version {instrument.version}")
        proper = f"{form.key}-{form.version}.{form.language}.yaml"
        registry.checked_text(proper, data, instrument)
    except InstrumentError as problem:
        raise refusal(InstrumentError(name, problem.line, problem.reason)) from None
    return form.language


def refusal(problem: InstrumentError) -> Invalid:
    """A refused file with its place and the reason."""
    return Invalid("This file can’t be used. Nothing was stored.", {"file": str(problem)})


def _not_too_large(name: str, data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise refusal(InstrumentError(name, 0, f"the file is larger than {MAX_BYTES:,} bytes"))


def typed_words(instrument: Instrument, typed: Mapping[str, str]) -> bytes:
    """The words typed into a form as the bytes of a file. Raises Invalid with a reason for each empty field.

    The fields are `language`, `official`, `instructions`, `notice`, and one for each stem, item and option
    as `STEM`, `ITEM` and `OPTION` begin them. Stems may all be left empty.
    """
    given = {name: _plain(value) for name, value in typed.items()}
    wanted = [ITEM + item.id for item in instrument.items]
    wanted += [OPTION + f"{name}:{one.code}" for name, ones in instrument.options.items() for one in ones]
    stems = {STEM + name: given.get(STEM + name, "") for name in stem_names(instrument)}
    if any(stems.values()):
        wanted += stems
    empty = {name: "This text is still empty." for name in wanted if not given.get(name)}
    language = given.get("language", "")
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", language):
        empty["language"] = "A language tag such as en or es."
    elif language in instrument.wordings:
        empty["language"] = "There are words in this language already. They are never replaced."
    if empty:
        raise Invalid("Some words are missing.", empty)
    text: dict[str, Any] = {
        "official": bool(given.get("official")),
        "wording_sources": [given.get("statement") or "As its licence holder gave it"],
    }
    text |= {name: given[name] for name in ("notice", "instructions") if given.get(name)}
    if any(stems.values()):
        text["stems"] = {name.removeprefix(STEM): words for name, words in stems.items()}
    text["items"] = {item.id: given[ITEM + item.id] for item in instrument.items}
    text["options"] = {
        name: {one.code: given[OPTION + f"{name}:{one.code}"] for one in ones}
        for name, ones in instrument.options.items()
    }
    head = {"format": 1, "key": instrument.key, "version": instrument.version, "language": language}
    return to_yaml({**head, "text": text})


def stem_names(instrument: Instrument) -> list[str]:
    """The stems that items hang on, in printed order."""
    return list(dict.fromkeys(item.stem_name for item in instrument.items if item.stem_name))


def _plain(typed: str) -> str:
    text = typed.replace("\r\n", "\n").strip()
    return "".join(c for c in text if c == "\n" or c.isprintable())


def read(session: Session, practice_id: UUID, name: str, data: bytes) -> Imported:
    """What a file holds, ours or a FHIR Questionnaire, beside what the practice has; nothing is stored.

    Raises Invalid with file, line or path, and the reason, also where it would change what is there.
    """
    from questionnaires.portable import import_file  # noqa: PLC0415 - pydantic, as in the registry

    try:
        found = import_file(name, data, library.of(session, practice_id).instruments)
    except InstrumentError as problem:
        raise refusal(problem) from None
    if found.instrument.key in RESERVED:
        raise refusal(InstrumentError(name, 0, f"“{found.instrument.key}” can’t be a key; choose another"))
    if not found.already_there and found.instrument.key in {one.key for one in library.shipped().list()}:
        reason = f"“{found.instrument.key}” comes with LightQ; give the file and its items a key of their own"
        raise refusal(InstrumentError(name, 0, reason))
    return found


def add(
    session: Session,
    practice_id: UUID,
    name: str,
    data: bytes,
    actor: Actor,
    origin: Origin = Origin.IMPORTED,
) -> InstrumentFile:
    """Store a file as a version of the practice's own. Raises Invalid as `read`, Conflict if it is there."""
    from questionnaires.portable import export_file  # noqa: PLC0415

    found = read(session, practice_id, name, data)
    instrument = found.instrument
    if found.already_there:
        raise Conflict(f"{instrument.short_name}, version {instrument.version}, is there already.")
    row = InstrumentFile(
        practice_id=practice_id,
        key=instrument.key,
        version=instrument.version,
        origin=origin,
        content=export_file(instrument).decode(),
        added_by=actor.id,
    )
    session.add(row)
    place = {"key": row.key, "version": row.version}
    _added(session, practice_id, actor, audit.Tag.INSTRUMENT_IMPORTED, row.id, place)
    return row


def _added(
    session: Session, practice_id: UUID, actor: Actor, tag: audit.Tag, row_id: UUID, detail: dict[str, Any]
) -> None:
    session.flush()
    audit.record(session, practice_id, actor, tag, row_id, detail)
    library.forget(session, practice_id)
