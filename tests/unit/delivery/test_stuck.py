"""What did not go by itself, as the clinician sees it: whose it is, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from channels.base import Refused
from delivery import contact_tests, contacts, feeds, jobs, stuck
from delivery.access import Caller
from delivery.clients import respondents
from delivery.errors import NotFound
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import Dispatch
from delivery.models.schedules import BulkSend
from delivery.service import Service
from delivery.states import OutboxState
from tests import sending_acts
from tests.sending_acts import NUMBER, Scene

GONE = Refused("twilio_30005", "The number is not in use.", True, contact="dead")
BLOCKED = Refused("twilio_30004", "The phone company blocks our texts.", True)


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def parked(scene: Scene, kind: str, subject_id: UUID) -> UUID:
    """The row of a piece of work that gave up."""
    with scene.service.db.write() as session:
        jobs.add(session, kind, subject_id, practice_id=scene.cast.practice, key=f"a {kind}")
        entry = session.scalars(select(OutboxEntry).where(OutboxEntry.business_key == f"a {kind}")).one()
        entry.state, entry.tries = OutboxState.PARKED, 8
        return entry.id


def seen(scene: Scene, caller: Caller) -> list[str]:
    with scene.service.db.read() as session:
        return [one.entry.kind for one in stuck.parked(session, caller)]


def bulk_send(scene: Scene) -> UUID:
    with scene.service.db.write() as session:
        row = BulkSend(
            practice_id=scene.cast.practice, requested_by=scene.cast.ada, what="remind", instruments=[]
        )
        row.choices = {}
        session.add(row)
        session.flush()
        return row.id


def calendar(scene: Scene) -> UUID:
    url = "https://calendar.example/x"
    with scene.service.db.write() as session:
        row = feeds.add(session, scene.ada, scene.cast.practice, url, scene.service.settings)
        for entry in session.scalars(select(OutboxEntry).where(OutboxEntry.subject_id == row.id)):
            entry.state = OutboxState.DONE
        return row.id


@pytest.mark.parametrize("kind", ["plan_bulk", "calendar"])
def test_a_bulk_send_or_a_calendar_that_gave_up_is_shown_to_whoever_it_belongs_to_and_goes_on_by_a_press(
    scene: Scene, kind: str
) -> None:
    entry_id = parked(scene, kind, bulk_send(scene) if kind == "plan_bulk" else calendar(scene))
    bo = scene.cast.caller(scene.service, scene.cast.bo)
    assert (seen(scene, scene.ada), seen(scene, bo)) == ([kind], [])
    with pytest.raises(NotFound), scene.service.db.write() as session:
        stuck.retry(session, bo, entry_id)
    with scene.service.db.write() as session:
        stuck.retry(session, scene.ada, entry_id)
    assert seen(scene, scene.ada) == []


def tried(scene: Scene, client: UUID, step: str | Refused) -> Dispatch:
    """A test of the client's number that ends so."""
    scene.clock.shift(timedelta(minutes=1))
    scene.texts.script = [step]
    with scene.service.db.write() as session:
        (who,) = respondents(session, client)
        (point,) = contacts.of_respondent(session, who.id)
        row = contact_tests.send(session, scene.ada, point.id)
    scene.work()
    return row


def astray(scene: Scene, caller: Caller) -> list[tuple[UUID, UUID | None]]:
    with scene.service.db.read() as session:
        return [(one.dispatch.id, one.client_id) for one in stuck.astray(session, caller)]


@pytest.mark.parametrize("step", [GONE, BLOCKED, "reply lost"])
def test_a_test_that_did_not_arrive_is_shown_with_its_client(scene: Scene, step: str | Refused) -> None:
    client = scene.person(sms=NUMBER)
    row = tried(scene, client, step)
    assert astray(scene, scene.ada) == [(row.id, client)]
    assert astray(scene, scene.cast.caller(scene.service, scene.cast.bo)) == []
    with scene.service.db.read() as session:
        (one,) = stuck.astray(session, scene.ada)
    assert (one.is_test, one.to_client, one.assignment) == (True, True, None)


def test_only_the_newest_test_of_a_number_counts(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    tried(scene, client, BLOCKED)
    second = tried(scene, client, BLOCKED)
    assert astray(scene, scene.ada) == [(second.id, client)]
    tried(scene, client, "ok")
    assert astray(scene, scene.ada) == []


def test_a_test_is_no_longer_shown_once_somebody_has_said_that_it_works(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    row = tried(scene, client, "reply lost")
    assert row.contact_point_id is not None
    with scene.service.db.write() as session:
        contact_tests.arrived(session, scene.ada, row.contact_point_id)
    assert astray(scene, scene.ada) == []


def test_a_test_of_two_weeks_ago_is_no_longer_shown(scene: Scene) -> None:
    tried(scene, scene.person(sms=NUMBER), BLOCKED)
    scene.clock.shift(stuck.SHOWN)
    assert astray(scene, scene.ada) == []
