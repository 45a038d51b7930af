"""The clients whom a caseload file may meet: the caller's own, by name, birth date and contact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, audit, contacts, past_totals
from delivery.access import Caller
from delivery.caseload.faults import Fault
from delivery.caseload.row import PastTotal, Row
from delivery.caseload.sameness import named
from delivery.models.clients import Client, ContactKind, ContactPoint, Respondent, RespondentRole
from delivery.models.people import Role


@dataclass(frozen=True)
class Known:
    """A client who is there. `respondent` answers for themselves; None where only others answer."""

    client_id: UUID
    given_name: str
    family_name: str
    date_of_birth: date | None
    contacts: frozenset[bytes]
    respondent: Respondent | None
    past: tuple[PastTotal, ...]

    @property
    def name(self) -> str:
        """Both names as written."""
        return " ".join(filter(None, [self.given_name, self.family_name]))

    def row(self, line: int) -> Row:
        """The client as a file would have them."""
        return Row(
            line=line,
            given_name=self.given_name,
            family_name=self.family_name,
            date_of_birth=self.date_of_birth,
            past=self.past,
        )


class Caseload:
    """The caller's clients in one practice, as a file is held against them."""

    def __init__(self, practice_id: UUID, clients: Sequence[Known], codes: Collection[str]) -> None:
        self.clients = clients
        self._codes = codes
        self._practice_id = practice_id
        self._by_name: dict[tuple[str, str], list[Known]] = defaultdict(list)
        self._by_contact: dict[bytes, list[Known]] = defaultdict(list)
        for one in clients:
            self._by_name[named(one.given_name, one.family_name)].append(one)
            for index in one.contacts:
                self._by_contact[index].append(one)

    def same(self, row: Row) -> Known | None:
        """The client whom a row is: the same name with the same birth date, or with a shared contact and no
        two birth dates."""
        indexes = self._indexes(row)
        for one in self._alike(row):
            if one.date_of_birth and row.date_of_birth:
                if one.date_of_birth == row.date_of_birth:
                    return one
            elif one.contacts & indexes.keys():
                return one
        return None

    def faults(self, row: Row) -> list[Fault]:
        """What has to be changed in a row of somebody new."""
        if row.calendar_code not in self._codes:
            return []
        words = "Another client has this code. Give each client a code of their own."
        return [Fault(row.line, "calendar_code", words)]

    def remarks(self, row: Row) -> list[Fault]:
        """What a member may want to know about a row of somebody new."""
        said = []
        if any(not (one.date_of_birth and row.date_of_birth) for one in self._alike(row)):
            words = "You have a client of this name. If it is the same person, take the row out."
            said.append(Fault(row.line, "", words))
        name = named(row.given_name, row.family_name)
        for index, kind in self._indexes(row).items():
            if any(named(one.given_name, one.family_name) != name for one in self._by_contact[index]):
                column, what = ("email", "mailbox") if kind is ContactKind.EMAIL else ("phone", "phone")
                words = f"This {what} reaches another client too. Choose a recognition word with each."
                said.append(Fault(row.line, column, words))
        return said

    def _alike(self, row: Row) -> list[Known]:
        return self._by_name[named(row.given_name, row.family_name)]

    def _indexes(self, row: Row) -> dict[bytes, ContactKind]:
        return {contacts.blind(self._practice_id, one.kind, one.value): one.kind for one in row.contacts}


def read(session: Session, caller: Caller, practice_id: UUID) -> Caseload:
    """The caller's clients in a practice. Writes the audit row of the read. Raises Forbidden."""
    caller.require(Role.CLINICIAN, practice_id)
    rows = session.scalars(access.clients(caller).where(Client.practice_id == practice_id)).all()
    ids = [row.id for row in rows]
    seen = {"clients": [str(one) for one in ids]}
    audit.record(session, practice_id, caller.actor, audit.Tag.CLIENT_LIST_READ, detail=seen)
    answering, reached = _answering(session, ids)
    totals = past_totals.of_clients(session, ids)
    return Caseload(
        practice_id,
        [
            Known(
                client_id=row.id,
                given_name=row.given_name or "",
                family_name=row.family_name or "",
                date_of_birth=row.date_of_birth,
                contacts=frozenset(reached[row.id]),
                respondent=answering.get(row.id),
                past=tuple(totals[row.id]),
            )
            for row in rows
        ],
        _codes(session, practice_id),
    )


def _codes(session: Session, practice_id: UUID) -> set[str]:
    """The calendar codes of the whole practice: calendars may be shared."""
    coded = Client.calendar_code_sealed.is_not(None)  # type: ignore[attr-defined]
    rows = session.scalars(select(Client).where(Client.practice_id == practice_id, coded))
    return {row.calendar_code for row in rows if row.calendar_code}


def _answering(
    session: Session, ids: Iterable[UUID]
) -> tuple[dict[UUID, Respondent], dict[UUID, list[bytes]]]:
    """By client the one who answers for themselves, and where anybody who answers is reached."""
    found = session.execute(
        select(Respondent, ContactPoint.blind_index)
        .outerjoin(ContactPoint, ContactPoint.respondent_id == Respondent.id)
        .where(Respondent.client_id.in_(ids))
        .order_by(Respondent.id)
    ).all()
    answering: dict[UUID, Respondent] = {}
    reached: dict[UUID, list[bytes]] = defaultdict(list)
    for respondent, index in found:
        if respondent.role is RespondentRole.SELF:
            answering.setdefault(respondent.client_id, respondent)
        if index is not None:
            reached[respondent.client_id].append(index)
    return answering, reached
