"""Sets of measures, for programs."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from delivery import batteries
from delivery.access import Caller
from delivery.models.people import Role
from delivery.web.api.routes import route


class Battery(BaseModel):
    """A set of measures under a name, by key, in the order of asking."""

    id: UUID
    name: str
    instruments: list[str]


class Batteries(BaseModel):
    """The sets in use."""

    batteries: list[Battery]


@route("GET", "/batteries", answer=Batteries)
def list_batteries(session: Session, caller: Caller) -> Batteries:
    """The sets of the caller's practices that are in use, by name."""
    rows = [
        row
        for practice_id in caller.practices(Role.CLINICIAN)
        for row in batteries.of_practice(session, practice_id)
    ]
    return Batteries(
        batteries=[Battery(id=row.id, name=row.name, instruments=batteries.keys(row)) for row in rows]
    )
