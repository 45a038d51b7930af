"""Builders for tests: a real service on SQLite, and the fixed cast that every access test uses.

Dr. Ada treats Cy at Alder Street; Dr. Bo works there too but treats somebody else; Dr. Stranger has a
practice of her own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

from delivery import access, accounts, clients, contacts, crypto, forms, keys, people, submissions
from delivery import assignments as asks
from delivery.access import Caller
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.models import Base
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import Client, ContactKind, ContactState, RespondentRole
from delivery.models.people import Person, Practice, Role
from delivery.models.results import Submission
from delivery.service import Service, start
from delivery.settings import Settings

PASSWORD = "three plain unrelated words"
KEY = "k3y-for-tests-only-9f8e7d6c5b4a-zyxwvu"


def settings(folder: Path, **changes: Any) -> Settings:
    """Settings of a throw-away installation below `folder`, with keys made."""
    kek = folder / "keys" / "kek"
    if not kek.exists():
        keys.write_kek(kek, os.urandom(32))
    values: dict[str, Any] = {
        "data_dir": folder / "data",
        "kek_file": kek,
        "secret_keys": KEY,
        "base_url": "http://127.0.0.1:8080",
        "client_url": "http://localhost:8080",
        "undo_seconds": 0,
    }
    (folder / "data").mkdir(exist_ok=True)
    return Settings(**{**values, **changes})


def zone_at(first: int, last: int) -> str:
    """A zone in which the hour is between `first` and `last` just now: day and night for tests."""
    for shift in range(-12, 13):
        if first <= now().astimezone(timezone(timedelta(hours=shift))).hour < last:
            return f"Etc/GMT{-shift:+d}"
    raise AssertionError("no such hour")


def service(folder: Path, **changes: Any) -> Service:
    """A started service with empty tables."""
    made = start(settings(folder, **changes))
    Base.metadata.create_all(made.db.engine)
    return made


@dataclass(frozen=True)
class Cast:
    """Ids of the people that tests speak of."""

    practice: UUID
    other_practice: UUID
    ada: UUID
    bo: UUID
    stranger: UUID
    desk: UUID
    cy: UUID
    bo_client: UUID

    def caller(self, made: Service, person: UUID) -> Caller:
        with made.db.read() as session:
            return access.caller(session, person)


def cast(made: Service) -> Cast:
    """Two practices and everybody in them. Cy has a confirmed address and consented to e-mail."""
    kek = crypto.read_kek(made.settings.kek_path)
    with made.db.write() as session:
        keys.make(session, kek, crypto.ALLIANCE)
        alder = people.add_practice(
            session, kek, name="Alder Street Office", sender_name="Alder Street Office"
        )
        other = people.add_practice(session, kek, name="Birch House", sender_name="Birch House")
        clinical = [Role.CLINICIAN, Role.OWNER]
        ada = _person(session, "ada@example.org", "Ada Rowan", clinical, alder, "Dr. Rowan")
        bo = _person(session, "bo@example.org", "Bo Lund", [Role.CLINICIAN], alder, "Dr. Lund")
        desk = _person(session, "desk@example.org", "Dee Desk", [Role.FRONT_DESK], alder, "Dee")
        stranger = _person(session, "sam@example.org", "Sam Stranger", clinical, other, "Dr. Stranger")
    with made.db.write() as session:
        cy = add_client(session, access.caller(session, ada.id), "Cyan", "Canary", "cy@example.org")
        other_client = add_client(
            session, access.caller(session, bo.id), "Olive", "Otter", "olive@example.org"
        )
    return Cast(alder.id, other.id, ada.id, bo.id, stranger.id, desk.id, cy.id, other_client.id)


def _person(
    session: Any, email: str, name: str, roles: list[Role], practice: Practice, known_as: str
) -> Person:
    person = people.add_person(
        session, email=email, name=name, roles=roles, practice=practice, known_as=known_as
    )
    accounts.set_password(person, PASSWORD)
    return person


def add_client(session: Any, caller: Caller, given: str, family: str, email: str | None) -> Client:
    """A client on the caller's caseload; with an address: confirmed, and consent to e-mail on paper."""
    points = [NewContact(ContactKind.EMAIL, email)] if email else []
    consents = [("email", "consent-1", datetime(2026, 1, 5, tzinfo=UTC), "signed on paper")] if email else []
    client = clients.add(
        session,
        caller,
        given_name=given,
        family_name=family,
        respondents=[NewRespondent(RespondentRole.SELF, contacts=points, consents=consents)],
    )
    for respondent in clients.respondents(session, client.id):
        for point in contacts.of_respondent(session, respondent.id):
            point.state = ContactState.CONFIRMED
    return client


def ask(
    made: Service, caller: Caller, client: UUID, instruments: list[str], way: Way = Way.EMAIL, **more: Any
) -> Assignment:
    """An ask, planned and committed, also where the same was asked just now."""
    with made.db.write() as session:
        more = {"even_if_recent": True, **more}
        wanted = asks.Ask(client_id=client, instruments=instruments, channel=way, **more)
        return asks.ask(session, caller, wanted, made.settings)


def answer(made: Service, row: Assignment, person: UUID, code: str = "0") -> list[Submission]:
    """Type in the same option everywhere for an ask in the room, and store it; not scored yet."""
    with made.db.write() as session:
        sheet = forms.typed_in(session, session.get_one(Assignment, row.id), person)
        for one in sheet.instruments:
            forms.keep(session, sheet, one.key, {item.id: code for item in sheet.items(one)}, place="")
    with made.db.write() as session:
        sheet = forms.typed_in(session, session.get_one(Assignment, row.id), person)
        assert submissions.accept(session, sheet).kind == "sent"
        return submissions.of_assignment(session, row.id)
