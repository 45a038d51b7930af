from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from delivery import inbox, opt_outs
from delivery.app import create_app
from delivery.models.ledger import InboxEntry
from delivery.models.messages import OptOut
from delivery.service import Service
from tests import build
from tests.carrier_callbacks import Signer

ACCOUNT, TOKEN = "AC" + "0" * 32, "a-twilio-token-of-the-tests"
NUMBER, OURS = "+15035550123", "+15035550100"
BASE = "http://127.0.0.1:8080"
SIGNER = Signer(TOKEN)
IMPOSTOR = Signer("another-token")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """An installation with both providers."""
    made = build.service(
        tmp_path,
        sms="twilio",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_number=OURS,
        email="sendgrid",
        sendgrid_webhook_keys=f"{Signer('x').public_key} {SIGNER.public_key}",
    )
    build.cast(made)
    yield made
    made.db.close()


@pytest.fixture
def http(service: Service) -> FlaskClient:
    return create_app(service=service).test_client()


def status_url(service: Service) -> str:
    return inbox.callback_url(service.settings, service.tokens, uuid4())


def status(sid: str = "SM1", what: str = "sent", error: str = "") -> dict[str, str]:
    form = {"AccountSid": ACCOUNT, "MessageSid": sid, "MessageStatus": what, "To": NUMBER}
    return form | ({"ErrorCode": error} if error else {})


def inbound(words: str = "STOP", sid: str = "SM9") -> dict[str, str]:
    return {"AccountSid": ACCOUNT, "MessageSid": sid, "From": NUMBER, "To": OURS, "Body": words}


def twilio(
    http: FlaskClient, url: str, form: dict[str, str], *, signed: str | None = None, signer: Signer = SIGNER
) -> TestResponse:
    """A call as Twilio makes it; `signed`: the address that was signed, where it is another one."""
    headers = {"Host": "127.0.0.1:8080", **signer.twilio(signed or url, form)}
    return http.post(url.removeprefix(BASE), data=form, headers=headers)


def batch(*ids: str, **more: Any) -> bytes:
    """A batch as SendGrid writes it."""
    events = [
        {
            "event": "delivered",
            "email": "somebody@example.org",
            "timestamp": int(time.time()),
            "sg_event_id": one,
            "sg_message_id": "m1",
            "lightq_attempt": str(uuid4()),
            **more,
        }
        for one in ids
    ]
    return json.dumps(events).encode()


def sendgrid(
    http: FlaskClient, raw: bytes, *, signer: Signer = SIGNER, at: int | None = None
) -> TestResponse:
    headers = {"Host": "127.0.0.1:8080", **signer.sendgrid(raw, at)}
    return http.post("/hooks/sendgrid", data=raw, headers=headers, content_type="application/json")


def kept(service: Service) -> list[InboxEntry]:
    with service.db.read() as session:
        return list(session.scalars(select(InboxEntry).order_by(InboxEntry.id)))


def test_a_status_is_kept_once_however_often_it_comes(service: Service, http: FlaskClient) -> None:
    url = status_url(service)
    for _ in range(50):
        assert twilio(http, url, status()).status_code == 204
    assert twilio(http, url, status(what="delivered")).status_code == 204
    assert [inbox.event(row).kind for row in kept(service)] == ["sent", "delivered"]
    assert NUMBER not in json.dumps([row.body for row in kept(service)])


def test_a_callback_of_one_attempt_cannot_be_replayed_to_another(service: Service, http: FlaskClient) -> None:
    one, other = status_url(service), status_url(service)
    assert twilio(http, other, status(), signed=one).status_code == 403
    forged = f"{other.rpartition('.')[0]}.{one.rpartition('.')[2]}"
    for address in (forged, f"{BASE}/hooks/twilio/status?a=", f"{BASE}/hooks/twilio/status"):
        reply = twilio(http, address, status())
        assert (reply.status_code, reply.data) == (403, b"")
    assert kept(service) == []


