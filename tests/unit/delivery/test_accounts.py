from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from argon2 import PasswordHasher
from sqlalchemy import event, select

from delivery import access, accounts, db, throttle
from delivery.db import now
from delivery.errors import Invalid, NotFound, TooMany
from delivery.models.ledger import Tick
from delivery.models.people import ApiToken, ConsoleSession, Person, Role, SignInThrottle
from delivery.service import Service
from tests import build

KEY = b"throttle key of a test"


@pytest.fixture
def ada(service: Service) -> UUID:
    """One clinician, without the rest of the cast: every password hash takes its time."""
    from delivery import crypto, people

    with service.db.write() as session:
        kek = crypto.read_kek(service.settings.kek_path)
        practice = people.add_practice(session, kek, name="Alder", sender_name="Alder")
        person = people.add_person(
            session, email="ada@example.org", name="Ada Rowan", roles=[Role.CLINICIAN], practice=practice
        )
        accounts.set_password(person, build.PASSWORD)
        return person.id


def _sign_in(service: Service, password: str = build.PASSWORD, **more: Any) -> str | None:
    values = {"email": "ada@example.org", "network": "192.0.2.1", "throttle_key": KEY, **more}
    email = values.pop("email")
    return accounts.sign_in(service.db, email, password, **values)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "ababababababab"])
def test_a_password_that_is_easy_to_guess_is_refused(service: Service, ada: UUID, password: str) -> None:
    with service.db.read() as session:
        person = session.get(Person, ada)
        assert person is not None
        with pytest.raises(Invalid) as caught:
            accounts.set_password(person, password)
    assert "password" in caught.value.fields
    assert password not in str(caught.value)


@pytest.mark.parametrize(("local", "refused"), [("ottilie", True), ("ot", False)])
def test_a_password_does_not_hold_the_name_before_the_at_sign(local: str, refused: bool) -> None:
    person = Person(name="O", known_as="O", email=f"{local}@example.org")
    if refused:
        with pytest.raises(Invalid):
            accounts.set_password(person, f"My{local.title()} is a secret")
    else:
        accounts.set_password(person, f"My{local.title()} is a secret")
        assert person.password_hash


def test_a_password_is_stored_only_as_an_argon2id_hash(service: Service, ada: UUID) -> None:
    with service.db.read() as session:
        person = session.get(Person, ada)
        assert person is not None
        stored = person.password_hash or ""
    assert stored.startswith("$argon2id$")
    assert build.PASSWORD not in stored


def test_signing_in_takes_the_address_in_any_spelling(service: Service, ada: UUID) -> None:
    assert _sign_in(service, email="  Ada@Example.ORG ") is not None
    assert _sign_in(service, email="ada@example.com") is None


def test_each_wait_doubles_and_ends_by_itself(service: Service, ada: UUID) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(throttle.FREE):
            assert _sign_in(service, "wrong") is None
        waits = []
        for _ in range(3):
            with pytest.raises(TooMany) as caught:
                _sign_in(service)
            waits.append(caught.value.retry_after - 1)
            clock.shift(timedelta(seconds=caught.value.retry_after))
            assert _sign_in(service, "wrong") is None
        assert waits == [15, 30, 60]
        clock.shift(timedelta(hours=1))
        assert _sign_in(service) is not None


