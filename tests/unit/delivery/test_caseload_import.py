from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select

from delivery import access, appointments, caseload_import, caseload_look, library
from delivery.caseload_import import Imported
from delivery.db import now, uuid7
from delivery.errors import Conflict, Forbidden, Invalid, NotFound
from delivery.models.clients import CareTeam, Client
from delivery.models.people import Practice
from delivery.service import Service
from tests import build, caseload_files

ONE = "given_name,email,consent_on\nElena,elena@example.org,2026-03-02\n"


def _bring_in(
    service: Service,
    cast: build.Cast,
    text: str = ONE,
    person: UUID | None = None,
    import_id: UUID | None = None,
    *,
    attested: bool = True,
) -> Imported:
    with service.db.write() as session:
        practice = session.get_one(Practice, cast.practice)
        given = caseload_look.read(text.encode(), practice, library.shipped())
        caller = access.caller(session, person or cast.ada)
        return caseload_import.bring_in(
            session, caller, import_id or uuid7(), practice, given, frozenset(), attested=attested
        )


def _clients(service: Service) -> int:
    with service.db.read() as session:
        return session.scalar(select(func.count()).select_from(Client)) or 0


def test_the_counts_are_those_of_the_file(service: Service, cast: build.Cast) -> None:
    done = _bring_in(service, cast, caseload_files.caseload())
    assert (done.added, done.consents, done.totals, done.appointments) == (35, 31, 12, 28)
    assert len(set(done.clients)) == 35


def test_an_appointment_is_the_one_that_typing_it_would_make(service: Service, cast: build.Cast) -> None:
    (elena,) = _bring_in(service, cast, "given_name,appointment\nElena,Tuesdays 10:00\n").clients
    with service.db.write() as session:
        typed = appointments.add(session, cast.caller(service, cast.ada), cast.cy, "Tuesdays 10:00")
        (there,) = appointments.of_client(session, elena)
        for column in ("person_id", "starts_on", "wall_time", "time_zone", "rule", "skips", "source"):
            assert getattr(there, column) == getattr(typed, column), column
        assert there.source_key == str(there.id)


def test_the_same_import_is_done_once_and_another_one_meets_the_first(
    service: Service, cast: build.Cast
) -> None:
    import_id = uuid7()
    first = _bring_in(service, cast, import_id=import_id)
    assert _bring_in(service, cast, import_id=import_id) == first
    with pytest.raises(Conflict):
        _bring_in(service, cast)
    assert _clients(service) == 3


def test_consents_need_the_attestation(service: Service, cast: build.Cast) -> None:
    with pytest.raises(Invalid) as caught:
        _bring_in(service, cast, attested=False)
    assert caught.value.fields.keys() == {"attested"}
    assert _clients(service) == 2
    _bring_in(service, cast, "given_name\nElena\n", attested=False)
    assert _clients(service) == 3


def test_a_file_with_a_fault_is_refused_whole(service: Service, cast: build.Cast) -> None:
    with pytest.raises(Conflict):
        _bring_in(service, cast, "given_name,time_zone\nElena,\nSam,Pacific/Nowhere\n")
    assert _clients(service) == 2


def test_only_a_clinician_of_the_practice_brings_in(service: Service, cast: build.Cast) -> None:
    for person in (cast.desk, cast.stranger):
        with pytest.raises(Forbidden):
            _bring_in(service, cast, person=person)
    assert _clients(service) == 2


def test_an_import_is_found_by_who_made_it_and_names_only_clients_still_treated(
    service: Service, cast: build.Cast
) -> None:
    import_id = uuid7()
    done = _bring_in(service, cast, "given_name\nElena\nSam\n", import_id=import_id)
    with service.db.write() as session:
        team = session.scalars(select(CareTeam).where(CareTeam.client_id == done.clients[0])).one()
        team.until_at = now()
    with service.db.write() as session:
        ada = cast.caller(service, cast.ada)
        assert caseload_import.find(session, ada, import_id) == done
        assert [row.given_name for row in caseload_import.named(session, ada, done)] == ["Sam"]
    for person in (cast.bo, cast.stranger):
        with pytest.raises(NotFound), service.db.read() as session:
            caseload_import.find(session, cast.caller(service, person), import_id)
