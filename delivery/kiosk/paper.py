"""Forms on paper for an outage: what is printed of an ask, and the code that finds the ask again."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import access, audit, library, wordings
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Conflict, Invalid
from delivery.kiosk import desk
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Respondent
from delivery.models.people import Person, Practice
from delivery.sheets import asked_in, instruments
from delivery.states import OPEN_ASK
from questionnaires import sharing
from questionnaires.schema import Instrument, Item

#: Letters of base32 that are mistaken for digits on paper, and what is read for a digit that is typed.
READ_AS: Final = str.maketrans("0189", "OIBG")


@dataclass(frozen=True)
class Sheet:
    """One instrument as it is printed: its words in the reader's language and the questions it asks."""

    instrument: Instrument
    items: list[Item]


@dataclass(frozen=True)
class Pack:
    """The sheets of one ask. No name and no title of a measure stands on them."""

    code: str
    language: str
    sender: str
    clinician: str
    sheets: list[Sheet]

    @property
    def notices(self) -> list[str]:
        """What each licence wants printed, once."""
        return list(dict.fromkeys(one.instrument.licence.notice for one in self.sheets))


def code(assignment_id: UUID) -> str:
    """The ask's code on paper: "K7QM-2XHD". It opens nothing; only who treats the client can use it."""
    text = base64.b32encode(assignment_id.bytes[-5:]).decode()
    return f"{text[:4]}-{text[4:]}"


def pack(session: Session, caller: Caller, assignment_id: UUID) -> Pack:
    """What to print for one ask of the caller's list. Writes the audit row. Raises NotFound, Conflict."""
    row = desk.ask(session, caller, assignment_id)
    if row.state not in OPEN_ASK:
        raise Conflict("This form has been answered meanwhile, or has ended.")
    audit.record(session, row.practice_id, caller.actor, audit.Tag.DESK_PRINTED, row.id)
    respondent = session.get_one(Respondent, row.respondent_id)
    there = library.of(session, row.practice_id)
    asked = [one for one in instruments(session, row) if there.barred(one) is None]
    elsewhere, said = sharing.asked_elsewhere(asked), asked_in(row)
    sheets = []
    for one in asked:
        worded = wordings.worded(one, wordings.shown(one, said.get(one.key), respondent.language))
        items = [item for item in worded.items if (one.key, item.id) not in elsewhere]
        if items:
            sheets.append(Sheet(worded, items))
    return Pack(
        code=code(row.id),
        language=respondent.language,
        sender=session.get_one(Practice, row.practice_id).sender_name,
        clinician=session.get_one(Person, row.requested_by).known_as,
        sheets=sheets,
    )


def find(session: Session, caller: Caller, typed: str) -> Assignment:
    """The open ask of a client of the caller's whose code stands on a sheet. Raises Invalid."""
    wanted = "".join(sign for sign in typed.upper() if sign.isalnum()).translate(READ_AS)
    rows = session.scalars(
        access.of_client(caller, Assignment)
        .with_only_columns(Assignment.id)
        .where(Assignment.state.in_(OPEN_ASK), Assignment.expires_at > now())
    )
    found = [one for one in rows if code(one).replace("-", "").translate(READ_AS) == wanted]
    if len(found) != 1:
        raise Invalid(
            "No open form of a client of yours has this code.",
            {"code": "Look at the top of the sheet. A form that was answered otherwise is closed."},
        )
    return session.get_one(Assignment, found[0])


def to_be_typed(session: Session, caller: Caller, typed: str) -> Assignment:
    """Find an ask by the code on its sheet and let it be answered together. Raises Invalid."""
    row = find(session, caller, typed)
    if row.channel is not Way.IN_PERSON:
        audit.record(
            session,
            row.practice_id,
            caller.actor,
            audit.Tag.PAPER_FOUND,
            row.id,
            {"channel": row.channel.value},
        )
        row.channel = Way.IN_PERSON
    return row