def test_one_network_that_tries_many_addresses_has_to_wait_too(
    service: Service, ada: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_right", lambda known, password: False)
    for number in range(throttle.FREE_BY_NETWORK):
        assert _sign_in(service, email=f"guess{number}@example.org") is None
    with pytest.raises(TooMany):
        _sign_in(service, email="fresh@example.org")
    assert _sign_in(service, email="fresh@example.org", network="192.0.2.2") is None


def test_wrong_tries_from_elsewhere_do_not_keep_somebody_out(service: Service, ada: UUID) -> None:
    for _ in range(throttle.FREE):
        assert _sign_in(service, "wrong", network="203.0.113.9") is None
    with pytest.raises(TooMany):
        _sign_in(service, network="203.0.113.9")
    assert _sign_in(service) is not None


def test_nobody_waits_for_a_password_to_be_checked(
    service: Service, ada: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.05)
    checked = accounts._right
    saved: list[str] = []

    def right(known: str, password: str) -> bool:
        with service.db.write() as session:  # a client's answers, say
            session.add(Tick(name=f"{len(saved)}", at=now()))
        saved.append(known)
        return checked(known, password)

    monkeypatch.setattr(accounts, "_right", right)
    assert _sign_in(service) is not None
    assert _sign_in(service, "wrong") is None
    assert _sign_in(service, email="nobody@example.org") is None
    assert len(saved) == 3


def test_of_many_tries_at_once_only_the_free_ones_get_an_answer(
    service: Service, ada: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = accounts._right

    def right(known: str, password: str) -> bool:
        monkeypatch.setattr(accounts, "_right", checked)
        for _ in range(throttle.FREE):
            _sign_in(service, "wrong")
        return checked(known, password)

    monkeypatch.setattr(accounts, "_right", right)
    with pytest.raises(TooMany):
        _sign_in(service)


def test_a_password_that_changed_while_it_was_checked_opens_nothing(
    service: Service, ada: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = accounts._right

    def right(known: str, password: str) -> bool:
        with service.db.write() as session:
            person = session.get(Person, ada)
            assert person is not None
            accounts.set_password(person, "another four plain words")
        return checked(known, password)

    monkeypatch.setattr(accounts, "_right", right)
    assert _sign_in(service) is None


def test_a_wrong_try_is_the_same_work_for_a_known_and_an_unknown_address(service: Service, ada: UUID) -> None:
    asked: list[str] = []

    @event.listens_for(service.db.engine, "before_cursor_execute")
    def _hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    work = []
    for email in ("ada@example.org", "eva@example.org"):
        asked.clear()
        assert _sign_in(service, "wrong", email=email, network=email) is None
        work.append(list(asked))
    assert work[0] == work[1]
    assert any("sign_in_throttle" in statement for statement in work[0])


def test_a_hash_of_an_older_kind_is_renewed_at_sign_in(service: Service, ada: UUID) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(build.PASSWORD)
    with service.db.write() as session:
        person = session.get(Person, ada)
        assert person is not None
        person.password_hash = old
    assert _sign_in(service, "wrong") is None
    assert _hash(service, ada) == old
    assert _sign_in(service) is not None
    assert _hash(service, ada) != old
    assert _sign_in(service) is not None


def _hash(service: Service, person_id: UUID) -> str | None:
    with service.db.read() as session:
        person = session.get(Person, person_id)
        assert person is not None
        return person.password_hash


def test_the_throttle_knows_neither_addresses_nor_networks(service: Service, ada: UUID) -> None:
    _sign_in(service, "wrong")
    with service.db.read() as session:
        keys = session.scalars(select(SignInThrottle.key_hash)).all()
    assert len(keys) == 3
    for key in keys:
        assert len(key) == 32
        assert b"ada" not in key


def test_a_session_ends_by_idleness_and_by_age(service: Service, ada: UUID) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        secret = _sign_in(service)
        assert secret is not None
        for _ in range(47):
            clock.shift(timedelta(minutes=14))
            with service.db.write() as session:
                found = accounts.resume(session, secret)
                assert found is not None
                accounts.seen(session, found[0].id)
        clock.shift(timedelta(minutes=14))
        with service.db.read() as session:
            assert accounts.resume(session, secret) is not None
        clock.shift(timedelta(minutes=2))
        with service.db.read() as session:
            assert accounts.resume(session, secret) is None


def test_a_session_is_at_most_twelve_hours_old(service: Service, ada: UUID) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        secret = _sign_in(service)
        assert secret is not None
        clock.shift(accounts.LONGEST - timedelta(seconds=1))
        with service.db.write() as session:
            session.scalars(select(ConsoleSession)).one().last_seen_at = now()
        with service.db.read() as session:
            assert accounts.resume(session, secret) is not None
        clock.shift(timedelta(seconds=1))
        with service.db.read() as session:
            assert accounts.resume(session, secret) is None


def test_signing_out_and_revoking_end_a_session(service: Service, ada: UUID) -> None:
    first, second = _sign_in(service), _sign_in(service)
    assert first is not None
    assert second is not None
    with service.db.write() as session:
        found = accounts.resume(session, first)
        assert found is not None
        accounts.sign_out(session, found[0])
    with service.db.write() as session:
        assert accounts.resume(session, first) is None
        assert accounts.resume(session, second) is not None
        assert accounts.revoke_all(session, ada) == 1
        assert accounts.revoke_all(session, ada) == 0
    with service.db.read() as session:
        assert accounts.resume(session, second) is None
        assert accounts.resume(session, "never made") is None


def test_a_token_is_shown_once_works_in_its_practice_and_can_be_revoked(service: Service, ada: UUID) -> None:
    with service.db.write() as session:
        secret = accounts.make_token(session, "Ada@example.org", "script")
    with service.db.write() as session:
        row = session.scalars(select(ApiToken)).one()
        assert secret.encode() not in row.secret_hash
        found = accounts.bearer(session, secret)
        assert found is not None
        assert found[1].practices(Role.CLINICIAN) == [row.practice_id]
        row.revoked_at = now()
        session.flush()
        assert accounts.bearer(session, secret) is None


def test_all_tokens_of_a_person_are_revoked_and_nobody_else_s(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        mine = [accounts.make_token(session, "ada@example.org", name) for name in ("one", "two")]
        other = accounts.make_token(session, "bo@example.org", "three")
    with service.db.write() as session:
        assert accounts.revoke_tokens(session, cast.ada) == 2
        assert accounts.revoke_tokens(session, cast.ada) == 0
    with service.db.read() as session:
        assert [accounts.bearer(session, secret) for secret in mine] == [None, None]
        assert accounts.bearer(session, other) is not None


def test_a_token_needs_somebody_who_treats_clients(service: Service, ada: UUID) -> None:
    from delivery import people

    with service.db.write() as session:
        people.add_person(session, email="op@example.org", name="Op", roles=[Role.OPERATOR], practice=None)
        with pytest.raises(Invalid):
            accounts.make_token(session, "op@example.org", "x")
        with pytest.raises(NotFound):
            accounts.make_token(session, "nobody@example.org", "x")
        assert access.caller(session, ada).practices(Role.CLINICIAN)
