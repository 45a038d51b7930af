"""Drafts: whose they are, what they are called, and what happens when two work on one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from delivery import drafts, instrument_files
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.library import InstrumentDraft
from delivery.service import Service
from questionnaires.content import to_yaml
from questionnaires.drafts import draft as drafted
from tests import build, building, own_measure

KEY = "own_week_check"


@pytest.fixture
def begun(service: Service, cast: build.Cast) -> UUID:
    with service.db.write() as session:
        return drafts.begin(session, cast.caller(service, cast.ada), cast.practice, "Week check").id


def _keep(service: Service, cast: build.Cast, draft_id: UUID, draft: drafted.Draft) -> InstrumentDraft:
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        seen = drafts.read(session, caller, draft_id).row.changed_at
        return drafts.keep(session, caller, draft_id, draft, seen)


def test_the_first_version_takes_its_key_from_its_name(
    service: Service, cast: build.Cast, begun: UUID
) -> None:
    row = _keep(service, cast, begun, building.draft("Month check"))
    assert (row.name, row.key, row.version) == ("Month check", "own_month_check", 1)


def test_a_name_without_letters_leaves_the_draft_its_old_one(
    service: Service, cast: build.Cast, begun: UUID
) -> None:
    row = _keep(service, cast, begun, building.draft("🎈"))
    assert (row.name, row.key, row.content["about"]["name"]) == ("Week check", KEY, "🎈")


def test_a_later_version_keeps_its_key_whatever_its_name(
    service: Service, cast: build.Cast, begun: UUID
) -> None:
    _keep(service, cast, begun, building.draft())
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        drafts.publish(session, caller, begun)
        again = drafts.edit(session, caller, cast.practice, KEY).id
    row = _keep(service, cast, again, building.draft("Month check"))
    assert (row.name, row.key, row.version) == ("Month check", KEY, 2)


def test_what_was_typed_on_an_old_page_is_not_kept(service: Service, cast: build.Cast, begun: UUID) -> None:
    caller = cast.caller(service, cast.ada)
    with pytest.raises(Conflict, match="changed after"), service.db.write() as session:
        drafts.keep(session, caller, begun, building.draft(), now() - timedelta(minutes=1))


def test_a_draft_that_is_not_overtaken_stays_the_version_it_is(
    service: Service, cast: build.Cast, begun: UUID
) -> None:
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        drafts.move_on(session, caller, begun)
    with service.db.read() as session:
        found = drafts.read(session, caller, begun)
    assert (found.row.version, found.overtaken) == (1, None)


def test_what_is_open_is_not_published(service: Service, cast: build.Cast, begun: UUID) -> None:
    caller = cast.caller(service, cast.ada)
    with pytest.raises(Invalid) as refused, service.db.write() as session:
        drafts.publish(session, caller, begun)
    assert "questions.0.text" in refused.value.fields
    with service.db.read() as session:
        assert session.scalars(select(InstrumentDraft)).one().id == begun


def test_a_question_that_an_imported_measure_has_taken_is_not_published_twice(
    service: Service, cast: build.Cast, begun: UUID
) -> None:
    row = _keep(service, cast, begun, building.draft())
    name = f"{KEY}_{row.content['questions'][0]['id']}"
    made = own_measure.content("elsewhere")
    made["items"][3]["id"] = name
    made["texts"]["en"]["items"][name] = made["texts"]["en"]["items"].pop("elsewhere_4")
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        data = to_yaml(made)
        instrument_files.add(session, cast.practice, "elsewhere.yaml", data, caller.actor)
    with pytest.raises(Conflict, match=f"'{name}' belongs to elsewhere"), service.db.write() as session:
        drafts.publish(session, caller, begun)
    with service.db.read() as session:
        assert session.scalars(select(InstrumentDraft)).one().id == begun


def test_drafts_of_another_practice_are_not_there(service: Service, cast: build.Cast, begun: UUID) -> None:
    stranger = cast.caller(service, cast.stranger)
    for act in (drafts.read, drafts.delete, drafts.publish, drafts.move_on):
        with pytest.raises(NotFound, match="published or deleted"), service.db.write() as session:
            act(session, stranger, begun)


def test_drafts_are_listed_with_who_began_them_the_latest_first(
    service: Service, cast: build.Cast, begun: UUID
) -> None:
    with service.db.write() as session:
        drafts.begin(session, cast.caller(service, cast.bo), cast.practice, "By Bo")
    _keep(service, cast, begun, building.draft())
    with service.db.read() as session:
        caller = cast.caller(service, cast.ada)
        listed = drafts.listed(session, caller, cast.practice)
    assert [(row.name, maker) for row, maker in listed] == [
        ("Week check", "Dr. Rowan"),
        ("By Bo", "Dr. Lund"),
    ]
