from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import access, people
from delivery.access import Caller
from delivery.db import now
from delivery.errors import Forbidden, NotFound
from delivery.models.assignments import Assignment
from delivery.models.clients import CareRole, Client
from delivery.models.messages import Dispatch
from delivery.models.people import Grant, Person, Role
from delivery.service import Service
from tests import build


def _client(session: Session, client_id: object) -> Client:
    found = session.get(Client, client_id)
    assert found is not None
    return found


def test_the_caseload_holds_the_clients_of_ones_own_teams_only(service: Service, cast: build.Cast) -> None:
    seen = {}
    for person in (cast.ada, cast.bo, cast.stranger, cast.desk):
        with service.db.read() as session:
            rows = session.scalars(access.clients(access.caller(session, person)))
            seen[person] = {row.id for row in rows}
    assert seen == {cast.ada: {cast.cy}, cast.bo: {cast.bo_client}, cast.stranger: set(), cast.desk: set()}


@pytest.mark.parametrize("who", ["bo", "stranger", "desk"])
def test_a_foreign_client_and_an_unknown_one_are_the_same_to_a_caller(
    service: Service, cast: build.Cast, who: str
) -> None:
    caller = cast.caller(service, getattr(cast, who))
    with service.db.read() as session:
        words = []
        for client_id in (cast.cy, uuid4()):
            with pytest.raises(NotFound) as caught:
                access.client(session, caller, client_id)
            words.append(str(caught.value))
    assert words[0] == words[1]


def test_a_care_team_without_a_grant_there_opens_nothing(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        people.join_care_team(session, _client(session, cast.cy), cast.stranger, CareRole.COLLEAGUE)
    caller = cast.caller(service, cast.stranger)
    with service.db.read() as session, pytest.raises(NotFound):
        access.client(session, caller, cast.cy)


def test_a_grant_that_ended_and_one_that_has_not_begun_count_for_nothing(
    service: Service, cast: build.Cast
) -> None:
    for change in ({"until_at": now() - timedelta(seconds=1)}, {"from_at": now() + timedelta(hours=1)}):
        with service.db.write() as session:
            row = session.scalars(
                select(Grant).where(Grant.person_id == cast.ada, Grant.role == Role.CLINICIAN)
            ).one()
            row.from_at, row.until_at = now() - timedelta(days=1), None
            for name, value in change.items():
                setattr(row, name, value)
        caller = cast.caller(service, cast.ada)
        assert caller.practices(Role.CLINICIAN) == []
        with service.db.read() as session, pytest.raises(NotFound):
            access.client(session, caller, cast.cy)


@pytest.mark.parametrize(("role", "sees"), [(r, r is not CareRole.COVER) for r in CareRole])
def test_every_care_role_but_cover_sees_the_record(
    service: Service, cast: build.Cast, role: CareRole, sees: bool
) -> None:
    with service.db.write() as session:
        people.join_care_team(session, _client(session, cast.cy), cast.bo, role)
    caller = cast.caller(service, cast.bo)
    with service.db.read() as session:
        rows = session.scalars(access.clients(caller).where(Client.id == cast.cy)).all()
    assert bool(rows) is sees


def test_an_ask_and_its_message_are_found_by_the_care_team_alone(service: Service, cast: build.Cast) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    with service.db.read() as session:
        message = session.scalars(select(Dispatch).where(Dispatch.assignment_id == row.id)).one()
        ada = access.caller(session, cast.ada)
        assert access.one(session, ada, Assignment, row.id).id == row.id
        assert access.dispatch(session, ada, message.id).id == message.id
        for person in (cast.bo, cast.stranger, cast.desk):
            other = access.caller(session, person)
            with pytest.raises(NotFound):
                access.one(session, other, Assignment, row.id)
            with pytest.raises(NotFound):
                access.dispatch(session, other, message.id)


def test_a_caller_of_one_practice_has_the_grants_of_that_practice_alone(
    service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        session.add(
            Grant(person_id=cast.ada, practice_id=cast.other_practice, role=Role.CLINICIAN, from_at=now())
        )
    with service.db.read() as session:
        whole = access.caller(session, cast.ada)
        one = access.caller(session, cast.ada, cast.other_practice)
    assert set(whole.practices(Role.CLINICIAN)) == {cast.practice, cast.other_practice}
    assert one.practices(Role.CLINICIAN, Role.OWNER) == [cast.other_practice]


def test_somebody_who_left_is_nobody(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        person = session.get(Person, cast.ada)
        assert person is not None
        person.left_at = now()
    with service.db.read() as session, pytest.raises(NotFound):
        access.caller(session, cast.ada)


def test_a_role_is_required_where_it_is_held_or_refused() -> None:
    practice, other, person = uuid4(), uuid4(), uuid4()
    caller = Caller(person, frozenset({(practice, Role.CLINICIAN), (None, Role.OFFICER)}))
    assert caller.require(Role.CLINICIAN) == practice
    assert caller.require(Role.CLINICIAN, practice) == practice
    assert caller.require(Role.OFFICER) is None
    for role, where in ((Role.CLINICIAN, other), (Role.OWNER, None), (Role.OPERATOR, None)):
        with pytest.raises(Forbidden):
            caller.require(role, where)
