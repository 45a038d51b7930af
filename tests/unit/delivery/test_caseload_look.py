from __future__ import annotations

import pytest

from delivery import caseload_look, library
from delivery.caseload_look import Given, Look
from delivery.errors import Invalid
from delivery.models.people import Practice
from delivery.service import Service
from tests import build, caseload_files


@pytest.fixture
def practice(service: Service, cast: build.Cast) -> Practice:
    """Alder Street, in Pacific time."""
    with service.db.read() as session:
        return session.get_one(Practice, cast.practice)


def _read(practice: Practice, text: str) -> Given:
    return caseload_look.read(text.encode(), practice, library.shipped())


def _look(service: Service, cast: build.Cast, given: Given, *left_out: int) -> Look:
    with service.db.write() as session:
        return caseload_look.compare(
            session, cast.caller(service, cast.ada), cast.practice, given, frozenset(left_out)
        )


def test_a_whole_caseload_is_counted(service: Service, cast: build.Cast, practice: Practice) -> None:
    look = _look(service, cast, _read(practice, caseload_files.caseload()))
    assert look.ready
    assert (len(look.new), look.consents, look.totals, look.appointments) == (35, 31, 12, 28)


def test_faults_of_the_file_and_of_the_caseload_stand_in_the_order_of_rows(
    service: Service, cast: build.Cast, practice: Practice
) -> None:
    with service.db.write() as session:
        ada = cast.caller(service, cast.ada)
        build.add_client(session, ada, "Elena", "Rivera", None).calendar_code = "k73"
    given = _read(practice, "given_name,calendar_code,email\nSam,K73,\nRuth,,nonsense\n")
    look = _look(service, cast, given)
    assert [(one.line, one.column) for one in look.faults] == [(2, "calendar_code"), (3, "email")]
    assert not look.ready


def test_a_row_left_out_is_gone_with_its_remarks_but_a_fault_stays(
    service: Service, cast: build.Cast, practice: Practice
) -> None:
    text = "given_name,email,consent_on\nSam,sam@example.org,\nCyan,cy@example.org,2026-01-05\n"
    given = _read(practice, text.replace("Cyan", "Sue"))
    assert {one.line for one in _look(service, cast, given).remarks} == {2, 3}
    look = _look(service, cast, given, 2)
    assert [row.given_name for row in look.new] == ["Sue"]
    assert {one.line for one in look.remarks} == {3}
    faulty = _read(practice, text.replace("sam@example.org", "nonsense"))
    assert not _look(service, cast, faulty, 2).ready


def test_nothing_left_is_not_ready(service: Service, cast: build.Cast, practice: Practice) -> None:
    assert not _look(service, cast, _read(practice, "given_name\nSam\n"), 2).ready


def test_totals_of_clients_who_are_there_are_new_ones_only(
    service: Service, cast: build.Cast, practice: Practice
) -> None:
    heading = "given_name,family_name,measure,date,total\n"
    given = _read(practice, heading + "cyan,canary,PHQ-9,2026-01-12,14\nSam,Okafor,PHQ-9,2026-01-12,3\n")
    look = _look(service, cast, given)
    assert [(snag.line, snag.name, snag.words) for snag in look.snags] == [
        (3, "Sam Okafor", caseload_look.NOBODY)
    ]
    look = _look(service, cast, given, 3)
    assert look.ready
    ((who, totals),) = look.more
    assert who.client_id == cast.cy
    assert [(one.instrument, one.total) for one in totals] == [("phq9", 14)]


def test_the_limit_that_is_told_is_the_one_of_a_caseload(practice: Practice) -> None:
    with pytest.raises(Invalid, match="500 rows"):
        _read(practice, "given_name\n" + "Sam\n" * 6000)
    with pytest.raises(Invalid, match="500 rows"):
        _read(practice, "given_name\n" + "Sam\n" * 501)
    heading, row = "given_name,measure,date,total\n", "Sam,PHQ-9,2026-01-12,3\n"
    assert _read(practice, heading + row * 501).totals is not None
