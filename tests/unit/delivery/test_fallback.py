"""Another way to the same person: where it was allowed, agreed to and safe, in place of the first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from channels.base import Refused
from delivery import assignments, consents, declining, fallback, opt_outs, resending
from delivery.db import now
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import ContactKind, ContactPoint, ContactState, Respondent, SafeFor
from delivery.models.messages import Dispatch, Purpose
from delivery.service import Service
from tests import sending_acts
from tests.sending_acts import NUMBER, Scene

MAIL = "tex@example.org"


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


@pytest.fixture
def client(scene: Scene) -> UUID:
    """Tex gets texts, and mail where a text does not work."""
    return scene.person(sms=NUMBER, email=MAIL, fallback=("email",))


def sent(scene: Scene, client: UUID, **more: Any) -> Dispatch:
    message = scene.ask(client, **more)
    scene.work()
    assert scene.state(message) == "handed_over"
    return message


def change(scene: Scene, kind: ContactKind, **values: Any) -> None:
    with scene.service.db.write() as session:
        session.execute(update(ContactPoint).where(ContactPoint.kind == kind).values(**values))


def failed(scene: Scene, message: Dispatch, code: str = "30005") -> list[Dispatch]:
    """The number turns out dead; what was planned in place of the text."""
    scene.texted(message, "undelivered", code)
    return scene.beside(message)


def test_a_dead_number_sends_the_same_link_to_the_mailbox_that_may_stand_in(
    scene: Scene, client: UUID
) -> None:
    message = sent(scene, client)
    (other,) = failed(scene, message)
    scene.work()
    assert (scene.state(message), scene.state(other), other.channel) == ("failed", "handed_over", "email")
    (text,), (mail,) = scene.texts.taken, scene.mails.taken
    assert mail.to == MAIL
    link = next(word for word in text.text.split() if "/q/" in word)
    assert link in mail.text


def test_a_dead_mailbox_sends_a_text_where_that_was_allowed(scene: Scene) -> None:
    message = sent(scene, scene.person(sms=NUMBER, email=MAIL, fallback=("sms",)), way=Way.EMAIL)
    scene.mailed(message, "bounce", type="bounce")
    scene.work()
    assert [one.to for one in scene.texts.taken] == [NUMBER]


def test_a_number_known_as_dead_before_the_send_goes_the_other_way_without_a_call(
    scene: Scene, client: UUID
) -> None:
    message = scene.ask(client)
    change(scene, ContactKind.SMS, state=ContactState.DEAD)
    scene.work()
    assert (scene.state(message), scene.texts.calls, len(scene.mails.taken)) == ("failed", 0, 1)


def test_consent_to_a_channel_is_no_consent_to_fallback(scene: Scene) -> None:
    message = sent(scene, scene.person(sms=NUMBER, email=MAIL))
    assert failed(scene, message) == []
    assert scene.state(message) == "failed"


def test_no_consent_no_fallback(scene: Scene, client: UUID) -> None:
    message = sent(scene, client)
    with scene.service.db.write() as session:
        who = session.get_one(Respondent, message.respondent_id)
        consents.withdraw(session, who, "email", scene.ada.actor)
    assert failed(scene, message) == []


@pytest.mark.parametrize("everywhere", [True, False])
def test_no_fallback_to_an_address_that_opted_out(scene: Scene, client: UUID, everywhere: bool) -> None:
    message = sent(scene, client)
    with scene.service.db.write() as session:
        opt_outs.stop(session, "email", MAIL, "unsubscribe", None if everywhere else scene.cast.practice)
    assert failed(scene, message) == []


@pytest.mark.parametrize("state", [ContactState.DEAD, ContactState.BLOCKED])
def test_no_fallback_to_an_address_that_is_not_in_use(
    scene: Scene, client: UUID, state: ContactState
) -> None:
    message = sent(scene, client)
    change(scene, ContactKind.EMAIL, state=state)
    assert failed(scene, message) == []


def test_a_mailbox_that_is_safe_for_nothing_is_never_written_to(scene: Scene, client: UUID) -> None:
    message = sent(scene, client)
    change(scene, ContactKind.EMAIL, safe_for=SafeFor.NOTHING)
    assert failed(scene, message) == []


def test_a_reminder_does_not_fall_back_to_a_mailbox_for_invitations_only(scene: Scene, client: UUID) -> None:
    first = sent(scene, client)
    change(scene, ContactKind.EMAIL, safe_for=SafeFor.INVITATIONS)
    scene.clock.shift(timedelta(days=1))
    reminder = scene.remind(first)
    scene.work()
    scene.texted(reminder, "undelivered", "30005")
    assert [one.id for one in scene.beside(first)] == [reminder.id]


def test_an_invitation_does(scene: Scene, client: UUID) -> None:
    first = sent(scene, client)
    change(scene, ContactKind.EMAIL, safe_for=SafeFor.INVITATIONS)
    assert len(failed(scene, first)) == 1


@pytest.mark.parametrize("column", ["refused_at", "in_person_only"])
def test_who_refused_or_is_asked_in_the_room_only_gets_nothing_elsewhere(
    scene: Scene, client: UUID, column: str
) -> None:
    message = sent(scene, client)
    value = now() if column == "refused_at" else True
    with scene.service.db.write() as session:
        session.execute(update(Respondent).values({column: value}))
    assert failed(scene, message) == []


@pytest.mark.parametrize("why", ["wrong-person", "refused"])
def test_after_not_for_me_nothing_goes_anywhere_else(scene: Scene, client: UUID, why: str) -> None:
    message = sent(scene, client)
    with scene.service.db.write() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == message.assignment_id)).one()
        declining.decline(session, link, why)
    assert failed(scene, message) == []
    scene.later(hours=5)
    assert scene.mails.taken == []


def test_one_that_waits_elsewhere_ends_with_not_for_me(scene: Scene, client: UUID) -> None:
    message = sent(scene, client)
    (other,) = failed(scene, message)
    with scene.service.db.write() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == message.assignment_id)).one()
        declining.decline(session, link, "wrong-person")
    scene.work()
    assert (scene.state(other), scene.mails.taken) == ("cancelled", [])


def test_nothing_goes_elsewhere_once_the_form_was_taken_back(scene: Scene, client: UUID) -> None:
    message = sent(scene, client)
    assert message.assignment_id is not None
    with scene.service.db.write() as session:
        assignments.cancel(session, scene.ada, message.assignment_id)
    assert failed(scene, message) == []


def test_nothing_goes_elsewhere_once_the_link_has_run_out(scene: Scene, client: UUID) -> None:
    message = sent(scene, client)
    with scene.service.db.write() as session:
        session.execute(update(Assignment).values(expires_at=now()))
    assert failed(scene, message) == []


def test_it_goes_elsewhere_once_and_no_further(scene: Scene) -> None:
    message = sent(scene, scene.person(sms=NUMBER, email=MAIL, fallback=("email", "sms")))
    (other,) = failed(scene, message)
    scene.texted(message, "failed", "30006")
    with scene.service.db.write() as session:
        assert fallback.instead(session, session.get_one(Dispatch, message.id)) is None
    assert [one.id for one in scene.beside(message)] == [other.id]
    change(scene, ContactKind.SMS, state=ContactState.CONFIRMED)
    scene.work()
    scene.mailed(other, "bounce", type="bounce")
    assert [one.id for one in scene.beside(message)] == [other.id], "it does not wander back"
    assert scene.state(other) == "failed"


def test_it_is_not_sent_beside_a_message_that_a_person_has_sent_there_already(
    scene: Scene, client: UUID
) -> None:
    message = sent(scene, client)
    scene.texted(message, "failed", "30004")  # the phone blocks us: nothing is known of the number
    assert scene.beside(message) == []
    assert message.assignment_id is not None
    with scene.service.db.write() as session:
        by_hand = resending.resend(session, scene.ada, message.assignment_id, Way.EMAIL)
    scene.work()
    assert scene.state(by_hand) == "handed_over"
    with scene.service.db.write() as session:
        assert fallback.instead(session, session.get_one(Dispatch, message.id)) is None
    scene.work()
    assert len(scene.mails.taken) == 1


def test_a_stop_by_text_may_go_on_by_mail_and_an_unsubscribe_never_by_text(scene: Scene) -> None:
    """trust.md 2.5: 21610 falls back to e-mail where agreed; a refusal by mail is no reason for a text."""
    message = scene.ask(scene.person(sms=NUMBER, email=MAIL, fallback=("email", "sms")))
    scene.texts.script = [Refused("twilio_21610", "No more texts.", True, contact="opted_out")]
    scene.work()
    assert [one.to for one in scene.mails.taken] == [MAIL]
    (other,) = scene.beside(message)
    for event in ("spamreport", "unsubscribe", "group_unsubscribe"):
        scene.mailed(other, event)
    scene.work()
    assert scene.texts.taken == []


def test_a_message_that_finds_the_mailbox_opted_out_is_not_sent_as_a_text(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER, email=MAIL, fallback=("sms",)), way=Way.EMAIL)
    with scene.service.db.write() as session:
        opt_outs.stop(session, "email", MAIL, "spam")
    scene.work()
    assert (scene.state(message), scene.texts.taken, scene.mails.taken) == ("failed", [], [])


def test_a_test_never_goes_elsewhere(scene: Scene, client: UUID) -> None:
    message = sent(scene, client)
    with scene.service.db.write() as session:
        row = session.get_one(Dispatch, message.id)
        row.purpose = Purpose.TEST
        session.flush()
        assert fallback.possible(session, row) is None


def test_a_fallback_in_the_bulk_lane_stays_there(scene: Scene, client: UUID) -> None:
    message = scene.ask(client)
    with scene.service.db.write() as session:
        session.execute(update(Dispatch).values(lane="bulk"))
        made = fallback.instead(session, session.get_one(Dispatch, message.id))
        assert made is not None
        assert made.lane == "bulk"


def test_hours_named_for_the_other_address_hold_there(scene: Scene, client: UUID) -> None:
    message = sent(scene, client)
    change(scene, ContactKind.EMAIL, safe_hours={"from": "18:00", "to": "19:00"})
    (other,) = failed(scene, message)
    scene.work()
    assert (scene.state(other), scene.row(other).code) == ("held", "quiet")
    scene.later(hours=6)
    assert scene.state(other) == "handed_over"
