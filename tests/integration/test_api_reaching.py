"""Phones, consents to one address, safe hours and texts through the API; an ask's ladder."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from delivery import accounts
from delivery.db import now
from delivery.models.clients import Consent, ContactPoint
from delivery.models.messages import Dispatch
from delivery.service import Service
from delivery.states import DispatchState
from tests import build
from tests.clinician import CONSOLE_URL, browser_of

GIVEN = {"wording": "consent-1", "given_at": "2026-01-05T12:00:00Z", "how": "signed on paper"}


def _call(app: Flask, service: Service, method: str, path: str, body: Any = None) -> Any:
    with service.db.write() as session:
        token = accounts.make_token(session, "ada@example.org", uuid.uuid4().hex)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex}
    return browser_of(app).open(
        f"/api/v1{path}", method=method, json=body, headers=headers, base_url=CONSOLE_URL
    )


def _client(**respondent: Any) -> dict[str, Any]:
    phone = {
        "kind": "sms",
        "value": "(503) 555-0142",
        "safe_for": "invitations",
        "safe_hours": {"from": "09:00", "to": "17:00"},
        "fallback": True,
    }
    return {"given_name": "Elena", "respondents": [{"contact_points": [phone], **respondent}]}


def test_a_phone_with_its_own_consent_is_asked_by_text_and_the_ladder_is_told(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    consents = [{"channel": "sms", "contact": "503.555.0142", **GIVEN}]
    made = _call(app, service, "POST", "/clients", _client(consents=consents))
    assert made.status_code == 201, made.text
    shown = _call(app, service, "GET", f"/clients/{made.json['id']}").json["respondents"][0]
    (point,), (consent,) = shown["contact_points"], shown["consents"]
    assert point["safe_hours"] == {"from": "09:00", "to": "17:00"}
    assert (point["value"], point["fallback"]) == ("+15035550142", True)
    assert consent["contact_point_id"] == point["id"]
    body = {"client_id": made.json["id"], "instruments": ["phq9"], "channel": "sms", "reminders": 2}
    ask = _call(app, service, "POST", "/assignments", {**body, "reminder_days": 5})
    assert ask.status_code == 201, ask.text
    with service.db.write() as session:
        held = {"state": DispatchState.HELD, "held_until": now(), "code": "quiet", "reason": "It is night."}
        session.execute(update(Dispatch).values(**held))
    steps = _call(app, service, "GET", f"/assignments/{ask.json['id']}").json["history"]
    assert [step["what"] for step in steps] == ["asked", "held"]
    assert (steps[1]["channel"], steps[1]["code"], steps[1]["instead"]) == ("sms", "quiet", False)
    assert steps[1]["until"] is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consents": [{"channel": "sms", "contact": "503 555 0199", **GIVEN}]}, "consents"),
        ({"consents": [{"channel": "email", "contact": "503 555 0142", **GIVEN}]}, "consents"),
        ({"contact_points": [{"kind": "sms", "value": "555-0142"}]}, "contact_points"),
        (
            {"contact_points": [{"kind": "sms", "value": "503 555 0142", "safe_hours": {"from": "22:00"}}]},
            "safe_hours",
        ),
    ],
)
def test_what_fits_nothing_is_refused_whole(
    app: Flask, service: Service, cast: build.Cast, changes: dict[str, Any], field: str
) -> None:
    with service.db.read() as session:
        before = len(session.scalars(select(ContactPoint)).all()), len(session.scalars(select(Consent)).all())
    reply = _call(app, service, "POST", "/clients", _client(**changes))
    assert reply.status_code == 422
    assert field in reply.text
    with service.db.read() as session:
        after = len(session.scalars(select(ContactPoint)).all()), len(session.scalars(select(Consent)).all())
    assert before == after


@pytest.mark.parametrize(("reminders", "status"), [(3, 201), (4, 422)])
def test_at_most_three_reminders(
    app: Flask, service: Service, cast: build.Cast, reminders: int, status: int
) -> None:
    body = {"client_id": str(cast.cy), "instruments": ["phq9"], "channel": "email", "reminders": reminders}
    assert _call(app, service, "POST", "/assignments", body).status_code == status


def test_resending_another_way_is_refused_in_words_while_the_first_may_have_arrived(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    with service.db.write() as session:
        session.execute(update(Dispatch).values(state=DispatchState.DELIVERED))
    again = f"/assignments/{row.id}/resend"
    assert _call(app, service, "POST", again, {"channel": "sms"}).status_code == 409
    assert _call(app, service, "POST", again, {"channel": "pigeon"}).status_code == 422
    assert _call(app, service, "POST", again).status_code == 200
