"""What clients see of a practice: its name, phone, when answers are read, colour, logo, lines to call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import audit, theme
from delivery.access import Caller
from delivery.errors import Invalid
from delivery.models.people import Practice, Role
from delivery.settings import neutral_name

#: What a client is told of when answers are read: fixed words, so that they are there in every language.
READS: Final = ("on weekdays", "every day", "once a week", "before your next visit")
MOST_LINES: Final = 3
#: Field of a help line -> most characters.
LINE: Final = {"name": 60, "phone": 32, "hours": 60}
LONGEST_PHONE: Final = 32
PHONE_SIGNS: Final = frozenset("0123456789 +-().extEXT")

T = TypeVar("T")


@dataclass(frozen=True)
class Face:
    """What an owner typed, as it stands on the page. `logo`: bytes of a new one; b"" takes it away."""

    sender_name: str
    phone: str
    reads_answers: str
    colour: str
    help_lines: list[dict[str, str]]
    logo: bytes | None = None


def face(practice: Practice) -> Face:
    """What the practice shows now."""
    return Face(
        practice.sender_name,
        practice.phone or "",
        practice.reads_answers,
        practice.colour or "",
        list(practice.help_lines),
    )


def change(session: Session, caller: Caller, practice_id: UUID, wanted: Face) -> Practice:
    """Store how the practice shows itself. Forbidden for anybody but an owner; Invalid names every field."""
    caller.require(Role.OWNER, practice_id)
    practice = session.get_one(Practice, practice_id)
    wrong: dict[str, str] = {}

    def checked(check: Callable[[], T], otherwise: T) -> T:
        try:
            return check()
        except Invalid as refused:
            wrong.update(refused.fields)
            return otherwise

    before = {column: getattr(practice, column) for column in _COLUMNS}
    practice.sender_name = checked(lambda: _name(wanted.sender_name), practice.sender_name)
    practice.phone = checked(lambda: _phone(wanted.phone, "phone"), None) or None
    practice.reads_answers = checked(
        lambda: _reads(wanted.reads_answers, practice.reads_answers), practice.reads_answers
    )
    practice.colour = checked(lambda: theme.chosen(wanted.colour), None)
    practice.help_lines = checked(lambda: _lines(wanted.help_lines), list(practice.help_lines))
    if (logo := wanted.logo) is not None:
        practice.logo = logo or None
        practice.logo_type = checked(lambda: theme.logo(logo) if logo else None, None)
    if wrong:
        raise Invalid("Some of this can’t be used yet.", wrong)
    changed = [column for column, was in before.items() if getattr(practice, column) != was]
    if changed:
        tag = audit.Tag.PRACTICE_CHANGED
        audit.record(session, practice_id, caller.actor, tag, practice_id, {"changed": changed})
    return practice


_COLUMNS: Final = ("sender_name", "phone", "reads_answers", "colour", "help_lines", "logo")


def _name(typed: str) -> str:
    try:
        return neutral_name(typed)
    except ValueError as error:
        words = str(error)
        raise Invalid(words, {"sender_name": words[:1].upper() + words[1:] + "."}) from None


def _phone(typed: str, field: str) -> str:
    typed = " ".join(typed.split())
    if typed and (len(typed) > LONGEST_PHONE or set(typed) - PHONE_SIGNS or sum(map(str.isdigit, typed)) < 3):
        raise Invalid("phone", {field: "Write a phone number such as 503 555 0118."})
    return typed


def _reads(typed: str, present: str) -> str:
    if typed not in (*READS, present):
        raise Invalid("reads", {"reads_answers": "Choose one of these."})
    return typed


def _lines(typed: list[dict[str, str]]) -> list[dict[str, str]]:
    """The lines that have anything in them. Each needs a name and a number."""
    kept: list[dict[str, str]] = []
    wrong: dict[str, str] = {}
    for number, line in enumerate(typed[:MOST_LINES]):
        row = {name: " ".join(line.get(name, "").split()) for name in LINE}
        if not any(row.values()):
            continue
        for name, most in LINE.items():
            if len(row[name]) > most or not row[name].isprintable():
                wrong[f"{name}-{number}"] = f"At most {most} ordinary characters."
        if not row["name"]:
            wrong[f"name-{number}"] = "Say whose line this is."
        try:
            if not _phone(row["phone"], f"phone-{number}"):
                wrong[f"phone-{number}"] = "Write the number to call."
        except Invalid as refused:
            wrong.update(refused.fields)
        kept.append(row)
    if wrong:
        raise Invalid("lines", wrong)
    return kept