@pytest.mark.parametrize("path", ["status", "inbound"])
def test_a_forged_call_of_twilio_gets_403_without_a_body_and_is_counted(
    service: Service, http: FlaskClient, path: str
) -> None:
    url = status_url(service) if path == "status" else f"{BASE}/hooks/twilio/inbound"
    form = status() if path == "status" else inbound()
    with capture_logs() as logs:
        replies = [
            twilio(http, url, form, signer=IMPOSTOR),
            twilio(http, url, form | {"Extra": "1"}, signed=url.replace("127.0.0.1", "localhost")),
            http.post(url.removeprefix(BASE), data=form, headers={"Host": "127.0.0.1:8080"}),
        ]
    assert {(reply.status_code, reply.data) for reply in replies} == {(403, b"")}
    assert [(one["event"], one["why"]) for one in logs] == [("hook.refused", "signature")] * 3
    assert NUMBER not in str(logs)
    assert kept(service) == []


def test_a_call_for_another_account_is_refused_although_it_is_signed(
    service: Service, http: FlaskClient
) -> None:
    form = inbound() | {"AccountSid": "AC" + "1" * 32}
    assert twilio(http, f"{BASE}/hooks/twilio/inbound", form).status_code == 403
    del form["AccountSid"]
    assert twilio(http, f"{BASE}/hooks/twilio/inbound", form).status_code == 403
    assert kept(service) == []


def test_stop_stands_when_the_answer_goes_out_and_is_confirmed_once(
    service: Service, http: FlaskClient
) -> None:
    url = f"{BASE}/hooks/twilio/inbound"
    reply = twilio(http, url, inbound())
    assert (reply.status_code, reply.mimetype) == (200, "text/xml")
    assert reply.text.startswith('<?xml version="1.0" encoding="UTF-8"?><Response><Message>Secure Forms: we')
    with service.db.read() as session:
        assert opt_outs.stands(session, "sms", NUMBER, None)
    for sid in ("SM9", "SM10"):
        assert "<Message>" not in twilio(http, url, inbound(sid=sid)).text


def test_a_name_with_markup_stays_one_answer(service: Service, http: FlaskClient) -> None:
    service.settings.__dict__["sender_name"] = "A & B <C>"
    reply = twilio(http, f"{BASE}/hooks/twilio/inbound", inbound())
    assert "<Message>A &amp; B &lt;C&gt;: we" in reply.text


def test_neither_words_nor_numbers_reach_the_log(service: Service, http: FlaskClient) -> None:
    with capture_logs() as logs:
        twilio(http, f"{BASE}/hooks/twilio/inbound", inbound("I feel awful today"))
        twilio(http, f"{BASE}/hooks/twilio/inbound", inbound("x") | {"From": "not a number"})
    assert [one["event"] for one in logs] == ["hook.unread"]
    assert "awful" not in str(logs)
    assert "number" not in str(logs)


def test_a_batch_is_kept_event_by_event_and_repeats_are_not(service: Service, http: FlaskClient) -> None:
    raw = batch("e1", "e2")
    for _ in range(50):
        assert sendgrid(http, raw).status_code == 204
    assert sendgrid(http, batch("e2", "e3")).status_code == 204
    rows = kept(service)
    assert [inbox.event(row).dedupe for row in rows] == ["e1", "e2", "e3"]
    assert "example.org" not in json.dumps([row.body for row in rows])


@pytest.mark.parametrize("age", [-600, 27 * 3600])
def test_a_batch_of_yesterday_or_of_the_future_is_refused(
    service: Service, http: FlaskClient, age: int
) -> None:
    assert sendgrid(http, batch("e1"), at=int(time.time()) - age).status_code == 403
    assert kept(service) == []


def test_a_forged_or_changed_batch_is_refused(service: Service, http: FlaskClient) -> None:
    raw = batch("e1")
    headers = {"Host": "127.0.0.1:8080", **SIGNER.sendgrid(raw)}
    changed = http.post("/hooks/sendgrid", data=raw + b" ", headers=headers, content_type="application/json")
    bare = http.post(
        "/hooks/sendgrid", data=raw, headers={"Host": "127.0.0.1:8080"}, content_type="application/json"
    )
    for reply in (changed, bare, sendgrid(http, raw, signer=IMPOSTOR)):
        assert (reply.status_code, reply.data) == (403, b"")
    assert kept(service) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[1]",
        b"nothing",
        b"\xff\xfe",
        b"[" * 100_000,
        b'[{"event":"bounce","lightq_attempt":"a-b"}]',
    ],
)
def test_a_batch_of_another_shape_is_kept_not_at_all(service: Service, http: FlaskClient, raw: bytes) -> None:
    assert sendgrid(http, raw).status_code in (400, 403)
    assert kept(service) == []


