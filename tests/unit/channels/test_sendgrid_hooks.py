from __future__ import annotations

import json
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Contact, EventKind
from channels.sendgrid_hooks import events, genuine

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
RAW = '[\n {"event": "delivered", "reason": "é  "}]\r\n'.encode()
ATTEMPT = "018f3c2a-77aa-7bbb-8ccc-0123456789ab"


def shown(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """A public key as SendGrid shows it."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(der).decode()


def signed(key: ec.EllipticCurvePrivateKey, raw: bytes = RAW, stamp: str = STAMP) -> str:
    return b64encode(key.sign(stamp.encode() + raw, ec.ECDSA(hashes.SHA256()))).decode()


OURS = ec.generate_private_key(ec.SECP256R1())
OLD = ec.generate_private_key(ec.SECP256R1())
KEY = shown(OURS)


def test_what_sendgrid_signed_is_genuine_byte_for_byte() -> None:
    assert genuine([KEY], RAW, signed(OURS), STAMP, NOW)
    assert not genuine([KEY], RAW.replace(b"  ", b" "), signed(OURS), STAMP, NOW)


def test_two_keys_are_good_while_one_replaces_the_other() -> None:
    assert genuine([KEY, shown(OLD)], RAW, signed(OLD), STAMP, NOW)
    assert not genuine([KEY], RAW, signed(OLD), STAMP, NOW)
    assert not genuine([], RAW, signed(OURS), STAMP, NOW)


def test_a_key_that_is_none_does_not_stand_in_the_way_of_another() -> None:
    other_kind = shown(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert genuine(["", "not a key", other_kind, KEY], RAW, signed(OURS), STAMP, NOW)
    assert not genuine(["", "not a key", other_kind], RAW, signed(OURS), STAMP, NOW)


@pytest.mark.parametrize(
    "signature",
    ["", "not base64!", "é", "AAAA", pytest.param(signed(OURS)[:-4], id="cut off"), "=" * 8],
)
def test_a_signature_that_is_none_is_not_genuine(signature: str) -> None:
    assert not genuine([KEY], RAW, signature, STAMP, NOW)


def test_bytes_that_are_no_text_are_not_genuine() -> None:
    assert not genuine([KEY], b"\xff\xfe", signed(OURS, b"\xff\xfe"), STAMP, NOW)


@pytest.mark.parametrize(
    ("age", "good"),
    [
        (timedelta(hours=25, minutes=59), True),
        (timedelta(hours=26, seconds=1), False),
        (timedelta(minutes=-4, seconds=-59), True),
        (timedelta(minutes=-5, seconds=-1), False),
    ],
)
def test_only_the_last_26_hours_count_with_5_minutes_for_the_clocks(age: timedelta, good: bool) -> None:
    stamp = str(int((NOW - age).timestamp()))
    assert genuine([KEY], RAW, signed(OURS, stamp=stamp), stamp, NOW) is good


@pytest.mark.parametrize(
    "stamp", ["", "now", f"{STAMP}.0", f" {STAMP}", f"-{STAMP}", "9" * 13, "١٢٣", f"{STAMP}\n"]
)
def test_a_time_that_is_none_is_not_genuine(stamp: str) -> None:
    assert not genuine([KEY], RAW, signed(OURS, stamp=stamp), stamp, NOW)


def event(name: str, **changed: object) -> dict[str, Any]:
    return {
        "event": name,
        "email": "sam@example.net",
        "timestamp": 1_795_000_000,
        "lightq_attempt": ATTEMPT,
        "sg_event_id": "ZGVsaXZlcmVkLTA=",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        **changed,
    }


def batch(*found: object) -> bytes:
    return json.dumps(found).encode()


@pytest.mark.parametrize(
    ("name", "fields", "kind", "contact", "permanent"),
    [
        ("processed", {}, "accepted", "", False),
        ("delivered", {"response": "250 OK"}, "delivered", "", False),
        ("deferred", {"response": "400 try again later"}, "deferred", "away", False),
        ("bounce", {"type": "bounce", "reason": "500 unknown"}, "bounced", "dead", True),
        ("bounce", {"reason": "500 unknown"}, "bounced", "dead", True),
        ("bounce", {"type": "blocked", "reason": "IP blocked"}, "deferred", "away", False),
        ("dropped", {"reason": "Bounced Address"}, "dropped", "dead", True),
        ("dropped", {"reason": "Invalid"}, "dropped", "dead", True),
        ("dropped", {"reason": "Unsubscribed Address"}, "refused_by_person", "opted_out", True),
        ("dropped", {"reason": "Spam Reporting Address"}, "refused_by_person", "opted_out", True),
        ("dropped", {"reason": "Spam Content"}, "dropped", "", True),
        ("dropped", {"reason": "Invalid SMTPAPI header"}, "dropped", "", True),
        ("dropped", {"reason": ["Invalid"]}, "dropped", "", True),
        ("dropped", {}, "dropped", "", True),
        ("spamreport", {}, "spam", "opted_out", True),
        ("unsubscribe", {}, "refused_by_person", "opted_out", True),
        ("group_unsubscribe", {"asm_group_id": 10}, "refused_by_person", "opted_out", True),
    ],
)
def test_each_event_has_its_meaning(
    name: str, fields: dict[str, object], kind: EventKind, contact: Contact, permanent: bool
) -> None:
    [found] = events(batch(event(name, **fields)))
    assert (found.kind, found.contact, found.permanent) == (kind, contact, permanent)
    assert (found.attempt_id, found.code) == (ATTEMPT, f"sendgrid_{name}")
    assert (found.reference, found.dedupe) == (event("x")["sg_message_id"], "ZGVsaXZlcmVkLTA=")
    assert found.at == datetime.fromtimestamp(1_795_000_000, UTC)
    assert not found.stops_provider
    assert "sam@" not in found.reason
    assert bool(found.reason) == (kind not in {"accepted", "delivered"})


def test_a_plan_that_is_used_up_stops_all_sending() -> None:
    [found] = events(batch(event("dropped", reason="Recipient List over Package Quota")))
    assert (found.stops_provider, found.permanent, found.contact) == (True, False, "")


@pytest.mark.parametrize("name", ["open", "click", "group_resubscribe", "something_new", None, 7, ["open"]])
def test_what_tells_us_nothing_is_left_out(name: object) -> None:
    assert events(batch({**event("x"), "event": name}, event("delivered")))[0].kind == "delivered"
    assert len(events(batch({**event("x"), "event": name}))) == 0


@pytest.mark.parametrize("attempt", [None, 5, "", "a b", "a" * 65, {"id": ATTEMPT}, f"{ATTEMPT}\n"])
def test_emails_that_are_not_ours_are_left_out_whatever_they_look_like(attempt: object) -> None:
    foreign = {**event("deferred"), "lightq_attempt": attempt, "sg_event_id": None, "timestamp": "soon"}
    assert events(batch(foreign)) == []
    del foreign["lightq_attempt"]
    assert events(batch(foreign)) == []


def test_events_keep_their_order_and_their_repeats() -> None:
    both = events(batch(event("processed"), event("delivered"), event("delivered")))
    assert [one.kind for one in both] == ["accepted", "delivered", "delivered"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"{}",
        b"[7]",
        b'["delivered"]',
        b"[[]]",
        b"\xff\xfe\xfa",
        b"[" * 100_000,
        batch(event("delivered"), 7),
        batch(event("delivered", sg_event_id=None)),
        batch(event("delivered", sg_event_id="")),
        batch(event("delivered", sg_event_id="a b")),
        batch(event("delivered", sg_event_id="x" * 201)),
        batch(event("delivered", sg_event_id="\ud800")),
        batch(event("delivered", sg_message_id=7)),
        batch(event("delivered", timestamp=None)),
        batch(event("delivered", timestamp="1795000000")),
        batch(event("delivered", timestamp=True)),
        batch(event("delivered", timestamp=-1)),
        batch(event("delivered", timestamp=10**18)),
        batch(event("delivered", timestamp=float("nan"))),
        batch(*[event("open")] * 1001),
    ],
)
def test_a_batch_that_is_shaped_otherwise_is_an_error_as_a_whole(raw: bytes) -> None:
    with pytest.raises(ValueError):
        events(raw)


def test_a_thousand_events_are_a_batch() -> None:
    assert len(events(batch(*[event("delivered")] * 1000))) == 1000


@given(st.binary(max_size=100))
def test_no_bytes_raise_anything_but_a_value_error(raw: bytes) -> None:
    with suppress(ValueError):
        assert events(raw) == []
