"""The clients of a fault run: how each is reached, and from when on those who must get nothing."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import assignments, audit, clients, consents, contacts, opt_outs
from delivery.access import Caller
from delivery.assignments import Ask
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.messages import Lane
from delivery.models.assignments import Way
from delivery.models.clients import (
    ContactKind,
    ContactPoint,
    ContactState,
    Respondent,
    RespondentRole,
    SafeFor,
)
from delivery.service import Service
from tests import build

Kind = Literal[
    "plain",
    "dead",
    "dead_no_other",
    "opted_out",
    "no_consent",
    "night",
    "capped",
    "not_safe",
    "in_person",
    "stop",
]
#: Who must get nothing (or, of `capped`, nothing more today), in turn.
BARRED: tuple[Kind, ...] = ("opted_out", "no_consent", "stop", "night", "capped", "not_safe", "in_person")
SENT: tuple[Kind, ...] = ("plain", "dead", "dead_no_other")
#: Only texts are held at night when a person sends them, and only texts have so low a cap.
TEXTS_ONLY = ("stop", "capped")
#: Seconds between asking and sending, in which the client says no.
AHEAD, STOP_AHEAD = 2.0, 9.0
#: Seconds that a STOP may take to stand.
STOP_TAKES = 5.0
DEAD = {"email": "bounce", "sms": "30006"}
SINCE = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass
class Person:
    """One client. `barred_at`: Unix time from which nothing may arrive; `asks`: what was planned."""

    client_id: UUID
    kind: Kind
    way: Way
    email: str
    phone: str
    zone: str
    barred_at: float | None = None
    asks: list[UUID] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the first message goes."""
        return self.email if self.way is Way.EMAIL else self.phone

    @property
    def addresses(self) -> set[str]:
        return {self.email, self.phone}


class Crowd:
    """Makes clients and asks them. `fates` is the carrier's own: what becomes of messages to whom."""

    def __init__(self, service: Service, caller: Caller, fates: dict[str, str]) -> None:
        self.service, self.caller, self.fates = service, caller, fates
        self.people: list[Person] = []
        self.day, self.night = build.zone_at(10, 15), build.zone_at(0, 4)
        self._barred = itertools.cycle(BARRED)

    def by_address(self) -> dict[str, Person]:
        """Each client by each of the addresses that belong to nobody else."""
        return {address: person for person in self.people for address in person.addresses}

    def make(self, ways: Sequence[Way], barred: float, dead: float) -> list[Person]:
        """One client for each of `ways`, in one transaction; shares of those barred and of dead addresses."""
        with self.service.db.write() as session:
            made = []
            for way in ways:
                number = len(self.people)
                person = self._person(number, way, self._kind(number, way, barred, dead))
                row = clients.add(
                    session,
                    self.caller,
                    given_name="Canaryquill",
                    family_name=f"Number{number}",
                    time_zone=person.zone,
                    respondents=[self._respondent(person)],
                )
                person.client_id = row.id
                made.append(person)
                self.people.append(person)
            ids = select(Respondent.id).where(Respondent.client_id.in_([one.client_id for one in made]))
            for point in session.scalars(select(ContactPoint).where(ContactPoint.respondent_id.in_(ids))):
                point.state = ContactState.CONFIRMED
        return made

    def _kind(self, number: int, way: Way, barred: float, dead: float) -> Kind:
        if int((number + 1) * barred) > int(number * barred):
            kind = next(self._barred)
            return "night" if kind in TEXTS_ONLY and way is Way.EMAIL else kind
        if int((number + 1) * dead) > int(number * dead):
            return "dead" if number % 3 else "dead_no_other"
        return "plain"

    def _person(self, number: int, way: Way, kind: Kind) -> Person:
        zone = self.night if kind == "night" else self.day
        email, phone = f"client-{number:05d}@example.net", f"+1503{2_000_000 + number}"
        if kind.startswith("dead"):
            self.fates[email if way is Way.EMAIL else phone] = DEAD[way.value]
        return Person(UUID(int=0), kind, way, email, phone, zone)

    def _respondent(self, person: Person) -> NewRespondent:
        both = [
            (ContactKind.EMAIL, person.email, "email", Way.EMAIL),
            (ContactKind.SMS, person.phone, "sms", Way.SMS),
        ]
        used = [one for one in both if one[3] is person.way or person.kind == "dead"]
        return NewRespondent(
            RespondentRole.SELF,
            contacts=[NewContact(kind, to, fallback=way is not person.way) for kind, to, _, way in used],
            consents=[(channel, "consent-1", SINCE, "signed on paper") for _, _, channel, _ in used],
        )

    def ask(self, people: Sequence[Person], instruments: Sequence[str], lane: Lane = "interactive") -> None:
        """Ask them all in one transaction; who must get nothing says so in it, before the message is due."""
        with self.service.db.write() as session:
            for person in people:
                ahead = 0.0 if person.kind in SENT else STOP_AHEAD if person.kind == "stop" else AHEAD
                own: Lane = "bulk" if person.kind == "night" else lane
                for keys in (["gad7"], ["phq9"]) if person.kind == "capped" else (list(instruments),):
                    at = now() + timedelta(seconds=ahead) if ahead else None
                    wanted = Ask(person.client_id, keys, person.way, send_at=at)
                    row = assignments.ask(
                        session, self.caller, wanted, self.service.settings, undo=False, lane=own
                    )
                    person.asks.append(row.id)
                self._say_no(session, person)
        for person in people:
            if person.kind not in (*SENT, *TEXTS_ONLY):
                person.barred_at = time.time()

    def _say_no(self, session: Session, person: Person) -> None:
        respondent = session.scalars(select(Respondent).where(Respondent.client_id == person.client_id)).one()
        point = contacts.of_respondent(session, respondent.id)[0]
        match person.kind:
            case "opted_out":
                opt_outs.stop(session, person.way.value, point.value or "", "test")
            case "no_consent":
                consents.withdraw(session, respondent, person.way.value, audit.WORKER)
            case "not_safe":
                point.safe_for = SafeFor.NOTHING
            case "in_person":
                respondent.in_person_only = True
