"""Batteries, which people call sets: measures under one name, in the order of asking.

A set may hold any measure: Send says which of them can't go out, and why. An ask copies what it needs, so a
later change of the set changes nothing that was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import audit, library
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Invalid, NotFound
from delivery.models.assignments import Battery
from delivery.models.people import Role
from questionnaires.registry import UnknownInstrument

MOST: Final = 20
LONGEST_NAME: Final = 80
#: What a new practice starts with.
FIRST: Final = {
    "Intake": ("phq9", "gad7", "audit_c"),
    "Weekly": ("phq9", "gad7"),
    "Trauma intake": ("pcptsd5", "pcl5", "phq9"),
}


def keys(battery: Battery) -> list[str]:
    """Its measures in the order of asking."""
    return [one["key"] for one in battery.instruments]


def of_practice(session: Session, practice_id: UUID, *, archived: bool = False) -> list[Battery]:
    """The sets of a practice by name; with `archived` only those that were put away."""
    chosen = Battery.archived_at.is_not(None) if archived else Battery.archived_at.is_(None)
    rows = session.scalars(select(Battery).where(Battery.practice_id == practice_id, chosen))
    return sorted(rows, key=lambda row: row.name.casefold())


def find(session: Session, practice_id: UUID, named: UUID | str) -> Battery:
    """A set in use, by id or by name in any case. Raises Invalid where there is none."""
    wanted = str(named).strip().casefold()
    for row in of_practice(session, practice_id):
        if wanted in (str(row.id), row.name.casefold()):
            return row
    raise Invalid("There is no such battery.", {"battery": "Unknown battery."})


def one(session: Session, caller: Caller, battery_id: UUID) -> Battery:
    """A set of one of the caller's practices, put away or not. Raises NotFound."""
    row = session.get(Battery, battery_id)
    if row is None or row.practice_id not in caller.practices(Role.CLINICIAN):
        raise NotFound
    return row


def add(session: Session, practice_id: UUID, name: str, measures: Sequence[str]) -> Battery:
    """A new set. Raises Invalid, by field `name` or `instruments`."""
    row = Battery(practice_id=practice_id)
    session.add(_filled(session, row, name, measures))
    session.flush()
    return row


def make(session: Session, caller: Caller, practice_id: UUID, name: str, measures: Sequence[str]) -> Battery:
    """A new set, made by a clinician of the practice. Raises Forbidden, Invalid."""
    caller.require(Role.CLINICIAN, practice_id)
    row = add(session, practice_id, name, measures)
    audit.record(session, practice_id, caller.actor, audit.Tag.BATTERY_MADE, row.id)
    return row


def change(session: Session, caller: Caller, battery_id: UUID, name: str, measures: Sequence[str]) -> Battery:
    """Another name or other measures from now on. Raises NotFound, Invalid."""
    row = _filled(session, one(session, caller, battery_id), name, measures)
    audit.record(session, row.practice_id, caller.actor, audit.Tag.BATTERY_CHANGED, row.id)
    return row


def put_away(session: Session, caller: Caller, battery_id: UUID, *, away: bool = True) -> Battery:
    """Take a set out of use, or back into it. Raises NotFound."""
    row = one(session, caller, battery_id)
    row.archived_at = now() if away else None
    audit.record(session, row.practice_id, caller.actor, audit.Tag.BATTERY_CHANGED, row.id)
    return row


def add_first(session: Session, practice_id: UUID) -> None:
    """The sets of a new practice, as far as their measures are installed."""
    there = {instrument.key for instrument in library.of(session, practice_id).list()}
    for name, measures in FIRST.items():
        if there.issuperset(measures):
            add(session, practice_id, name, measures)


def _filled(session: Session, row: Battery, name: str, measures: Sequence[str]) -> Battery:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        reason = f"Give it a name of at most {LONGEST_NAME} characters."
        raise Invalid("A set needs a name.", {"name": reason})
    for other in session.scalars(select(Battery).where(Battery.practice_id == row.practice_id)):
        if other is not row and other.name.casefold() == name.casefold():
            where = " It was put away: bring it back, or take another name." if other.archived_at else ""
            raise Invalid("There is a set with this name.", {"name": f"This name is taken.{where}"})
    there = library.of(session, row.practice_id)
    try:
        chosen = [there.get(key) for key in measures]
    except UnknownInstrument:
        raise Invalid("There is no such measure.", {"instruments": "Unknown measure."}) from None
    if not 1 <= len(chosen) <= MOST or len(set(measures)) != len(chosen):
        reason = f"Choose 1 to {MOST} measures, each once."
        raise Invalid("A set needs measures.", {"instruments": reason})
    row.name, row.instruments = name, [{"key": instrument.key} for instrument in chosen]
    return row
