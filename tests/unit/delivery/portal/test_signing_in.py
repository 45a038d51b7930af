"""Who can sign in to a client's own page, what such a browser may see, and what ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from delivery import client_life, opt_outs, sign_in_links
from delivery.models.clients import (
    Client,
    Consent,
    ContactKind,
    ContactPoint,
    ContactState,
    Respondent,
    SafeFor,
)
from delivery.models.messages import Dispatch
from delivery.models.portal import PortalSession
from delivery.portal import office, sessions, signing_in
from delivery.portal.sessions import NotSignedIn, SignedIn
from delivery.service import Service
from delivery.signing import Purpose
from delivery.states import ClientState
from tests import sending_acts
from tests.sending_acts import NUMBER, Scene

MAIL = "tex@example.org"


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def ask(scene: Scene, kind: ContactKind = ContactKind.EMAIL, value: str = MAIL) -> str:
    with scene.service.db.write() as session:
        secret = signing_in.ask(session, kind, value)
    scene.work()
    return secret


def enter(scene: Scene, secret: str, digits: str) -> str | None:
    with scene.service.db.write() as session:
        return signing_in.enter(session, secret, digits, "a browser")


def last_digits(scene: Scene, texts: bool = False) -> str:
    found = re.search(r"\b\d{6}\b", (scene.texts if texts else scene.mails).taken[-1].text)
    assert found
    return found[0]


def signed_in(scene: Scene, value: str = MAIL) -> str:
    secret = ask(scene, value=value)
    opened = enter(scene, secret, last_digits(scene))
    assert opened is not None
    return opened


def who(scene: Scene, secret: str) -> SignedIn:
    with scene.service.db.write() as session:
        return sessions.find(session, secret)


def the_link(scene: Scene, client: UUID) -> str:
    """The token of a link that a clinician sends."""
    with scene.service.db.write() as session:
        point = session.scalars(
            select(ContactPoint)
            .join(Respondent, Respondent.id == ContactPoint.respondent_id)
            .where(Respondent.client_id == client)
        ).one()
        office.invite(session, scene.ada, point.id)
    scene.work()
    found = re.search(r"/portal/(\S+)", (scene.mails.taken or scene.texts.taken)[-1].text)
    assert found
    return found[1]


def press(scene: Scene, token: str) -> str | None:
    with scene.service.db.write() as session:
        return signing_in.press(session, token, scene.service.tokens, "a browser")


def test_a_code_to_the_only_confirmed_reader_opens_the_whole_page(scene: Scene) -> None:
    client = scene.person(email=MAIL)
    found = who(scene, signed_in(scene))
    assert (found.client.id, found.full) == (client, True)


def test_a_number_signs_in_by_text(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    secret = ask(scene, ContactKind.SMS, NUMBER)
    opened = enter(scene, secret, last_digits(scene, texts=True))
    assert opened is not None
    assert who(scene, opened).client.id == client


def test_for_an_address_that_nobody_has_nothing_goes_out_and_nothing_opens(scene: Scene) -> None:
    scene.person(email=MAIL)
    secret = ask(scene, value="nobody@example.org")
    assert len(secret) == len(ask(scene)), "the browser gets a secret of the same kind"
    assert len(scene.mails.taken) == 1
    assert enter(scene, secret, "000000") is None


def test_on_an_unconfirmed_address_the_page_is_not_whole(scene: Scene) -> None:
    scene.person(email=MAIL)
    with scene.service.db.write() as session:
        session.execute(
            update(ContactPoint).where(ContactPoint.kind == "email").values(state=ContactState.UNCONFIRMED)
        )
    assert not who(scene, signed_in(scene)).full


@pytest.mark.parametrize("elsewhere", [False, True])
def test_on_a_shared_address_the_page_is_not_whole_wherever_the_other_is(
    scene: Scene, elsewhere: bool
) -> None:
    scene.person(email=MAIL)
    stranger = scene.cast.caller(scene.service, scene.cast.stranger)
    scene.person("Other", stranger if elsewhere else None, email=MAIL)
    found = who(scene, signed_in(scene))
    assert not found.full
    assert len({point.respondent_id for point in found.there}) == 2
    assert len(scene.mails.taken) == 1, "one code for both"


def test_somebody_who_joins_the_address_later_ends_the_whole_view_at_once(scene: Scene) -> None:
    scene.person(email=MAIL)
    opened = signed_in(scene)
    assert who(scene, opened).full
    scene.person("Late", email=MAIL)
    assert not who(scene, opened).full


def test_who_gave_no_consent_there_is_not_on_the_page(scene: Scene) -> None:
    mine = scene.person(email=MAIL)
    scene.person("Silent", email=MAIL, agreed=False)
    found = who(scene, signed_in(scene))
    assert {point.respondent_id for point in found.there} == {scene.respondent(mine).id}


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Consent, {"withdrawn_at": sending_acts.SIGNED}),
        (Respondent, {"in_person_only": True}),
        (Respondent, {"until_at": sending_acts.SIGNED}),
        (Client, {"state": ClientState.PAUSED}),
        (ContactPoint, {"safe_for": SafeFor.NOTHING}),
        (ContactPoint, {"state": ContactState.DEAD}),
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_to_whom_nothing_may_be_sent_still_reads_the_phone(
    scene: Scene, model: type[Any], values: dict[str, object], elsewhere: bool
) -> None:
    scene.person("Teen", sms=NUMBER)
    secret = ask(scene, ContactKind.SMS, NUMBER)
    opened = enter(scene, secret, last_digits(scene, texts=True))
    assert opened is not None and who(scene, opened).full
    stranger = scene.cast.caller(scene.service, scene.cast.stranger)
    parent = scene.person("Parent", stranger if elsewhere else None, sms=NUMBER)
    respondent = scene.respondent(parent)
    theirs = {Client: Client.id == parent, Respondent: Respondent.id == respondent.id}
    other = None if model in theirs else model.respondent_id == respondent.id
    with scene.service.db.write() as session:
        session.execute(update(model).where(theirs.get(model, other)).values(**values))  # type: ignore[arg-type]
    assert not who(scene, opened).full
    scene.clock.shift(timedelta(minutes=2))
    secret = ask(scene, ContactKind.SMS, NUMBER)
    again = enter(scene, secret, last_digits(scene, texts=True))
    assert again is not None and not who(scene, again).full


def test_while_a_code_is_young_no_second_one_is_sent_and_a_used_one_makes_room(scene: Scene) -> None:
    scene.person(email=MAIL)
    first = ask(scene)
    assert enter(scene, ask(scene), last_digits(scene)) is None, "another browser asked"
    assert len(scene.mails.taken) == 1
    assert enter(scene, first, last_digits(scene)) is not None
    ask(scene)
    assert len(scene.mails.taken) == 2
    scene.clock.shift(timedelta(seconds=60))
    ask(scene)
    assert len(scene.mails.taken) == 3


def test_a_link_that_a_clinician_sent_holds_back_no_code(scene: Scene) -> None:
    the_link(scene, scene.person(email=MAIL))
    assert enter(scene, ask(scene), last_digits(scene)) is not None


@pytest.mark.parametrize("state", [ClientState.PAUSED, ClientState.CLOSED, ClientState.DECEASED])
def test_a_pause_a_close_and_a_death_end_the_page_at_the_next_look(scene: Scene, state: ClientState) -> None:
    client = scene.person(email=MAIL)
    opened = signed_in(scene)
    with scene.service.db.write() as session:
        client_life.set_state(session, scene.ada, client, state)
    with pytest.raises(NotSignedIn):
        who(scene, opened)


def test_a_block_and_a_stop_end_it_too(scene: Scene) -> None:
    scene.person(email=MAIL)
    first, second = signed_in(scene), signed_in(scene)
    with scene.service.db.write() as session:
        opt_outs.stop(session, "email", MAIL, "keyword", None)
    with pytest.raises(NotSignedIn):
        who(scene, first)
    with scene.service.db.write() as session:
        opt_outs.start(session, "email", MAIL, None)
        session.execute(update(ContactPoint).values(state=ContactState.BLOCKED))
    with pytest.raises(NotSignedIn):
        who(scene, second)


def test_thirty_idle_minutes_and_twelve_hours_end_it(scene: Scene) -> None:
    scene.person(email=MAIL)
    idle, busy = signed_in(scene), signed_in(scene)
    for _ in range(24):
        scene.clock.shift(timedelta(minutes=29))
        who(scene, busy)
    with pytest.raises(NotSignedIn):
        who(scene, idle)
    scene.clock.shift(timedelta(minutes=24))
    with pytest.raises(NotSignedIn):
        who(scene, busy)


@pytest.mark.parametrize("secret", ["", "x", "A" * 22, "é" * 22, "0" * 5000])
def test_no_other_secret_opens_a_page(scene: Scene, secret: str) -> None:
    scene.person(email=MAIL)
    signed_in(scene)
    with pytest.raises(NotSignedIn):
        who(scene, secret)


def test_signing_out_ends_one_browser_and_the_clinician_ends_all_with_their_links(scene: Scene) -> None:
    client = scene.person(email=MAIL)
    one, other = signed_in(scene), signed_in(scene)
    token, asking = the_link(scene, client), ask(scene)
    digits = last_digits(scene)
    with scene.service.db.write() as session:
        sessions.end(session, sessions.find(session, one))
    with pytest.raises(NotSignedIn):
        who(scene, one)
    assert who(scene, other)
    with scene.service.db.write() as session:
        office.sign_out(session, scene.ada, scene.respondent(client).id)
    with pytest.raises(NotSignedIn):
        who(scene, other)
    assert press(scene, token) is None
    assert enter(scene, asking, digits) is None


def test_the_link_of_a_message_signs_in_once_for_three_days(scene: Scene) -> None:
    client = scene.person(email=MAIL)
    token = the_link(scene, client)
    with scene.service.db.read() as session:
        for _ in range(50):
            assert sign_in_links.look(session, token, scene.service.tokens) is not None
    opened = press(scene, token)
    assert opened is not None
    assert who(scene, opened).client.id == client
    assert press(scene, token) is None
    scene.clock.shift(timedelta(seconds=11))
    late = the_link(scene, client)
    scene.clock.shift(timedelta(days=3, seconds=1))
    assert press(scene, late) is None


def test_a_token_of_another_kind_or_of_another_row_opens_nothing(scene: Scene) -> None:
    client = scene.person(email=MAIL)
    token = the_link(scene, client)
    with scene.service.db.read() as session:
        (row,) = session.scalars(select(Dispatch)).all()
        assert row.code_id is not None
    make = scene.service.tokens.make
    others = [make(kind, row.code_id.bytes) for kind in Purpose if kind is not Purpose.PORTAL]
    others += [make(Purpose.PORTAL, row.id.bytes), make(Purpose.PORTAL, bytes(16))]
    others += [token[:-1], token + "A", token.swapcase(), "", "." * 45, "é" * 45, "A" * 45]
    for wrong in others:
        assert press(scene, wrong) is None, wrong
    assert scene.count(PortalSession) == 0
    assert press(scene, token) is not None


def test_a_press_twice_on_send_a_link_sends_one(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    the_link(scene, client)
    with scene.service.db.write() as session:
        point = session.scalars(select(ContactPoint).where(ContactPoint.kind == "sms")).one()
        office.invite(session, scene.ada, point.id)
    scene.work()
    assert len(scene.texts.taken) == 1
    assert "Quillfeather" not in scene.texts.taken[0].text
