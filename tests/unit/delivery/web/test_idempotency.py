from __future__ import annotations

from hashlib import sha256
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from delivery import crypto
from delivery.crypto import PracticeKeys
from delivery.errors import Conflict
from delivery.models.ledger import StoredReply
from delivery.service import Service
from delivery.web.api import idempotency
from tests import build


def test_a_repeat_gets_the_first_answer_and_another_body_a_conflict(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    token = uuid4()
    with app.test_request_context("/api/v1/clients", method="POST"):
        for stored in (False, True):
            with service.db.write() as session:
                found = idempotency.once(session, token, "k", "{}", 201, lambda: {"id": "x"})
            assert found == ({"id": "x"}, 201, stored)
        with service.db.write() as session, pytest.raises(Conflict):
            idempotency.once(session, token, "k", "{1}", 201, dict)


def test_what_is_kept_of_a_request_tells_nothing_without_the_key(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    body = '{"given_name":"Ottilie"}'
    with app.test_request_context("/api/v1/clients", method="POST"):
        for number in range(2):
            with service.db.write() as session:
                idempotency.once(session, uuid4(), "k", body, 201, dict)
            crypto.vault().add(crypto.ALLIANCE, PracticeKeys({1: bytes(32)}, bytes([number] * 32)))
    with service.db.read() as session:
        one, other = session.execute(select(StoredReply.request_hash, StoredReply.key_hash)).all()
    assert one.request_hash != other.request_hash
    assert one.key_hash != other.key_hash
    guesses = {sha256(f"POST /api/v1/clients\n{body}".encode()).digest(), sha256(b"k").digest()}
    assert not guesses & {one.request_hash, one.key_hash}
