"""Two members publish in the same instant, on both databases: one wins, the other is told in words."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select

from delivery import drafts, library
from delivery.errors import LightQError
from delivery.models.library import InstrumentDraft, InstrumentFile
from delivery.service import Service
from questionnaires.drafts import draft as drafted
from tests import build, building

KEY = "own_week_check"
TOLD = ("a moment ago", "Some things are still open", "was changed after")


@pytest.fixture
def cast(migrated: Service) -> build.Cast:
    return build.cast(migrated)


def _put(service: Service, cast: build.Cast) -> UUID:
    with service.db.write() as session:
        row = drafts.begin(session, cast.caller(service, cast.ada), cast.practice, "Week check")
        row.content = drafted.plain(building.draft())
    return row.id


def _publish(service: Service, cast: build.Cast, person: UUID, draft_id: UUID) -> str:
    with service.db.write() as session:
        file = drafts.publish(session, cast.caller(service, person), draft_id)
        return f"version {file.version}"


def _together(service: Service, cast: build.Cast, first: UUID, second: UUID) -> list[str]:
    """What Dr. Ada and Dr. Bo are told who publish at once: the version, or the words of the refusal."""
    start = threading.Barrier(2)

    def act(person: UUID, draft_id: UUID) -> str:
        start.wait(30)
        try:
            return _publish(service, cast, person, draft_id)
        except LightQError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(act, cast.ada, first), pool.submit(act, cast.bo, second)]
        return [one.result(60) for one in waiting]


@pytest.mark.parametrize("same", [True, False], ids=["one draft", "two drafts of one name"])
def test_one_wins_and_the_other_is_told(migrated: Service, cast: build.Cast, same: bool) -> None:
    first = _put(migrated, cast)
    second = first if same else _put(migrated, cast)
    said = _together(migrated, cast, first, second)
    assert said.count("version 1") == 1
    assert [words for words in said if any(one in words for one in TOLD)]
    with migrated.db.read() as session:
        assert len(session.scalars(select(InstrumentFile)).all()) == 1
        assert len(session.scalars(select(InstrumentDraft)).all()) == (0 if same else 1)


def test_the_next_version_is_published_once_too(migrated: Service, cast: build.Cast) -> None:
    _publish(migrated, cast, cast.ada, _put(migrated, cast))
    ids = []
    for person in (cast.ada, cast.bo):
        with migrated.db.write() as session:
            row = drafts.edit(session, cast.caller(migrated, person), cast.practice, KEY)
            draft = drafted.read(row.content)
            draft.rights.may_use, draft.rights.changes = True, "New"
            row.content = drafted.plain(draft)
            ids.append(row.id)
    assert len(set(ids)) == 1
    said = _together(migrated, cast, ids[0], ids[1])
    assert said.count("version 2") == 1


def test_a_published_version_is_seen_by_every_process(migrated: Service, cast: build.Cast) -> None:
    with migrated.db.read() as session:
        assert KEY not in library.of(session, cast.practice).own
    _publish(migrated, cast, cast.ada, _put(migrated, cast))
    with migrated.db.read() as session:
        assert library.of(session, cast.practice).get(KEY).version == 1
        assert KEY not in library.of(session, cast.other_practice).own
