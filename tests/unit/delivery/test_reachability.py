"""What providers tell us about numbers and mailboxes is kept where it belongs, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from channels.base import Refused
from channels.twilio_hooks import Inbound
from delivery import opt_outs, replies
from delivery.models.assignments import Way
from delivery.models.clients import ContactPoint, ContactState
from delivery.models.messages import Dispatch, Notice, NoticeKind
from delivery.models.people import Practice
from delivery.service import Service
from tests import sending_acts
from tests.sending_acts import NUMBER, OTHER_NUMBER, Scene


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def sent(scene: Scene, message: Dispatch) -> Dispatch:
    scene.work()
    assert scene.state(message) == "handed_over"
    return message


def told(scene: Scene) -> list[tuple[object, NoticeKind]]:
    with scene.service.db.read() as session:
        return [(row.client_id, row.kind) for row in session.scalars(select(Notice).order_by(Notice.id))]


def test_a_dead_number_is_dead_for_everybody_of_the_practice_who_has_it(scene: Scene) -> None:
    mother, teen = scene.person("Mother", sms=NUMBER), scene.person("Teen", sms=NUMBER)
    apart = scene.ask(scene.person("Ty", sms=OTHER_NUMBER))
    message, other = sent(scene, scene.ask(mother)), scene.ask(teen)
    scene.texted(message, "undelivered", "30006")
    assert scene.point(message).state is ContactState.DEAD
    assert scene.point(other).state is ContactState.DEAD
    assert scene.point(message).state_reason is not None
    assert scene.point(apart).state is ContactState.CONFIRMED
    assert {client for client, _ in told(scene)} == {mother, teen}
    assert {kind for _, kind in told(scene)} == {NoticeKind.DEAD_CONTACT}


def test_another_practice_learns_nothing_of_it(scene: Scene) -> None:
    stranger = scene.cast.caller(scene.service, scene.cast.stranger)
    there = scene.ask(scene.person("Theo", stranger, sms=NUMBER), caller=stranger)
    with scene.service.db.write() as session:
        session.execute(update(Dispatch).where(Dispatch.id == there.id).values(state="cancelled"))
    message = sent(scene, scene.ask(scene.person(sms=NUMBER)))
    scene.texted(message, "undelivered", "30005")
    assert scene.point(message).state is ContactState.DEAD
    assert scene.point(there).state is ContactState.CONFIRMED


def test_what_was_blocked_stays_blocked(scene: Scene) -> None:
    message = sent(scene, scene.ask(scene.person(sms=NUMBER)))
    with scene.service.db.write() as session:
        session.execute(
            update(ContactPoint)
            .where(ContactPoint.id == message.contact_point_id)
            .values(state=ContactState.BLOCKED, state_reason="wrong-person")
        )
    scene.texted(message, "undelivered", "30005")
    assert scene.point(message).state is ContactState.BLOCKED
    assert scene.point(message).state_reason == "wrong-person"


def away_once(scene: Scene, client: object) -> Dispatch:
    """A text that finds the phone off."""
    message = scene.ask(client)  # type: ignore[arg-type]
    scene.work()
    scene.texted(message, "undelivered", "30003")
    return message


def test_a_phone_that_was_off_three_times_in_thirty_days_is_dead(scene: Scene) -> None:
    client = scene.person(sms=NUMBER, email="tex@example.org", fallback=("email",))
    first = away_once(scene, client)
    scene.later(hours=4)
    scene.texted(first, "undelivered", "30008")
    assert scene.point(first).state is ContactState.CONFIRMED
    scene.clock.shift(timedelta(days=20))
    third = away_once(scene, client)
    assert scene.point(third).state is ContactState.DEAD
    assert scene.state(third) == "failed", "there is no second try where the number is dead"
    assert (NoticeKind.DEAD_CONTACT) in {kind for _, kind in told(scene)}
    assert [one.channel for one in scene.beside(third)] == ["email"]


def test_three_times_in_a_longer_while_are_bad_luck(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    for _ in range(4):
        last = away_once(scene, client)
        scene.clock.shift(timedelta(days=16))
    assert scene.point(last).state is ContactState.CONFIRMED


def test_one_report_that_comes_many_times_is_one(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    message = away_once(scene, client)
    for code in ("30003", "30008", "30003"):
        for status in ("undelivered", "failed"):
            scene.texted(message, status, code)
    assert scene.point(message).state is ContactState.CONFIRMED


def test_an_opt_out_that_the_provider_knows_holds_from_then_on(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    scene.texts.script = [Refused("twilio_21610", "No more texts.", True, contact="opted_out")]
    message = scene.ask(client)
    scene.work()
    assert (scene.state(message), scene.texts.calls) == ("failed", 1)
    with scene.service.db.read() as session:
        assert opt_outs.stands(session, "sms", NUMBER, scene.cast.practice)
        assert opt_outs.stands(session, "sms", NUMBER, scene.cast.other_practice), "it is the common number"


def test_an_opt_out_from_a_practices_own_number_is_that_practices_alone_and_start_ends_it(
    scene: Scene,
) -> None:
    own = "+15035550100"
    with scene.service.db.write() as session:
        practice = session.get_one(Practice, scene.cast.practice)
        practice.sms_sender = practice.sms_number = own
    client = scene.person(sms=NUMBER)
    scene.texts.script = [Refused("twilio_21610", "No more texts.", True, contact="opted_out")]
    scene.ask(client)
    scene.work()
    with scene.service.db.read() as session:
        assert opt_outs.stands(session, "sms", NUMBER, scene.cast.practice)
        assert not opt_outs.stands(session, "sms", NUMBER, scene.cast.other_practice)
    with scene.service.db.write() as session:
        replies.hear(session, Inbound("SM1", "AC1", NUMBER, own, "START"), scene.service.settings)
    with scene.service.db.read() as session:
        assert not opt_outs.stands(session, "sms", NUMBER, scene.cast.practice)


def test_a_mailbox_that_bounces_is_dead(scene: Scene) -> None:
    message = sent(scene, scene.ask(scene.person(email="tex@example.org"), Way.EMAIL))
    scene.mailed(message, "bounce", type="bounce")
    assert scene.point(message).state is ContactState.DEAD


@pytest.mark.parametrize("code", ["30004", "30007", "30034", "30001", "12345"])
def test_what_says_nothing_of_the_number_leaves_it_alone(scene: Scene, code: str) -> None:
    message = sent(scene, scene.ask(scene.person(sms=NUMBER)))
    scene.texted(message, "undelivered", code)
    assert scene.point(message).state is ContactState.CONFIRMED
    assert told(scene) == []
