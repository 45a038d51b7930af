"""The demo practice: invented people with a year of answers, the same at every first start."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from delivery import access, accounts, batteries, clients, contacts, crypto, keys, library, people, results
from delivery.access import Caller
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.models.assignments import Assignment, Occasion, Way
from delivery.models.clients import (
    CareRole,
    Client,
    ContactKind,
    ContactState,
    Episode,
    RespondentRole,
)
from delivery.models.people import Person, Practice, Role
from delivery.models.results import Score, Submission
from delivery.screening import pages as screening
from delivery.screening.pages import Wish
from delivery.service import Service
from delivery.states import AssignmentState
from questionnaires.scoring import score

PASSWORD: Final = "lamp behind the window"  # noqa: S105 - printed at every demo start, on purpose
#: The address of the first member's public page.
SCREENING: Final = "dr-rivera"
PEOPLE: Final = (
    ("ines@example.org", "Inés Rivera", "PsyD", "Dr. Rivera", (Role.CLINICIAN, Role.OWNER)),
    ("lena@example.org", "Lena Brandt", "PhD", "Dr. Brandt", (Role.CLINICIAN,)),
    ("desk@example.org", "Dee Okafor", None, "Dee", (Role.FRONT_DESK,)),
)


@dataclass(frozen=True)
class Course:
    """An invented client: names, how severe the first answers are (0 to 1), and where they go."""

    given: str
    family: str
    start: float
    end: float
    weeks: int
    instruments: tuple[str, ...] = ("phq9", "gad7")
    sex: str | None = None
    born: date | None = None
    language: str = "en"


COURSES: Final = (
    Course("Carla", "Méndez", 0.8, 0.25, 50, sex="female", born=date(1988, 4, 2)),
    Course("Theo", "Nakamura", 0.45, 0.6, 24, sex="male", born=date(1975, 9, 17)),
    Course("Ama", "Owusu", 0.6, 0.45, 40, ("phq9",), "female", date(1993, 12, 1)),
    Course("Ruth", "Lindqvist", 0.4, 0.8, 8, ("gad7",), "female", date(1961, 6, 30)),
    Course("Walter", "Jensen", 0.6, 0.5, 12, ("phq9",), "male", date(1954, 2, 11)),
    Course("Noor", "Haddad", 0.65, 0.6, 12, ("pcl5",), "female"),
    Course("Joaquín", "Peralta", 0.5, 0.4, 2, ("gad7", "audit_c"), "male"),
    Course("Dev", "Patel", 0.3, 0.2, 30, sex="male", born=date(2001, 8, 8)),
    Course("Min-ji", "Seo", 0.5, 0.5, 0),
    Course("Guadalupe", "Villaseñor", 0.5, 0.5, 0, language="es"),
)


def seed(service: Service) -> None:
    """Fill an empty installation. Everything is drawn from a fixed seed, with dates up to today."""
    kek = crypto.read_kek(service.settings.kek_path)
    chance = random.Random(20261122)  # noqa: S311 - invented answers
    with service.db.write() as session:
        keys.make(session, kek, crypto.ALLIANCE)
        practice = people.add_practice(
            session, kek, name="Alder Street Office", sender_name="Alder Street Office"
        )
        practice.phone = "503-555-0118"
        batteries.add_first(session, practice.id)
        members = [_person(session, practice, *row) for row in PEOPLE]
        offers = Wish(SCREENING, ("phq9", "gad7"), open=True, takes_contact=True)
        screening.change(session, access.caller(session, members[0].id), offers, loopback=True)
    for course in COURSES:
        with service.db.write() as session:
            rivera = access.caller(session, members[0].id)
            client = _client(session, rivera, course)
            if course.given == "Dev":
                people.join_care_team(session, client, members[1].id, CareRole.COLLEAGUE)
            if course.weeks:
                _answers(session, client, course, members[0].id, chance)
    token = _token(service)
    sign_ins = [
        {"email": email, "password": PASSWORD, "name": known_as} for email, _, _, known_as, _ in PEOPLE
    ]
    path = service.settings.data_dir / "demo.json"
    path.write_text(json.dumps({"sign_ins": sign_ins, "token": token}, indent=1), encoding="utf-8")
    path.chmod(0o600)


def _person(
    session: Session,
    practice: Practice,
    email: str,
    name: str,
    credentials: str | None,
    known_as: str,
    roles: tuple[Role, ...],
) -> Person:
    person = people.add_person(
        session,
        email=email,
        name=name,
        roles=roles,
        practice=practice,
        known_as=known_as,
        credentials=credentials,
    )
    accounts.set_password(person, PASSWORD)
    return person


def _token(service: Service) -> str:
    with service.db.write() as session:
        return accounts.make_token(session, PEOPLE[0][0], "demo")


def _client(session: Session, caller: Caller, course: Course) -> Client:
    address = f"{course.given}.{course.family}@example.net".lower()
    plain = address.translate(str.maketrans("éíñ", "ein"))
    client = clients.add(
        session,
        caller,
        given_name=course.given,
        family_name=course.family,
        sex_for_scoring=course.sex,
        date_of_birth=course.born,
        language=course.language,
        respondents=[
            NewRespondent(
                RespondentRole.SELF,
                language=course.language,
                contacts=[NewContact(ContactKind.EMAIL, plain)],
                consents=[("email", "consent-1", now() - timedelta(days=370), "signed on paper")],
                uses=(True, False, "uses-1") if course.weeks else None,
            )
        ],
    )
    for respondent in clients.respondents(session, client.id):
        for point in contacts.of_respondent(session, respondent.id):
            point.state, point.confirmed_at = ContactState.CONFIRMED, now()
    return client


def _answers(session: Session, client: Client, course: Course, asker: UUID, chance: random.Random) -> None:
    respondent = clients.respondents(session, client.id)[0]
    began = now() - timedelta(weeks=course.weeks, hours=3)
    episode = Episode(practice_id=client.practice_id, client_id=client.id, opened_at=began, opened_by=asker)
    session.add(episode)
    session.flush()
    last: dict[str, Submission] = {}
    for week in range(0, course.weeks, 2):
        if chance.random() < 0.12 and week:
            continue  # some forms are never answered
        at = began + timedelta(weeks=week, minutes=chance.randint(0, 300))
        part = week / max(2, course.weeks - 2)
        level = course.start + (course.end - course.start) * part + chance.uniform(-0.12, 0.12)
        row = _assignment(session, client, episode.id, respondent.id, course, asker, at)
        for key in course.instruments:
            last[key] = _submission(session, client, row, key, level, at, chance)
    for key, submission in last.items():
        results.summarise(session, submission, library.shipped().get(key))


def _assignment(
    session: Session,
    client: Client,
    episode_id: UUID,
    respondent_id: UUID,
    course: Course,
    asker: UUID,
    at: datetime,
) -> Assignment:
    row = Assignment(
        practice_id=client.practice_id,
        client_id=client.id,
        episode_id=episode_id,
        respondent_id=respondent_id,
        instruments=[
            {"key": k, "version": library.shipped().get(k).version, "language": "en"}
            for k in course.instruments
        ],
        occasion=Occasion.PROGRESS,
        channel=Way.EMAIL,
        state=AssignmentState.COMPLETED,
        requested_by=asker,
        send_at=at - timedelta(hours=2),
        expires_at=at + timedelta(days=14),
        sent_at=at - timedelta(hours=2),
        started_at=at - timedelta(minutes=4),
        completed_at=at,
        created_at=at - timedelta(hours=2),
    )
    session.add(row)
    session.flush()
    return row


def _submission(
    session: Session,
    client: Client,
    row: Assignment,
    key: str,
    level: float,
    at: datetime,
    chance: random.Random,
) -> Submission:
    instrument = library.shipped().get(key)
    answers: dict[str, str | None] = {}
    for item in instrument.items:
        top = len(item.options) - 1
        # Risk items stay at "not at all" in the past, so that the first red line is one the viewer makes.
        place = 0 if item.critical else round(min(max(level + chance.uniform(-0.3, 0.3), 0), 1) * top)
        answers[item.id] = item.options[place].code
    submission = Submission(
        practice_id=client.practice_id,
        assignment_id=row.id,
        client_id=client.id,
        episode_id=row.episode_id,
        respondent_id=row.respondent_id,
        instrument_key=key,
        instrument_version=instrument.version,
        content_hash=instrument.content_hash,
        language="en",
        channel=row.channel,
        identity="likely",
        started_at=at - timedelta(minutes=4),
        answered_at=at,
        uses={"own_statistics": True, "alliance_figures": False, "wording": "uses-1"},
        seen_at=at + timedelta(days=1),
        created_at=at,
    )
    submission.answers = answers
    session.add(submission)
    session.flush()
    context: dict[str, Any] = results.context(client, at.date())
    found = score(instrument, answers, context)
    stored = Score(
        practice_id=client.practice_id,
        submission_id=submission.id,
        engine_version=results.ENGINE,
        valid=found.valid,
    )
    stored.result = found.to_json()
    session.add(stored)
    return submission