def test_one_bad_event_leaves_nothing_of_its_batch(service: Service, http: FlaskClient) -> None:
    events = json.loads(batch("e1", "e2"))
    del events[1]["sg_event_id"]
    assert sendgrid(http, json.dumps(events).encode()).status_code == 400
    assert kept(service) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("twilio/status", "application/x-www-form-urlencoded"),
        ("twilio/inbound", "application/x-www-form-urlencoded"),
        ("sendgrid", "application/json"),
    ],
)
def test_what_is_too_large_or_of_another_kind_is_refused_before_it_is_read(
    service: Service, http: FlaskClient, path: str, kind: str
) -> None:
    headers = {"Host": "127.0.0.1:8080"}
    large = b"a=" + b"x" * 10_000_000
    told = http.post(f"/hooks/{path}", data=large, headers=headers, content_type=kind)
    # A body that does not say how long it is.
    untold = http.post(
        f"/hooks/{path}",
        input_stream=io.BytesIO(large),
        headers=headers,
        content_type=kind,
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (told.status_code, untold.status_code) == (413, 413)
    other = http.post(f"/hooks/{path}", data=b"a=b", headers=headers, content_type="text/plain")
    assert other.status_code == 415


def test_a_body_just_within_the_limit_is_read(service: Service, http: FlaskClient) -> None:
    form = inbound("I am late " * 20_000)
    assert 190_000 < len(urlencode(form)) < 256 * 1024
    assert twilio(http, f"{BASE}/hooks/twilio/inbound", form).status_code == 200


@pytest.mark.parametrize(
    "raw", [b"\xff=\xfe", b"&".join(b"a=b" for _ in range(300)), b"%ff=%fe", b"=&=&=", b""]
)
def test_a_form_that_is_none_is_refused(service: Service, http: FlaskClient, raw: bytes) -> None:
    reply = http.post(
        "/hooks/twilio/inbound",
        data=raw,
        headers={"Host": "127.0.0.1:8080", "X-Twilio-Signature": "x"},
        content_type="application/x-www-form-urlencoded",
    )
    assert reply.status_code in (400, 403)


@pytest.mark.parametrize("what", ["gone", "", "SENT", "partially_delivered"])
def test_a_status_that_twilio_does_not_document_is_refused(
    service: Service, http: FlaskClient, what: str
) -> None:
    assert twilio(http, status_url(service), status(what=what)).status_code == 400
    assert kept(service) == []


@pytest.mark.parametrize("path", ["twilio/status", "twilio/inbound", "sendgrid"])
def test_hooks_take_nothing_but_posts(service: Service, http: FlaskClient, path: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert (
            http.open(f"/hooks/{path}", method=method, headers={"Host": "127.0.0.1:8080"}).status_code == 405
        )


@pytest.mark.parametrize("path", ["twilio/status", "twilio/inbound", "sendgrid"])
def test_a_provider_that_is_not_used_has_no_hook(tmp_path: Path, path: str) -> None:
    bare = build.service(tmp_path)
    http = create_app(service=bare).test_client()
    reply = http.post(f"/hooks/{path}", data=b"{}", headers={"Host": "127.0.0.1:8080"})
    assert reply.status_code == 404
    bare.db.close()


def test_the_address_that_counts_is_the_public_one_not_the_host_header(
    service: Service, http: FlaskClient
) -> None:
    form = inbound()
    headers = {"Host": "localhost:8080", **SIGNER.twilio("http://localhost:8080/hooks/twilio/inbound", form)}
    assert http.post("/hooks/twilio/inbound", data=form, headers=headers).status_code == 404
    with service.db.read() as session:
        assert session.scalars(select(OptOut)).all() == []
