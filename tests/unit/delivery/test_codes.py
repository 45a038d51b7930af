"""Six-digit codes: to whom they go, how they leave, and what opens with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from delivery import client_life, codes, consents, opt_outs
from delivery.codes import Wrong
from delivery.db import now
from delivery.errors import Conflict, TooMany
from delivery.models.clients import Client, Consent, ContactPoint, ContactState, Respondent, SafeFor
from delivery.models.messages import ContactUse, Dispatch
from delivery.models.portal import CodeFor, OneTimeCode
from delivery.service import Service
from delivery.states import ClientState
from tests import sending_acts
from tests.sending_acts import NUMBER, PORTLAND, Scene

MAIL = "tex@example.org"


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def the_point(scene: Scene, **where: str) -> ContactPoint:
    respondent = scene.respondent(scene.person("Tex", None, **(where or {"sms": NUMBER})))
    with scene.service.db.read() as session:
        return session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == respondent.id)).one()


def asked(scene: Scene, point: ContactPoint, opens: CodeFor = CodeFor.PORTAL) -> str:
    with scene.service.db.write() as session:
        return codes.send(session, session.get_one(ContactPoint, point.id), opens)


def digits_of(scene: Scene) -> str:
    """The digits in the newest message that left."""
    scene.work()
    taken = (scene.texts.taken or scene.mails.taken)[-1]
    found = re.search(r"\b\d{6}\b", taken.text)
    assert found, taken.text
    return found[0]


def tried(scene: Scene, secret: str, digits: str, opens: CodeFor = CodeFor.PORTAL) -> OneTimeCode | Wrong:
    with scene.service.db.write() as session:
        return codes.check(session, secret, digits, opens)


def other_than(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**6:06}"


@pytest.mark.parametrize("where", [{"sms": NUMBER}, {"email": MAIL}])
def test_the_digits_of_the_message_open_once(scene: Scene, where: dict[str, str]) -> None:
    point = the_point(scene, **where)
    secret = asked(scene, point)
    digits = digits_of(scene)
    opened = tried(scene, secret, f" {digits[:3]} {digits[3:]} ")
    assert isinstance(opened, OneTimeCode)
    assert (opened.contact_point_id, opened.respondent_id) == (point.id, point.respondent_id)
    assert opened.code is None, "the digits are wiped with their use"
    assert tried(scene, secret, digits) == Wrong(0)


def test_five_wrong_tries_end_it_for_the_right_digits_too(scene: Scene) -> None:
    secret = asked(scene, the_point(scene))
    digits = digits_of(scene)
    left = [tried(scene, secret, other_than(digits)) for _ in range(5)]
    assert left == [Wrong(4), Wrong(3), Wrong(2), Wrong(1), Wrong(0)]
    assert tried(scene, secret, digits) == Wrong(0)


def test_another_browser_neither_opens_it_nor_uses_up_its_tries(scene: Scene) -> None:
    point = the_point(scene)
    mine, theirs = asked(scene, point), asked(scene, point)
    scene.work()
    first = re.search(r"\b\d{6}\b", scene.texts.taken[0].text)
    assert first
    for _ in range(6):
        assert isinstance(tried(scene, theirs, other_than(first[0])), Wrong)
    assert isinstance(tried(scene, mine, first[0]), OneTimeCode)


def test_a_code_is_over_after_ten_minutes_and_its_digits_are_swept_away(scene: Scene) -> None:
    secret = asked(scene, the_point(scene))
    digits = digits_of(scene)
    scene.clock.shift(timedelta(minutes=10))
    assert tried(scene, secret, digits) == Wrong(0)
    with scene.service.db.write() as session:
        codes.wipe_old(session)
    with scene.service.db.read() as session:
        assert session.scalars(select(OneTimeCode)).one().code is None


def test_a_code_for_one_thing_opens_no_other(scene: Scene) -> None:
    secret = asked(scene, the_point(scene), CodeFor.RESUME)
    digits = digits_of(scene)
    assert tried(scene, secret, digits, CodeFor.PORTAL) == Wrong(0)
    assert isinstance(tried(scene, secret, digits, CodeFor.RESUME), OneTimeCode)


@pytest.mark.parametrize("secret", ["", "x", "A" * 22, "é" * 22, "0" * 5000])
@pytest.mark.parametrize("digits", ["", "123456", "١٢٣٤٥٦", "1" * 5000])
def test_what_was_never_sent_opens_nothing(scene: Scene, secret: str, digits: str) -> None:
    assert tried(scene, secret, digits) == Wrong(0)


def test_it_goes_at_night_outside_named_hours_and_beside_full_caps(scene: Scene) -> None:
    point = the_point(scene)
    with scene.service.db.write() as session:
        session.execute(update(ContactPoint).values(safe_hours={"from": "09:00", "to": "10:00"}))
    scene.clock.move_to(datetime(2026, 11, 24, 23, 30, tzinfo=ZoneInfo(PORTLAND)))
    for _ in range(5):
        asked(scene, point)
    scene.work()
    assert len(scene.texts.taken) == 5
    assert scene.count(ContactUse) == 0, "codes leave the caps of other messages alone"


def test_the_sixth_in_a_day_is_refused_whoever_of_a_family_asks(scene: Scene) -> None:
    mother, teen = the_point(scene), the_point(scene)
    for n in range(5):
        asked(scene, (mother, teen)[n % 2])
    with pytest.raises(TooMany) as told:
        asked(scene, teen)
    assert 86_000 < told.value.retry_after <= 86_401
    scene.clock.shift(timedelta(hours=24, seconds=1))
    assert asked(scene, teen)


def test_codes_for_the_portal_use_up_none_for_a_form(scene: Scene) -> None:
    point = the_point(scene)
    for _ in range(5):
        asked(scene, point)
    for _ in range(5):
        asked(scene, point, CodeFor.RESUME)
    for opens in CodeFor:
        with pytest.raises(TooMany):
            asked(scene, point, opens)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (ContactPoint, {"state": ContactState.BLOCKED}),
        (ContactPoint, {"state": ContactState.DEAD}),
        (ContactPoint, {"safe_for": SafeFor.NOTHING}),
        (Consent, {"withdrawn_at": sending_acts.SIGNED}),
        (Respondent, {"in_person_only": True}),
        (Client, {"state": ClientState.PAUSED}),
    ],
)
def test_nothing_goes_where_nothing_may_be_sent(scene: Scene, model: type, values: dict[str, object]) -> None:
    point = the_point(scene)
    with scene.service.db.write() as session:
        session.execute(update(model).values(**values))
    with pytest.raises(Conflict):
        asked(scene, point)
    assert scene.count(Dispatch) == scene.count(OneTimeCode) == 0


def test_a_number_that_said_stop_gets_no_code(scene: Scene) -> None:
    point = the_point(scene)
    with scene.service.db.write() as session:
        opt_outs.stop(session, "sms", NUMBER, "keyword", None)
    with pytest.raises(Conflict, match="not possible"):
        asked(scene, point)


def test_who_wants_no_forms_may_still_sign_in(scene: Scene) -> None:
    point = the_point(scene)
    with scene.service.db.write() as session:
        session.execute(update(Respondent).values(refused_at=now()))
    asked(scene, point)
    scene.work()
    assert len(scene.texts.taken) == 1


def test_a_consent_that_is_taken_back_stops_the_code_that_waits(scene: Scene) -> None:
    point = the_point(scene)
    asked(scene, point)
    with scene.service.db.write() as session:
        consents.withdraw(session, session.get_one(Respondent, point.respondent_id), "sms", scene.ada.actor)
    scene.work()
    assert scene.texts.taken == []


def test_a_pause_stops_the_code_that_waits(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    respondent = scene.respondent(client)
    with scene.service.db.read() as session:
        point = session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == respondent.id)).one()
    asked(scene, point)
    with scene.service.db.write() as session:
        client_life.set_state(session, scene.ada, client, ClientState.PAUSED)
    scene.work()
    assert scene.texts.taken == []


def test_a_code_whose_time_is_over_before_it_leaves_is_not_sent(scene: Scene) -> None:
    asked(scene, the_point(scene))
    scene.later(minutes=11)
    assert scene.texts.taken == []
    with scene.service.db.read() as session:
        assert session.scalars(select(Dispatch)).one().code == "ended"


def test_neither_the_digits_nor_the_secret_can_be_read_from_the_row(scene: Scene) -> None:
    secret = asked(scene, the_point(scene))
    digits = digits_of(scene)
    with scene.service.db.read() as session:
        row = session.scalars(select(OneTimeCode)).one()
    plain = {sha256(text.encode()).digest() for text in (digits, secret, f"{secret}|{digits}")}
    assert not plain & {row.code_hash, row.secret_hash}
    sealed: bytes = row.code_sealed  # type: ignore[attr-defined]
    assert digits.encode() not in sealed
