"""What is signed, and what does not pass."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from delivery.kiosk import signed
from delivery.kiosk.signed import NotEnrolled, Repeated, Signed
from delivery.models.devices import KioskDevice
from delivery.service import Service
from tests import build
from tests.tablet import Tablet, enrolled

ID = UUID(int=7)


def test_the_message_names_tablet_number_and_body_and_no_time() -> None:
    first = signed.message(ID, 1, b"body")
    assert first == signed.message(ID, 1, b"body")
    others = [
        signed.message(ID, 2, b"body"),
        signed.message(ID, 1, b"other"),
        signed.message(UUID(int=8), 1, b"body"),
    ]
    assert first not in others


@pytest.fixture
def tablet(service: Service, cast: build.Cast, app: Flask) -> Tablet:
    return enrolled(service, app, cast.caller(service, cast.ada), [cast.practice])


def _step(tablet: Tablet, count: int, body: bytes = b"{}") -> Signed:
    headers = tablet.signed(body, count)
    from delivery.web.kiosk.door import bytes_of

    return Signed(tablet.id, count, bytes_of(headers["Kiosk-Signature"]), body)


def test_a_number_is_used_up_and_lower_ones_with_it(service: Service, tablet: Tablet) -> None:
    with service.db.write() as session:
        assert signed.prove(session, _step(tablet, 9)).last_count == 9
    for count in (9, 8, 1):
        with service.db.write() as session, pytest.raises(Repeated) as refused:
            signed.prove(session, _step(tablet, count))
        assert refused.value.last == 9


@pytest.mark.parametrize("count", [0, -1, signed.HIGHEST])
def test_a_number_out_of_range_is_not_a_step(service: Service, tablet: Tablet, count: int) -> None:
    with service.db.write() as session, pytest.raises(NotEnrolled):
        signed.prove(session, _step(tablet, count))


def test_a_changed_bit_anywhere_in_the_signature_is_refused(service: Service, tablet: Tablet) -> None:
    step = _step(tablet, 1)
    for place in range(0, 64, 7):
        changed = bytearray(step.signature)
        changed[place] ^= 1
        with service.db.write() as session, pytest.raises(NotEnrolled):
            signed.prove(session, Signed(step.device_id, 1, bytes(changed), step.body))
    for length in (0, 63, 65):
        with service.db.write() as session, pytest.raises(NotEnrolled):
            signed.prove(
                session, Signed(step.device_id, 1, step.signature[:length].ljust(length, b"x"), step.body)
            )
    with service.db.read() as session:
        assert session.get_one(KioskDevice, tablet.id).last_count == 0
