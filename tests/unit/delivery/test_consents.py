"""Agreement to a channel: for one address or for all, newest first, taken back at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from delivery import consents, contacts
from delivery.db import now
from delivery.models.clients import Consent, ContactKind, ContactPoint, Respondent
from delivery.models.ledger import AuditEvent
from delivery.models.messages import Attempt
from delivery.service import Service
from tests import sending_acts
from tests.sending_acts import NUMBER, OTHER_NUMBER, Scene


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def points(scene: Scene, who: Respondent) -> dict[str | None, ContactPoint]:
    with scene.service.db.read() as session:
        return {point.value: point for point in contacts.of_respondent(session, who.id)}


def stands(scene: Scene, who: Respondent, channel: str, point: ContactPoint | None) -> bool:
    with scene.service.db.read() as session:
        return consents.standing(session, who.id, channel, point.id if point else None) is not None


def give(scene: Scene, who: Respondent, channel: str, point: ContactPoint | None = None) -> None:
    with scene.service.db.write() as session:
        row = session.get_one(Respondent, who.id)
        consents.give(session, row, channel, given_at=now(), how="by phone", point=point)


def withdraw(scene: Scene, who: Respondent, channel: str) -> bool:
    with scene.service.db.write() as session:
        return consents.withdraw(session, session.get_one(Respondent, who.id), channel, scene.ada.actor)


def test_without_a_row_nothing_stands(scene: Scene) -> None:
    who = scene.respondent(scene.person(sms=NUMBER, agreed=False))
    assert not stands(scene, who, "sms", points(scene, who)[NUMBER])


def test_one_for_the_whole_channel_holds_for_every_address_on_it_and_for_no_other_channel(
    scene: Scene,
) -> None:
    who = scene.respondent(scene.person(sms=NUMBER, email="tex@example.org", agreed=False))
    give(scene, who, "sms")
    here = points(scene, who)
    assert stands(scene, who, "sms", here[NUMBER])
    assert stands(scene, who, "sms", None)
    assert not stands(scene, who, "email", here["tex@example.org"])


def test_one_for_an_address_holds_for_that_address_only(scene: Scene) -> None:
    client = scene.person(sms=NUMBER, agreed=False)
    who = scene.respondent(client)
    with scene.service.db.write() as session:
        row = session.get_one(Respondent, who.id)
        contacts.add(session, row, contacts.NewContact(ContactKind.SMS, OTHER_NUMBER))
    here = points(scene, who)
    give(scene, who, "sms", here[NUMBER])
    assert stands(scene, who, "sms", here[NUMBER])
    assert not stands(scene, who, "sms", here[OTHER_NUMBER])
    assert not stands(scene, who, "sms", None)


def test_one_persons_yes_is_not_another_persons(scene: Scene) -> None:
    yes = scene.respondent(scene.person("Mother", sms=NUMBER))
    no = scene.respondent(scene.person("Teen", sms=NUMBER, agreed=False))
    assert stands(scene, yes, "sms", points(scene, yes)[NUMBER])
    assert not stands(scene, no, "sms", points(scene, no)[NUMBER])


def test_what_was_taken_back_does_not_stand_and_can_be_given_anew(scene: Scene) -> None:
    who = scene.respondent(scene.person(sms=NUMBER, email="tex@example.org"))
    give(scene, who, "sms", points(scene, who)[NUMBER])
    assert withdraw(scene, who, "sms")
    assert not stands(scene, who, "sms", points(scene, who)[NUMBER])
    assert stands(scene, who, "email", points(scene, who)["tex@example.org"])
    assert not withdraw(scene, who, "sms")
    scene.clock.shift(timedelta(days=1))
    give(scene, who, "sms")
    assert stands(scene, who, "sms", points(scene, who)[NUMBER])


def test_taking_back_is_noted_once_and_keeps_the_rows(scene: Scene) -> None:
    who = scene.respondent(scene.person(sms=NUMBER))
    with scene.service.db.read() as session:
        lines = session.scalar(select(func.count()).select_from(AuditEvent))
    withdraw(scene, who, "sms")
    withdraw(scene, who, "sms")
    with scene.service.db.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == (lines or 0) + 1
        found = session.scalars(select(Consent).where(Consent.respondent_id == who.id)).all()
    assert [row.withdrawn_at for row in found] == [now()]


def test_a_row_says_when_how_to_which_words_and_who_noted_it(scene: Scene) -> None:
    who = scene.respondent(scene.person(sms=NUMBER))
    with scene.service.db.read() as session:
        row = consents.standing(session, who.id, "sms", points(scene, who)[NUMBER].id)
    assert row is not None
    assert (row.given_at, row.how, row.wording) == (sending_acts.SIGNED, "signed on paper", "consent-1")
    assert row.recorded_by == scene.cast.ada


def test_a_message_goes_out_under_the_newest_consent_that_stands(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    who = scene.respondent(client)
    give(scene, who, "sms", points(scene, who)[NUMBER])
    message = scene.ask(client)
    scene.work()
    (attempt,) = scene.attempts(message)
    with scene.service.db.read() as session:
        newest = consents.standing(session, who.id, "sms", points(scene, who)[NUMBER].id)
    assert newest is not None
    assert attempt.consent_id == newest.id
    assert newest.how == "by phone"


def test_a_consent_taken_back_after_planning_leaves_no_attempt(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    message = scene.ask(client)
    withdraw(scene, scene.respondent(client), "sms")
    scene.work()
    row = scene.row(message)
    assert (row.state.value, row.code, scene.texts.calls) == ("cancelled", "no-consent", 0)
    assert scene.count(Attempt) == 0
