from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from workers import send

STARTED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_a_look_up_also_finds_what_a_fast_clock_dated_a_day_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []
    found = SimpleNamespace(
        message=SimpleNamespace(kind="sms"),
        attempt=SimpleNamespace(provider="twilio", started_at=STARTED),
        claimed=frozenset(),
    )

    def look_up(_message: Any, since: datetime, _claimed: Any) -> str:
        asked.append(since)
        return "not_found"

    monkeypatch.setattr(send.settling, "unsettled", lambda *_: found)
    monkeypatch.setattr(send.settling, "settle", lambda *_: None)
    db = SimpleNamespace(read=nullcontext, write=nullcontext)
    service = SimpleNamespace(db=db, settings=None, tokens=None)
    channel = SimpleNamespace(provider="twilio", evidence="look_up", look_up=look_up)
    here: Any = SimpleNamespace(service=service, channels={"sms": channel})
    send.settle(here, SimpleNamespace())  # type: ignore[arg-type]
    assert len(asked) == 1
    assert asked[0] < STARTED - timedelta(hours=25)
