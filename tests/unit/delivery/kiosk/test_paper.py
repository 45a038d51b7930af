"""Blank packs for an outage, and finding the form again by its code."""

from __future__ import annotations

import pytest

from delivery.access import Caller
from delivery.errors import Conflict, Invalid
from delivery.kiosk import paper
from delivery.models.assignments import Way
from delivery.service import Service
from tests import build


@pytest.fixture
def ada(service: Service, cast: build.Cast) -> Caller:
    return cast.caller(service, cast.ada)


@pytest.fixture
def desk_person(service: Service, cast: build.Cast) -> Caller:
    return cast.caller(service, cast.desk)


def test_a_pack_has_the_words_and_the_notice_and_no_name(
    service: Service, cast: build.Cast, ada: Caller, desk_person: Caller
) -> None:
    row = build.ask(service, ada, cast.cy, ["phq9", "gad7"], Way.KIOSK)
    with service.db.write() as session:
        pack = paper.pack(session, desk_person, row.id)
    assert [len(sheet.items) for sheet in pack.sheets] == [10, 7]
    assert len(pack.notices) in (1, 2)
    assert pack.code == paper.code(row.id)


def test_the_code_finds_the_form_for_its_clinician_only(
    service: Service, cast: build.Cast, ada: Caller
) -> None:
    row = build.ask(service, ada, cast.cy, ["phq9"], Way.KIOSK)
    typed = paper.code(row.id).lower().replace("o", "0").replace("i", "1")
    with service.db.write() as session, pytest.raises(Invalid):
        paper.to_be_typed(session, cast.caller(service, cast.bo), typed)
    with service.db.write() as session:
        found = paper.to_be_typed(session, ada, typed)
        assert (found.id, found.channel) == (row.id, Way.IN_PERSON)


def test_a_form_that_has_ended_is_not_printed_or_found(
    service: Service, cast: build.Cast, ada: Caller
) -> None:
    row = build.ask(service, ada, cast.cy, ["phq9"], Way.IN_PERSON)
    build.answer(service, row, cast.ada)
    with service.db.write() as session:
        with pytest.raises(Conflict):
            paper.pack(session, ada, row.id)
        with pytest.raises(Invalid):
            paper.find(session, ada, paper.code(row.id))
