"""Who is on a client's care team: only who still works there."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from delivery import people
from delivery.db import now
from delivery.models.clients import CareRole, CareScope, Client
from delivery.models.people import Grant, Person, Role
from delivery.service import Service
from tests import build


def team(session: Session, cast: build.Cast, scope: CareScope | None = None) -> list[UUID]:
    return [person.id for person in people.care_team(session, cast.cy, scope)]


def join(session: Session, cast: build.Cast, person: UUID, role: CareRole) -> None:
    client = session.get(Client, cast.cy)
    assert client is not None
    people.join_care_team(session, client, person, role)


def end_grant(session: Session, person: UUID, role: Role) -> None:
    session.execute(update(Grant).where(Grant.person_id == person, Grant.role == role).values(until_at=now()))


def test_who_has_left_is_on_no_team(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        join(session, cast, cast.bo, CareRole.COLLEAGUE)
        assert team(session, cast) == [cast.ada, cast.bo]
        session.get_one(Person, cast.ada).left_at = now()
        assert team(session, cast) == [cast.bo]
        assert team(session, cast, CareScope.RECORD) == [cast.bo]


def test_whose_grant_has_ended_is_on_no_team(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        end_grant(session, cast.ada, Role.OWNER)
        assert team(session, cast) == [cast.ada], "the grant that counts is the clinician's"
        end_grant(session, cast.ada, Role.CLINICIAN)
        assert team(session, cast) == []


def test_a_grant_that_begins_later_does_not_count_yet(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        session.execute(
            update(Grant).where(Grant.person_id == cast.ada).values(from_at=now() + timedelta(days=1))
        )
        assert team(session, cast) == []


@pytest.mark.parametrize(("role", "counts"), [(CareRole.COLLEAGUE, False), (CareRole.COVER, True)])
def test_a_clinician_of_another_practice_counts_as_cover_only(
    service: Service, cast: build.Cast, role: CareRole, counts: bool
) -> None:
    with service.db.write() as session:
        join(session, cast, cast.stranger, role)
        assert (cast.stranger in team(session, cast)) is counts
        end_grant(session, cast.stranger, Role.CLINICIAN)
        assert cast.stranger not in team(session, cast)


def test_the_owners_are_those_of_the_practice_who_are_still_there(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        assert [p.id for p in people.owners(session, cast.practice)] == [cast.ada]
        assert [p.id for p in people.owners(session, cast.other_practice)] == [cast.stranger]
        end_grant(session, cast.ada, Role.CLINICIAN)
        assert [p.id for p in people.owners(session, cast.practice)] == [cast.ada]
        session.get_one(Person, cast.ada).left_at = now()
        assert people.owners(session, cast.practice) == []
