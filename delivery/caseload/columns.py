"""Which column is which, whatever people call it. A column that is not known is named and never left out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from delivery.caseload.cells import day, key_of
from delivery.caseload.faults import Fault
from delivery.caseload.file import Record
from delivery.caseload.measures import Measures
from delivery.errors import Invalid
from questionnaires.schema import Instrument

_Key = TypeVar("_Key")
_Column = TypeVar("_Column")

#: Columns of a caseload, and what else they are called.
CASELOAD: Final[Mapping[str, tuple[str, ...]]] = {
    "given_name": ("first name", "first", "given", "forename", "nombre", "nombres"),
    "family_name": ("last name", "last", "surname", "family", "apellido", "apellidos"),
    "called_by": ("preferred name", "nickname", "goes by", "called", "chosen name", "name used"),
    "date_of_birth": ("DOB", "birth date", "birthday", "born", "fecha de nacimiento"),
    "language": ("lang", "preferred language", "idioma"),
    "time_zone": ("zone", "tz"),
    "email": ("e-mail address", "mail", "correo", "correo electrónico"),
    "phone": (
        "phone number", "cell", "cell phone", "cell number", "mobile", "mobile phone", "mobile number",
        "telephone", "telephone number", "tel", "celular", "teléfono",
    ),
    "channel": ("contact by", "contact method", "preferred contact", "preferred channel", "send by"),
    "consent_on": ("consent", "consent date", "date of consent", "consent signed", "signed on"),
    "consent_wording": ("consent form", "consent version", "wording"),
    "tags": ("tag", "groups", "group"),
    "county": ("condado",),
    "emergency_contact": ("in case of emergency", "ICE", "contacto de emergencia"),
    "sex_for_scoring": ("sex", "sex used for scoring"),
    "report_label": ("label", "name on reports"),
    "appointment": ("appointments", "appointment time", "session", "session time", "cita"),
    "calendar_code": ("calendar", "calendar name"),
}  # fmt: skip
#: Columns of a file of past totals.
PAST: Final[Mapping[str, tuple[str, ...]]] = {
    "given_name": CASELOAD["given_name"],
    "family_name": CASELOAD["family_name"],
    "date_of_birth": CASELOAD["date_of_birth"],
    "measure": ("instrument", "questionnaire", "scale", "test", "assessment", "form"),
    "date": (
        "day",
        "date answered",
        "answered on",
        "completed on",
        "date completed",
        "assessment date",
        "fecha",
    ),
    "total": ("score", "total score", "sum", "result", "puntaje"),
}
_HINTS: Final = {
    **dict.fromkeys(
        ("name", "fullname", "client", "clientname", "patient", "patientname", "nombrecompleto"),
        "Split it into given_name and family_name.",
    ),
    **dict.fromkeys(
        ("gender", "genero"), "If it is the sex that scoring should use, call it sex_for_scoring."
    ),
    **dict.fromkeys(("age", "edad"), "Use date_of_birth."),
}
_WITH_DAY: Final = re.compile(r"(.+?)[\s_,:(]+([0-9]+[-/.][0-9]+[-/.][0-9]+)\)?")
#: Birth dates and past totals before these are slips of the pen.
EARLIEST_BIRTH: Final = date(1890, 1, 1)
EARLIEST_TOTAL: Final = date(1970, 1, 1)
_SHOWN: Final = 40


@dataclass(frozen=True)
class Column:
    """A column of the table: its place from 0, its heading as people see it, and what it holds."""

    place: int
    heading: str
    name: str


@dataclass(frozen=True)
class PastColumn:
    """A column of totals of one measure on one day."""

    place: int
    heading: str
    instrument: Instrument
    on: date


@dataclass(frozen=True)
class Columns:
    """What the heading holds, in its order, and its faults; `headings` by place, as people see them."""

    headings: tuple[str, ...]
    named: tuple[Column, ...]
    past: tuple[PastColumn, ...]
    faults: tuple[Fault, ...]

    def heading(self, name: str) -> str:
        """The heading of a named column; its name where the file has none."""
        return next((one.heading for one in self.named if one.name == name), name)

    def has(self, *names: str) -> bool:
        """Whether all of these columns are there."""
        return {one.name for one in self.named}.issuperset(names)


def read(
    record: Record, known: Mapping[str, tuple[str, ...]], measures: Measures | None, today: date
) -> Columns:
    """The columns of a heading. With `measures`, "PHQ-9 2026-03-02" is a column of past totals.

    Raises Invalid where no column is known: then the first row is no heading, and is not repeated.
    """
    spellings = {key_of(word): name for name, others in known.items() for word in (name, *others)}
    headings = tuple(_shown(cell) for cell in record.cells)
    named: dict[str, Column] = {}
    past: dict[tuple[str, date], PastColumn] = {}
    faults: list[Fault] = []
    for place, heading in enumerate(headings):
        if not heading:
            continue
        name = spellings.get(key_of(heading))
        try:
            if name:
                _once(named, name, Column(place, heading, name), name)
            elif measures and (dated := _WITH_DAY.fullmatch(heading)):
                one = measures.find(dated[1])
                on = day(dated[2], EARLIEST_TOTAL, today)
                _once(
                    past, (one.key, on), PastColumn(place, heading, one, on), f"{one.short_name} of that day"
                )
            else:
                raise Invalid(_unknown(heading, spellings, measures))
        except Invalid as error:
            faults.append(Fault(record.line, heading, str(error)))
    if not named and not past:
        raise Invalid(f"The first row has to name the columns. They are called {', '.join(known)}.")
    return Columns(headings, tuple(named.values()), tuple(past.values()), tuple(faults))


def _once(there: dict[_Key, _Column], key: _Key, column: _Column, what: str) -> None:
    if key in there:
        raise Invalid(f"Two columns hold {what}. Keep one of them.")
    there[key] = column


def _unknown(heading: str, spellings: Mapping[str, str], measures: Measures | None) -> str:
    """What to do about a column that is not known."""
    typed = key_of(heading)
    if measures and _is_measure(measures, heading):
        return "Write the day of the totals behind the measure, such as PHQ-9 2026-03-02."
    near = difflib.get_close_matches(typed, spellings, 1, 0.75)
    hint = _HINTS.get(typed) or (f"Did you mean {spellings[near[0]]}?" if near else "")
    return f"This column is not known. {hint or 'Delete it, or give it the name of a known column.'}"


def _is_measure(measures: Measures, heading: str) -> bool:
    try:
        measures.find(re.sub(r"[\s_]+date$", "", heading, flags=re.IGNORECASE))
    except Invalid:
        return False
    return True


def _shown(cell: str) -> str:
    """A heading as it can be shown: on one line, without marks that cannot be seen, at most 40 characters."""
    text = " ".join("".join(c if c.isprintable() else " " for c in cell[:400]).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
