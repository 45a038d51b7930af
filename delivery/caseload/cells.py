"""One cell as a typed value. Each reader takes text and raises Invalid with what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Final, TypeVar

from delivery.contacts import normal_contact
from delivery.errors import Invalid
from delivery.models.assignments import Way
from delivery.models.clients import ContactKind

LONGEST: Final = 200
SHORT: Final = 60
MOST_TAGS: Final = 20
#: Marks without a width, as they come along when a number is copied out of a phone.
_UNSEEN: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
#: The last four are the wide forms, which some spreadsheets take for the same.
_FORMULA: Final = "=+-@＝＋－＠"
_Choice = TypeVar("_Choice")
_ISO: Final = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
_US: Final = re.compile(r"([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{4})")
_MIDNIGHT: Final = re.compile(r"[ T]0?0:00(:00(\.0+)?)?Z?$")
_SHORT_YEAR: Final = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}")
_WRITE_DAY: Final = "Write the day as 2026-03-25 or 3/25/2026."

_LANGUAGES: Final = {
    "en": ("en", "eng", "enus", "english", "ingles"),
    "es": ("es", "esp", "spa", "esus", "esmx", "spanish", "espanol", "castellano"),
}
_CHANNELS: Final = {
    Way.EMAIL: ("email", "mail", "correo", "correoelectronico"),
    Way.SMS: ("sms", "text", "texts", "texting", "textmessage", "textmessages"),
    Way.IN_PERSON: ("inperson", "together", "paper", "insession", "enpersona"),
    Way.KIOSK: ("kiosk", "tablet", "waitingroom"),
}
_SEXES: Final[Mapping[str, tuple[str, ...]]] = {
    "female": ("female", "f", "femenino"),
    "male": ("male", "m", "masculino"),
}


def key_of(text: str) -> str:
    """Letters and digits alone, small and without accents: what two spellings of a word have in common."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if c.isalnum())


def plain(cell: str, *, may_begin: str = "", longest: int = LONGEST) -> str:
    """The text of a cell on one line, "" for an empty one. Raises Invalid, also for a formula."""
    if len(cell) > 10 * LONGEST:
        raise Invalid(f"This is too long. At most {longest} characters.")
    if cell.startswith("\t"):
        raise Invalid("This cell begins with a tab. Write it as plain text.")
    text = " ".join(unicodedata.normalize("NFC", _UNSEEN.sub("", cell)).split())
    if _CONTROL.search(text):
        raise Invalid("Some letters here cannot be read. Type the cell again.")
    if text and text[0] in _FORMULA and text[0] not in may_begin:
        raise Invalid(
            "This cell begins like a formula, with = + - or @. Write it as plain text, or leave it empty."
        )
    if len(text) > longest:
        raise Invalid(f"This is too long. At most {longest} characters.")
    return text


def day(text: str, first: date, last: date) -> date:
    """A day in ISO or US order, from `first` to `last`. Raises Invalid."""
    text = _MIDNIGHT.sub("", text)
    if iso := _ISO.fullmatch(text):
        year, month, number = map(int, iso.groups())
    elif us := _US.fullmatch(text):
        month, number, year = map(int, us.groups())
    elif _SHORT_YEAR.fullmatch(text):
        raise Invalid(f"Write the year with four digits. {_WRITE_DAY}")
    elif text.replace(".", "", 1).isdecimal():
        raise Invalid(f"The spreadsheet has turned this day into a number. {_WRITE_DAY}")
    else:
        raise Invalid(_WRITE_DAY)
    try:
        found = date(year, month, number)
    except ValueError:
        reason = "There is no such day." if iso or month <= 12 else "The month comes before the day."
        raise Invalid(f"{reason} {_WRITE_DAY}") from None
    if found > last:
        raise Invalid("This day is still to come. Check the year.")
    if found < first:
        raise Invalid("Check the year.")
    return found


def email(text: str) -> str:
    """An address in the spelling that is kept; "Name <name@example.org>" is one too. Raises Invalid."""
    within = re.fullmatch(r"[^<>]*<([^<>]+)>", text)
    try:
        return normal_contact(ContactKind.EMAIL, within[1] if within else text)
    except Invalid:
        raise Invalid("This is not one e-mail address. Write it like name@example.org.") from None


def phone(text: str) -> str:
    """A number in E.164, in the US with its area code. Raises Invalid."""
    if re.search(r"[0-9]\s*[eE]\s*\+?[0-9]", text):
        raise Invalid(
            "The spreadsheet has shortened this number. Make the column a text column and type it again."
        )
    return normal_contact(ContactKind.SMS, text)


def language(text: str) -> str:
    """ "en" or "es". Raises Invalid."""
    return _chosen(_LANGUAGES, text, "Write English or Spanish.")


def channel(text: str) -> Way:
    """How the client wants to be asked. Raises Invalid."""
    return _chosen(_CHANNELS, text, "Write email, sms, in_person or kiosk.")


def sex(text: str) -> str | None:
    """The sex that scoring may use; None for "not recorded". Raises Invalid."""
    if key_of(text) == "notrecorded":
        return None
    return _chosen(_SEXES, text, "Write female or male, or leave it empty.")


def tags(text: str) -> tuple[str, ...]:
    """Tags with ; between them, each once. Raises Invalid."""
    found: dict[str, str] = {}
    for one in text.split(";"):
        if tag := plain(one, longest=SHORT):
            found.setdefault(tag.casefold(), tag)
    if len(found) > MOST_TAGS:
        raise Invalid(f"At most {MOST_TAGS} tags.")
    return tuple(found.values())


def _chosen(choices: Mapping[_Choice, tuple[str, ...]], text: str, words: str) -> _Choice:
    typed = key_of(text)
    for choice, spellings in choices.items():
        if typed in spellings:
            return choice
    raise Invalid(words)
