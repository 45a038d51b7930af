"""Who may add, share and revoke a tablet, and what a lost one could have shown."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask

from delivery.access import Caller
from delivery.errors import Forbidden, Invalid, NotFound
from delivery.kiosk import devices, shown
from delivery.models.assignments import Way
from delivery.service import Service
from tests import build
from tests.tablet import code_for, enrolled


@pytest.fixture
def ada(service: Service, cast: build.Cast) -> Caller:
    return cast.caller(service, cast.ada)


@pytest.fixture
def desk_person(service: Service, cast: build.Cast) -> Caller:
    return cast.caller(service, cast.desk)


def test_only_an_owner_adds_one(service: Service, cast: build.Cast, desk_person: Caller) -> None:
    bo = cast.caller(service, cast.bo)
    for caller in (desk_person, bo):
        with service.db.write() as session, pytest.raises(Forbidden):
            devices.add(session, caller, [cast.practice], "Mine")


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_tablet_needs_a_name(service: Service, cast: build.Cast, ada: Caller, name: str) -> None:
    with service.db.write() as session, pytest.raises(Invalid):
        devices.add(session, ada, [cast.practice], name)


def test_the_front_desk_takes_a_lost_one_out_of_use_and_a_stranger_cannot(
    service: Service, cast: build.Cast, app: Flask, ada: Caller, desk_person: Caller
) -> None:
    tablet = enrolled(service, app, ada, [cast.practice])
    stranger = cast.caller(service, cast.stranger)
    with service.db.write() as session, pytest.raises(NotFound):
        devices.revoke(session, stranger, tablet.id)
    with service.db.write() as session:
        assert devices.revoke(session, desk_person, tablet.id).public_key is None
        assert devices.in_use(session, cast.practice) == []


def test_what_a_lost_tablet_could_have_shown_is_told(
    service: Service, cast: build.Cast, app: Flask, ada: Caller, desk_person: Caller
) -> None:
    tablet = enrolled(service, app, ada, [cast.practice])
    row = build.ask(service, ada, cast.cy, ["phq9"], Way.KIOSK)
    tablet.open(code_for(service, desk_person, row, tablet))
    with service.db.write() as session:
        [one] = shown.of_device(session, desk_person, tablet.id)
        assert (one.called, one.clinician, one.open) == ("Cyan", "Dr. Rowan", True)


def test_a_key_of_another_kind_is_not_taken() -> None:
    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())):
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert devices.read_key(der) is None
    assert devices.read_key(b"") is None


def test_a_grant_that_was_withdrawn_can_be_given_again(
    service: Service, cast: build.Cast, app: Flask, ada: Caller
) -> None:
    tablet = enrolled(service, app, ada, [cast.practice])
    with service.db.write() as session:
        number = devices.number(devices.of_keeper(session, ada, tablet.id, *devices.KEEPERS))
        devices.withdraw(session, ada, tablet.id, cast.practice)
        assert devices.granted(session, tablet.id) == []
        devices.grant(session, ada, number.lower(), cast.practice)
        assert devices.granted(session, tablet.id) == [cast.practice]
